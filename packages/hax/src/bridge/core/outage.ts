import { type Millis, seconds } from "@tandem/base";

/** Silence of Consul that is an outage: a lone failure among answers is none. */
export const OUTAGE_AFTER = seconds(1);

export type OutageChange = "began" | "ended";

/**
 * Whether Consul works, from the outcome of every call. One outage is one `began` and one `ended`, however many calls
 * fail in it.
 */
export class Outage {
  #failingSince: number | undefined;
  #began: number | undefined;
  #failures = 0;
  #count = 0;
  #why = "";

  answered(): OutageChange | undefined {
    const was = this.#began;
    this.#failingSince = undefined;
    this.#began = undefined;
    this.#failures = 0;
    return was === undefined ? undefined : "ended";
  }

  failed(why: string, now: Millis): OutageChange | undefined {
    this.#failingSince ??= now;
    this.#failures += 1;
    this.#why = why;
    if (this.#began !== undefined || now - this.#failingSince < OUTAGE_AFTER) return undefined;
    this.#began = this.#failingSince;
    this.#count += 1;
    return "began";
  }

  /** Since when Consul does not answer; nothing while it does. */
  get since(): number | undefined {
    return this.#began;
  }

  /** A call has failed and none has been answered since. */
  get suspected(): boolean {
    return this.#failingSince !== undefined;
  }

  get failures(): number {
    return this.#failures;
  }

  /** Outages so far. */
  get count(): number {
    return this.#count;
  }

  /** The last failure, in words. */
  get why(): string {
    return this.#why;
  }
}
