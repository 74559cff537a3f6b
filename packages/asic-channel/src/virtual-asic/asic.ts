import { ok, type Result } from "@tandem/base";
import type { AsicCall, AsicEvent, CallOutcome } from "./call.js";
import type { AsicCore } from "./core.js";

/** The ASIC does not answer: whether it did what was asked is not known. */
export interface AsicLost {
  readonly kind: "lost";
  readonly reason: string;
}

/** The ASIC port: one chip. Real: a process of its own, by `connectAsic`. In this process: `LocalAsic`. */
export interface Asic extends AsyncDisposable {
  /** The chip's life: another one after it lost power. */
  readonly boot: string;
  /** Calls are performed in the order made. */
  call(call: AsicCall): Promise<Result<CallOutcome, AsicLost>>;
  /** Called for each event, oldest first; one listener, which gets those that waited for it. */
  onEvent(listener: (event: AsicEvent) => void): void;
  /** Called once, when the ASIC is gone. */
  onLost(listener: (lost: AsicLost) => void): void;
}

/** An ASIC within this process, for tests. */
export class LocalAsic implements Asic {
  readonly boot: string;
  readonly #core: AsicCore;
  #listener: ((event: AsicEvent) => void) | undefined;

  constructor(core: AsicCore, boot = "local") {
    this.#core = core;
    this.boot = boot;
  }

  call(call: AsicCall): Promise<Result<CallOutcome, AsicLost>> {
    const outcome = this.#core.call(call);
    this.#tell();
    return Promise.resolve(ok(outcome));
  }

  onEvent(listener: (event: AsicEvent) => void): void {
    this.#listener = listener;
    this.#tell();
  }

  onLost(): void {
    // It is lost with this process only.
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#listener = undefined;
    return Promise.resolve();
  }

  #tell(): void {
    if (this.#listener === undefined) return;
    for (const event of this.#core.takeEvents()) this.#listener(event);
  }
}
