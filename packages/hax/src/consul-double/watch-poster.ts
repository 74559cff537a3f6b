import { type Clock, type Millis, seconds, sleep } from "@tandem/base";
import { keyRow, serviceHealthView } from "./answers.js";
import type { ConsulState } from "./consul-state.js";
import type { DoubleFaults } from "./faults.js";

/** A watch of the agent's configuration with its handler. */
export type WatchSpec = { readonly url: URL; readonly headers?: Readonly<Record<string, string>> } & (
  | { readonly type: "service"; readonly service: string }
  | { readonly type: "keyprefix"; readonly prefix: string }
  | { readonly type: "key"; readonly key: string }
);

const HANDLER_TIMEOUT: Millis = seconds(10);

/** Posts the whole view at the start and whenever it differs from the last one; what fails is not sent again. */
export class WatchPoster {
  readonly #spec: WatchSpec;
  readonly #state: ConsulState;
  readonly #faults: DoubleFaults;
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  #last: string | undefined;
  #posting = false;

  constructor(spec: WatchSpec, state: ConsulState, faults: DoubleFaults, clock: Clock) {
    this.#spec = spec;
    this.#state = state;
    this.#faults = faults;
    this.#clock = clock;
  }

  /** One POST at a time; while one is on its way the view may change more than once, and the newest is posted. */
  look(): void {
    if (this.#posting || this.#stop.signal.aborted || this.#faults.noLeader) return;
    const { text, index } = this.#view();
    if (text === this.#last) return;
    this.#last = text;
    this.#posting = true;
    void this.#post(text, index).finally(() => {
      this.#posting = false;
      this.look();
    });
  }

  stop(): void {
    this.#stop.abort();
  }

  #view(): { readonly text: string; readonly index: number } {
    const { kv } = this.#state;
    const spec = this.#spec;
    switch (spec.type) {
      case "service": {
        const { body, index } = serviceHealthView(this.#state, spec.service);
        return { text: JSON.stringify(body), index };
      }
      case "keyprefix": {
        const found = kv.list(spec.prefix);
        return {
          text: JSON.stringify(found.length === 0 ? null : found.map(keyRow)),
          index: kv.indexOf(spec.prefix, false),
        };
      }
      case "key": {
        const found = kv.get(spec.key);
        return { text: JSON.stringify(found === undefined ? null : keyRow(found)), index: kv.indexOf(spec.key, true) };
      }
    }
  }

  async #post(body: string, index: number): Promise<void> {
    const stop = this.#stop.signal;
    try {
      if (this.#faults.watchLate > 0) await sleep(this.#clock, this.#faults.watchLate, stop);
      if (this.#faults.watchLost > 0) {
        this.#faults.watchLost -= 1;
        return;
      }
      const headers = { ...this.#spec.headers, "content-type": "application/json", "X-Consul-Index": String(index) };
      for (let times = this.#faults.watchTwice ? 2 : 1; times > 0; times--) {
        const signal = AbortSignal.any([stop, AbortSignal.timeout(HANDLER_TIMEOUT)]);
        const answer = await fetch(this.#spec.url, { method: "POST", body, headers, signal });
        await answer.arrayBuffer();
      }
    } catch {
      // Nobody takes it: Consul logs that and goes on.
    }
  }
}
