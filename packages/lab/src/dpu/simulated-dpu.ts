import { type Clock, err, type Millis, millis, ok, type Random, type Result, type Timer } from "@tandem/base";
import {
  type BindError,
  decodeMessage,
  describeDecodeError,
  type OpenError,
  type Pull,
  recordOf,
  type Sockets,
  type Store,
  type Stores,
  untilConnected,
} from "@tandem/swss";
import { RowWriter } from "../row-writer.js";
import type { DpuPlace } from "../topology.js";
import { NO_RESPONDERS, respondersOf } from "./bfd-responders.js";
import { newDpuCore, packetThrough, stepDpu } from "./core.js";
import type {
  DpuCore,
  DpuDatabase,
  DpuEffect,
  DpuEvent,
  OrchagentKind,
  PeerMessage,
  RowChange,
  ScopeEntry,
} from "./core-types.js";
import type { Verdict } from "./data-path.js";
import type { DpuFabric, FabricMember } from "./fabric.js";
import { DPU_TIMINGS, type DpuTimings, type HaState } from "./ha-state.js";
import { Inbox } from "./inbox.js";
import { type Wipe, wipeDatabase } from "./wipe.js";

export interface DpuOptions {
  readonly place: DpuPlace;
  readonly clock: Clock;
  readonly random: Random;
  /** Where the DPU's orchagent listens: `tcp://<midplane>:<port>`. */
  readonly sockets: Sockets;
  /** Databases of its switch; the DPU's own are in the container `dpu<slot>`. */
  readonly stores: Stores;
  readonly fabric: DpuFabric;
  readonly timings?: Partial<DpuTimings>;
  /** Default `mended`. */
  readonly orchagent?: OrchagentKind;
  /** Hears of what orchagent would log. */
  readonly onWarning?: (text: string) => void;
  /** Hears of each of its databases that a boot has emptied by FLUSHDB, of which no key event tells. */
  readonly onFlush?: (db: string) => void;
}

/** A change of state of one scope. */
export interface DpuTransition {
  readonly at: Millis;
  readonly dpu: string;
  readonly scope: string;
  readonly from: HaState;
  readonly to: HaState;
  readonly reason: string;
}

export type PowerOnError = BindError;

/** A DPU of the lab: the pure core, its databases, its ZMQ socket and its power button. */
export interface SimulatedDpu extends AsyncDisposable {
  readonly place: DpuPlace;
  readonly powered: boolean;
  /** Everything that it knows; `undefined` while it is off. */
  readonly core: DpuCore | undefined;
  /**
   * Boots: waits for its databases, empties them as `wipe` says (default key by key), then listens. Resolves when it
   * listens, or when `powerOff` ends the boot.
   */
  powerOn(wipe?: Wipe): Promise<Result<void, PowerOnError>>;
  /** As pulling the plug: no farewell, rows stay as they are. Resolves when its socket is free again. */
  powerOff(): Promise<void>;
  /** State of its scope; `undefined` while it is off or has none. Without `scope`, of the first. */
  haState(scope?: string): HaState | undefined;
  /** Both sides decided separately, and this one knows. */
  splitBrain(scope?: string): boolean;
  /** Addresses of the NPUs that it answers, with the parameters of each session. */
  responders(): ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** A packet for the VIP of `scope` arrives. */
  packet(scope: string, packet: { readonly flow: string; readonly tunnelled: boolean }): Verdict;
  /** Fault: rows reach DPU_STATE_DB so much later. */
  setReportDelay(delay: Millis): void;
  /** Fault: the hardware refuses what orchagent asks; rows wait. */
  setSaiFailing(failing: boolean): void;
  /** Fault: rows reach orchagent late, twice, or not at all until it goes on. */
  readonly inbox: Pick<Inbox<Uint8Array>, "setDelay" | "setTwice" | "setStalled" | "drop">;
  /** Fault: every row of DPU_STATE_DB that it wrote since its boot is written again as it stands. */
  repeatReports(): void;
  /** Fault: nothing that it reports is written until it is let go. */
  setReportsHeld(held: boolean): void;
  /** Resolves when every row that it has to write is written. */
  idle(): Promise<void>;
  /** Called after each step, power change included. Returns the unsubscriber. */
  onChange(listener: () => void): () => void;
  onTransition(listener: (transition: DpuTransition) => void): () => void;
  /** Called with each row that came by ZMQ, before it is taken. Returns the unsubscriber. */
  onRow(listener: (row: RowChange) => void): () => void;
}

/** A DPU that is still off. Fails when its databases are not configured. */
export function startDpu(options: DpuOptions): Result<SimulatedDpu, OpenError> {
  const container = `dpu${options.place.slot}`;
  const opened = new Map<DpuDatabase | "DPU_APPL_DB", Store>();
  for (const db of ["DPU_APPL_DB", "DPU_STATE_DB", "DPU_APPL_STATE_DB"] as const) {
    const store = options.stores.open({ db, container });
    if (!store.ok) return err(store.error);
    opened.set(db, store.value);
  }
  // The DPU's own STATE_DB is not on the switch; where a lab has one, sessions show there.
  const local = options.stores.open({ db: "STATE_DB", container });
  if (local.ok) opened.set("STATE_DB", local.value);
  return ok(new DpuShell(options, opened));
}

