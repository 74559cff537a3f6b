import { connect, type Socket } from "node:net";
import { err, ok, type Result } from "@tandem/base";
import type { Asic, AsicLost } from "./asic.js";
import type { AsicCall, AsicEvent, CallOutcome } from "./call.js";
import { type Hello, LineCutter } from "./lines.js";

/** Calls that wait for their answers; syncd makes one at a time, so that more are a bug of the caller. */
const CALLS_MAX = 4096;

/** Connects to an ASIC that listens at a unix socket. */
export function connectAsic(path: string): Promise<Result<Asic, AsicLost>> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const fail = (error: NodeJS.ErrnoException): void =>
      resolve(err({ kind: "lost", reason: `no ASIC answers at ${path} (${error.code ?? error.message})` }));
    socket.once("error", fail);
    const cutter = new LineCutter();
    const early = (chunk: Buffer): void => {
      const [line, ...rest] = cutter.push(chunk) ?? [];
      if (line === undefined) return;
      socket.off("data", early);
      socket.off("error", fail);
      const hello = JSON.parse(line) as Partial<Hello>;
      if (hello.asic !== 1 || hello.boot === undefined) {
        socket.destroy();
        resolve(err({ kind: "lost", reason: `${path} is no ASIC of this version` }));
        return;
      }
      resolve(ok(new RemoteAsic(socket, path, hello.boot, cutter, rest)));
    };
    socket.on("data", early);
    socket.once("close", () => fail({ name: "", message: "it closed the connection" }));
  });
}

/** An ASIC in another process. */
class RemoteAsic implements Asic {
  readonly boot: string;
  readonly #socket: Socket;
  readonly #path: string;
  readonly #waiting: ((outcome: Result<CallOutcome, AsicLost>) => void)[] = [];
  #listener: ((event: AsicEvent) => void) | undefined;
  #onLost: ((lost: AsicLost) => void) | undefined;
  #lost: AsicLost | undefined;

  constructor(socket: Socket, path: string, boot: string, cutter: LineCutter, early: readonly string[]) {
    this.#socket = socket;
    this.#path = path;
    this.boot = boot;
    const end = (why: string): void => this.#end(why);
    socket.on("error", (error) => end(error.message));
    socket.on("close", () => end("the connection ended"));
    socket.on("data", (chunk) => {
      const lines = cutter.push(chunk);
      if (lines === undefined) socket.destroy(new Error("it sent too long a line"));
      for (const line of lines ?? []) this.#take(line);
    });
    for (const line of early) this.#take(line);
  }

  call(call: AsicCall): Promise<Result<CallOutcome, AsicLost>> {
    if (this.#lost !== undefined) return Promise.resolve(err(this.#lost));
    if (this.#waiting.length >= CALLS_MAX)
      return Promise.resolve(err({ kind: "lost", reason: `${CALLS_MAX} calls wait for the ASIC already` }));
    this.#socket.write(`${JSON.stringify(call)}\n`);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  onEvent(listener: (event: AsicEvent) => void): void {
    this.#listener = listener;
    this.#socket.write('"events"\n');
  }

  onLost(listener: (lost: AsicLost) => void): void {
    this.#onLost = listener;
    if (this.#lost !== undefined) listener(this.#lost);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#onLost = undefined;
    if (this.#lost === undefined) await new Promise<void>((resolve) => this.#socket.end(() => resolve()));
    this.#socket.destroy();
  }

  #take(line: string): void {
    const told = JSON.parse(line) as { readonly answer?: CallOutcome; readonly event?: AsicEvent };
    if (told.answer !== undefined) this.#waiting.shift()?.(ok(told.answer));
    if (told.event !== undefined) this.#listener?.(told.event);
  }

  #end(reason: string): void {
    if (this.#lost !== undefined) return;
    this.#lost = { kind: "lost", reason: `the ASIC at ${this.#path} is gone: ${reason}` };
    for (const resolve of this.#waiting.splice(0)) resolve(err(this.#lost));
    this.#onLost?.(this.#lost);
  }
}
