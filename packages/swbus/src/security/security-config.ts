import { dirname, resolve } from "node:path";
import { err, ok, type Result } from "@tandem/base";
import type { TlsTriple } from "@tandem/daemon";
import { YamlFile, type YamlPath } from "../yaml-file.js";

/** Bounds on whoever connects. Each name is that of the file's member `limits`. */
export interface BusLimits {
  readonly connections: number;
  readonly connections_per_address: number;
  readonly handshakes: number;
  readonly handshake_seconds: number;
  readonly idle_seconds: number;
  readonly streams: number;
  readonly streams_per_connection: number;
  readonly header_bytes: number;
  readonly messages_per_second: number;
}

export const BUS_LIMITS: BusLimits = {
  connections: 1024,
  connections_per_address: 512,
  handshakes: 512,
  handshake_seconds: 5,
  idle_seconds: 10,
  streams: 1024,
  streams_per_connection: 128,
  header_bytes: 16 * 1024,
  messages_per_second: 250_000,
};

/** Least and most of each. */
const RANGES: Readonly<Record<keyof BusLimits, readonly [number, number]>> = {
  connections: [1, 65_536],
  connections_per_address: [1, 65_536],
  handshakes: [1, 65_536],
  handshake_seconds: [1, 300],
  idle_seconds: [1, 3600],
  streams: [1, 65_536],
  streams_per_connection: [1, 65_536],
  header_bytes: [1024, 1024 * 1024],
  messages_per_second: [100, 10_000_000],
};

export interface TlsConfig {
  /** Absolute, or relative to where the process runs when the file's own name is. */
  readonly paths: TlsTriple;
  /** Whether loopback endpoints speak TLS too. */
  readonly loopback: boolean;
}

export interface SecurityConfig {
  /** Without it: plaintext. */
  readonly tls?: TlsConfig;
  readonly limits: BusLimits;
}

export const NO_SECURITY: SecurityConfig = { limits: BUS_LIMITS };

const TLS_FILES = ["cert", "key", "ca"] as const;

/**
 * The members `tls` and `limits` of a YAML file. Nothing of it is skipped: a bus that is less protected than its file
 * says would be worse than one that does not start. `only`: no other members are expected beside them.
 */
export function parseSecurity(text: string, file: string, only: boolean): Result<SecurityConfig, string> {
  const parsed = YamlFile.parse(text, file);
  if (!parsed.ok) return parsed;
  const yaml = parsed.value;
  const fault = (at: YamlPath, detail: string): Result<never, string> => err(`${yaml.where(at)}: ${detail}`);
  if (only && !yaml.isMap()) return fault([], "expected a map with tls and limits");
  const unknown = yaml.members().find((name) => only && name !== "tls" && name !== "limits");
  if (unknown !== undefined) return fault([unknown], "unknown: expected tls or limits");
  const tls = readTls(yaml, fault);
  if (!tls.ok) return tls;
  const limits = readLimits(yaml, fault);
  if (!limits.ok) return limits;
  return ok({ ...(tls.value !== undefined && { tls: tls.value }), limits: limits.value });
}

type Fault = (at: YamlPath, detail: string) => Result<never, string>;

function readTls(yaml: YamlFile, fault: Fault): Result<TlsConfig | undefined, string> {
  if (yaml.value(["tls"]) === undefined) return ok(undefined);
  if (!yaml.isMap(["tls"])) return fault(["tls"], "expected a map with cert, key and ca");
  const unknown = yaml.members(["tls"]).find((name) => ![...TLS_FILES, "loopback"].includes(name));
  if (unknown !== undefined) return fault(["tls", unknown], "unknown: expected cert, key, ca or loopback");
  const paths: Record<(typeof TLS_FILES)[number], string> = { cert: "", key: "", ca: "" };
  for (const name of TLS_FILES) {
    const path = yaml.text(["tls", name]);
    if (path === undefined || path === "") return fault(["tls", name], "expected the path of a PEM file");
    paths[name] = resolve(dirname(yaml.name), path);
  }
  const loopback = yaml.value(["tls", "loopback"]) ?? false;
  if (typeof loopback !== "boolean") return fault(["tls", "loopback"], "expected true or false");
  return ok({ paths, loopback });
}

function readLimits(yaml: YamlFile, fault: Fault): Result<BusLimits, string> {
  if (yaml.value(["limits"]) === undefined) return ok(BUS_LIMITS);
  if (!yaml.isMap(["limits"])) return fault(["limits"], "expected a map");
  const limits: Record<string, number> = { ...BUS_LIMITS };
  for (const name of yaml.members(["limits"])) {
    if (!Object.hasOwn(RANGES, name))
      return fault(["limits", name], `unknown: expected one of ${Object.keys(RANGES).join(", ")}`);
    const [min, max] = RANGES[name as keyof BusLimits];
    const value = yaml.value(["limits", name]);
    if (!Number.isInteger(value) || (value as number) < min || (value as number) > max)
      return fault(["limits", name], `${JSON.stringify(value)} is not a whole number from ${min} to ${max}`);
    limits[name] = value as number;
  }
  return ok(limits as unknown as BusLimits);
}
