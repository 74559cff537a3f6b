import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../../cli/dist/main.js", import.meta.url));

/** `tandem hax …` as a process, with the lines that it says. Killed at its end. */
export class HaxProgram implements AsyncDisposable {
  readonly said: string[] = [];
  readonly gone: Promise<number | null>;
  readonly child: ChildProcess;
  #wake: (() => void)[] = [];

  constructor(...args: readonly string[]) {
    this.child = spawn(process.execPath, [MAIN, "hax", ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.child.stdout, this.child.stderr])
      createInterface({ input: stream as NodeJS.ReadableStream }).on("line", (line) => {
        this.said.push(line);
        for (const wake of this.#wake.splice(0)) wake();
      });
    this.gone = new Promise((resolve) => this.child.once("close", (code) => resolve(code)));
  }

  /** The first line that fits; rejects when the process ends without one. */
  async line(says: RegExp): Promise<string> {
    const over = Symbol("over");
    for (;;) {
      const line = this.said.find((text) => says.test(text));
      if (line !== undefined) return line;
      const news = new Promise<void>((resolve) => this.#wake.push(resolve));
      if ((await Promise.race([news, this.gone.then(() => over)])) === over)
        throw new Error(`it ended without ${says}; it said:\n${this.said.join("\n")}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill("SIGKILL");
    await this.gone;
  }
}
