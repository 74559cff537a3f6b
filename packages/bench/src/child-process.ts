import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { SeedOptions } from "@tandem/lab/sim";
import type { BurstRan, Question, Role, SeedRan, Told } from "./child-messages.js";

/** A process of its own for one side of a measurement. */
export class Child implements AsyncDisposable {
  readonly #process: ChildProcess;
  /** Where it can be reached, in the words of its role. */
  readonly address: string;

  private constructor(process: ChildProcess, address: string) {
    this.#process = process;
    this.address = address;
  }

  /** Resolves when it can be reached; throws when it ends before. */
  static start(role: Role, ...args: readonly string[]): Promise<Child> {
    return Child.startWith([], role, ...args);
  }

  /** As `start`, with flags for Node.js. */
  static async startWith(execArgv: readonly string[], role: Role, ...args: readonly string[]): Promise<Child> {
    const path = fileURLToPath(new URL("./child.js", import.meta.url));
    const process = fork(path, [role, ...args], { execArgv: [...execArgv] });
    const ready = await told(process, "ready");
    return new Child(process, ready.address);
  }

  /** Resolves when it has received `count` messages since the last time. */
  async counted(count: number): Promise<void> {
    await this.#ask({ ask: "count", count }, "counted");
  }

  /** Its CPU time so far, in microseconds. */
  async cpu(): Promise<number> {
    return (await this.#ask({ ask: "cpu" }, "cpu")).micros;
  }

  /** Makes so many requests, whoever is there. */
  async burst(requests: number): Promise<BurstRan> {
    return (await this.#ask({ ask: "burst", requests }, "burst")).ran;
  }

  /** Runs a seed of the simulator. */
  async seed(seed: SeedOptions): Promise<SeedRan> {
    return (await this.#ask({ ask: "seed", seed }, "seed")).ran;
  }

  /** CPU microseconds of so many timers of a virtual clock. */
  async bareClock(timers: number): Promise<number> {
    return (await this.#ask({ ask: "bareClock", timers }, "bareClock")).micros;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await ended;
  }

  #ask<T extends Told["tell"]>(question: Question, tell: T): Promise<Extract<Told, { tell: T }>> {
    const answer = told(this.#process, tell);
    this.#process.send(question);
    return answer;
  }
}

function told<T extends Told["tell"]>(process: ChildProcess, tell: T): Promise<Extract<Told, { tell: T }>> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: unknown): void => {
      if ((message as Told).tell !== tell) return;
      process.off("message", onMessage);
      process.off("exit", onExit);
      resolve(message as Extract<Told, { tell: T }>);
    };
    const onExit = (code: number | null, signal: string | null): void =>
      reject(new Error(`${process.spawnargs.slice(1).join(" ")} ended (${code ?? signal})`));
    process.on("message", onMessage);
    process.once("exit", onExit);
  });
}
