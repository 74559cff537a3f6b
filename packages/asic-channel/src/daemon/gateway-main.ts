import { hostname } from "node:os";
import { parseArgs } from "node:util";
import {
  CleanUp,
  crashPointFrom,
  describeDiskError,
  err,
  ok,
  type Result,
  systemClock,
  systemFiles,
  systemRandom,
} from "@tandem/base";
import {
  type DaemonContext,
  type DaemonFailure,
  type DaemonLogger,
  type Environment,
  Metrics,
  parsePort,
  runDaemonProgram,
  serveStatusOrGoOn,
} from "@tandem/daemon";
import { describeConfigError, openDatabases } from "@tandem/swss";
import { describeEndError } from "../asic-error.js";
import { CoalescingClient } from "../coalesce/client.js";
import { Gateway } from "../gateway/gateway.js";
import { describeGatewayEvent, type GatewayEvent } from "../gateway/gateway-event.js";
import { FALLBACK_NAMES, type FallbackName, isFallbackName } from "../grpc-queue/fallback.js";
import type { ChannelMode } from "../op.js";
import { describeRecorderEvent, Recorder } from "../recorder.js";
import { RecordingClient } from "../recording-client.js";
import { describeSwitchEvent } from "../switching/switch-event.js";
import { SwitchingClient } from "../switching/switching-client.js";
import type { TransportName } from "../transport.js";
import { CLIENTS, FRONT_ENDS } from "../transports.js";
import { loadContext, parseGuid } from "./context-file.js";
import { countGatewayEvents } from "./gateway-metrics.js";
import { GatewayReadiness } from "./gateway-readiness.js";
import { watchTroubles } from "./trouble-watch.js";

const FRONT = Object.keys(FRONT_ENDS) as readonly TransportName[];
const BACK = Object.keys(CLIENTS) as readonly TransportName[];

const HELP = `Usage: tandem asic gateway --from NAME --to NAME [options]

Passes requests from an orchagent that speaks one transport on to a syncd that serves another, in order, and replies and
events back. list-pubsub and zmq are what unmodified peers speak. Stops at SIGTERM, after the request in hand.

      --from NAME             what orchagent speaks: ${FRONT.join(", ")}
      --to NAME               what syncd serves: ${BACK.join(", ")};
                              where tandem asic switch has moved the channel since, it goes there
  -z, --mode MODE             async or sync, as orchagent works; default sync. Behind it is the same, or sync where the
                              transport has no other
      --outbox                with --to zmq: requests stand in Redis until they are answered, so that syncd may restart alone
      --coalesce              with -z async: of state that changes again before the syncd behind has it only the last word is
                              sent; what waits then waits in the gateway, and goes with it
      --fallback stream|list  with --to grpc-queue: what requests wait in while that syncd is away; default stream
      --ring FILE             the ring file of shm; default /dev/shm/tandem-asic-<database>.ring
      --record FILE           record what is said, on any transport
  -x, --context-config FILE   context_config.json; a file that is wrong counts as none, with a warning
  -g, --guid N                the context of the channel; default 0
      --db-config FILE        database_config.json or database_global.json to use instead of the system's
      --metrics-port PORT     serve /metrics, /health and /ready on 127.0.0.1
  -h, --help                  this text
`;

interface Flags {
  readonly from: TransportName;
  readonly to: TransportName;
  readonly mode: ChannelMode;
  readonly outbox: boolean;
  readonly fallback: FallbackName;
  readonly coalesce: boolean;
  readonly ring: string | undefined;
  readonly record: string | undefined;
  readonly contextConfig: string | undefined;
  readonly guid: number;
  readonly dbConfig: string | undefined;
  readonly metricsPort: number | undefined;
}

/** Runs a gateway until SIGTERM or SIGINT; `argv` is without node and script. Gives the exit code. */
export function asicGatewayMain(argv: readonly string[], env: Environment): Promise<number> {
  return runDaemonProgram({ name: "tandem-asic-gateway", help: HELP, parse: parseFlags, serve }, argv, env);
}

function parseFlags(argv: readonly string[]): Result<Flags | "help", string> {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        from: { type: "string" },
        to: { type: "string" },
        mode: { type: "string", short: "z" },
        outbox: { type: "boolean" },
        fallback: { type: "string" },
        coalesce: { type: "boolean" },
        ring: { type: "string" },
        record: { type: "string" },
        "context-config": { type: "string", short: "x" },
        guid: { type: "string", short: "g" },
        "db-config": { type: "string" },
        "metrics-port": { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
    if (values.help === true) return ok("help");
    const from = FRONT.find((name) => name === values.from);
    if (from === undefined) return err(`--from ${values.from ?? "is missing"}: expected one of ${FRONT.join(", ")}`);
    const to = BACK.find((name) => name === values.to);
    if (to === undefined) return err(`--to ${values.to ?? "is missing"}: expected one of ${BACK.join(", ")}`);
    if (from === to) return err(`--to ${to}: expected another transport than --from; both have one channel`);
    const outbox = values.outbox ?? false;
    if (outbox && to !== "zmq") return err(`--outbox: only --to zmq has one; ${to} keeps requests as it does`);
    const fallback = values.fallback ?? "stream";
    if (!isFallbackName(fallback)) return err(`--fallback ${fallback}: expected one of ${FALLBACK_NAMES.join(", ")}`);
    if (values.fallback !== undefined && to !== "grpc-queue")
      return err(`--fallback: only --to grpc-queue has one; ${to} keeps requests as it does`);
    const mode = values.mode ?? "sync";
    if (mode !== "async" && mode !== "sync") return err(`--mode ${mode}: expected async or sync`);
    const coalesce = values.coalesce ?? false;
    if (coalesce && mode !== "async")
      return err("--coalesce: expected -z async; in sync mode each request is answered");
    const guid = parseGuid(values.guid);
    if (!guid.ok) return guid;
    const port = parsePort("--metrics-port", values["metrics-port"]);
    if (!port.ok) return port;
    return ok({
      ...{ from, to, mode, guid: guid.value, metricsPort: port.value, record: values.record },
      ...{
        outbox,
        fallback,
        coalesce,
        ring: values.ring,
        contextConfig: values["context-config"],
        dbConfig: values["db-config"],
      },
    });
  } catch (error) {
    return err(`${(error as Error).message.split("\n")[0]}; try --help`);
  }
}

