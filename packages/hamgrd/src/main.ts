import { parseArgs } from "node:util";
import { CleanUp, crashPointFrom, err, type Json, ok, type Result, systemClock, systemRandom } from "@tandem/base";
import {
  createLogger,
  type DaemonContext,
  type DaemonFailure,
  type DaemonLogger,
  Metrics,
  openLogOutput,
  runDaemon,
  serveStatus,
} from "@tandem/daemon";
import { grpcBus, watchLogLevel } from "@tandem/swbus";
import { describeConfigError, openDatabases, zmqSockets } from "@tandem/swss";
import { type HamgrdSettings, SETTINGS_DEFAULT } from "./actors/settings.js";
import { describeHamgrdEvent, type HamgrdEvent, severityOf } from "./daemon/hamgrd-event.js";
import { countEvents } from "./daemon/hamgrd-metrics.js";
import { RECORD_FOLDER, recordSteps } from "./daemon/record-steps.js";
import { MissingDatabaseError, openStore } from "./daemon/sinks.js";
import { type Hamgrd, startHamgrd } from "./daemon/start-hamgrd.js";

type Environment = Readonly<Record<string, string | undefined>>;

const PROGRAM = "hamgrd";

const HELP = `Usage: hamgrd -s SLOT[,SLOT…] [options]

The HA manager of one DPU slot, or of several in one process.

  -s, --slot-id SLOTS    DPU slots, e.g. 0 or 0,1
      --db-config FILE   database_config.json or database_global.json to use instead of the system's
      --bfd-mode MODE    cluster (default): BFD to every switch of the cluster; ha-set: to those of the pair
      --vnet-mode MODE   all-switches (default): routes for every pair; participants: for pairs with a DPU here
      --up-needs-bfd     a DPU is up only while a BFD session to it is up
      --bfd-ipv6         BFD rows for IPv6 peers as well
      --no-restore       after a DPU's restart give it only what the SDN controller writes anew
      --record-dir DIR   folder of the record files hamgrd-dpu<slot>.rec; default ${RECORD_FOLDER}
      --metrics-port N   serve /metrics, /health and /ready on 127.0.0.1:N
  -h, --help             this text
`;

const SLOT_MAX = 255;

interface Flags {
  readonly slots: readonly number[];
  readonly settings: Omit<HamgrdSettings, "slot">;
  readonly recordFolder: string;
  readonly dbConfig?: string;
  readonly metricsPort?: number;
}

/** Runs a hamgrd until SIGTERM or SIGINT; `argv` is without node and script. Gives the exit code. */
export async function hamgrdMain(argv: readonly string[], env: Environment): Promise<number> {
  const flags = parseFlags(argv);
  if (flags.ok && flags.value === "help") {
    process.stdout.write(HELP);
    return 0;
  }
  let logger: DaemonLogger | undefined;
  return runDaemon({ program: PROGRAM, finally: async () => logger?.close() }, async (context) => {
    if (!flags.ok) return err({ kind: "usage", message: flags.error });
    if (flags.value === "help") return ok();
    const output = await openLogOutput({ clock: systemClock, program: PROGRAM, env });
    logger = createLogger({ clock: systemClock, output, env });
    return serve(flags.value, logger, context, env);
  });
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
        "metrics-port": { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
    if (values.help === true) return ok("help");
    const slots = parseSlots(values["slot-id"]);
    if (!slots.ok) return slots;
    const bfdMode = oneOf("--bfd-mode", values["bfd-mode"], ["cluster", "ha-set"] as const, SETTINGS_DEFAULT.bfdMode);
    if (!bfdMode.ok) return bfdMode;
    const vnetModes = ["all-switches", "participants"] as const;
    const vnetMode = oneOf("--vnet-mode", values["vnet-mode"], vnetModes, SETTINGS_DEFAULT.vnetMode);
    if (!vnetMode.ok) return vnetMode;
    const port = values["metrics-port"];
    if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) <= 65_535)) {
      return err(`--metrics-port ${port}: expected a port`);
    }
    return ok({
      slots: slots.value,
      recordFolder: values["record-dir"] ?? RECORD_FOLDER,
      settings: {
        bfdMode: bfdMode.value,
        vnetMode: vnetMode.value,
        upNeedsBfd: values["up-needs-bfd"] ?? SETTINGS_DEFAULT.upNeedsBfd,
        bfdIpv6: values["bfd-ipv6"] ?? SETTINGS_DEFAULT.bfdIpv6,
        restoreOnRise: !(values["no-restore"] ?? !SETTINGS_DEFAULT.restoreOnRise),
      },
      ...(values["db-config"] !== undefined && { dbConfig: values["db-config"] }),
      ...(port !== undefined && { metricsPort: Number(port) }),
    });
  } catch (error) {
    return err(`${(error as Error).message.split("\n")[0]}; try --help`);
  }
}

function parseSlots(text: string | undefined): Result<readonly number[], string> {
  if (text === undefined) return err("--slot-id is missing; try --help");
  const slots: number[] = [];
  for (const piece of text.split(",")) {
    const slot = /^\d{1,3}$/.test(piece) ? Number(piece) : Number.NaN;
    if (!(slot <= SLOT_MAX)) return err(`--slot-id ${text}: expected DPU slots from 0 to ${SLOT_MAX}, with commas`);
    if (slots.includes(slot)) return err(`--slot-id ${text}: slot ${slot} is named twice`);
    slots.push(slot);
  }
  return ok(slots);
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
  const metrics = new Metrics().withProcessMetrics();
  const count = countEvents(metrics);
  const observer = (event: HamgrdEvent): void => {
    count(event);
    log(logger, event);
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
      bus: grpcBus({ clock: systemClock }),
      crashPoint: crashPoint.value,
      observer,
    });
    cleanUp.use(hamgrd);
    cleanUp.use(await recordSteps(hamgrd, flags.recordFolder, logger));
    cleanUp.defer(watchLogLevel(openStore(stores.value, "CONFIG_DB"), PROGRAM, logger, systemClock));
    if (flags.metricsPort !== undefined) await serveMetrics(flags.metricsPort, hamgrd, metrics, logger, cleanUp);
    context.onReload(() => hamgrd.reload());
    await aborted(context.signal);
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

async function serveMetrics(
  port: number,
  hamgrd: Hamgrd,
  metrics: Metrics,
  logger: DaemonLogger,
  cleanUp: CleanUp,
): Promise<void> {
  const slots = (): Record<string, Json> =>
    Object.fromEntries([...hamgrd.slots].map(([slot, { state }]) => [`dpu${slot}`, { ...state }]));
  const status = await serveStatus({
    port,
    metrics,
    health: () => ({ ok: true }),
    ready: () => ({
      ok: [...hamgrd.slots.values()].every(({ state }) => state.kind === "running"),
      detail: slots(),
    }),
  });
  if (status.ok) cleanUp.use(status.value);
  else logger.error(`${status.error.detail}; going on without`);
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
