import { type Clock, err, type Files, millis, ok, type Result, seconds } from "@tandem/base";
import {
  describeTlsEvent,
  type Environment,
  type Logger,
  type Metrics,
  openTlsFiles,
  severityOfTlsEvent,
  type TlsFiles,
} from "@tandem/daemon";
import { type Bus, grpcBus, speaksTls, type TlsOptions, uriNames } from "@tandem/wire";
import type { ServicePath } from "../service-path.js";
import { describeNames, mayClaim, NAME_PREFIX } from "./certificate-names.js";
import { NO_SECURITY, parseSecurity, type SecurityConfig } from "./security-config.js";
import { publishTls } from "./tls-metrics.js";

/** Names the file of `tls` and `limits`, for every program on the bus; a flag of the same meaning wins. */
export const SECURITY_VARIABLE = "TANDEM_BUS_SECURITY";

export interface BusSecurityOptions {
  /** The flag's value. */
  readonly file?: string | undefined;
  readonly env: Environment;
  /** swbusd's own YAML file, whose members `tls` and `limits` count when no other file is named. */
  readonly configFile?: string | undefined;
  readonly files: Files;
  readonly clock: Clock;
  /** Told when files change, cannot be used, or end soon. Tools have none. */
  readonly logger?: Logger | undefined;
  readonly metrics?: Metrics | undefined;
}

/** A process's way onto the bus, as its security file says. */
export interface BusSecurity extends AsyncDisposable {
  readonly bus: Bus;
  readonly config: SecurityConfig;
  /** Why others will not believe that we are at `path`; `undefined` when they will, or where no TLS is spoken. */
  doubt(path: ServicePath, endpoint: string): string | undefined;
  /** Reads certificate files again (SIGHUP). */
  reload(): Promise<void>;
}

/** Reads the security file and what it names; the error is one line. Without a file: plaintext and default limits. */
export async function openBusSecurity(options: BusSecurityOptions): Promise<Result<BusSecurity, string>> {
  const config = await readConfig(options);
  if (!config.ok) return config;
  const { clock, files, logger, metrics } = options;
  const { tls, limits } = config.value;
  let opened: TlsFiles | undefined;
  if (tls !== undefined) {
    const count = metrics && publishTls(metrics, () => millis(opened?.validTo ?? 0));
    const result = await openTlsFiles({
      paths: tls.paths,
      files,
      clock,
      observer: (event) => {
        logger?.[severityOfTlsEvent(event)](describeTlsEvent(event));
        if (event.kind !== "expiring") count?.(event.kind);
      },
    });
    if (!result.ok) return err(`TLS: ${result.error}`);
    opened = result.value;
  }
  const certificates = opened;
  const tlsOptions: TlsOptions | undefined = certificates && {
    material: () => certificates.current,
    loopback: tls?.loopback ?? false,
  };
  const bus = grpcBus({
    clock,
    connectionsMax: limits.connections,
    connectionsPerAddressMax: limits.connections_per_address,
    handshakesMax: limits.handshakes,
    handshakeTimeout: seconds(limits.handshake_seconds),
    idleTimeout: seconds(limits.idle_seconds),
    streamsMax: limits.streams,
    streamsPerConnectionMax: limits.streams_per_connection,
    headerBytesMax: limits.header_bytes,
    ...(tlsOptions !== undefined && { tls: tlsOptions }),
  });
  return ok({
    bus,
    config: config.value,
    doubt(path, endpoint) {
      if (certificates === undefined || !speaksTls(tlsOptions, endpoint)) return undefined;
      const uris = uriNames(certificates.names);
      if (mayClaim(uris, path)) return undefined;
      return `TLS: ${tls?.paths.cert}: our certificate names ${describeNames(uris)}: expected ${NAME_PREFIX}${path}; others will refuse us`;
    },
    reload: async () => certificates?.reload(),
    [Symbol.asyncDispose]: async () => certificates?.stop(),
  });
}

async function readConfig({
  file,
  env,
  configFile,
  files,
}: BusSecurityOptions): Promise<Result<SecurityConfig, string>> {
  const own = file ?? (env[SECURITY_VARIABLE] || undefined);
  const path = own ?? configFile;
  if (path === undefined) return ok(NO_SECURITY);
  const text = await files.read(path);
  if (!text.ok) return err(`${path}: ${text.error.kind === "notFound" ? "no such file" : text.error.detail}`);
  return parseSecurity(text.value, path, own !== undefined);
}
