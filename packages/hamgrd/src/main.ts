import { parseArgs } from "node:util";
import {
  CleanUp,
  crashPointFrom,
  err,
  type Json,
  ok,
  type Result,
  systemClock,
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
  parsePort,
  parseSlots,
  runDaemonProgram,
  type StatusReport,
  serveStatusOrGoOn,
} from "@tandem/daemon";
import { openBusSecurity, watchLogLevel } from "@tandem/swbus";
import { describeConfigError, openDatabases, zmqSockets } from "@tandem/swss";
import { type HamgrdSettings, SETTINGS_DEFAULT } from "./actors/settings.js";
import { FlightFiles } from "./daemon/flight-files.js";
import { describeHamgrdEvent, type HamgrdEvent, severityOf } from "./daemon/hamgrd-event.js";
import { countEvents } from "./daemon/hamgrd-metrics.js";
import { publishHamgrd } from "./daemon/publish-hamgrd.js";
import { RECORD_FOLDER, recordFile, recordSteps } from "./daemon/record-steps.js";
import { MissingDatabaseError, openStore } from "./daemon/sinks.js";
import { type Hamgrd, startHamgrd } from "./daemon/start-hamgrd.js";
import { parseTablePlaces, type TablePlaces } from "./daemon/table-places.js";
import { exportSpans, otlpUrl } from "./telemetry/export-spans.js";

const PROGRAM = "hamgrd";

/** Seconds that an operation may wait for its approval before it counts as unanswered. */
const PENDING_ALARM = 300;

const HELP = `Usage: hamgrd -s SLOT[,SLOT…] [options]

The HA manager of one DPU slot, or of several in one process.

  -s, --slot-id SLOTS    DPU slots, e.g. 0 or 0,1
      --db-config FILE   database_config.json or database_global.json to use instead of the system's
      --bfd-mode MODE    cluster (default): BFD to every switch of the cluster; ha-set: to those of the pair
      --vnet-mode MODE   all-switches (default): routes for every pair; participants: for pairs with a DPU here
      --up-needs-bfd     a DPU is up only while a BFD session to it is up
      --bfd-ipv6         BFD rows for IPv6 peers as well
      --no-restore       after a DPU's restart give it only what the SDN controller writes anew
      --table TABLE=[DB/]NAME
                         read an input table elsewhere; may be repeated: docs/configuration.md
      --record-dir DIR   folder of the record files hamgrd-dpu<slot>.rec; default ${RECORD_FOLDER}
      --trace-wire N     one trace in N goes along with messages to other hamgrds; default: none
      --bus-security FILE
                         certificates of the bus, the file that swbusd has; else TANDEM_BUS_SECURITY
      --otlp URL         export traces to this OTLP/HTTP receiver; else OTEL_EXPORTER_OTLP_ENDPOINT
      --pending-alarm N  seconds an operation may wait for its approval before it counts as unanswered; default ${PENDING_ALARM}
      --metrics-port N   serve /metrics, /health and /ready on 127.0.0.1:N
  -h, --help             this text
`;

const SLOT_MAX = 255;

interface Flags {
  readonly slots: readonly number[];
  readonly settings: Omit<HamgrdSettings, "slot">;
  readonly recordFolder: string;
  /** Seconds after which an unanswered operation is worth an alarm. */
  readonly pendingLimit: number;
  readonly places: TablePlaces;
  readonly dbConfig?: string;
  readonly busSecurity?: string;
  /** Receiver of traces. */
  readonly otlp?: string;
  readonly metricsPort?: number;
  readonly traceEvery?: number;
}

/** Runs a hamgrd until SIGTERM or SIGINT; `argv` is without node and script. Gives the exit code. */
export function hamgrdMain(argv: readonly string[], env: Environment): Promise<number> {
  return runDaemonProgram({ name: PROGRAM, help: HELP, parse: parseFlags, serve }, argv, env);
}

