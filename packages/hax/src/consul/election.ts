import {
  type Clock,
  err,
  type Millis,
  millis,
  ok,
  type Random,
  type Result,
  randomBelow,
  seconds,
  sleep,
} from "@tandem/base";
import { type ConsulFailure, type ConsulSessions, describeConsulFailure, type KvEntry } from "./consul-api.js";

export type ElectionEvent =
  | { readonly kind: "elected" }
  /** The session ended: of itself, or because somebody ended it. */
  | { readonly kind: "deposed" }
  | { readonly kind: "staleSessionRemoved"; readonly session: string }
  /** Tried again after a pause, each a longer one; only the first of several in a row is told. */
  | { readonly kind: "failed"; readonly because: string };

export interface ElectionOptions {
  readonly consul: ConsulSessions;
  readonly clock: Clock;
  readonly random: Random;
  /** Written to the key by its holder. */
  readonly node: string;
  /** Checks that the leadership shall depend on, read before each candidacy; none: this node cannot stand now. */
  readonly checks: (signal: AbortSignal) => Promise<Result<readonly string[] | undefined, ConsulFailure>>;
  /** Told in order; must not throw. */
  readonly observer: (event: ElectionEvent) => void;
}

/** The key whose lock makes a node the principal one. */
export const LEADER_KEY = "leader";

/** Candidates wait this long at most, each a time of its own, so that they do not all ask at once. */
const CANDIDACY_DELAY_MAX = seconds(9);
const LOCK_DELAY = seconds(2);
const WAIT = seconds(60);
/** After a lock that was not given: Consul gives it once the lock delay is over, and tells nobody of that. */
const REFUSED_PAUSE = seconds(2);
/** While this node has no confd that passes its checks. */
const UNFIT_PAUSE = seconds(2);
const RETRY_FIRST = millis(100);
const RETRY_MAX = seconds(10);
/** At the end the session is given back, if Consul answers within this. */
const FAREWELL = seconds(2);

/** Stands for election until `signal` aborts, and gives the leadership back then. */
export async function standForElection(options: ElectionOptions, signal: AbortSignal): Promise<void> {
  const { clock, random, observer } = options;
  const election = new Election(options, signal);
  let failures = 0;
  while (!signal.aborted) {
    const step = await election.step();
    if (step.ok) failures = 0;
    else if (failures === 0 && !signal.aborted)
      observer({ kind: "failed", because: describeConsulFailure(step.error) });
    const ceiling = Math.min(RETRY_MAX, RETRY_FIRST * 2 ** Math.min(failures, 20));
    const pause = step.ok ? step.value : millis(Math.max(1, ceiling * random.next()));
    if (!step.ok) failures += 1;
    if (pause > 0) await sleep(clock, pause, signal).catch(() => {});
  }
  await election.leave();
}

/** True where the key names a session that no candidate's value stands for: left by somebody who never led. */
export function isStale({ session, text }: KvEntry): boolean {
  return session !== undefined && (text === "" || /^elect\d+$/.test(text));
}

class Election {
  readonly #options: ElectionOptions;
  readonly #signal: AbortSignal;
  #session: string | undefined;
  #leading = false;
  #index = 0;
  #candidate = false;
  #checkedForStale = false;

  constructor(options: ElectionOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
  }

  /** Looks at the key and does the next thing; gives how long to pause before the one after. */
  async step(): Promise<Result<Millis, ConsulFailure>> {
    const { consul, observer, random } = this.#options;
    const read = await consul.get(LEADER_KEY, {
      ...{ consistency: "consistent", index: this.#candidate ? 0 : this.#index },
      ...{ waitMs: WAIT, signal: this.#signal },
    });
    if (!read.ok) return read;
    const { value: entry, index } = read.value;
    this.#index = index < this.#index || index < 1 ? 0 : index;
    const holder = entry?.session;
    if (this.#leading && holder !== this.#session) {
      this.#leading = false;
      observer({ kind: "deposed" });
      const ended = await this.#giveBack();
      if (!ended.ok) return ended;
    }
    if (!this.#checkedForStale && entry !== undefined && holder !== undefined && isStale(entry)) {
      const removed = await consul.destroySession(holder, this.#signal);
      if (!removed.ok) return removed;
      observer({ kind: "staleSessionRemoved", session: holder });
      this.#index = 0;
      return ok(millis(0));
    }
    this.#checkedForStale = true;
    if (holder !== undefined) {
      this.#candidate = false;
      return this.#look(holder, entry?.text ?? "");
    }
    if (!this.#candidate) {
      this.#candidate = true;
      return ok(millis(randomBelow(random, CANDIDACY_DELAY_MAX)));
    }
    return this.#acquire();
  }

  /** Somebody leads: we do, if a put whose answer was lost was carried out, or if we did before we were restarted. */
  async #look(holder: string, text: string): Promise<Result<Millis, ConsulFailure>> {
    const { consul, node } = this.#options;
    if (this.#session === undefined && text === node) {
      const held = await consul.sessionNode(holder, { signal: this.#signal });
      if (!held.ok) return held;
      if (held.value.value === node) this.#session = holder;
    }
    if (holder === this.#session && !this.#leading) this.#elect();
    return ok(millis(0));
  }

  async leave(): Promise<void> {
    if (this.#session === undefined) return;
    const { consul, clock } = this.#options;
    const late = new AbortController();
    const timer = clock.setTimer(FAREWELL, () => late.abort());
    await consul.destroySession(this.#session, late.signal);
    timer.cancel();
  }

  async #acquire(): Promise<Result<Millis, ConsulFailure>> {
    const { consul, node } = this.#options;
    if (this.#session === undefined) {
      const read = await this.#options.checks(this.#signal);
      if (!read.ok) return read;
      const checks = read.value;
      if (checks === undefined) return ok(UNFIT_PAUSE);
      const made = await consul.createSession({ name: LEADER_KEY, node, checks, lockDelay: LOCK_DELAY }, this.#signal);
      if (!made.ok) return made;
      this.#session = made.value;
    }
    const put = await consul.put(LEADER_KEY, node, { acquire: this.#session, signal: this.#signal });
    if (!put.ok) {
      // Consul refuses a session that has ended meanwhile: the next attempt makes one anew.
      if (put.error.kind !== "status") return put;
      const ended = await this.#giveBack();
      return ended.ok ? err(put.error) : ended;
    }
    if (!put.value) return ok(REFUSED_PAUSE);
    this.#elect();
    this.#candidate = false;
    this.#index = 0;
    return ok(millis(0));
  }

  #elect(): void {
    this.#leading = true;
    this.#options.observer({ kind: "elected" });
  }

  async #giveBack(): Promise<Result<void, ConsulFailure>> {
    if (this.#session === undefined) return ok();
    const ended = await this.#options.consul.destroySession(this.#session, this.#signal);
    if (ended.ok) this.#session = undefined;
    return ended;
  }
}
