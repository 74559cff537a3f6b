import { type CrashPoint, noCrash } from "@tandem/base";
import { describeStoreError, type Store, untilConnected } from "@tandem/swss";
import type { ChannelTrouble } from "../channel-trouble.js";
import { type Finished, finishRequests } from "./scripts.js";
import { REQUEST_STREAM } from "./wire.js";

/** Requests of one call. */
const BATCH = 256;
/** Finished requests that Redis does not know of yet; the server executes nothing more before it does. */
const AHEAD_MAX = 1024;

interface FinisherOptions {
  readonly keep: number;
  readonly crash: CrashPoint | undefined;
  readonly onTrouble: (trouble: ChannelTrouble) => void;
}

/**
 * Tells Redis what is done, while the server goes on: one call is under way, and what is finished meanwhile goes with
 * the next. After a lost connection the same call is made again; it finishes nothing twice.
 */
export class Finisher {
  readonly #store: Store;
  readonly #options: FinisherOptions;
  readonly #pause: () => Promise<void>;
  #finished: Finished[] = [];
  #sending: Promise<void> | undefined;

  constructor(store: Store, options: FinisherOptions, pause: () => Promise<void>) {
    this.#store = store;
    this.#options = options;
    this.#pause = pause;
  }

  /** Resolves when there is room for more. */
  async add(finished: Finished, signal: AbortSignal): Promise<void> {
    this.#finished.push(finished);
    this.kick(signal);
    while (this.#finished.length >= AHEAD_MAX && !signal.aborted) {
      await this.#sending;
      // Refused: it is tried again when something new comes, at the latest after a second.
      if (this.#finished.length < AHEAD_MAX) break;
      await this.#pause();
      this.kick(signal);
    }
  }

  /** Goes on with what Redis has refused. */
  kick(signal: AbortSignal): void {
    if (this.#finished.length > 0) this.#sending ??= this.#send(signal);
  }

  /** Resolves when Redis knows what it takes by now. */
  async flush(): Promise<void> {
    await this.#sending;
  }

  async #send(signal: AbortSignal): Promise<void> {
    while (this.#finished.length > 0 && !signal.aborted) {
      const batch = this.#finished.slice(0, BATCH);
      const told = await finishRequests(this.#store, this.#options.keep, batch);
      if (told.ok) {
        this.#finished.splice(0, batch.length);
        const crash = this.#options.crash ?? noCrash;
        crash.reach("asic.reply.stored");
        crash.reach("asic.request.acked");
      } else if (!(await this.#mayTryAgain(told.error, signal))) break;
    }
    this.#sending = undefined;
  }

  async #mayTryAgain(error: Parameters<typeof describeStoreError>[0], signal: AbortSignal): Promise<boolean> {
    if (error.kind !== "disconnected") {
      this.#options.onTrouble({ kind: "refused", where: REQUEST_STREAM, detail: describeStoreError(error) });
      return false;
    }
    return untilConnected(this.#store, signal).then(
      () => true,
      () => false,
    );
  }
}