function parseFlags(argv: readonly string[]): Result<Flags | "help", string> {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        "slot-id": { type: "string", short: "s" },
        "db-config": { type: "string" },
        "bfd-mode": { type: "string" },
        "vnet-mode": { type: "string" },
        "up-needs-bfd": { type: "boolean" },
        "bfd-ipv6": { type: "boolean" },
        "no-restore": { type: "boolean" },
        "record-dir": { type: "string" },
        table: { type: "string", multiple: true },
        "trace-wire": { type: "string" },
        "bus-security": { type: "string" },
        "metrics-port": { type: "string" },
        "pending-alarm": { type: "string" },
        otlp: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
    if (values.help === true) return ok("help");
    if (values["slot-id"] === undefined) return err("--slot-id is missing; try --help");
    const slots = parseSlots("--slot-id", values["slot-id"], SLOT_MAX);
    if (!slots.ok) return slots;
    const bfdMode = oneOf("--bfd-mode", values["bfd-mode"], ["cluster", "ha-set"] as const, SETTINGS_DEFAULT.bfdMode);
    if (!bfdMode.ok) return bfdMode;
    const vnetModes = ["all-switches", "participants"] as const;
    const vnetMode = oneOf("--vnet-mode", values["vnet-mode"], vnetModes, SETTINGS_DEFAULT.vnetMode);
    if (!vnetMode.ok) return vnetMode;
    const places = parseTablePlaces("--table", values.table ?? []);
    if (!places.ok) return places;
    const pending = values["pending-alarm"] ?? String(PENDING_ALARM);
    if (!/^[1-9]\d{0,5}$/.test(pending)) return err(`--pending-alarm ${pending}: expected seconds, 1 to 999999`);
    const port = parsePort("--metrics-port", values["metrics-port"]);
    if (!port.ok) return port;
    const traceEvery = parseShare("--trace-wire", values["trace-wire"]);
    if (!traceEvery.ok) return traceEvery;
    return ok({
      slots: slots.value,
      places: places.value,
      recordFolder: values["record-dir"] ?? RECORD_FOLDER,
      pendingLimit: Number(pending),
      ...(values.otlp !== undefined && { otlp: values.otlp }),
      settings: {
        bfdMode: bfdMode.value,
        vnetMode: vnetMode.value,
        upNeedsBfd: values["up-needs-bfd"] ?? SETTINGS_DEFAULT.upNeedsBfd,
        bfdIpv6: values["bfd-ipv6"] ?? SETTINGS_DEFAULT.bfdIpv6,
        restoreOnRise: !(values["no-restore"] ?? !SETTINGS_DEFAULT.restoreOnRise),
      },
      ...(values["db-config"] !== undefined && { dbConfig: values["db-config"] }),
      ...(values["bus-security"] !== undefined && { busSecurity: values["bus-security"] }),
      ...(port.value !== undefined && { metricsPort: port.value }),
      ...(traceEvery.value !== undefined && { traceEvery: traceEvery.value }),
    });
  } catch (error) {
    return err(`${(error as Error).message.split("\n")[0]}; try --help`);
  }
}

function parseShare(flag: string, text: string | undefined): Result<number | undefined, string> {
  if (text === undefined) return ok(undefined);
  return /^[1-9]\d{0,8}$/.test(text) ? ok(Number(text)) : err(`${flag} ${text}: expected a whole number from 1`);
}

function oneOf<T extends string>(
  flag: string,
  text: string | undefined,
  values: readonly T[],
  absent: T,
): Result<T, string> {
  if (text === undefined) return ok(absent);
  const value = values.find((candidate) => candidate === text);
  return value === undefined ? err(`${flag} ${text}: expected ${values.join(" or ")}`) : ok(value);
}

