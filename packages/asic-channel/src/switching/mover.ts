import { type Clock, type CrashPoint, err, millis, noCrash, type Result, seconds, sleep, within } from "@tandem/base";
import { describeStoreError, type Store, untilConnected } from "@tandem/swss";
import { describeEndError, type EndError, type Owner } from "../asic-error.js";
import type { ChannelMode } from "../op.js";
import { EndClaim } from "../redis/end-claim.js";
import type { AsicClient, TransportName } from "../transport.js";
import { ClientEnd } from "./client-end.js";
import { clientStep } from "./client-step.js";
import { CLIENT_OWNER, type Mark, type Wish } from "./mark.js";
import { beginOn, commitMove, endWish, raiseMark, readMark, sayOf } from "./mark-scripts.js";
import type { SwitchEvent } from "./switch-event.js";

/** Between two looks at the mark. */
export const LOOK_EVERY = millis(200);
/** Longest time for which requests are held while the old transport is seen to be empty. */
const HOLD_MAX = seconds(5);
/** A transport that answers within this time is close enough to empty that requests may be held. */
const CLOSE_ENOUGH = seconds(1);
/** How long one question whether it is empty is waited for. */
const PROBE_MAX = seconds(10);
/** How long a transport that was left is kept for its last events. */
const KEPT_MAX = seconds(5);

/** What a mover moves. */
export interface Movable {
  readonly end: ClientEnd;
  /** Readers of events; without one nobody waits for the last of them. */
  readonly readers: number;
  /** From here on requests wait. */
  hold(): void;
  /** They go on, on the end that is used. */
  release(): void;
  /** `end` is used from here on, first by what waits. The one before is `retiring` until it is disposed. */
  replace(end: ClientEnd): void;
  /** Another process follows the mark: this one is over. */
  displaced(owner: Owner | undefined): void;
}

export interface MoverOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly owner: Owner;
  readonly crash?: CrashPoint;
  readonly open: (name: TransportName, mode: ChannelMode, signal: AbortSignal) => Promise<Result<AsicClient, EndError>>;
  /** How a transport is spoken beside a syncd that works so; the error is why it cannot be. */
  readonly modeOn: (name: TransportName, syncd: ChannelMode | undefined) => Result<ChannelMode, string>;
  readonly onEvent: (event: SwitchEvent) => void;
}

/** Follows the mark for one client: opens the other end, sees that the old one is empty, moves, closes the old one. */
export class Mover implements AsyncDisposable {
  readonly #options: MoverOptions;
  readonly #client: Movable;
  #claim: EndClaim | undefined;
  /** The newest move that is known. */
  #generation: number;

  constructor(options: MoverOptions, client: Movable, claim: EndClaim | undefined) {
    this.#options = options;
    this.#client = client;
    this.#generation = client.end.generation;
    if (claim !== undefined) this.#hold(claim);
  }

