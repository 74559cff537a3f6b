import { parseArgs } from "node:util";
import { CleanUp, crashPointFrom, err, ok, type Result, systemClock, untilAborted } from "@tandem/base";
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
import { describeConfigError, describeStoreError, openDatabases, untilConnected } from "@tandem/swss";
import { forgetArchiver } from "../archive/archive-scripts.js";
import { Archiver } from "../archive/archiver.js";
import { type ArchiverEvent, describeArchiverError, describeArchiverEvent } from "../archive/archiver-event.js";
import type { RotationLimits } from "../recording/rotation.js";
import { KEEP_DEFAULT } from "../streams/traits.js";
import { measureArchiver } from "./recording-metrics.js";
import { parseRotation, ROTATION_FLAGS, ROTATION_HELP } from "./rotation-flags.js";

/** Where an archive is unless told otherwise. */
export const ARCHIVE_PATH = "/var/log/swss/sairedis.archive.rec";

const HELP = `Usage: tandem asic archive [FILE] [options]

Writes both streams of orchagent's channel into a recording, continuously, and lets go of what is safe. Killed or restarted
at any time, it loses nothing and writes nothing twice. SIGHUP opens FILE again after it was renamed.

  FILE                        the recording; default ${ARCHIVE_PATH}
      --name NAME             how the streams know this archiver; default archiver
      --forget                do not archive: have the streams wait for NAME no longer
      --keep N                entries that the streams keep when everybody has them; default ${KEEP_DEFAULT}
${ROTATION_HELP}\
      --db NAME               database of the streams; default ASIC_DB
      --db-config FILE        database_config.json or database_global.json to use instead of the system's
      --metrics-port PORT     serve /metrics, /health and /ready on 127.0.0.1
  -h, --help                  this text
`;

interface Flags {
  readonly path: string;
  readonly name: string;
  readonly forget: boolean;
  readonly keep: number;
  readonly limits: RotationLimits;
  readonly db: string;
  readonly dbConfig: string | undefined;
  readonly metricsPort: number | undefined;
}

/** Runs an archiver until SIGTERM or SIGINT; `argv` is without node and script. Gives the exit code. */
export function asicArchiveMain(argv: readonly string[], env: Environment): Promise<number> {
  return runDaemonProgram({ name: "tandem-asic-archive", help: HELP, parse: parseFlags, serve }, argv, env);
}

function parseFlags(argv: readonly string[]): Result<Flags | "help", string> {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        ...ROTATION_FLAGS,
        name: { type: "string" },
        forget: { type: "boolean" },
        keep: { type: "string" },
        db: { type: "string" },
        "db-config": { type: "string" },
        "metrics-port": { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
    if (values.help === true) return ok("help");
    if (positionals.length > 1) return err(`expected one FILE, found ${positionals.length}; try --help`);
    const keep = values.keep ?? String(KEEP_DEFAULT);
    if (!/^\d{1,9}$/.test(keep)) return err(`--keep ${keep}: expected a number of entries`);
    const limits = parseRotation(values);
    if (!limits.ok) return limits;
    const port = parsePort("--metrics-port", values["metrics-port"]);
    if (!port.ok) return port;
    return ok({
      path: positionals[0] ?? ARCHIVE_PATH,
      name: values.name ?? "archiver",
      forget: values.forget === true,
      keep: Number(keep),
      limits: limits.value,
      db: values.db ?? "ASIC_DB",
      dbConfig: values["db-config"],
      metricsPort: port.value,
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
  const crash = crashPointFrom(env);
  if (!crash.ok) return err({ kind: "usage", message: crash.error });
  const { dbConfig, db, name, keep, path, limits, metricsPort } = flags;
  const stores = await openDatabases({ ignoreNonexistent: true, ...(dbConfig !== undefined && { config: dbConfig }) });
  if (!stores.ok) return failed(describeConfigError(stores.error));
  cleanUp.use(stores.value);
  if (flags.forget) {
    const store = stores.value.open({ db });
    if (!store.ok) return failed(`no database ${db} in the configuration`);
    await untilConnected(store.value, context.signal);
    const forgotten = await forgetArchiver(store.value, name, keep);
    if (!forgotten.ok) return failed(describeStoreError(forgotten.error));
    logger.info(`${name} is forgotten; ${forgotten.value} entries are left in the streams`);
    return ok();
  }
  const onEvent = (event: ArchiverEvent): void => tell(logger, path, event);
  const opened = await Archiver.open(
    { stores: stores.value, db, clock: systemClock, path, name, keep, limits, crash: crash.value, onEvent },
    context.signal,
  );
  if (!opened.ok) return failed(describeArchiverError(opened.error));
  const archiver = opened.value;
  cleanUp.use(archiver);
  context.onReload(() => archiver.reopen());
  if (metricsPort !== undefined) {
    const metrics = new Metrics().withProcessMetrics();
    measureArchiver(metrics, archiver.tally);
    const status = await serveStatusOrGoOn(metricsPort, metrics, () => ({ ok: !archiver.tally.paused }), logger);
    if (status !== undefined) cleanUp.use(status);
  }
  await Promise.all([archiver.run(context.signal), untilAborted(context.signal)]);
  logger.info(`${path}: ends at ${archiver.position}, ${archiver.tally.lines} lines in this life`);
  return ok();
}

function tell(logger: DaemonLogger, path: string, event: ArchiverEvent): void {
  const text = `${path}: ${describeArchiverEvent(event)}`;
  if (event.kind === "started" || event.kind === "resumed") logger.info(text);
  else if (event.kind === "paused" || event.kind === "gap") logger.error(text);
  else logger.warn(text);
}
