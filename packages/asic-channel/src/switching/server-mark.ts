import { type Clock, type CrashPoint, type Result, seconds, sleep } from "@tandem/base";
import type { Store } from "@tandem/swss";
import type { AsicNotification } from "../notification.js";
import type { ChannelMode } from "../op.js";
import type { TransportName } from "../transport.js";
import { movedNotification } from "./client-end.js";
import { MARK_KEY, type Mark, type Wish } from "./mark.js";
import { endWish, raiseMark, readMark, sayOf } from "./mark-scripts.js";
import { LOOK_EVERY } from "./mover.js";

/** How long a request over another transport waits for the mark that may name it. */
const ADMIT_WITHIN = seconds(10);

/** What a syncd serves, as the mark moves it. */
export interface Served {
  readonly names: readonly TransportName[];
  /** The error is one line. */
  open(name: TransportName): Promise<Result<void, string>>;
  notify(notification: AsicNotification, only: TransportName): Promise<void>;
}

export interface ServerMarkOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly crash: CrashPoint;
  readonly mode: ChannelMode;
  readonly served: Served;
  readonly log: (text: string) => void;
}

/**
 * syncd's side of the mark: opens what is wished for, and serves one transport only once anybody has moved the channel, or
 * wishes to. The others stay open, so that who still uses them is refused and not left waiting.
 */
export class ServerMark {
  readonly #options: ServerMarkOptions;
  #active: TransportName | undefined;
  #generation = 0;
  #prepared: string | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: ServerMarkOptions) {
    this.#options = options;
  }

  /** The one that is served; absent while any may be. */
  get active(): TransportName | undefined {
    return this.#active;
  }

  /** Says what is served, and opens what the mark names besides. The error is one line. */
  async begin(): Promise<Result<void, string>> {
    const { store, served, log } = this.#options;
    const mark = await readMark(store);
    if (!mark.ok) return mark;
    const { transport, generation } = mark.value;
    if (generation > 0 && transport !== undefined && !served.names.includes(transport)) {
      log(`serves ${transport} as well: the channel was moved there`);
      const opened = await served.open(transport);
      if (!opened.ok) return opened;
    }
    await this.#say();
    await this.look();
    return { ok: true, value: undefined };
  }

  /** Follows the mark until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.look();
      await this.#pause(signal);
    }
    await this.#last;
  }

  /** Whether requests over `name` are served, by the mark as it stands now. */
  async admits(name: TransportName, signal: AbortSignal): Promise<boolean> {
    const { clock } = this.#options;
    const until = clock.monotonic() + ADMIT_WITHIN;
    while (!(await this.look()) && clock.monotonic() < until && !signal.aborted) await this.#pause(signal);
    return this.#active === undefined || this.#active === name;
  }

  /** One look, after those that are under way. False when Redis gives no mark. */
  look(): Promise<boolean> {
    const looked = this.#last.then(() => this.#look());
    this.#last = looked.catch(() => undefined);
    return looked;
  }

  async #look(): Promise<boolean> {
    const { store, served } = this.#options;
    const mark = await readMark(store);
    if (!mark.ok) return false;
    const { transport, generation, wish } = mark.value;
    if (generation < this.#generation) {
      // Redis came back without its newest data.
      if (this.#active !== undefined) await raiseMark(store, this.#active, this.#generation);
      await this.#say();
      return true;
    }
    if (this.#missesUs(mark.value)) await this.#say();
    if (generation > this.#generation) await this.#turnTo(transport, generation);
    else if (generation === 0) this.#active = wish === undefined ? undefined : transport;
    if (wish !== undefined && (!wish.ready || wish.id !== this.#prepared)) await this.#prepare(wish);
    if (this.#active !== undefined && !served.names.includes(this.#active)) await served.open(this.#active);
    return true;
  }

  /** Serves the other transport only; the last thing that is told over the old one is that. */
  async #turnTo(transport: TransportName | undefined, generation: number): Promise<void> {
    const { store, served, crash, log } = this.#options;
    const before = this.#active;
    this.#active = transport;
    this.#generation = generation;
    if (before !== undefined && before !== transport) {
      log(`the channel moved from ${before} to ${transport}`);
      await served.notify(movedNotification(generation), before);
    }
    crash.reach("asic.switch.followed");
    await store.command(["HSET", MARK_KEY, "followed", String(generation)]);
  }

  async #prepare(wish: Wish): Promise<void> {
    const { store, served, crash, log } = this.#options;
    const opened = await served.open(wish.to);
    if (!opened.ok) {
      log(`cannot serve ${wish.to}, which ${wish.by} wishes for: ${opened.error}`);
      await endWish(store, wish.id, `syncd cannot serve ${opened.error}`);
      return;
    }
    await this.#say();
    crash.reach("asic.switch.ready");
    const said = await sayOf(store, wish.id, "ready", "1");
    if (said.ok) this.#prepared = wish.id;
  }

  #missesUs({ serves, mode }: Mark): boolean {
    return mode !== this.#options.mode || this.#options.served.names.some((name) => !serves.includes(name));
  }

  async #say(): Promise<void> {
    const { store, served, mode } = this.#options;
    await store.command(["HSET", MARK_KEY, "serves", served.names.join(","), "mode", mode]);
  }

  async #pause(signal: AbortSignal): Promise<void> {
    await sleep(this.#options.clock, LOOK_EVERY, signal).catch(() => undefined);
  }
}
