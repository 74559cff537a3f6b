import { readFile } from "node:fs/promises";
import {
  CleanUp,
  crashPointFrom,
  err,
  ok,
  type Result,
  systemClock,
  systemDisk,
  systemRandom,
  untilAborted,
} from "@tandem/base";
import {
  type DaemonContext,
  type DaemonFailure,
  type DaemonLogger,
  type Environment,
  Metrics,
  runDaemonProgram,
} from "@tandem/daemon";
import { Bridge, VIEW_MAX_DEFAULT } from "../bridge/bridge.js";
import { type BridgeEvent, describeBridgeEvent } from "../bridge/bridge-event.js";
import { HttpConsul } from "../consul/http-consul.js";
import { serveHax } from "../http/hax-server.js";
import { formatLinkAddress } from "../link/address.js";
import { type LinkTlsMaterial, openLinkServer } from "../link/server.js";
import { HAX_HELP, type HaxFlags, parseHaxFlags } from "./hax-flags.js";
import { countHax, type HaxSizes, sizesOf } from "./hax-metrics.js";

/** Exit code after a message that ends hax with --strict-seed; as sysexits.h, an internal error. */
const PANIC_CODE = 70;

/** Runs the bridge until SIGTERM or SIGINT; `argv` is without node and script. Gives the exit code. */
export async function haxMain(argv: readonly string[], env: Environment): Promise<number> {
  let panicked = false;
  const onPanic = (): void => {
    panicked = true;
  };
  const code = await runDaemonProgram(
    {
      name: "tandem-hax",
      help: HAX_HELP,
      parse: (words) => parseHaxFlags(words, env),
      serve: (flags, logger, context) => serve({ flags, logger, context, env, onPanic }),
    },
    argv,
    env,
  );
  return panicked ? PANIC_CODE : code;
}

const failed = (message: string): Result<never, DaemonFailure> => err({ kind: "failed", message });

interface Life {
  readonly flags: HaxFlags;
  readonly logger: DaemonLogger;
  readonly context: DaemonContext;
  readonly env: Environment;
  readonly onPanic: () => void;
}

async function serve({ flags, logger, context, env, onPanic }: Life): Promise<Result<void, DaemonFailure>> {
  await using cleanUp = new CleanUp();
  const crashPoint = crashPointFrom(env);
  if (!crashPoint.ok) return err({ kind: "usage", message: crashPoint.error });
  const secrets = await Secrets.read(flags);
  if (!secrets.ok) return failed(secrets.error);
  context.onReload(() => {
    void Secrets.read(flags).then((again) => {
      if (again.ok) Object.assign(secrets.value, again.value);
      else logger.error(`${again.error}; what was read before stays`);
    });
  });
  const metrics = new Metrics().withProcessMetrics();
  let sizes = (): HaxSizes => ({ links: 0, unstored: 0, watches: 0, lag: 0, outage: 0 });
  const tally = countHax(metrics, () => sizes());
  const { linkTls } = secrets.value;
  const link = await openLinkServer({
    ...{ clock: systemClock, random: systemRandom, addresses: flags.links },
    ...(linkTls !== undefined && { tls: () => secrets.value.linkTls ?? linkTls }),
  });
  if (!link.ok) return failed(link.error);
  cleanUp.use(link.value);
  const consul = new HttpConsul({
    ...{ clock: systemClock, addresses: flags.consul, observer: tally.consul },
    token: () => secrets.value.consulToken ?? env["CONSUL_HTTP_TOKEN"],
  });
  cleanUp.use(consul);
  const panic = new AbortController();
  const bridge = new Bridge({
    ...{ clock: systemClock, random: systemRandom, crashPoint: crashPoint.value, link: link.value, consul },
    ...{ node: flags.node, profile: flags.strictSeed ? "strictSeed" : "default", notPassing: flags.notPassing },
    ...{ expand: flags.expand, stobIoq: flags.stobIoq, services: flags.services, viewMax: VIEW_MAX_DEFAULT },
    ...(flags.journal !== undefined && { journal: { disk: systemDisk, path: flags.journal } }),
    onEvent: (event) => {
      tally.event(event);
      log(logger, event);
      if (event.kind !== "panic") return;
      onPanic();
      panic.abort(new Error("a message ends hax"));
    },
  });
  sizes = () => sizesOf(bridge, link.value);
  await bridge.start();
  const { host, port, bodyMax } = flags;
  const server = await serveHax({
    ...{ bridge, metrics, host, port, bodyMax },
    ...(flags.tokenFile !== undefined && { token: () => secrets.value.token ?? "" }),
    notReady: () => (bridge.caller.outage.since === undefined ? undefined : "Consul does not answer"),
  });
  if (!server.ok) {
    await bridge.stop();
    return failed(`cannot listen on ${server.error}`);
  }
  cleanUp.use(server.value);
  logger.info(`HA links at ${link.value.addresses.map(formatLinkAddress).join(", ")}`);
  logger.info(`listening on http://${host.includes(":") ? `[${host}]` : host}:${server.value.port}/`);
  await untilAborted(AbortSignal.any([context.signal, panic.signal]));
  if (!panic.signal.aborted) await bridge.stop();
  return ok();
}

function log(logger: DaemonLogger, event: BridgeEvent): void {
  const said = describeBridgeEvent(event);
  if (said !== undefined) logger[said.level](said.text);
}

/** What files hold and nobody may see; read again at SIGHUP, all or nothing. */
class Secrets {
  token: string | undefined;
  consulToken: string | undefined;
  linkTls: LinkTlsMaterial | undefined;

  static async read({ tokenFile, consulTokenFile, linkTls }: HaxFlags): Promise<Result<Secrets, string>> {
    const secrets = new Secrets();
    try {
      if (tokenFile !== undefined) secrets.token = await firstLine(tokenFile);
      if (consulTokenFile !== undefined) secrets.consulToken = await firstLine(consulTokenFile);
      if (linkTls !== undefined) {
        const [cert, key, ca] = await Promise.all(
          [linkTls.cert, linkTls.key, linkTls.ca].map((path) => readFile(path, "utf8")),
        );
        secrets.linkTls = { cert: cert ?? "", key: key ?? "", ca: ca ?? "" };
      }
      return ok(secrets);
    } catch (error) {
      const { code, path, message } = error as NodeJS.ErrnoException;
      return err(path === undefined ? message : `${path}: cannot be read (${code ?? "unknown"})`);
    }
  }
}

async function firstLine(path: string): Promise<string> {
  const line = (await readFile(path, "utf8")).split("\n", 1)[0]?.trim() ?? "";
  if (!/^\S{16,}$/.test(line)) throw new Error(`${path}: expected a token of 16 characters or more in its first line`);
  return line;
}