async function serve(
  flags: Flags,
  logger: DaemonLogger,
  context: DaemonContext,
  env: Environment,
): Promise<Result<void, DaemonFailure>> {
  await using cleanUp = new CleanUp();
  const { dbConfig } = flags;
  const stores = await openDatabases({ ignoreNonexistent: true, ...(dbConfig !== undefined && { config: dbConfig }) });
  if (!stores.ok) return err({ kind: "failed", message: describeConfigError(stores.error) });
  cleanUp.use(stores.value);
  const crashPoint = crashPointFrom(env);
  if (!crashPoint.ok) return err({ kind: "usage", message: crashPoint.error });
  const otlp = otlpUrl(flags.otlp, env);
  if (!otlp.ok) return err({ kind: "usage", message: otlp.error });
  const metrics = new Metrics().withProcessMetrics();
  const security = await openBusSecurity({
    file: flags.busSecurity,
    env,
    files: systemFiles,
    clock: systemClock,
    logger,
    metrics,
  });
  if (!security.ok) return err({ kind: "failed", message: security.error });
  cleanUp.use(security.value);
  const count = countEvents(metrics);
  let onCrash = (): void => {};
  const observer = (event: HamgrdEvent): void => {
    count(event);
    log(logger, event);
    if (event.kind === "runtime" && event.event.kind === "crashed") onCrash();
  };
  try {
    const sockets = cleanUp.use(zmqSockets());
    const hamgrd = startHamgrd({
      slots: flags.slots,
      settings: flags.settings,
      clock: systemClock,
      random: systemRandom,
      stores: stores.value,
      sockets,
      bus: security.value.bus,
      crashPoint: crashPoint.value,
      places: flags.places,
      ...(flags.traceEvery !== undefined && { traceEvery: flags.traceEvery }),
      observer,
      process: { pid: process.pid, recordsOf: (slot) => recordFile(flags.recordFolder, slot) },
    });
    cleanUp.use(hamgrd);
    const recorder = cleanUp.use(await recordSteps(hamgrd, flags.recordFolder, logger));
    const { pendingLimit } = flags;
    const published = publishHamgrd(metrics, hamgrd, systemClock, { lost: () => recorder.lost(), pendingLimit });
    cleanUp.defer(() => published[Symbol.dispose]());
    if (otlp.value !== undefined) {
      const pathOf = (slot: string): string => hamgrd.slots.get(Number(slot.replace(/^dpu/, "")))?.path ?? slot;
      const resource = { "service.name": PROGRAM, "process.pid": process.pid };
      const { records } = hamgrd;
      cleanUp.use(await exportSpans({ records, pathOf, url: otlp.value, resource, logger }));
    }
    const flights = new FlightFiles(hamgrd, flags.recordFolder, systemClock, logger);
    onCrash = () => flights.save("crash");
    context.onDump(() => flights.save("asked"));
    context.onBug(() => flights.save("bug"));
    cleanUp.defer(watchLogLevel(openStore(stores.value, "CONFIG_DB"), PROGRAM, logger, systemClock));
    if (flags.metricsPort !== undefined) {
      const status = await serveStatusOrGoOn(flags.metricsPort, metrics, () => readiness(hamgrd), logger);
      if (status !== undefined) cleanUp.use(status);
    }
    context.onReload(() => {
      void security.value.reload();
      hamgrd.reload();
    });
    await untilAborted(context.signal);
    return ok();
  } catch (error) {
    if (error instanceof MissingDatabaseError) return err({ kind: "failed", message: error.message });
    throw error;
  }
}

function log(logger: DaemonLogger, event: HamgrdEvent): void {
  const text = describeHamgrdEvent(event);
  switch (severityOf(event)) {
    case "error":
      logger.error(text);
      break;
    case "warning":
      logger.warn(text);
      break;
    case "info":
      logger.info(text);
      break;
    case "debug":
      logger.debug(text);
      break;
  }
}

function readiness(hamgrd: Hamgrd): StatusReport {
  const slots: Record<string, Json> = {};
  for (const [slot, { state }] of hamgrd.slots) slots[`dpu${slot}`] = { ...state };
  return { ok: [...hamgrd.slots.values()].every(({ state }) => state.kind === "running"), detail: slots };
}
