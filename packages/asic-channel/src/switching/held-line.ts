import { type Clock, err, type Millis, millis, type Timer } from "@tandem/base";
import type { AsicError } from "../asic-error.js";
import { type AsicRequest, checkRequest } from "../request.js";
import type { AsicOutcome } from "../request-line.js";

interface Held {
  readonly request: AsicRequest;
  readonly signal: AbortSignal | undefined;
  readonly deadline: Millis;
  readonly resolve: (outcome: AsicOutcome | Promise<AsicOutcome>) => void;
  readonly reject: (reason: unknown) => void;
}

/** How a request is sent once it is let go. */
export type Send = (request: AsicRequest, signal: AbortSignal | undefined) => Promise<AsicOutcome>;

/**
 * Requests that wait while their channel is between two transports, in order. They have not left: one that is given up
 * here, by its deadline or because there is no room, is not executed.
 */
export class HeldLine {
  readonly #clock: Clock;
  readonly #timeout: Millis;
  readonly #limit: number;
  #held: Held[] = [];
  #timer: Timer | undefined;

  constructor(clock: Clock, timeout: Millis, limit: number) {
    this.#clock = clock;
    this.#timeout = timeout;
    this.#limit = limit;
  }

  get size(): number {
    return this.#held.length;
  }

  add(request: AsicRequest, signal: AbortSignal | undefined): Promise<AsicOutcome> {
    if (signal?.aborted === true) return Promise.reject(signal.reason);
    const checked = checkRequest(request.op, request.key, request.fields);
    if (!checked.ok) return Promise.resolve(checked);
    if (this.#held.length >= this.#limit)
      return Promise.resolve(err({ kind: "queueFull", unit: "requests", limit: this.#limit }));
    return new Promise((resolve, reject) => {
      const deadline = millis(this.#clock.monotonic() + this.#timeout);
      this.#held.push({ request, signal, deadline, resolve, reject });
      this.#timer ??= this.#clock.setTimer(this.#timeout, () => this.#expire());
    });
  }

  /** All leave, in order, in one turn of the event loop. */
  release(send: Send): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const { request, signal, resolve, reject } of this.#held.splice(0)) {
      if (signal?.aborted === true) reject(signal.reason);
      else resolve(send(request, signal));
    }
  }

  close(): void {
    const closed: AsicError = { kind: "closed" };
    this.release(() => Promise.resolve(err(closed)));
  }

  /** All have the same time, so the oldest is due first. */
  #expire(): void {
    this.#timer = undefined;
    const now = this.#clock.monotonic();
    const due = this.#held.findIndex(({ deadline }) => deadline > now);
    const reason = `it waited ${this.#timeout} ms while the channel was moved: Redis does not say where it stands`;
    for (const { resolve } of this.#held.splice(0, due < 0 ? this.#held.length : due))
      resolve(err({ kind: "refused", reason }));
    const [oldest] = this.#held;
    if (oldest === undefined) return;
    this.#timer = this.#clock.setTimer(millis(oldest.deadline - now), () => this.#expire());
  }
}
