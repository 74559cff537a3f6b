import { type ActorRuntime, createRuntime, type StepRecords, type TableHub } from "@tandem/actor";
import type { Clock, CrashPoint, Random, Timer } from "@tandem/base";
import { millis } from "@tandem/base";
import { type Bus, type ConfigSource, dbConfig, nodePath, type SwbusConfig } from "@tandem/swbus";
import { type EdgeCounts, type EdgeRuntime, type ServicePath, startEdge } from "@tandem/swbus/edge";
import {
  type AnyTable,
  describeUpdaterError,
  type Sockets,
  type Store,
  type Stores,
  type UpdaterError,
} from "@tandem/swss";
import { hamgrdActors } from "../actors/hamgrd-actors.js";
import { managedDpu } from "../actors/managed-dpu.js";
import type { HamgrdSettings } from "../actors/settings.js";
import { serveQuestions } from "../questions/serve-questions.js";
import { slotQuestions } from "../questions/slot-questions.js";
import { Dpu, type DpuRow } from "../schema/dpu.js";
import { Vdpu, type VdpuRow } from "../schema/vdpu.js";
import type { HamgrdEvent } from "./hamgrd-event.js";
import { DPU_SINKS, DpuWriters, openStore, SWITCH_SINKS, switchWriters } from "./sinks.js";

/** What a slot stands on; shared by the slots of one process. */
export interface SlotWorld {
  readonly clock: Clock;
  readonly random: Random;
  readonly stores: Stores;
  readonly sockets: Sockets;
  readonly bus: Bus;
  readonly hub: TableHub;
  readonly records: StepRecords;
  readonly crashPoint: CrashPoint;
  /** One trace in this many goes along with messages to other processes; none when absent. */
  readonly traceEvery: number | undefined;
  readonly emit: (event: HamgrdEvent) => void;
  readonly process: ProcessFacts;
}

/** What a hamgrd tells of its process to those who ask. */
export interface ProcessFacts {
  readonly pid: number;
  /** The file that holds the records of a slot; empty when there is none. */
  readonly recordsOf: (slot: number) => string;
}

export type SlotState =
  | { readonly kind: "waiting"; readonly reason: string }
  | { readonly kind: "running"; readonly path: string; readonly orchagent: string | undefined };

/** Changes of the configuration that come within this time are read once. */
const GATHER = millis(20);

interface Running {
  readonly config: SwbusConfig;
  readonly edge: EdgeRuntime;
  readonly runtime: ActorRuntime;
  readonly questions: Disposable;
}

/**
 * One slot's hamgrd: waits for who it is (DEVICE_METADATA, LOOPBACK_INTERFACE, its DPU row), then runs the actors. A new
 * address of the DPU's orchagent is followed; a new identity of the switch starts the slot again.
 */
export class Slot implements AsyncDisposable {
  /** Resolves when every actor has taken its first step for the first time. */
  readonly ready: Promise<void>;
  readonly #world: SlotWorld;
  readonly #settings: HamgrdSettings;
  readonly #configDb: Store;
  readonly #source: ConfigSource;
  readonly #unwatch: (() => void)[] = [];
  readonly #stop = new AbortController();
  #isReady: () => void = () => {};
  #state: SlotState = { kind: "waiting", reason: "the configuration" };
  #running: Running | undefined;
  #writers: DpuWriters | undefined;
  #gathering: Timer | undefined;
  #work: Promise<void> = Promise.resolve();
  /** What was told last to be waited for. */
  #told = "";