/** Database in which sessions of BFD would show, without its name: the wire's `db` of every row for a DPU. */
const ORCHAGENT_DB = "DPU_APPL_DB";

class DpuShell implements SimulatedDpu, FabricMember {
  readonly place: DpuPlace;
  readonly name: string;
  readonly ip: string;
  readonly inbox: Inbox<Uint8Array>;
  readonly #options: DpuOptions;
  readonly #stores: ReadonlyMap<string, Store>;
  readonly #writers = new Map<string, RowWriter>();
  readonly #timers = new Map<string, Timer>();
  readonly #changed = new Set<() => void>();
  readonly #transitions = new Set<(transition: DpuTransition) => void>();
  readonly #rows = new Set<(row: RowChange) => void>();
  readonly #queue: DpuEvent[] = [];
  #stepping = false;
  #core: DpuCore | undefined;
  #pull: Pull | undefined;
  #boots = 0;
  #booting: AbortController | undefined;

  constructor(options: DpuOptions, stores: ReadonlyMap<string, Store>) {
    this.#options = options;
    this.#stores = stores;
    this.place = options.place;
    this.name = options.place.name;
    this.ip = options.place.pa;
    this.inbox = new Inbox(options.clock, (bytes) => this.#onMessage(bytes));
    for (const [db, store] of stores) {
      this.#writers.set(db, new RowWriter(store, options.clock, (text) => this.#warn(text)));
    }
    options.fabric.join(this);
  }

  get powered(): boolean {
    return this.#core !== undefined;
  }

  get core(): DpuCore | undefined {
    return this.#core;
  }

  async powerOn(wipe: Wipe = "keys"): Promise<Result<void, PowerOnError>> {
    if (this.#booting !== undefined || this.powered) return ok();
    const booting = new AbortController();
    this.#booting = booting;
    const booted = await this.#boot(wipe, booting.signal);
    if (this.#booting === booting) this.#booting = undefined;
    if (!booted.ok || booted.value === undefined) return booted.ok ? ok() : booted;
    this.#pull = booted.value;
    this.#start();
    return ok();
  }

  async powerOff(): Promise<void> {
    this.#booting?.abort();
    this.#booting = undefined;
    const pull = this.#pull;
    this.#pull = undefined;
    this.#core = undefined;
    this.#queue.length = 0;
    this.inbox.drop();
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    for (const writer of this.#writers.values()) writer.drop();
    this.#options.fabric.refresh();
    this.#notify();
    await pull?.[Symbol.asyncDispose]();
  }

  /** The socket that listens; nothing when `signal` ended the boot. */
  async #boot(wipe: Wipe, signal: AbortSignal): Promise<Result<Pull | undefined, PowerOnError>> {
    for (const store of this.#stores.values()) {
      const connected = await untilConnected(store, signal).then(
        () => true,
        () => false,
      );
      if (!connected) return ok(undefined);
      const wiped = await wipeDatabase(store, wipe);
      if (!wiped.ok) this.#warn(`boot clean-up: ${wiped.error}`);
      else if (wipe === "flush") this.#options.onFlush?.(store.db.name);
    }
    if (signal.aborted) return ok(undefined);
    const { midplane, zmqPort } = this.place;
    const pulled = await this.#options.sockets.pull(`tcp://${midplane}:${zmqPort}`, (bytes) => this.inbox.put(bytes));
    if (pulled.ok && signal.aborted) {
      await pulled.value[Symbol.asyncDispose]();
      return ok(undefined);
    }
    return pulled;
  }

  #start(): void {
    this.#boots += 1;
    this.#core = newDpuCore({
      ip: this.ip,
      boot: this.#boots,
      timings: { ...DPU_TIMINGS, ...this.#options.timings },
      orchagent: this.#options.orchagent ?? "mended",
    });
    this.#options.fabric.refresh();
    this.#notify();
  }

  haState(scope?: string): HaState | undefined {
    const entry = this.#scope(scope);
    return entry?.machine === undefined ? entry?.haState : entry.machine.state;
  }

  splitBrain(scope?: string): boolean {
    return this.#scope(scope)?.machine?.splitBrain ?? false;
  }

  responders(): ReadonlyMap<string, Readonly<Record<string, string>>> {
    return respondersOf(this.#core?.bfd ?? NO_RESPONDERS);
  }

  packet(scope: string, packet: { readonly flow: string; readonly tunnelled: boolean }): Verdict {
    if (this.#core === undefined) return { kind: "dropped", why: "off" };
    const step = packetThrough(this.#core, scope, packet);
    this.#core = step.core;
    if (step.send !== undefined) this.#options.fabric.send(this, step.send.to, step.send.message);
    return step.verdict;
  }

  setReportDelay(delay: Millis): void {
    this.#writers.get("DPU_STATE_DB")?.setDelay(delay);
  }

  repeatReports(): void {
    this.#writers.get("DPU_STATE_DB")?.repeat();
  }

  setReportsHeld(held: boolean): void {
    this.#writers.get("DPU_STATE_DB")?.setHeld(held);
  }

  setSaiFailing(failing: boolean): void {
    this.#dispatch({ kind: "sai", fails: failing });
  }

  async idle(): Promise<void> {
    await Promise.all([...this.#writers.values()].map((writer) => writer.idle()));
  }

  onChange(listener: () => void): () => void {
    this.#changed.add(listener);
    return () => this.#changed.delete(listener);
  }

  onTransition(listener: (transition: DpuTransition) => void): () => void {
    this.#transitions.add(listener);
    return () => this.#transitions.delete(listener);
  }

  onRow(listener: (row: RowChange) => void): () => void {
    this.#rows.add(listener);
    return () => this.#rows.delete(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.powerOff();
    await Promise.all([...this.#writers.values()].map((writer) => writer.close()));
  }

  // The fabric's view.

  peers(): ReadonlyMap<string, string> {
    return new Map([...(this.#core?.sets ?? [])].map(([id, set]) => [id, set.peerIp]));
  }

  path(set: string, reachable: boolean): void {
    if (this.#core?.sets.get(set)?.reachable !== reachable) this.#dispatch({ kind: "path", set, reachable });
  }

  receive(from: string, message: PeerMessage): void {
    this.#dispatch({ kind: "message", from, message });
  }

  #onMessage(bytes: Uint8Array): void {
    const decoded = decodeMessage(bytes);
    if (!decoded.ok) {
      this.#warn(describeDecodeError(decoded.error));
      return;
    }
    const { db, table, entries } = decoded.value;
    if (db !== ORCHAGENT_DB) {
      this.#warn(`a ZMQ message for ${db}; ${ORCHAGENT_DB} is expected; it is dropped`);
      return;
    }
    const changes = entries.map(
      ({ key, op, fieldValues }): RowChange => ({
        table,
        key,
        fields: op === "SET" ? recordOf(fieldValues) : undefined,
      }),
    );
    this.#dispatch({ kind: "rows", changes });
  }

  /** Events that a step causes wait for its end, so that no step is interrupted by another. */
  #dispatch(event: DpuEvent): void {
    if (this.#core === undefined) return;
    this.#queue.push(event);
    if (this.#stepping) return;
    this.#stepping = true;
    const { clock, fabric } = this.#options;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      if (this.#core === undefined) break;
      const { sets } = this.#core;
      if (next.kind === "rows") for (const row of next.changes) for (const listener of [...this.#rows]) listener(row);
      const moment = { nowSeconds: Math.floor(clock.now() / 1000), steady: clock.monotonic() };
      const step = stepDpu(this.#core, next, moment);
      this.#core = step.core;
      for (const effect of step.effects) this.#perform(effect);
      if (step.core.sets !== sets) fabric.refresh();
    }
    this.#stepping = false;
    this.#notify();
  }

  #perform(effect: DpuEffect): void {
    switch (effect.kind) {
      case "hset":
        this.#writers.get(effect.db)?.hset(effect.key, effect.fields);
        return;
      case "del":
        this.#writers.get(effect.db)?.del(effect.key);
        return;
      case "send":
        this.#options.fabric.send(this, effect.to, effect.message);
        return;
      case "setTimer":
        this.#setTimer(effect.name, effect.after, effect.upTo);
        return;
      case "cancelTimer":
        this.#timers.get(effect.name)?.cancel();
        this.#timers.delete(effect.name);
        return;
      case "transition": {
        const { scope, from, to, reason } = effect;
        const transition = { at: this.#options.clock.monotonic(), dpu: this.name, scope, from, to, reason };
        for (const listener of [...this.#transitions]) listener(transition);
        return;
      }
      case "warn":
        this.#warn(effect.text);
        return;
    }
  }

  #setTimer(name: string, after: Millis, upTo: Millis | undefined): void {
    this.#timers.get(name)?.cancel();
    const delay = upTo === undefined ? after : millis(after + this.#options.random.next() * (upTo - after));
    const timer = this.#options.clock.setTimer(delay, () => {
      this.#timers.delete(name);
      this.#dispatch({ kind: "timer", name });
    });
    this.#timers.set(name, timer);
  }

  #scope(id: string | undefined): ScopeEntry | undefined {
    const scopes = this.#core?.scopes;
    return id === undefined ? scopes?.values().next().value : scopes?.get(id);
  }

  #warn(text: string): void {
    this.#options.onWarning?.(`${this.name}: ${text}`);
  }

  #notify(): void {
    for (const listener of [...this.#changed]) listener();
  }
}
