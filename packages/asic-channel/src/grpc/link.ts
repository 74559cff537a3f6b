import { backoffDelay, type Clock, millis, type Random, seconds, sleep, systemRandom } from "@tandem/base";
import { type Bus, type BusStream, type DialError, type Endpoint, GrpcStatus } from "@tandem/wire";
import type { Owner } from "../asic-error.js";
import { CHANNEL_METHOD, encodeOwner, OWNER_HEADER } from "./wire.js";

/** Between attempts to reach a server; somebody who waits for it makes the next one come at once. */
const BACKOFF = { first: millis(50), max: seconds(1) } as const;

export interface LinkOptions {
  readonly bus: Bus;
  readonly endpoint: Endpoint;
  readonly owner: Owner;
  readonly clock: Clock;
  readonly random?: Random;
  readonly onUp: () => void;
  readonly onMessages: (messages: readonly Uint8Array[]) => void | Promise<void>;
  /** The stream ended: what was on it and has no answer will have none. */
  readonly onDown: (reason: string) => void;
  readonly onFailed: (error: DialError) => void;
}

/** A client's stream to the server, which is there again whenever the server is. */
export class Link implements AsyncDisposable {
  readonly #options: LinkOptions;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  #stream: BusStream | undefined;
  #poked = false;
  #wake: () => void = () => {};
  /** Resolves after the first attempt, with why it failed. */
  readonly first: Promise<DialError | undefined>;

  constructor(options: LinkOptions) {
    this.#options = options;
    let tried: (error: DialError | undefined) => void = () => {};
    this.first = new Promise((resolve) => {
      tried = resolve;
    });
    this.#running = this.#run(tried);
  }

  /** Absent while no server is reached. */
  get stream(): BusStream | undefined {
    return this.#stream;
  }

  /** Somebody has something to send: the next attempt comes now. */
  poke(): void {
    this.#poked = true;
    this.#wake();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.#stream?.close();
    await this.#stream?.ended;
    await this.#running;
  }

  async #run(first: (error: DialError | undefined) => void): Promise<void> {
    const { bus, endpoint, owner, onFailed } = this.#options;
    const { signal } = this.#closing;
    const metadata = { [OWNER_HEADER]: encodeOwner(owner) };
    for (let attempt = 0; !signal.aborted; attempt++) {
      this.#poked = false;
      const dialed = await bus.dial({ endpoint, method: CHANNEL_METHOD, metadata }, signal).catch(() => undefined);
      if (dialed === undefined) break;
      if (dialed.ok) {
        const served = this.#follow(dialed.value);
        first(undefined);
        // One that worked is looked for at once; one that ends each stream at its beginning is not.
        if (await served) attempt = -1;
      } else {
        onFailed(dialed.error);
        first(dialed.error);
      }
      if (attempt >= 0) await this.#pause(attempt);
    }
    first(undefined);
  }

  /** Until the stream ends. Whether anything came on it. */
  async #follow(stream: BusStream): Promise<boolean> {
    const { onUp, onMessages, onDown } = this.#options;
    this.#stream = stream;
    onUp();
    let served = false;
    for await (const messages of stream.batches) {
      served = true;
      const taken = onMessages(messages);
      if (taken !== undefined) await taken;
    }
    const { code, detail } = await stream.ended;
    this.#stream = undefined;
    onDown(code === GrpcStatus.ok ? "it was stopped" : detail);
    return served;
  }

  async #pause(attempt: number): Promise<void> {
    if (this.#poked) return;
    const { clock, random = systemRandom } = this.#options;
    const poked = new AbortController();
    this.#wake = () => poked.abort();
    const ended = AbortSignal.any([poked.signal, this.#closing.signal]);
    await sleep(clock, backoffDelay(BACKOFF, attempt, random), ended).catch(() => undefined);
    this.#wake = () => {};
  }
}
