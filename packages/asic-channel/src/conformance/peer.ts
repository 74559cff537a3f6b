import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Lines of a process that are remembered for what is said when it ends too early. */
const LAST_LINES = 5;

/** Compiled programs, since node runs them; found from the sources as well. */
export function compiled(path: string): string {
  return fileURLToPath(new URL(`../../dist/${path}`, import.meta.url));
}

/** A process that says lines. Disposing it kills it. */
export class Peer implements AsyncDisposable {
  /** What it said, on both of its outputs. */
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #gone: Promise<void>;
  #listeners: (() => void)[] = [];

  /** `dies` is where it kills itself, as `TANDEM_CRASH_POINT` names it. */
  constructor(args: readonly string[], dies?: string) {
    const { TANDEM_CRASH_POINT: _, ...env } = process.env;
    this.#child = spawn(process.execPath, [...args], {
      env: { ...env, TANDEM_LOG: "stderr", ...(dies !== undefined && { TANDEM_CRASH_POINT: dies }) },
      stdio: ["pipe", "pipe", "pipe"],
    });
    // A process that is gone takes no more commands; whoever waits for it hears that it ended.
    this.#child.stdin?.on("error", () => {});
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      let rest = "";
      stream?.setEncoding("utf8").on("data", (text: string) => {
        const lines = (rest + text).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) this.lines.push(line);
        this.#wake();
      });
    }
    this.#gone = new Promise((resolve) => this.#child.once("close", () => resolve()));
    void this.#gone.then(() => this.#wake());
  }

  get exitCode(): number | null {
    return this.#child.exitCode;
  }

  get isGone(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Resolves when it is gone, by itself or otherwise. */
  get gone(): Promise<void> {
    return this.#gone;
  }

  tell(command: object): void {
    this.#child.stdin?.write(`${JSON.stringify(command)}\n`);
  }

  /** Resolves with the first line that holds `text`, of those from `from` on; throws when it ends before. */
  async says(text: string, from = 0): Promise<string> {
    for (let seen = from; ; ) {
      for (; seen < this.lines.length; seen++) {
        const line = this.lines[seen];
        if (line?.includes(text) === true) return line;
      }
      if (this.isGone) {
        await this.#gone;
        if (seen < this.lines.length) continue;
        throw new Error(`a process ended before it said “${text}”: ${this.lines.slice(-LAST_LINES).join(" / ")}`);
      }
      await new Promise<void>((resolve) => this.#listeners.push(resolve));
    }
  }

  /** It stands still, as one that is slow beyond measure; `goOn` ends that. */
  pause(): void {
    this.#child.kill("SIGSTOP");
  }

  goOn(): void {
    this.#child.kill("SIGCONT");
  }

  async kill9(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#gone;
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#gone;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill9();
  }

  #wake(): void {
    for (const listener of this.#listeners.splice(0)) listener();
  }
}
