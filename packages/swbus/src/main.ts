import { parseArgs } from "node:util";
import { CleanUp, err, type Json, ok, type Result, systemClock, systemFiles, systemRandom } from "@tandem/base";
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
import { describeConfigError, loadDatabases, loadPasswords, RedisStores, type Store } from "@tandem/swss";
import { grpcBus } from "@tandem/wire";

import type { ConfigSource } from "./daemon/config.js";
import { dbConfig } from "./daemon/db-config.js";
import { readUint } from "./daemon/read-fields.js";
import { logEvents, publishStats } from "./daemon/report.js";
import { type Swbusd, startSwbusd } from "./daemon/swbusd.js";
import { watchLogLevel } from "./daemon/watch-log-level.js";
import { yamlConfig } from "./daemon/yaml-config.js";

type Environment = Readonly<Record<string, string | undefined>>;

const PROGRAM = "swbusd";

const HELP = `Usage: swbusd (-s SLOT[,SLOT…] | -c FILE) [options]

The bus router of one DPU slot, or those of several in one process.

  -s, --slot-id SLOTS    configuration from CONFIG_DB, for these DPU slots, e.g. 0 or 0,1; wins over -c
  -c, --config FILE      configuration from a YAML file
      --db-config FILE   database_config.json to use instead of the system's
      --metrics-port N   serve /metrics, /health and /ready on 127.0.0.1:N
  -h, --help             this text
`;

interface Flags {
  /** Distinct; empty: `config` names a file. */
  readonly slots: readonly number[];
  readonly config?: string;
  readonly dbConfig?: string;
  readonly metricsPort?: number;
}

/** Runs a swbusd until SIGTERM or SIGINT; `argv` is without node and script. Gives the exit code. */
export async function swbusdMain(argv: readonly string[], env: Environment): Promise<number> {
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
    return serve(flags.value, logger, context);
  });
}

function parseFlags(argv: readonly string[]): Result<Flags | "help", string> {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        "slot-id": { type: "string", short: "s" },
        config: { type: "string", short: "c" },
        "db-config": { type: "string" },
        "metrics-port": { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
    if (values.help === true) return ok("help");
    const slots = parseSlots(values["slot-id"]);
    if (!slots.ok) return slots;
    const metricsPort = readNumber(values["metrics-port"], 0xffff);
    if (metricsPort === "bad") return err(`--metrics-port ${values["metrics-port"]}: expected a port`);
    if (slots.value.length === 0 && values.config === undefined)
      return err("neither --slot-id nor --config is given; try --help");
    return ok({
      slots: slots.value,
      ...(values.config !== undefined && { config: values.config }),
      ...(values["db-config"] !== undefined && { dbConfig: values["db-config"] }),
      ...(metricsPort !== undefined && { metricsPort }),
    });
  } catch (error) {
    return err(`${(error as Error).message.split("\n")[0]}; try --help`);
  }
}

function parseSlots(text: string | undefined): Result<readonly number[], string> {
  const slots: number[] = [];
  for (const piece of text?.split(",") ?? []) {
    const slot = readUint(piece, 0xffff_ffff);
    if (slot === undefined) return err(`--slot-id ${text}: expected DPU slots, 0 or more, with commas`);
    if (slots.includes(slot)) return err(`--slot-id ${text}: slot ${slot} is named twice`);
    slots.push(slot);
  }
  return ok(slots);
}

function readNumber(text: string | undefined, max: number): number | undefined | "bad" {
  return text === undefined ? undefined : (readUint(text, max) ?? "bad");
}

async function serve(flags: Flags, logger: DaemonLogger, context: DaemonContext): Promise<Result<void, DaemonFailure>> {
  await using cleanUp = new CleanUp();
  const sources = await openSources(flags, logger, cleanUp);
  if (!sources.ok) return err({ kind: "failed", message: sources.error });
  const bus = grpcBus({ clock: systemClock });
  const observer = logEvents(logger);
  const daemons = await Promise.all(
    sources.value.map((config) => startSwbusd({ config, clock: systemClock, random: systemRandom, bus, observer })),
  );
  for (const daemon of daemons) cleanUp.use(daemon);
  const metrics = new Metrics().withProcessMetrics();
  cleanUp.defer(publishStats(daemons, metrics, systemClock));
  if (flags.metricsPort !== undefined) await serveMetrics(flags.metricsPort, daemons, metrics, logger, cleanUp);
  context.onReload(() => {
    for (const daemon of daemons) void daemon.reload();
  });
  await new Promise<void>((resolve) => {
    if (context.signal.aborted) resolve();
    else context.signal.addEventListener("abort", () => resolve(), { once: true });
  });
  return ok();
}

async function serveMetrics(
  port: number,
  daemons: readonly Swbusd[],
  metrics: Metrics,
  logger: DaemonLogger,
  cleanUp: CleanUp,
): Promise<void> {
  const status = await serveStatus({
    port,
    metrics,
    health: () => ({ ok: true }),
    ready: () => ({
      ok: daemons.every(({ state }) => state.kind === "listening"),
      detail: daemons.length === 1 ? { ...daemons[0]?.state } : bySlot(daemons),
    }),
  });
  if (status.ok) cleanUp.use(status.value);
  else logger.error(`${status.error.detail}; going on without`);
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
  const databases = await loadDatabases(systemFiles, path === undefined ? {} : { config: path });
  if (!databases.ok) return err(describeConfigError(databases.error));
  const passwords = await loadPasswords(systemFiles, databases.value);
  if (!passwords.ok) return err(describeConfigError(passwords.error));
  const stores = new RedisStores({
    databases: databases.value,
    passwords: passwords.value,
    clock: systemClock,
    random: systemRandom,
  });
  cleanUp.use(stores);
  const store = stores.open({ db: "CONFIG_DB" });
  if (store.ok) return store;
  return err(
    store.error.kind === "badConfig"
      ? describeConfigError(store.error)
      : `CONFIG_DB is not among the databases: ${store.error.known.join(", ")}`,
  );
}