const failed = (message: string): Result<never, DaemonFailure> => err({ kind: "failed", message });

async function serve(
  flags: Flags,
  logger: DaemonLogger,
  context: DaemonContext,
  env: Environment,
): Promise<Result<void, DaemonFailure>> {
  await using cleanUp = new CleanUp();
  const crashPoint = crashPointFrom(env);
  if (!crashPoint.ok) return err({ kind: "usage", message: crashPoint.error });
  const { from, to, mode, outbox, fallback, coalesce, dbConfig, record, metricsPort } = flags;
  const found = await loadContext(systemFiles, flags.contextConfig, flags.guid);
  if (!found.ok) return err({ kind: "usage", message: found.error });
  if (found.value.warning !== undefined) logger.warn(found.value.warning);
  const stores = await openDatabases({ ignoreNonexistent: true, ...(dbConfig !== undefined && { config: dbConfig }) });
  if (!stores.ok) return failed(describeConfigError(stores.error));
  cleanUp.use(stores.value);
  const openFront = await FRONT_ENDS[from]?.();
  if (openFront === undefined) return failed(`no gateway from ${from} to ${to}`);
  const world = {
    ...{ stores: stores.value, context: found.value.context, clock: systemClock, random: systemRandom },
    ...{ crashPoint: crashPoint.value, leavesRows: true },
    ...(flags.ring !== undefined && { ring: flags.ring }),
    owner: { name: "tandem-asic-gateway", host: hostname(), pid: process.pid, since: systemClock.now() },
  };
  const metrics = new Metrics().withProcessMetrics();
  const watch = watchTroubles(metrics, logger);
  const front = await openFront({ ...world, mode, onTrouble: watch(from) });
  if (!front.ok) return failed(`${from}: ${describeEndError(front.error)}`);
  cleanUp.use(front.value);
  if (!front.value.traits.modes.includes(mode))
    return err({ kind: "usage", message: `--mode ${mode}: ${from} has only ${front.value.traits.modes.join(", ")}` });
  const onTrouble = watch(to);
  const opened = await SwitchingClient.open(
    {
      // What coalesces waits for the end of each request behind it.
      world: { ...world, mode: coalesce ? "sync" : mode, outbox, fallback, onTrouble },
      via: to,
      onEvent: (event) => logger.info(describeSwitchEvent(event)),
    },
    context.signal,
  );
  if (!opened.ok) return failed(`${to}: ${describeEndError(opened.error)}`);
  cleanUp.use(opened.value);
  const onDisk = (event: Parameters<typeof describeRecorderEvent>[0]): void =>
    logger.warn(`${record}: ${describeRecorderEvent(event)}`);
  const recorder =
    record === undefined ? undefined : await Recorder.open({ clock: systemClock, path: record, onEvent: onDisk });
  if (recorder?.ok === false) return failed(describeDiskError(recorder.error));
  if (recorder !== undefined) {
    cleanUp.use(recorder.value);
    context.onReload(() => void recorder.value.reopen());
  }
  const channel = recorder === undefined ? opened.value : new RecordingClient(opened.value, recorder.value);
  const back = coalesce ? new CoalescingClient(channel, { clock: systemClock, onTrouble }) : channel;
  cleanUp.use(back);
  const count = countGatewayEvents(metrics);
  const readiness = new GatewayReadiness();
  if (metricsPort !== undefined) {
    const status = await serveStatusOrGoOn(metricsPort, metrics, () => ({ ok: readiness.ok }), logger);
    if (status !== undefined) cleanUp.use(status);
  }
  const onEvent = (event: GatewayEvent): void => {
    count(event);
    readiness.hear(event);
    const text = describeGatewayEvent(event);
    if (text === undefined) return;
    if (event.kind === "goesOn" || event.kind === "repeated") logger.info(text);
    else logger.warn(text);
  };
  logger.info(`passes requests from ${from} on to ${opened.value.transport}`);
  const ended = await Gateway.run({ front: front.value, back, clock: systemClock, onEvent }, context.signal);
  return ended.ok ? ok() : failed(`${from}: ${describeEndError(ended.error)}`);
}
