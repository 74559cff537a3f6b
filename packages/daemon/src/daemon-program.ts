import { err, ok, type Result, systemClock } from "@tandem/base";
import { openLogOutput } from "./log-output.js";
import { createLogger, type DaemonLogger } from "./logger.js";
import type { Metrics } from "./metrics.js";
import { type DaemonContext, type DaemonFailure, runDaemon } from "./run-daemon.js";
import { type StatusReport, type StatusServer, serveStatus } from "./status-server.js";

export type Environment = Readonly<Record<string, string | undefined>>;

/** A daemon as a command: its flags and what it does with them. */
export interface DaemonProgram<Flags> {
  readonly name: string;
  /** What `--help` prints. */
  readonly help: string;
  /** Flags, or the wish for help, or one line saying what is wrong with them. */
  parse(argv: readonly string[]): Result<Flags | "help", string>;
  /** Runs until the context's signal aborts. */
  serve(
    flags: Flags,
    logger: DaemonLogger,
    context: DaemonContext,
    env: Environment,
  ): Promise<Result<void, DaemonFailure>>;
}

/** Runs a daemon until SIGTERM or SIGINT; `argv` is without node and script. Gives the exit code. */
export function runDaemonProgram<Flags>(
  program: DaemonProgram<Flags>,
  argv: readonly string[],
  env: Environment,
): Promise<number> {
  const flags = program.parse(argv);
  if (flags.ok && flags.value === "help") {
    process.stdout.write(program.help);
    return Promise.resolve(0);
  }
  let logger: DaemonLogger | undefined;
  return runDaemon({ program: program.name, finally: async () => logger?.close() }, async (context) => {
    if (!flags.ok) return err({ kind: "usage", message: flags.error });
    if (flags.value === "help") return ok();
    const output = await openLogOutput({ clock: systemClock, program: program.name, env });
    logger = createLogger({ clock: systemClock, output, env });
    return program.serve(flags.value, logger, context, env);
  });
}

/** Metrics, health and readiness on a port of 127.0.0.1; a port that is taken costs them and one line in the log. */
export async function serveStatusOrGoOn(
  port: number,
  metrics: Metrics,
  ready: () => StatusReport,
  logger: DaemonLogger,
): Promise<StatusServer | undefined> {
  const status = await serveStatus({ port, metrics, health: () => ({ ok: true }), ready });
  if (status.ok) return status.value;
  logger.error(`${status.error.detail}; going on without`);
  return undefined;
}

/** `0,1,2` → distinct slots up to `max`. `flag` is named when it is wrong. */
export function parseSlots(flag: string, text: string, max: number): Result<readonly number[], string> {
  const slots: number[] = [];
  for (const piece of text.split(",")) {
    const slot = /^\d{1,10}$/.test(piece) ? Number(piece) : Number.NaN;
    if (!(slot <= max)) return err(`${flag} ${text}: expected DPU slots from 0 to ${max}, with commas`);
    if (slots.includes(slot)) return err(`${flag} ${text}: slot ${slot} is named twice`);
    slots.push(slot);
  }
  return ok(slots);
}

/** A TCP port, or nothing when the flag was not given. */
export function parsePort(flag: string, text: string | undefined): Result<number | undefined, string> {
  if (text === undefined) return ok(undefined);
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  return port <= 65_535 ? ok(port) : err(`${flag} ${text}: expected a port`);
}
