import type { Clock, Millis, Random, Timer } from "@tandem/base";
import { millis, randomBelow } from "@tandem/base";
import type { EventClass } from "./notify-flags.js";
import { ScriptRefusal } from "./scripts.js";

/** What a key holds. Hashes and sets keep insertion order; a list's first item is its head. */
export type Value =
  | { readonly type: "string"; text: string }
  /** `flat`: all of it as HGETALL gives it, kept until it changes. */
  | { readonly type: "hash"; readonly fields: Map<string, string>; flat?: readonly string[] | undefined }
  | { readonly type: "set"; readonly members: Set<string> }
  | { readonly type: "list"; items: string[] };

type Kind = Value["type"];
type ValueOf<K extends Kind> = Extract<Value, { readonly type: K }>;

/** Patterns whose keys are remembered. */
const LISTED_MAX = 100;

interface Expiry {
  /** On the monotonic clock. */
  readonly due: number;
  readonly timer: Timer;
}

/** Called for each change of a key, in order. */
export type Notify = (type: EventClass, event: string, key: string) => void;

export interface KeyspaceOptions {
  readonly clock: Clock;
  /** Chooses what SPOP takes; without it the oldest member goes first. */
  readonly random: Random | undefined;
  readonly notify: Notify;
}

/**
 * The keys of one database, with the rules that hold for all commands: a wrong type is refused, an empty collection
 * does not exist, a key that is written anew loses its expiry.
 */
export class Keyspace {
  readonly #values = new Map<string, Value>();
  readonly #expiries = new Map<string, Expiry>();
  readonly #clock: Clock;
  readonly #random: Random | undefined;
  /** Reports an event; the command that causes it decides which. */
  readonly notify: Notify;
  /** Changes so far; more than there were, never fewer. */
  changes = 0;
  /** What KEYS gave for a pattern, until a key comes or goes. */
  readonly #listed = new Map<string, readonly string[]>();

  constructor({ clock, random, notify }: KeyspaceOptions) {
    this.#clock = clock;
    this.#random = random;
    this.notify = (type, event, key) => {
      this.changes += 1;
      notify(type, event, key);
    };
  }

  get size(): number {
    return this.#values.size;
  }

  keys(): string[] {
    return [...this.#values.keys()];
  }

  /** The keys that `matches`. The same list again while no key comes or goes. */
  keysLike(pattern: string, matches: (key: string) => boolean): readonly string[] {
    let keys = this.#listed.get(pattern);
    if (keys === undefined) {
      keys = this.keys().filter(matches);
      if (this.#listed.size >= LISTED_MAX) this.#listed.clear();
      this.#listed.set(pattern, keys);
    }
    return keys;
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  typeOf(key: string): Kind | "none" {
    return this.#values.get(key)?.type ?? "none";
  }

  /** The value of a key that must have this type when it exists. */
  find<K extends Kind>(key: string, type: K): ValueOf<K> | undefined {
    const value = this.#values.get(key);
    if (value === undefined || value.type === type) return value as ValueOf<K> | undefined;
    throw new ScriptRefusal("WRONGTYPE Operation against a key holding the wrong kind of value");
  }

  /** The value of a key, created when it does not exist. */
  make<K extends Kind>(key: string, type: K): ValueOf<K> {
    const found = this.find(key, type);
    if (found !== undefined) return found;
    const value = emptyValue(type) as ValueOf<K>;
    this.#values.set(key, value);
    this.#keysChanged();
    return value;
  }

  /** Puts a value in place of whatever was there, without expiry. */
  put(key: string, value: Value): void {
    this.#dropExpiry(key);
    this.#values.set(key, value);
    this.#keysChanged();
  }

  /** Removes a key; `event` is `del` unless the key was emptied by time. */
  remove(key: string): boolean {
    this.#dropExpiry(key);
    this.#keysChanged();
    return this.#values.delete(key);
  }

  /** Removes a collection that has become empty, as the last act of the command that emptied it. */
  removeIfEmpty(key: string): void {
    const value = this.#values.get(key);
    if (value === undefined || sizeOf(value) > 0) return;
    this.remove(key);
    this.notify("g", "del", key);
  }

  rename(from: string, to: string): void {
    const value = this.#values.get(from) as Value;
    const due = this.#expiries.get(from)?.due;
    this.remove(from);
    this.put(to, value);
    if (due !== undefined) this.expireAt(to, due);
  }

  /** Milliseconds that a key has left; -1 without expiry, -2 without key. */
  timeLeft(key: string): number {
    if (!this.has(key)) return -2;
    const due = this.#expiries.get(key)?.due;
    return due === undefined ? -1 : Math.max(0, due - this.#clock.monotonic());
  }

  expireIn(key: string, delay: Millis): void {
    this.expireAt(key, this.#clock.monotonic() + delay);
  }

  persist(key: string): boolean {
    return this.#dropExpiry(key);
  }

  /** Takes one member out of a set. */
  pop(members: Set<string>): string {
    const skip = this.#random === undefined ? 0 : randomBelow(this.#random, members.size);
    let i = 0;
    for (const member of members) {
      if (i === skip) {
        members.delete(member);
        return member;
      }
      i += 1;
    }
    throw new ScriptRefusal("ERR the set is empty");
  }

  /** Empties the database; no key event tells of it. */
  clear(): void {
    for (const { timer } of this.#expiries.values()) timer.cancel();
    this.#expiries.clear();
    this.#keysChanged();
    this.#values.clear();
  }

  /** All keys and values, e.g. to compare two databases. */
  dump(): ReadonlyMap<string, Value> {
    return this.#values;
  }

  #keysChanged(): void {
    this.changes += 1;
    this.#listed.clear();
  }

  private expireAt(key: string, due: number): void {
    this.#dropExpiry(key);
    const timer = this.#clock.setTimer(millis(Math.max(0, due - this.#clock.monotonic())), () => {
      this.#expiries.delete(key);
      this.#values.delete(key);
      this.#keysChanged();
      this.notify("x", "expired", key);
    });
    this.#expiries.set(key, { due, timer });
  }

  #dropExpiry(key: string): boolean {
    const expiry = this.#expiries.get(key);
    expiry?.timer.cancel();
    return this.#expiries.delete(key);
  }
}

function emptyValue(type: Kind): Value {
  switch (type) {
    case "string":
      return { type, text: "" };
    case "hash":
      return { type, fields: new Map() };
    case "set":
      return { type, members: new Set() };
    case "list":
      return { type, items: [] };
  }
}

function sizeOf(value: Value): number {
  switch (value.type) {
    case "string":
      return 1;
    case "hash":
      return value.fields.size;
    case "set":
      return value.members.size;
    case "list":
      return value.items.length;
  }
}
