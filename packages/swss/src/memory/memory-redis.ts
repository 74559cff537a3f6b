import { type Clock, type Millis, millis, type Random } from "@tandem/base";
import type { CommandContext } from "./command.js";
import { globMatcher, type Matcher } from "./glob.js";
import { Keyspace, type Value } from "./keyspace.js";
import { MemoryConnection } from "./memory-connection.js";
import { type EventClass, normalizeNotifyFlags, notifyChannels } from "./notify-flags.js";
import { type MemoryScript, ownScripts, ScriptCache } from "./script-cache.js";
import { refusalIn, SLOW, type Trouble } from "./trouble.js";

/** How a `MemoryRedis` is set up; all but the clock has a default. */
export interface MemoryRedisOptions {
  /** Drives expiry and latency. */
  readonly clock: Clock;
  /** Default 32. */
  readonly databases?: number;
  /** Initial settings; `notify-keyspace-events` is `AKE` unless given. */
  readonly config?: Readonly<Record<string, string>>;
  /** One way between client and server; default 0: still not before the caller has returned. */
  readonly latency?: Millis;
  /** Chooses what SPOP takes; without it the oldest member goes first. */
  readonly random?: Random;
  /** Scripts beside those of the package. */
  readonly scripts?: readonly MemoryScript[];
  /** Named in what clients report; default `memory`. */
  readonly name?: string;
}

interface PatternEntry {
  readonly pattern: string;
  readonly matches: Matcher;
  readonly connections: Set<MemoryConnection>;
}

/** What follows it comes as soon as the caller has returned; cheaper than `queueMicrotask`, and in one order with it. */
const ARRIVED = Promise.resolve();

/** Channels whose patterns are remembered. */
const MATCHING_MAX = 10_000;

/** A Redis server without a process: one instance with its databases, clients, scripts and settings. */
export class MemoryRedis {
  readonly name: string;
  readonly clock: Clock;
  readonly #keyspaces: readonly Keyspace[];
  readonly #scripts: ScriptCache;
  readonly #initialConfig: ReadonlyMap<string, string>;
  readonly #config: Map<string, string>;
  readonly #connections = new Set<MemoryConnection>();
  readonly #channels = new Map<string, Set<MemoryConnection>>();
  readonly #patterns = new Map<string, PatternEntry>();
  /** Patterns by channels that were told before; forgotten when the patterns change. */
  readonly #matching = new Map<string, readonly PatternEntry[]>();
  #up = true;
  #trouble: Trouble | undefined;
  /** What it will do once it is no longer stalled, in order. */
  #held: (() => void)[] = [];
  #latency: Millis;
  /** When the last of what is under way arrives. */
  #lastDue = 0;

