import {
  CleanUp,
  crashPointFrom,
  err,
  type Files,
  ok,
  type Result,
  seconds,
  systemClock,
  systemDisk,
  systemFiles,
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
import { Bridge } from "../bridge/bridge.js";
import { type BridgeEvent, describeBridgeEvent } from "../bridge/bridge-event.js";
import { checksOfCandidate } from "../consul/candidacy.js";
import { type ElectionEvent, standForElection } from "../consul/election.js";
import { HttpConsul } from "../consul/http-consul.js";
import { HaxView } from "../http/hax-view.js";
import { serveHax } from "../http/http-server.js";
import { formatLinkAddress } from "../link/address.js";
import { openLinkServer } from "../link/server.js";
import { HAX_HELP, type HaxConfig, haxConfig, parseHaxFile, parseHaxFlags } from "./hax-config.js";
import { countHaxEvents, measureHax } from "./hax-metrics.js";
import { Secrets } from "./secrets.js";

/** Exit code of a hax that a message ended, with --strict-seed. */
const PANICKED = 70;

type Flags = Exclude<Extract<ReturnType<typeof parseHaxFlags>, { readonly ok: true }>["value"], "help">;

/** Runs the bridge until SIGTERM or SIGINT; `argv` is without node and script. Gives the exit code. */
export async function haxMain(argv: readonly string[], env: Environment): Promise<number> {
  const panic = new AbortController();
  const program = {
    ...{ name: "tandem-hax", help: HAX_HELP, parse: parseHaxFlags },
    serve: (flags: Flags, logger: DaemonLogger, context: DaemonContext) => serve(flags, logger, context, env, panic),
  };
  const code = await runDaemonProgram(program, argv, env);
  return panic.signal.aborted ? PANICKED : code;
}

const failed = (message: string): Result<never, DaemonFailure> => err({ kind: "failed", message });

async function serve(
  flags: Flags,
  logger: DaemonLogger,
  context: DaemonContext,
  env: Environment,
  panic: AbortController,
): Promise<Result<void, DaemonFailure>> {
  await using cleanUp = new CleanUp();
  const crashPoint = crashPointFrom(env);
  if (!crashPoint.ok) return err({ kind: "usage", message: crashPoint.error });
  const config = await loadConfig(flags, systemFiles);
  if (!config.ok) return err({ kind: "usage", message: config.error });
  const { consulNamespace: namespace, consulPartition: partition } = config.value;
  const { consul, listen, node, httpHost, httpPort } = config.value;
  const secrets = await Secrets.load(config.value, env, systemFiles);
  if (!secrets.ok) return failed(secrets.error);
  const known = secrets.value;
  const metrics = new Metrics().withProcessMetrics();
  const count = countHaxEvents(metrics);
  const client = new HttpConsul({
    ...{ clock: systemClock, addresses: consul, token: () => known.consulToken },
    ...{ tls: () => known.consulTls, observer: count.consul },
    ...(namespace !== undefined && { namespace }),
    ...(partition !== undefined && { partition }),
  });
  cleanUp.use(client);
  const { linkTls, httpTls, token } = known;
  const link = await openLinkServer({
    ...{ clock: systemClock, random: systemRandom, addresses: listen },
    ...(linkTls !== undefined && { tls: () => known.linkTls ?? linkTls }),
  });
  if (!link.ok) return failed(link.error);
  cleanUp.use(link.value);
  const onEvent = (event: BridgeEvent): void => {
    count.event(event);
    view.note(event);
    const described = describeBridgeEvent(event);
    if (described !== undefined) logger[described.level](described.text);
    if (event.kind === "panic") panic.abort();
  };
  const { strictSeed, notPassing, expand, stobIoq, services, viewMaxSeconds, journal } = config.value;
  const bridge = new Bridge({
    ...{
      clock: systemClock,
      random: systemRandom,
      crashPoint: crashPoint.value,
      link: link.value,
      consul: client,
      node,
    },
    ...{ profile: strictSeed ? "strictSeed" : "default", notPassing, expand, stobIoq, services, onEvent },
    ...{
      viewMax: seconds(viewMaxSeconds),
      ...(journal !== undefined && { journal: { disk: systemDisk, path: journal } }),
    },
  });
  const view = new HaxView({ clock: systemClock, node, link: link.value, bridge });
  measureHax(metrics, bridge, link.value, () => systemClock.monotonic());
  const server = await serveHax({
    ...{ bridge, view, metrics, host: httpHost, port: httpPort, bodyMax: config.value.bodyMax, count: count.request },
    ...(token !== undefined && { token: () => known.token ?? "" }),
    ...(httpTls !== undefined && { tls: httpTls }),
  });
  if (!server.ok) return failed(`cannot listen on ${server.error}`);
  cleanUp.use(server.value);
  context.onReload(() => {
    void Secrets.load(config.value, env, systemFiles).then((again) => {
      if (!again.ok) return logger.error(`${again.error}; what was read last stays`);
      known.take(again.value);
      if (known.httpTls !== undefined) server.value.replaceCertificate(known.httpTls);
      logger.info("tokens and certificates are read again, and in force for new connections");
    });
  });
  await bridge.start();
  const scheme = httpTls === undefined ? "http" : "https";
  logger.info(`node ${node}: watches at ${scheme}://${httpHost}:${server.value.port}/`);
  for (const address of link.value.addresses) logger.info(`links at ${formatLinkAddress(address)}`);
  const leaving = new AbortController();
  const election = config.value.elect ? elect(client, node, onEvent, leaving.signal) : Promise.resolve();
  await Promise.race([untilAborted(context.signal), untilAborted(panic.signal)]);
  logger.info("it stops: events are stored, then links are closed");
  // Given back at once, so that another node leads as soon as may be.
  leaving.abort();
  // Watches are served until the links are closed: their handlers would be refused otherwise.
  await Promise.all([bridge.stop(), election]);
  return panic.signal.aborted ? failed("ended by a message of a Motr process, as --strict-seed wants it") : ok();
}

/** Stands for election until `signal` aborts. */
function elect(
  consul: HttpConsul,
  node: string,
  tell: (event: BridgeEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const checks = (until: AbortSignal) => checksOfCandidate(consul, node, until);
  const observer = (election: ElectionEvent): void => tell({ kind: "election", election });
  return standForElection({ consul, clock: systemClock, random: systemRandom, node, checks, observer }, signal);
}

async function loadConfig({ file, raw }: Flags, files: Files): Promise<Result<HaxConfig, string>> {
  if (file === undefined) return haxConfig(raw);
  const read = await files.read(file);
  if (!read.ok) return err(`${file}: ${read.error.kind === "notFound" ? "no such file" : read.error.detail}`);
  const parsed = parseHaxFile(file, read.value);
  return parsed.ok ? haxConfig({ ...parsed.value, ...raw }) : parsed;
}