  /** Until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const mark = await readMark(this.#options.store);
      // Without Redis, or with a mark that is none, everything stays where it is.
      if (mark.ok && !signal.aborted) await this.#follow(mark.value, signal);
      await this.#pause(signal);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#claim?.[Symbol.asyncDispose]();
  }

  async #follow(mark: Mark, signal: AbortSignal): Promise<void> {
    const { store } = this.#options;
    const { transport } = this.#client.end;
    const place = { transport, generation: this.#generation, claimed: this.#claim !== undefined };
    const step = clientStep(place, mark);
    switch (step.kind) {
      case "nothing":
        return;
      case "claim": {
        const claim = await EndClaim.take(store, CLIENT_OWNER, this.#options.owner);
        if (claim.ok) this.#hold(claim.value);
        return;
      }
      case "begin":
        await beginOn(store, transport);
        return;
      case "raise":
        await raiseMark(store, transport, this.#generation);
        return;
      case "catchUp":
        return this.#catchUp(step.to, step.generation, mark, signal);
      case "move":
        return this.#grant(step.wish, mark, signal);
    }
  }

  #hold(claim: EndClaim): void {
    this.#claim = claim;
    claim.lost.addEventListener("abort", () => {
      const lost = claim.lost.reason as EndError;
      this.#client.displaced(lost.kind === "taken" ? lost.owner : undefined);
    });
  }

  async #grant(wish: Wish, mark: Mark, signal: AbortSignal): Promise<void> {
    const { store, onEvent, owner, crash = noCrash } = this.#options;
    const { transport: from } = this.#client.end;
    const { to } = wish;
    onEvent({ kind: "moves", from, to });
    await sayOf(store, wish.id, "step", `to open ${to}`);
    const opened = await this.#open(to, mark, signal);
    if (!opened.ok) {
      onEvent({ kind: "stays", from, to, why: opened.error });
      await endWish(store, wish.id, `${owner.name}: ${opened.error}`);
      return;
    }
    crash.reach("asic.switch.opened");
    const next = new ClientEnd(to, opened.value, this.#generation + 1);
    const old = this.#client.end;
    const outcome = await this.#moveTo(next, wish, signal);
    if (outcome.moved) return this.#retire(old, signal);
    if (!signal.aborted) onEvent({ kind: "stays", from, to, why: outcome.why });
    await next.client[Symbol.asyncDispose]();
  }

  /** The other end, in the mode that fits the syncd there. The error is one line. */
  async #open(to: TransportName, mark: Mark, signal: AbortSignal): Promise<Result<AsicClient, string>> {
    const mode = this.#options.modeOn(to, mark.mode);
    if (!mode.ok) return mode;
    const opened = await this.#options.open(to, mode.value, signal);
    return opened.ok ? opened : err(describeEndError(opened.error));
  }

  /** Asks until the old transport is all but empty, holds what comes, and moves when it is empty. */
  async #moveTo(next: ClientEnd, wish: Wish, signal: AbortSignal): Promise<{ moved: boolean; why: string }> {
    const { store, clock, onEvent } = this.#options;
    const { end } = this.#client;
    let why = "nobody wants it any more";
    let told = "";
    while (!signal.aborted) {
      const mark = await readMark(store);
      if (mark.ok && mark.value.wish?.id !== wish.id) return { moved: false, why };
      if (mark.ok) {
        await sayOf(store, wish.id, "step", `to see ${end.transport} empty`);
        const asked = clock.monotonic();
        const obstacle = await end.emptied(clock, PROBE_MAX);
        if (obstacle !== undefined) why = obstacle;
        else if (clock.monotonic() - asked > CLOSE_ENOUGH) why = `syncd is behind with ${end.transport}`;
        else {
          const held = clock.monotonic();
          this.#client.hold();
          const still = await this.#drained(end);
          if (still === undefined && !signal.aborted && (await this.#commit(next, wish, held, signal)))
            return { moved: true, why: "" };
          this.#client.release();
          why = still ?? "the mark was not changed";
        }
        if (why !== told && !signal.aborted) onEvent({ kind: "notYet", from: end.transport, to: next.transport, why });
        told = why;
      } else why = mark.error;
      await this.#pause(signal);
    }
    return { moved: false, why };
  }

  /** Nothing once the old transport is empty at both ends; else what is not done yet. */
  async #drained(end: ClientEnd): Promise<string | undefined> {
    const { clock } = this.#options;
    const both = Promise.all([end.emptied(clock, HOLD_MAX), end.idle()]);
    const ended = await within(clock, HOLD_MAX, both);
    return ended === undefined ? `its requests have not ended within ${HOLD_MAX / 1000} s` : ended[0];
  }

  /** True when the mark names the new transport. Whether it does is asked until Redis says so. */
  async #commit(next: ClientEnd, wish: Wish, held: number, signal: AbortSignal): Promise<boolean> {
    const { store, clock, onEvent, crash = noCrash } = this.#options;
    const from = this.#client.end.transport;
    crash.reach("asic.switch.drained");
    const waited = Math.round(clock.monotonic() - held);
    while (!signal.aborted) {
      const granted = await commitMove(store, wish.id, this.#generation, waited);
      if (!granted.ok && granted.error.kind === "disconnected") {
        // It may have been granted: until that is known, neither transport can be used.
        onEvent({ kind: "notYet", from, to: next.transport, why: describeStoreError(granted.error) });
        await untilConnected(store, signal).catch(() => undefined);
        continue;
      }
      if (!granted.ok || !(granted.value || (await this.#wasMoved(next, signal)))) return false;
      crash.reach("asic.switch.committed");
      this.#generation = next.generation;
      this.#client.replace(next);
      onEvent({ kind: "moved", from, to: next.transport, waited });
      return true;
    }
    return false;
  }

  /** A move that was not granted may have been granted before, and the answer was lost. */
  async #wasMoved({ transport, generation }: ClientEnd, signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      const mark = await readMark(this.#options.store);
      if (mark.ok) return mark.value.generation === generation && mark.value.transport === transport;
      await this.#pause(signal);
    }
    return false;
  }

  /** Somebody has moved the channel: what is under way may end, then the other transport is used. */
  async #catchUp(to: TransportName, generation: number, mark: Mark, signal: AbortSignal): Promise<void> {
    const { clock, onEvent } = this.#options;
    const old = this.#client.end;
    if (to === old.transport) {
      this.#generation = generation;
      return;
    }
    const opened = await this.#open(to, mark, signal);
    if (!opened.ok) {
      onEvent({ kind: "stays", from: old.transport, to, why: opened.error });
      return;
    }
    const held = clock.monotonic();
    this.#client.hold();
    await within(clock, HOLD_MAX, old.idle());
    this.#generation = generation;
    this.#client.replace(new ClientEnd(to, opened.value, generation));
    onEvent({ kind: "moved", from: old.transport, to, waited: Math.round(clock.monotonic() - held) });
    await this.#retire(old, signal);
  }

  /** Closes the old end once its last event was read, or nobody reads and syncd has turned to the new one. */
  async #retire(old: ClientEnd, signal: AbortSignal): Promise<void> {
    const { clock, store } = this.#options;
    const until = clock.monotonic() + KEPT_MAX;
    const ended = AbortSignal.any([signal, old.left]);
    while (!ended.aborted && clock.monotonic() < until) {
      if (this.#client.readers === 0) {
        const mark = await readMark(store);
        if (mark.ok && mark.value.followed >= this.#generation) break;
      }
      await this.#pause(ended);
    }
    old.leave();
    await old.client[Symbol.asyncDispose]();
  }

  async #pause(signal: AbortSignal): Promise<void> {
    await sleep(this.#options.clock, LOOK_EVERY, signal).catch(() => undefined);
  }
}
