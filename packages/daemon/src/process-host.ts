import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { type Millis, millis, seconds, systemClock, within } from "@tandem/base";

/** How a process ended. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: string | null;
}

/** One operating-system process that a host started. */
export interface HostedProcess {
  readonly name: string;
  readonly pid: number;
  readonly ended: Promise<ProcessEnd>;
  readonly running: boolean;
  /** The newest output lines, oldest first. */
  readonly lines: readonly string[];
  /** The first output line that matches; the newest `LINES_KEPT` are searched, later ones awaited. */
  untilLine(match: RegExp, signal: AbortSignal): Promise<string>;
  kill(signal: NodeJS.Signals): void;
  /** SIGTERM, and SIGKILL when that has not ended it after `STOP_LIMIT`. */
  stop(): Promise<ProcessEnd>;
  /** Resident memory in bytes, and 0 once it has ended. */
  memory(): Promise<number>;
  /** Processor time that it has used, and 0 once it has ended. */
  cpu(): Promise<Millis>;
}

export interface ProcessSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** File that receives everything it prints. */
  readonly log: string;
  /** Hears of each line that it prints. */
  readonly onLine?: (line: string) => void;
}

/** Starts processes, and ends every one of them, and only them, when it is disposed of. */
export interface ProcessHost extends AsyncDisposable {
  /** Throws once the host is disposed of: a start that was under way must leave nothing behind. */
  start(spec: ProcessSpec): HostedProcess;
  readonly processes: readonly HostedProcess[];
}

const LINES_KEPT = 200;
const STOP_LIMIT = seconds(5);

/**
 * Real processes, each in a process group of its own: a Ctrl-C in the terminal reaches the program that
 * started them alone, which ends them in order. When this process ends, however it ends short of SIGKILL, its children get SIGKILL.
 */
export function systemProcesses(): ProcessHost {
  const children = new Set<SystemProcess>();
  const killAll = (): void => {
    for (const child of children) child.kill("SIGKILL");
  };
  process.once("exit", killAll);
  let disposed = false;
  return {
    start(spec) {
      if (disposed) throw new Error(`${spec.name}: not started, everything is ending`);
      const child = new SystemProcess(spec);
      children.add(child);
      void child.ended.then(() => children.delete(child));
      return child;
    },
    get processes() {
      return [...children];
    },
    async [Symbol.asyncDispose]() {
      disposed = true;
      await Promise.all([...children].map((child) => child.stop()));
      process.removeListener("exit", killAll);
    },
  };
}

class SystemProcess implements HostedProcess {
  readonly name: string;
  readonly ended: Promise<ProcessEnd>;
  readonly #child: ChildProcess;
  readonly #onLine: (line: string) => void;
  #running = true;
  readonly #lines: string[] = [];
  readonly #watchers = new Set<(line: string) => void>();

  constructor(spec: ProcessSpec) {
    this.name = spec.name;
    this.#onLine = spec.onLine ?? (() => {});
    const log = createWriteStream(spec.log, { flags: "a" });
    // A log that cannot be written costs its lines, not the process.
    log.on("error", () => {});
    this.#child = spawn(spec.command, [...spec.args], {
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
      env: { ...process.env, ...spec.env },
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      let rest = "";
      stream?.setEncoding("utf8");
      stream?.on("data", (chunk: string) => {
        log.write(chunk);
        const lines = (rest + chunk).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) this.#take(line);
      });
    }
    this.ended = new Promise((resolve) => {
      const end = (code: number | null, signal: string | null): void => {
        this.#running = false;
        // Who is told of the end may read the log.
        log.end(() => resolve({ code, signal }));
      };
      this.#child.once("error", (error) => {
        this.#take(`cannot start: ${error.message}`);
        end(127, null);
      });
      this.#child.once("exit", () => {
        this.#running = false;
      });
      // After `exit`, when its last words have been read.
      this.#child.once("close", end);
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get running(): boolean {
    return this.#running;
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  untilLine(match: RegExp, signal: AbortSignal): Promise<string> {
    const seen = this.#lines.find((line) => match.test(line));
    if (seen !== undefined) return Promise.resolve(seen);
    if (signal.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const done = (): void => {
        this.#watchers.delete(watch);
        signal.removeEventListener("abort", onAbort);
      };
      const watch = (line: string): void => {
        if (!match.test(line)) return;
        done();
        resolve(line);
      };
      const onAbort = (): void => {
        done();
        reject(signal.reason);
      };
      this.#watchers.add(watch);
      signal.addEventListener("abort", onAbort, { once: true });
      void this.ended.then((end) => {
        done();
        reject(new ProcessEndedError(end));
      });
    });
  }

  kill(signal: NodeJS.Signals): void {
    if (this.#running) this.#child.kill(signal);
  }

  async stop(): Promise<ProcessEnd> {
    if (!this.#running) return this.ended;
    this.kill("SIGTERM");
    // One that is stopped hears of it when it goes on.
    this.kill("SIGCONT");
    const ended = await within(systemClock, STOP_LIMIT, this.ended);
    if (ended === undefined) this.kill("SIGKILL");
    return this.ended;
  }

  async memory(): Promise<number> {
    if (!this.#running) return 0;
    try {
      const status = await readFile(`/proc/${this.pid}/status`, "utf8");
      return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
    } catch {
      return 0; // it ended between the check and the read
    }
  }

  async cpu(): Promise<Millis> {
    if (!this.#running) return millis(0);
    try {
      const stat = await readFile(`/proc/${this.pid}/stat`, "utf8");
      // After the name, which may hold anything: state is field 3, user and system time are 14 and 15, in ticks of 10 ms.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return millis((Number(fields[11]) + Number(fields[12])) * 10);
    } catch {
      return millis(0);
    }
  }

  #take(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > LINES_KEPT) this.#lines.shift();
    this.#onLine(line);
    for (const watch of this.#watchers) watch(line);
  }
}

/** A process ended while something was waited for. */
export class ProcessEndedError extends Error {
  override readonly name = "ProcessEndedError";

  constructor(end: ProcessEnd) {
    super(end.signal === null ? `ended with exit code ${end.code}` : `was ended by ${end.signal}`);
  }
}
