import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { CrashPointName } from "@tandem/base";
import type { OneEnd } from "./one-end.js";

/** Compiled, since node runs it. */
const PROGRAM = fileURLToPath(new URL("../../dist/testing/one-end.js", import.meta.url));

/** One end of a channel in a process of its own. Disposing it kills it. */
export class EndProcess implements AsyncDisposable {
  /** What it said. */
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #gone: Promise<void>;
  #listeners: (() => void)[] = [];
  #rest = "";

  /** `dies` is where it kills itself, and the how manieth time that it comes there. */
  constructor(what: OneEnd, dies?: readonly [point: CrashPointName, time: number]) {
    const { TANDEM_CRASH_POINT: _, ...env } = process.env;
    this.#child = spawn(process.execPath, [PROGRAM, JSON.stringify(what)], {
      env: dies === undefined ? env : { ...env, TANDEM_CRASH_POINT: `${dies[0]}:${dies[1]}` },
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#child.stdout?.on("data", (chunk: Buffer) => this.#hear(chunk.toString("utf8")));
    this.#gone = new Promise((resolve) => this.#child.once("close", () => resolve()));
    void this.#gone.then(() => this.#wake());
  }

  /** Resolves when it said a line that begins so; throws when it ends before. */
  async until(beginning: string): Promise<void> {
    for (let seen = 0; ; ) {
      for (; seen < this.lines.length; seen++) if (this.lines[seen]?.startsWith(beginning)) return;
      if (this.#child.exitCode !== null || this.#child.signalCode !== null)
        throw new Error(`it ended before it said ${beginning}: ${this.lines.slice(-5).join(" / ")}`);
      await new Promise<void>((resolve) => this.#listeners.push(resolve));
    }
  }

  /** Resolves when it is gone, by itself or otherwise. */
  get gone(): Promise<void> {
    return this.#gone;
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

  #hear(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.lines.push(line);
    this.#wake();
  }

  #wake(): void {
    for (const listener of this.#listeners.splice(0)) listener();
  }
}
