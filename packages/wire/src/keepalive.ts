import { type Clock, type Millis, millis, type Timer } from "@tandem/base";

/** What was done about the present silence: nothing yet, asked for a sign of life, looked one last time. */
export type KeepaliveStage = "quiet" | "pinged" | "last look";

/** What to do about a connection's silence: look again later, having got to `stage`, or give it up. */
export type KeepaliveStep =
  | { readonly kind: "wait"; readonly stage: KeepaliveStage; readonly next: Millis }
  | { readonly kind: "dead" };

/**
 * Part of the allowed silence after which a sign of life is asked for, by the end that dialed. The other one only asks when
 * it is not asked itself: one ping tells both.
 */
const PING_AFTER = { client: 1 / 3, server: 2 / 3 } as const;
/** Part of it that is always left between the last look and the end. */
const LAST_LOOK = 1 / 10;

/**
 * While nothing is asked, looks fall on multiples of this part of the allowed silence: a process of many connections wakes
 * once for all of them.
 */
const GRAIN = 1 / 12;

/** Which end of a connection. */
export type KeepaliveEnd = keyof typeof PING_AFTER;

/**
 * Silence rule: a ping after a part of `limit`, the end at `limit`. `idle` is the time since something was heard.
 *
 * Before the end stands one more look, a tenth of the limit earlier or, when it comes late, postponing the end: between
 * the two this process has had the time to read an answer that lay in the socket while it did not run.
 */
export function keepaliveStep(
  idle: number,
  limit: Millis,
  stage: KeepaliveStage,
  end: KeepaliveEnd = "client",
): KeepaliveStep {
  const wait = (at: KeepaliveStage, next: number): KeepaliveStep => ({
    kind: "wait",
    stage: at,
    next: millis(Math.ceil(next)),
  });
  if (stage === "last look") return idle >= limit ? { kind: "dead" } : wait(stage, limit - idle);
  const pingAt = limit * PING_AFTER[end];
  if (stage === "quiet" && idle < pingAt) return wait(stage, pingAt - idle);
  const lastLookAt = limit * (1 - LAST_LOOK);
  if (stage === "pinged" && idle >= lastLookAt) {
    return wait("last look", Math.max(limit - idle, limit * LAST_LOOK));
  }
  return wait("pinged", Math.max(lastLookAt - idle, limit * LAST_LOOK));
}

/**
 * Watches one connection: calls `ping` when it is quiet and `dead`, once, when nothing was heard for `limit`, which may
 * change meanwhile.
 * Time during which this process itself did not run does not count as the peer's silence.
 */
export class Keepalive {
  #heard: number;
  #stage: KeepaliveStage = "quiet";
  #due = 0;
  #timer: Timer | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly end: KeepaliveEnd,
    private readonly limit: () => Millis,
    private readonly actions: { readonly ping: () => void; readonly dead: () => void },
  ) {
    this.#heard = clock.monotonic();
    this.#arm(millis(limit() * PING_AFTER[end]));
  }

  /** Bytes of the peer arrived. */
  heard(): void {
    this.#heard = this.clock.monotonic();
    this.#stage = "quiet";
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #arm(delay: Millis): void {
    const now = this.clock.monotonic();
    const grain = this.limit() * GRAIN;
    this.#due = this.#stage === "quiet" ? Math.ceil((now + delay) / grain) * grain : now + delay;
    this.#timer = this.clock.setTimer(millis(this.#due - now), () => this.#look());
  }

  #look(): void {
    const now = this.clock.monotonic();
    const late = now - this.#due;
    const limit = this.limit();
    const pingAfter = limit * PING_AFTER[this.end];
    // We slept, so an answer may lie unread in the socket: ask again rather than judge.
    if (late > pingAfter) {
      this.#heard = Math.max(this.#heard, now - pingAfter);
      this.#stage = "quiet";
    }
    const step = keepaliveStep(now - this.#heard, limit, this.#stage, this.end);
    if (step.kind === "dead") {
      this.actions.dead();
      return;
    }
    const ask = step.stage === "pinged" && this.#stage === "quiet";
    this.#stage = step.stage;
    this.#arm(step.next);
    if (ask) this.actions.ping();
  }
}
