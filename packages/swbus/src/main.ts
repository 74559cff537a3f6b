import { parseArgs } from "node:util";
import {
  CleanUp,
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
import { describeConfigError, openDatabases, type Store } from "@tandem/swss";
import type { ConfigSource } from "./daemon/config.js";
import { dbConfig } from "./daemon/db-config.js";
import type { SwbusdObserver } from "./daemon/events.js";
import { logEvents, publishStats } from "./daemon/report.js";
import { type Swbusd, startSwbusd } from "./daemon/swbusd.js";
import { watchLogLevel } from "./daemon/watch-log-level.js";
import { yamlConfig } from "./daemon/yaml-config.js";
import { openBusSecurity } from "./security/bus-security.js";
import { parseServicePath } from "./service-path.js";

const PROGRAM = "swbusd";

/** DPU slots are small numbers; the DPU row decides which exist. */
const SLOT_MAX = 0xffff_ffff;

const HELP = `Usage: swbusd (-s SLOT[,SLOT…] | -c FILE) [options]

The bus router of one DPU slot, or those of several in one process.

  -s, --slot-id SLOTS    configuration from CONFIG_DB, for these DPU slots, e.g. 0 or 0,1; wins over -c
  -c, --config FILE      configuration from a YAML file
      --db-config FILE   database_config.json to use instead of the system's
      --bus-security FILE
                         certificates and limits, a YAML file; else TANDEM_BUS_SECURITY, else members of -c FILE
      --metrics-port N   serve /metrics, /health and /ready on 127.0.0.1:N
  -h, --help             this text
`;

interface Flags {
  /** Distinct; empty: `config` names a file. */
  readonly slots: readonly number[];
  readonly config?: string;
  readonly dbConfig?: string;
  readonly busSecurity?: string;
  readonly metricsPort?: number;
}

/** Runs a swbusd until SIGTERM or SIGINT; `argv` is without node and script. Gives the exit code. */
export function swbusdMain(argv: readonly string[], env: Environment): Promise<number> {
  return runDaemonProgram({ name: PROGRAM, help: HELP, parse: parseFlags, serve }, argv, env);
}

function parseFlags(argv: readonly string[]): Result<Flags | "help", string> {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        "slot-id": { type: "string", short: "s" },
        config: { type: "string", short: "c" },
        "db-config": { type: "string" },
        "bus-security": { type: "string" },
        "metrics-port": { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
    if (values.help === true) return ok("help");
    const slotId = values["slot-id"];
    const slots = slotId === undefined ? ok([]) : parseSlots("--slot-id", slotId, SLOT_MAX);
    if (!slots.ok) return slots;
    const metricsPort = parsePort("--metrics-port", values["metrics-port"]);
    if (!metricsPort.ok) return metricsPort;
    if (slots.value.length === 0 && values.config === undefined)
      return err("neither --slot-id nor --config is given; try --help");
    return ok({
      slots: slots.value,
      ...(values.config !== undefined && { config: values.config }),
      ...(values["db-config"] !== undefined && { dbConfig: values["db-config"] }),
      ...(values["bus-security"] !== undefined && { busSecurity: values["bus-security"] }),
      ...(metricsPort.value !== undefined && { metricsPort: metricsPort.value }),
    });
  } catch (error) {
    return err(`${(error as Error).message.split("\n")[0]}; try --help`);
  }
}

async function serve(
  flags: Flags,
  logger: DaemonLogger,
  context: DaemonContext,
  env: Environment,
): Promise<Result<void, DaemonFailure>> {
  await using cleanUp = new CleanUp();
  const sources = await openSources(flags, logger, cleanUp);
  if (!sources.ok) return err({ kind: "failed", message: sources.error });
  const metrics = new Metrics().withProcessMetrics();
  const security = await openBusSecurity({
    file: flags.busSecurity,
    configFile: flags.slots.length === 0 ? flags.config : undefined,
    env,
    files: systemFiles,
    clock: systemClock,
    logger,
    metrics,
  });
  if (!security.ok) return err({ kind: "failed", message: security.error });
  const { bus, config } = cleanUp.use(security.value);
  const limits = { messagesPerSecond: config.limits.messages_per_second };
  const tell = logEvents(logger);
  const observer: SwbusdObserver = (event) => {
    tell(event);
    if (event.kind !== "configured") return;
    const doubt = security.value.doubt(parseServicePath(event.path), event.endpoint);
    if (doubt !== undefined) logger.error(doubt);
  };
  const daemons = await Promise.all(
    sources.value.map((source) =>
      startSwbusd({ config: source, clock: systemClock, random: systemRandom, bus, observer, limits }),
    ),
  );
  for (const daemon of daemons) cleanUp.use(daemon);
  cleanUp.defer(publishStats(daemons, metrics, systemClock));
  if (flags.metricsPort !== undefined) {
    const status = await serveStatusOrGoOn(flags.metricsPort, metrics, () => readiness(daemons), logger);
    if (status !== undefined) cleanUp.use(status);
  }
  context.onReload(() => {
    void security.value.reload();
    for (const daemon of daemons) void daemon.reload();
  });
  await untilAborted(context.signal);
  return ok();
}

function readiness(daemons: readonly Swbusd[]): StatusReport {
  return {
    ok: daemons.every(({ state }) => state.kind === "listening"),
    detail: daemons.length === 1 ? { ...daemons[0]?.state } : bySlot(daemons),
  };
}

function bySlot(daemons: readonly Swbusd[]): Record<string, Json> {
  return Object.fromEntries(daemons.map(({ state }, i) => [`router${i}`, { ...state }]));
}

/** A slot's configuration is waited for; a file that cannot be used at the start is a mistake of whoever typed it. */
async function openSources(
  flags: Flags,
  logger: DaemonLogger,
  cleanUp: CleanUp,
): Promise<Result<readonly ConfigSource[], string>> {
  if (flags.slots.length > 0) {
    const store = await openConfigDb(flags.dbConfig, cleanUp);
    if (!store.ok) return store;
    cleanUp.defer(watchLogLevel(store.value, PROGRAM, logger, systemClock));
    return ok(flags.slots.map((slot) => dbConfig(store.value, slot, systemClock)));
  }
  const source = yamlConfig(systemFiles, flags.config ?? "");
  const first = await source.read();
  return first.kind === "waiting" ? err(first.reason) : ok([source]);
}

async function openConfigDb(path: string | undefined, cleanUp: CleanUp): Promise<Result<Store, string>> {
  const stores = await openDatabases(path === undefined ? {} : { config: path });
  if (!stores.ok) return err(describeConfigError(stores.error));
  const store = cleanUp.use(stores.value).open({ db: "CONFIG_DB" });
  if (store.ok) return store;
  return err(
    store.error.kind === "badConfig"
      ? describeConfigError(store.error)
      : `CONFIG_DB is not among the databases: ${store.error.known.join(", ")}`,
  );
}
