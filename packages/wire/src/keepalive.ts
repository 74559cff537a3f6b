import { type Clock, type Millis, millis, type Timer } from "@tandem/base";

/** What to do about a connection's silence: ask for a sign of life, give it up, or look again later. */
export type KeepaliveStep =
  | { readonly kind: "ping"; readonly next: Millis }
  | { readonly kind: "wait"; readonly next: Millis }
  | { readonly kind: "dead" };

/** Part of the allowed silence after which a sign of life is asked for. */
const PING_AFTER = 1 / 3;

/** Silence rule: a ping after a third of `limit`, the end at `limit`. `idle` is the time since something was heard. */
export function keepaliveStep(idle: number, limit: Millis, pinged: boolean): KeepaliveStep {
  if (idle >= limit) return { kind: "dead" };
  const pingAt = limit * PING_AFTER;
  if (idle < pingAt) return { kind: "wait", next: millis(Math.ceil(pingAt - idle)) };
  return { kind: pinged ? "wait" : "ping", next: millis(Math.ceil(limit - idle)) };
}

/**
 * Watches one connection: calls `ping` when it is quiet and `dead`, once, when nothing was heard for `limit`.
 * Time during which this process itself did not run does not count as the peer's silence.
 */
export class Keepalive {
  #heard: number;
  #pinged = false;
  #due = 0;
  #timer: Timer | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly limit: Millis,
    private readonly actions: { readonly ping: () => void; readonly dead: () => void },
  ) {
    this.#heard = clock.monotonic();
    this.#arm(millis(limit * PING_AFTER));
  }

  /** Bytes of the peer arrived. */
  heard(): void {
    this.#heard = this.clock.monotonic();
    this.#pinged = false;
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #arm(delay: Millis): void {
    this.#due = this.clock.monotonic() + delay;
    this.#timer = this.clock.setTimer(delay, () => this.#look());
  }

  #look(): void {
    const now = this.clock.monotonic();
    const late = now - this.#due;
    // We slept, so an answer may lie unread in the socket: ask again rather than judge.
    if (late > this.limit * PING_AFTER) {
      this.#heard = Math.max(this.#heard, now - this.limit * PING_AFTER);
      this.#pinged = false;
    }
    const step = keepaliveStep(now - this.#heard, this.limit, this.#pinged);
    if (step.kind === "dead") {
      this.actions.dead();
      return;
    }
    if (step.kind === "ping") {
      this.#pinged = true;
      this.actions.ping();
    }
    this.#arm(step.next);
  }
}