  constructor({ clock, databases = 32, config, latency = millis(0), random, scripts = [], name }: MemoryRedisOptions) {
    this.name = name ?? "memory";
    this.clock = clock;
    this.#latency = latency;
    this.#scripts = new ScriptCache([...ownScripts(), ...scripts]);
    const settings = new Map(Object.entries({ "notify-keyspace-events": "AKE", ...config }));
    settings.set("notify-keyspace-events", normalizeNotifyFlags(settings.get("notify-keyspace-events") ?? "") ?? "");
    this.#initialConfig = settings;
    this.#config = new Map(settings);
    this.#keyspaces = Array.from({ length: databases }, (_, id) => {
      const notify = (type: EventClass, event: string, key: string): void => this.#notify(id, type, event, key);
      return new Keyspace({ clock, random, notify });
    });
  }

  get up(): boolean {
    return this.#up;
  }

  /** Connections that stand. */
  get clients(): number {
    return this.#connections.size;
  }

  /** What `connect` to this server gives; see `Connect`. */
  connect(database: number, onEnd: (detail: string) => void): Promise<MemoryConnection> {
    return MemoryConnection.open(this, database, onEnd);
  }

  /** Stops as by `kill -9`: every client sees its connection end, further connects are refused. */
  kill(): void {
    this.#up = false;
    this.disconnect();
    this.suffer(undefined);
  }

  /** From now on it suffers `trouble`, or nothing any more. Connections stay. */
  suffer(trouble: Trouble | undefined): void {
    this.#trouble = trouble;
    if (trouble === "stalled") return;
    for (const act of this.#held.splice(0)) this.after(act);
  }

  /** Starts again, after a kill or without one; scripts and changed settings are gone, the data unless `keep`. */
  restart({ keep = false }: { readonly keep?: boolean } = {}): void {
    this.kill();
    if (!keep) this.#flushAll();
    this.#scripts.flush();
    this.#config.clear();
    for (const [name, value] of this.#initialConfig) this.#config.set(name, value);
    this.#up = true;
  }

  /** Every database but these is empty, without an event: they were not saved when the server died. */
  keepOnly(databases: readonly number[]): void {
    for (const [id, keyspace] of this.#keyspaces.entries()) if (!databases.includes(id)) keyspace.clear();
  }

  /** Ends all connections, as CLIENT KILL does; clients may come back at once. */
  disconnect(): void {
    for (const connection of [...this.#connections]) connection.end("closed by Redis");
  }

  /** One way between client and server, from now on. */
  setLatency(latency: Millis): void {
    this.#latency = latency;
  }

  /** The keys of one database. */
  dump(database: number): ReadonlyMap<string, Value> {
    return (this.#keyspaces[database] as Keyspace).dump();
  }

  get #delay(): number {
    return this.#latency + (this.#trouble === "slow" ? SLOW : 0);
  }

  /** Whether it answers at once what comes now. */
  get answers(): boolean {
    return this.#up && this.#trouble === undefined && this.#delay === 0 && this.#lastDue === 0;
  }

  /** Calls `act` after one way between client and server. Calls keep their order. */
  after(act: () => void): void {
    if (this.#trouble === "stalled") {
      this.#held.push(act);
      return;
    }
    if (this.#delay === 0 && this.#lastDue === 0) {
      void ARRIVED.then(act);
      return;
    }
    const now = this.clock.monotonic();
    this.#lastDue = Math.max(this.#lastDue, now + this.#delay);
    const due = this.#lastDue;
    this.clock.setTimer(millis(due - now), () => {
      if (due === this.#lastDue && this.#delay === 0) this.#lastDue = 0;
      act();
    });
  }

  /** For connections: registers one, or says why not. */
  attach(connection: MemoryConnection, database: number): CommandContext | string {
    const keyspace = this.#keyspaces[database];
    if (!this.#up) return `connect ECONNREFUSED ${this.name}`;
    if (keyspace === undefined) return "ERR DB index is out of range";
    this.#connections.add(connection);
    return {
      keyspace,
      config: this.#config,
      refusal: (name) => refusalIn(this.#trouble, name),
      publish: (channel, message) => this.#publish(channel, message),
      flushAll: () => this.#flushAll(),
      configure: (name, value) => this.#configure(name, value),
    };
  }

  /** For connections: what SCRIPT and EVALSHA reach. */
  get scripts(): ScriptCache {
    return this.#scripts;
  }

  /** For connections: one has ended. */
  detach(connection: MemoryConnection): void {
    this.#connections.delete(connection);
    for (const channel of [...this.#channels.keys()]) this.unsubscribe(connection, channel);
    for (const pattern of [...this.#patterns.keys()]) this.punsubscribe(connection, pattern);
  }

  subscribe(connection: MemoryConnection, channel: string): void {
    const connections = this.#channels.get(channel) ?? new Set();
    this.#channels.set(channel, connections.add(connection));
  }

  unsubscribe(connection: MemoryConnection, channel: string): void {
    const connections = this.#channels.get(channel);
    connections?.delete(connection);
    if (connections?.size === 0) this.#channels.delete(channel);
  }

  psubscribe(connection: MemoryConnection, pattern: string): void {
    let entry = this.#patterns.get(pattern);
    if (entry === undefined) {
      entry = { pattern, matches: globMatcher(pattern), connections: new Set() };
      this.#patterns.set(pattern, entry);
      this.#matching.clear();
    }
    entry.connections.add(connection);
  }

  punsubscribe(connection: MemoryConnection, pattern: string): void {
    const entry = this.#patterns.get(pattern);
    entry?.connections.delete(connection);
    if (entry?.connections.size !== 0) return;
    this.#patterns.delete(pattern);
    this.#matching.clear();
  }

  #publish(channel: string, message: string): number {
    let receivers = 0;
    for (const connection of this.#channels.get(channel) ?? []) {
      connection.deliver(channel, undefined, message);
      receivers += 1;
    }
    for (const { pattern, connections } of this.#patternsOf(channel)) {
      for (const connection of connections) {
        connection.deliver(channel, pattern, message);
        receivers += 1;
      }
    }
    return receivers;
  }

  #patternsOf(channel: string): readonly PatternEntry[] {
    let matching = this.#matching.get(channel);
    if (matching === undefined) {
      matching = [...this.#patterns.values()].filter(({ matches }) => matches(channel));
      if (this.#matching.size >= MATCHING_MAX) this.#matching.clear();
      this.#matching.set(channel, matching);
    }
    return matching;
  }

  #notify(database: number, type: EventClass, event: string, key: string): void {
    if (this.#channels.size === 0 && this.#patterns.size === 0) return;
    const channels = notifyChannels(this.#config.get("notify-keyspace-events") ?? "", type);
    if (channels.keyspace) this.#publish(`__keyspace@${database}__:${key}`, event);
    if (channels.keyevent) this.#publish(`__keyevent@${database}__:${event}`, key);
  }

  #configure(name: string, value: string): boolean {
    const normalized = name === "notify-keyspace-events" ? normalizeNotifyFlags(value) : value;
    if (normalized === undefined) return false;
    this.#config.set(name, normalized);
    return true;
  }

  #flushAll(): void {
    for (const keyspace of this.#keyspaces) keyspace.clear();
  }
}
