import { parseArgs } from "node:util";
import { CleanUp, describeDiskError, err, ok, type Result, systemClock, systemFiles } from "@tandem/base";
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
import type { ChannelMode } from "../op.js";
import { recordObserved } from "../record-observer.js";
import { describeRecorderEvent, Recorder, type RecorderEvent } from "../recorder.js";
import type { RotationLimits } from "../recording/rotation.js";
import { AS_RECORDER, FOR_PLAYER } from "../recording/style.js";
import { TRANSPORT_NAMES, type TransportName } from "../transport.js";
import { OBSERVERS } from "../transports.js";
import { loadContext, parseGuid } from "./context-file.js";
import { measureRecorder } from "./recording-metrics.js";
import { parseRotation, ROTATION_FLAGS, ROTATION_HELP } from "./rotation-flags.js";

const OBSERVED = Object.keys(OBSERVERS) as readonly TransportName[];

const HELP = `Usage: tandem asic record FILE [options]

Records what is said between orchagent and syncd from now on, as an observer that nobody waits for. Where nothing may be
missing, archive instead. SIGHUP opens FILE again after it was renamed.

      --via NAME              the transport that is observed: ${OBSERVED.join(", ")}; default streams
  -z, --mode MODE             async or sync, as its ends work; default sync
      --upstream-replayable   leave out what upstream's player cannot read: failed changes, three bars
${ROTATION_HELP}\
  -x, --context-config FILE   context_config.json; a file that is wrong counts as none, with a warning
  -g, --guid N                the context of the channel; default 0
      --db NAME               database of the channel; default that of the context
      --db-config FILE        database_config.json or database_global.json to use instead of the system's
      --metrics-port PORT     serve /metrics, /health and /ready on 127.0.0.1
  -h, --help                  this text
`;

interface Flags {
  readonly path: string;
  readonly via: TransportName;
  readonly mode: ChannelMode;
  readonly upstream: boolean;
  readonly limits: RotationLimits;
  readonly contextConfig: string | undefined;
  readonly guid: number;
  readonly db: string | undefined;
  readonly dbConfig: string | undefined;
  readonly metricsPort: number | undefined;
}

/** Records until SIGTERM or SIGINT; `argv` is without node and script. Gives the exit code. */
export function asicRecordMain(argv: readonly string[], env: Environment): Promise<number> {
  return runDaemonProgram({ name: "tandem-asic-record", help: HELP, parse: parseFlags, serve }, argv, env);
}

function parseFlags(argv: readonly string[]): Result<Flags | "help", string> {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        ...ROTATION_FLAGS,
        via: { type: "string" },
        mode: { type: "string", short: "z" },
        "upstream-replayable": { type: "boolean" },
        "context-config": { type: "string", short: "x" },
        guid: { type: "string", short: "g" },
        db: { type: "string" },
        "db-config": { type: "string" },
        "metrics-port": { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
    if (values.help === true) return ok("help");
    const [path] = positionals;
    if (path === undefined || positionals.length > 1) return err(`expected one FILE, found ${positionals.length}`);
    const via = OBSERVED.find((name) => name === (values.via ?? "streams"));
    if (via === undefined) {
      const others = TRANSPORT_NAMES.some((name) => name === values.via) ? "; tandem asic gateway records others" : "";
      return err(`--via ${values.via}: expected one of ${OBSERVED.join(", ")}${others}`);
    }
    const mode = values.mode ?? "sync";
    if (mode !== "async" && mode !== "sync") return err(`--mode ${mode}: expected async or sync`);
    const limits = parseRotation(values);
    if (!limits.ok) return limits;
    const port = parsePort("--metrics-port", values["metrics-port"]);
    if (!port.ok) return port;
    const guid = parseGuid(values.guid);
    if (!guid.ok) return guid;
    return ok({
      ...{ path, via, mode, limits: limits.value, db: values.db, dbConfig: values["db-config"] },
      ...{ contextConfig: values["context-config"], guid: guid.value },
      upstream: values["upstream-replayable"] === true,
      metricsPort: port.value,
    });
  } catch (error) {
    return err(`${(error as Error).message.split("\n")[0]}; try --help`);
  }
}

const failed = (message: string): Result<never, DaemonFailure> => err({ kind: "failed", message });

async function serve(flags: Flags, logger: DaemonLogger, context: DaemonContext): Promise<Result<void, DaemonFailure>> {
  await using cleanUp = new CleanUp();
  const { dbConfig, path, limits, metricsPort, via } = flags;
  const found = await loadContext(systemFiles, flags.contextConfig, flags.guid);
  if (!found.ok) return failed(found.error);
  if (found.value.warning !== undefined) logger.warn(found.value.warning);
  const channel = { ...found.value.context, ...(flags.db !== undefined && { dbAsic: flags.db }) };
  const stores = await openDatabases({ ignoreNonexistent: true, ...(dbConfig !== undefined && { config: dbConfig }) });
  if (!stores.ok) return failed(describeConfigError(stores.error));
  cleanUp.use(stores.value);
  const open = await OBSERVERS[via]?.();
  const observer = await open?.({ stores: stores.value, context: channel }, context.signal);
  if (observer === undefined) return failed(`${via} cannot be observed`);
  if (!observer.ok) return failed(describeEndError(observer.error));
  cleanUp.use(observer.value);
  const style = flags.upstream ? FOR_PLAYER : AS_RECORDER;
  const onEvent = (event: RecorderEvent): void => tell(logger, path, event);
  const recorder = await Recorder.open({ clock: systemClock, path, limits, style, onEvent });
  if (!recorder.ok) return failed(describeDiskError(recorder.error));
  cleanUp.use(recorder.value);
  context.onReload(() => void recorder.value.reopen());
  if (metricsPort !== undefined) {
    const metrics = new Metrics().withProcessMetrics();
    measureRecorder(metrics, recorder.value.tally);
    const ready = () => ({ ok: !recorder.value.tally.paused });
    const status = await serveStatusOrGoOn(metricsPort, metrics, ready, logger);
    if (status !== undefined) cleanUp.use(status);
  }
  logger.info(`${path}: records what passes through ${via}`);
  await recordObserved(observer.value, recorder.value, flags.mode, context.signal);
  await recorder.value.flush();
  const { written, lost } = recorder.value.tally;
  logger.info(`${path}: ends, ${written} lines written, ${lost} missing`);
  if (!context.signal.aborted) return failed(`${via}: the server is gone; what follows is not recorded`);
  return ok();
}

function tell(logger: DaemonLogger, path: string, event: RecorderEvent): void {
  const text = `${path}: ${describeRecorderEvent(event)}`;
  if (event.kind === "paused") logger.error(text);
  else if (event.kind === "resumed") logger.info(text);
  else logger.warn(text);
}