  constructor(world: SlotWorld, settings: HamgrdSettings) {
    this.#world = world;
    this.#settings = settings;
    this.ready = new Promise((resolve) => {
      this.#isReady = resolve;
    });
    this.#configDb = openStore(world.stores, "CONFIG_DB");
    this.#source = dbConfig(this.#configDb, settings.slot, world.clock);
    this.#unwatch.push(
      this.#source.watch(() => this.#later()),
      this.#watchDpus(),
    );
    this.#later();
  }

  get state(): SlotState {
    return this.#state;
  }

  /** Its path on the bus, once it knows who it is. */
  get path(): string | undefined {
    return this.#running?.edge.basePath.toString();
  }

  get settings(): HamgrdSettings {
    return this.#settings;
  }

  /** Messages of its actors, since it runs under its present name. */
  get messages(): EdgeCounts | undefined {
    return this.#running?.edge.counts;
  }

  get runtime(): ActorRuntime | undefined {
    return this.#running?.runtime;
  }

  /** Reads the configuration again (SIGHUP). */
  reload(): void {
    this.#later();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error("the slot ends"));
    this.#gathering?.cancel();
    for (const unwatch of this.#unwatch) unwatch();
    await this.#work;
    await this.#end();
  }

  #watchDpus(): () => void {
    const feeds = [Dpu, Vdpu].map((table) => this.#world.hub.feed(table, ""));
    const reader = { onRow: () => this.#later(), onLoaded: () => this.#later() };
    for (const feed of feeds) feed.watchAll(reader, () => true);
    return () => {
      for (const feed of feeds) feed.unwatchAll(reader);
    };
  }

  #later(): void {
    if (this.#stop.signal.aborted) return;
    this.#gathering ??= this.#world.clock.setTimer(GATHER, () => {
      this.#gathering = undefined;
      this.#work = this.#work.then(() => this.#apply());
    });
  }

  async #apply(): Promise<void> {
    if (!this.#configDb.connected) {
      // Told as a lost database; it is read when it is back.
      if (this.#running === undefined) this.#state = { kind: "waiting", reason: "CONFIG_DB, which does not answer" };
      return;
    }
    // Faults of single rows are told by their tables, and by the swbusd of the slot.
    const reading = await this.#source.read();
    if (this.#stop.signal.aborted) return;
    if (reading.kind === "waiting") {
      this.#wait(reading.reason);
      return;
    }
    if (this.#told !== "" && this.#running !== undefined) {
      this.#world.emit({ kind: "mended", slot: this.#settings.slot });
    }
    this.#told = "";
    const path = nodePath(reading.config);
    const running = this.#running;
    if (running !== undefined) {
      const before = nodePath(running.config);
      if (before.equals(path) && running.config.endpoint === reading.config.endpoint) {
        await this.#connectOrchagent(running.runtime);
        return;
      }
      this.#world.emit({ kind: "moved", slot: this.#settings.slot, from: String(before), to: String(path) });
      await this.#end();
    }
    await this.#start(reading.config, path);
  }

  async #start(config: SwbusConfig, node: ServicePath): Promise<void> {
    const { clock, random, stores, bus, hub, records, crashPoint, traceEvery, emit } = this.#world;
    const { slot } = this.#settings;
    const edge = startEdge({
      bus,
      clock,
      random,
      endpoint: config.endpoint,
      basePath: node.withService("hamgrd", "0"),
      type: "inNode",
      observer: (event) => emit({ kind: "edge", slot, event }),
    });
    const onSwitch = switchWriters(openStore(stores, "APPL_DB"));
    const runtime = createRuntime({
      slot: `dpu${slot}`,
      container: `dpu${slot}`,
      edge,
      stores,
      clock,
      random,
      actors: hamgrdActors(this.#settings),
      sinks: [
        ...DPU_SINKS.map((table) => ({ table, writer: undefined })),
        ...SWITCH_SINKS.map((table) => ({ table, writer: onSwitch.get(table) })),
      ],
      crashPoint,
      hub,
      records,
      about: { ...this.#settings },
      ...(traceEvery !== undefined && { traceEvery }),
      onEvent: (event) => emit({ kind: "runtime", slot, event }),
    });
    const { pid, recordsOf } = this.#world.process;
    const facts = { runtime, hub, clock, settings: this.#settings, pid, records: recordsOf(slot) };
    const questions = serveQuestions(edge, slotQuestions(facts));
    this.#running = { config, edge, runtime, questions };
    await this.#connectOrchagent(runtime);
    await runtime.start(this.#stop.signal);
    this.#state = { kind: "running", path: String(edge.basePath), orchagent: this.#writers?.endpoint };
    emit({ kind: "ready", slot, path: String(edge.basePath) });
    this.#isReady();
  }

  /** Points the DPU's sinks to where its DPU row says that orchagent listens. */
  async #connectOrchagent(runtime: ActorRuntime): Promise<void> {
    const { slot } = this.#settings;
    const { hub } = this.#world;
    const rows = <T>(table: AnyTable): ReadonlyMap<string, T> =>
      new Map([...hub.feed(table, "").rows()].map(([key, cached]) => [key, cached.row as T]));
    const dpus = rows<DpuRow>(Dpu);
    const row = dpus.get(managedDpu(slot, dpus, rows<VdpuRow>(Vdpu)) ?? "");
    if (row === undefined) return;
    const endpoint = `tcp://${row.midplane_ipv4}:${row.orchagent_zmq_port}`;
    if (this.#writers?.endpoint === endpoint) return;
    const before = this.#writers;
    const { sockets, stores, clock, emit } = this.#world;
    const { restoreOnRise } = this.#settings;
    const dpuApplDb = openStore(stores, "DPU_APPL_DB", `dpu${slot}`);
    const onCopyError = (table: AnyTable, error: UpdaterError): void => {
      // Of a Redis that does not answer somebody else tells.
      if (error.kind === "disconnected") return;
      const event = {
        kind: "storeFailed",
        where: `copies of ${table.name}`,
        detail: describeUpdaterError(error),
      } as const;
      emit({ kind: "runtime", slot, event });
    };
    const writers = new DpuWriters({ endpoint, sockets, dpuApplDb, clock, restore: restoreOnRise, onCopyError });
    this.#writers = writers;
    for (const [table, writer] of writers.writers) runtime.connectSink(table, writer);
    emit({ kind: "orchagent", slot, endpoint });
    await before?.[Symbol.asyncDispose]();
  }

  async #end(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    running?.questions[Symbol.dispose]();
    await running?.runtime[Symbol.asyncDispose]();
    await running?.edge[Symbol.asyncDispose]();
    await this.#writers?.[Symbol.asyncDispose]();
    this.#writers = undefined;
  }

  /** Said once until it changes: the configuration is read again and again. A running slot goes on with its last one. */
  #wait(reason: string): void {
    if (this.#running === undefined) this.#state = { kind: "waiting", reason };
    if (reason === this.#told) return;
    this.#told = reason;
    const what = this.#running === undefined ? reason : `${reason}; the last good configuration stays`;
    this.#world.emit({ kind: "waiting", slot: this.#settings.slot, reason: what });
  }
}
