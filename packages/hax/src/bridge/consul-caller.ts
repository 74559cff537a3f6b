import { setMaxListeners } from "node:events";
import {
  type Clock,
  err,
  type Millis,
  millis,
  type Random,
  type Result,
  seconds,
  sleep,
  type Timer,
} from "@tandem/base";
import { CachedReads } from "../consul/cached-reads.js";
import { type ConsulApi, type ConsulFailure, describeConsulFailure } from "../consul/consul-api.js";
import type { BridgeEvent } from "./bridge-event.js";
import { Outage } from "./core/outage.js";

/** How often Consul is asked whether it is back. */
const PROBE_EVERY = seconds(1);
const RETRY_FIRST = millis(100);
const RETRY_MAX = seconds(10);

/** Calls of Consul with a deadline each; knows from their outcome whether there is an outage. */
export class ConsulCaller {
  readonly outage = new Outage();
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #consul: ConsulApi;
  readonly #tell: (event: BridgeEvent) => void;
  readonly #signal: AbortSignal;
  readonly #back = new Set<() => void>();
  #probe: Timer | undefined;
  #asking = false;

  constructor(options: {
    readonly clock: Clock;
    readonly random: Random;
    readonly consul: ConsulApi;
    readonly tell: (event: BridgeEvent) => void;
    /** Ends every call and wait. */
    readonly signal: AbortSignal;
  }) {
    this.#clock = options.clock;
    this.#random = options.random;
    this.#consul = options.consul;
    this.#tell = options.tell;
    this.#signal = options.signal;
    setMaxListeners(0, this.#signal); // each call listens while it lasts
    this.#signal.addEventListener("abort", () => this.#probe?.cancel(), { once: true });
  }

  get signal(): AbortSignal {
    return this.#signal;
  }

  /** Calls back each time that Consul answers after it did not. */
  onBack(listener: () => void): void {
    this.#back.add(listener);
  }

  /** One call, or several that belong together, within `limit`. Equal reads among them are one. */
  call<T>(
    limit: Millis,
    work: (consul: ConsulApi, signal: AbortSignal) => Promise<Result<T, ConsulFailure>>,
  ): Promise<Result<T, string>> {
    return this.#call(limit, work, () => this.answered());
  }

  async #call<T>(
    limit: Millis,
    work: (consul: ConsulApi, signal: AbortSignal) => Promise<Result<T, ConsulFailure>>,
    answered: () => void,
  ): Promise<Result<T, string>> {
    const ending = new AbortController();
    const end = (): void => ending.abort();
    let late = false;
    const timer = this.#clock.setTimer(limit, () => {
      late = true;
      end();
    });
    if (this.#signal.aborted) end();
    else this.#signal.addEventListener("abort", end, { once: true });
    try {
      const result = await work(new CachedReads(this.#consul), ending.signal);
      if (result.ok) {
        answered();
        return result;
      }
      const { kind, status } = result.error;
      const what = late ? `no answer within ${limit} ms` : describeConsulFailure(result.error);
      if (this.#signal.aborted) return err(what);
      // A refusal is an answer: the key or the token is at fault, not Consul.
      if (kind === "malformed" || (kind === "status" && (status ?? 0) < 500)) answered();
      else this.failed(what);
      return err(what);
    } finally {
      timer.cancel();
      this.#signal.removeEventListener("abort", end);
    }
  }

  /** Nothing ends an outage, or the suspicion of one, but the leader's word: a read that waited comes back without any leader. */
  answered(): void {
    if (this.outage.suspected) void this.#ask();
  }

  #isBack(): void {
    const suspected = this.outage.suspected;
    const { since } = this.outage;
    if (this.outage.answered() === "ended")
      this.#tell({ kind: "outageEnded", lasted: this.#clock.monotonic() - (since ?? 0) });
    this.#probe?.cancel();
    this.#probe = undefined;
    if (suspected) for (const listener of this.#back) listener();
  }

  failed(because: string): void {
    if (this.outage.failed(because, this.#clock.monotonic()) === "began") this.#tell({ kind: "outageBegan", because });
    this.#probe ??= this.#clock.setTimer(PROBE_EVERY, () => {
      this.#probe = undefined;
      void this.#ask();
    });
  }

  async #ask(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    const consistency = "consistent";
    await this.#call(
      seconds(2),
      (consul, signal) => consul.get("leader", { consistency, signal }),
      () => this.#isBack(),
    );
    this.#asking = false;
  }

  /** Full jitter, 100 ms doubling to 10 s. */
  delay(attempt: number): Millis {
    const ceiling = Math.min(RETRY_MAX, RETRY_FIRST * 2 ** Math.min(attempt, 20));
    return millis(Math.max(1, Math.floor(ceiling * this.#random.next())));
  }

  /** Waits as long as attempt `attempt` should, or until Consul is back. False when everything ends. */
  async pause(attempt: number): Promise<boolean> {
    const waking = new AbortController();
    const wake = (): void => waking.abort();
    this.#back.add(wake);
    this.#signal.addEventListener("abort", wake, { once: true });
    if (this.#signal.aborted) wake();
    await sleep(this.#clock, this.delay(attempt), waking.signal).catch(() => {});
    this.#back.delete(wake);
    this.#signal.removeEventListener("abort", wake);
    return !this.#signal.aborted;
  }
}
