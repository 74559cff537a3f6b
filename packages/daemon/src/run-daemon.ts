import { type Clock, type Millis, type Result, seconds, systemClock, type Timer, within } from "@tandem/base";
import { sayLastWords } from "./last-words.js";

/** How a daemon or tool ends when it does not end well. */
export type DaemonFailure =
  /** Wrong flags or arguments: exit code 2. */
  | { readonly kind: "usage"; readonly message: string }
  /** The thing asked for failed: exit code 1. */
  | { readonly kind: "failed"; readonly message: string };

/** What a daemon's main function gets from its process. */
export interface DaemonContext {
  /** Aborts at the first SIGTERM or SIGINT: end cleanly and return. */
  readonly signal: AbortSignal;
  /** Calls back at each SIGHUP. */
  onReload(reload: () => void): void;
  /** Calls back at each SIGUSR2: somebody wants to see what the daemon did last. */
  onDump(dump: () => void): void;
  /** Calls back when a bug is about to end the process; at once, what is not done when it returns is not done. */
  onBug(save: () => void): void;
}

type Listener = (argument: unknown) => void;

/** The process around a daemon. Real: `process`. */
export interface DaemonProcess {
  on(event: string, listener: Listener): unknown;
  off(event: string, listener: Listener): unknown;
  /** One line for people, without its line feed. */
  complain(line: string): void;
  /** As `complain`, for a process that ends at once: the line is out when this returns. */
  lastWords(line: string): void;
  exit(code: number): void;
}

export interface RunDaemonOptions {
  /** Named in error lines. */
  readonly program: string;
  readonly clock?: Clock;
  /** How long a clean end may take before the process ends anyway. Default 10 s. */
  readonly endWithin?: Millis;
  readonly process?: DaemonProcess;
  /** Called last in any case: flush logs. */
  readonly finally?: () => Promise<void>;
}

const SIGNAL_NUMBER = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** Exit code of a daemon that a signal ended against its will. */
const FORCED = 128;

/**
 * Runs a daemon's main function until it returns, and gives the exit code: 0, or what the failure says, with one line
 * on stderr. A second signal, or an end that takes too long, ends the process at once; a bug (anything thrown or
 * rejected) ends it with its stack and code 1.
 */
export async function runDaemon(
  options: RunDaemonOptions,
  main: (context: DaemonContext) => Promise<Result<void, DaemonFailure>>,
): Promise<number> {
  const { program, clock = systemClock, endWithin = seconds(10), process: host = realProcess } = options;
  const ending = new AbortController();
  const reloads: (() => void)[] = [];
  const dumps: (() => void)[] = [];
  const saves: (() => void)[] = [];
  let deadline: Timer | undefined;

  const end = (signal: "SIGINT" | "SIGTERM"): void => {
    if (ending.signal.aborted) {
      host.exit(FORCED + SIGNAL_NUMBER[signal]);
      return;
    }
    ending.abort(new Error(`ended by ${signal}`));
    deadline = clock.setTimer(endWithin, () => {
      host.lastWords(`${program}: did not end within ${endWithin} ms of ${signal}: ends now`);
      host.exit(1);
    });
  };
  const reload = (): void => {
    for (const callback of reloads) callback();
  };
  const dump = (): void => {
    for (const callback of dumps) callback();
  };
  const bug = (error: unknown): void => {
    host.lastWords(`${program}: bug: ${error instanceof Error ? error.stack : String(error)}`);
    saveAll();
    void lastly().then(() => host.exit(1));
  };
  const saveAll = (): void => {
    for (const save of saves.splice(0)) {
      try {
        save();
      } catch (error) {
        host.lastWords(`${program}: bug: nothing is saved: ${String(error)}`);
      }
    }
  };
  const lastly = async (): Promise<void> => {
    if (options.finally !== undefined) await within(clock, seconds(1), options.finally());
  };
  const listeners: readonly (readonly [string, Listener])[] = [
    ["SIGTERM", () => end("SIGTERM")],
    ["SIGINT", () => end("SIGINT")],
    ["SIGHUP", reload],
    ["SIGUSR2", dump],
    ["uncaughtException", bug],
    ["unhandledRejection", bug],
  ];
  for (const [event, listener] of listeners) host.on(event, listener);

  try {
    const result = await main({
      signal: ending.signal,
      onReload: (callback) => reloads.push(callback),
      onDump: (callback) => dumps.push(callback),
      onBug: (callback) => saves.push(callback),
    });
    if (result.ok) return 0;
    host.complain(`${program}: ${result.error.message}`);
    return result.error.kind === "usage" ? 2 : 1;
  } catch (error) {
    // Waits that the end of the daemon cancelled reject with the signal's reason: that is a clean end.
    if (ending.signal.aborted && error === ending.signal.reason) return 0;
    host.lastWords(`${program}: bug: ${error instanceof Error ? error.stack : String(error)}`);
    saveAll();
    return 1;
  } finally {
    await lastly();
    deadline?.cancel(); // or it would keep an ended daemon's process alive
    for (const [event, listener] of listeners) host.off(event, listener);
  }
}

const realProcess: DaemonProcess = {
  on: (event, listener) => process.on(event, listener),
  off: (event, listener) => process.off(event, listener),
  complain: (line) => {
    process.stderr.write(`${line}\n`);
  },
  lastWords: (line) => sayLastWords(line),
  exit: (code) => process.exit(code),
};
