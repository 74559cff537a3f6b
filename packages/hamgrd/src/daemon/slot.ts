import { type ActorRuntime, createRuntime, type StepRecords, type TableHub } from "@tandem/actor";
import type { Clock, CrashPoint, Random, Timer } from "@tandem/base";
import { millis } from "@tandem/base";
import { type Bus, type ConfigSource, dbConfig, nodePath, type SwbusConfig } from "@tandem/swbus";
import { type EdgeRuntime, type ServicePath, startEdge } from "@tandem/swbus/edge";
import type { Sockets, Stores } from "@tandem/swss";
import { hamgrdActors } from "../actors/hamgrd-actors.js";
import type { HamgrdSettings } from "../actors/settings.js";
import { Dpu, type DpuRow } from "../schema/dpu.js";
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
  readonly emit: (event: HamgrdEvent) => void;
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
  readonly #source: ConfigSource;
  readonly #unwatch: (() => void)[] = [];
  readonly #stop = new AbortController();
  #isReady: () => void = () => {};
  #state: SlotState = { kind: "waiting", reason: "the configuration" };
  #running: Running | undefined;
  #writers: DpuWriters | undefined;
  #gathering: Timer | undefined;
  #work: Promise<void> = Promise.resolve();
  #said = "";

  constructor(world: SlotWorld, settings: HamgrdSettings) {
    this.#world = world;
    this.#settings = settings;
    this.ready = new Promise((resolve) => {
      this.#isReady = resolve;
    });
    const configDb = openStore(world.stores, "CONFIG_DB");
    this.#source = dbConfig(configDb, settings.slot, world.clock);
    this.#unwatch.push(
      this.#source.watch(() => this.#later()),
      this.#watchDpus(),
    );
    this.#later();
  }

  get state(): SlotState {
    return this.#state;
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
    const feed = this.#world.hub.feed(Dpu, "");
    const reader = { onRow: () => this.#later(), onLoaded: () => this.#later() };
    feed.watchAll(reader, () => true);
    return () => feed.unwatchAll(reader);
  }

  #later(): void {
    if (this.#stop.signal.aborted) return;
    this.#gathering ??= this.#world.clock.setTimer(GATHER, () => {
      this.#gathering = undefined;
      this.#work = this.#work.then(() => this.#apply());
    });
  }

  async #apply(): Promise<void> {
    const reading = await this.#source.read();
    if (this.#stop.signal.aborted) return;
    for (const fault of reading.faults) this.#say({ kind: "fault", slot: this.#settings.slot, ...fault });
    if (reading.kind === "waiting") {
      // What runs goes on with the last good configuration.
      if (this.#running === undefined) this.#wait(reading.reason);
      return;
    }
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
    const { clock, random, stores, bus, hub, records, crashPoint, emit } = this.#world;
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
      onEvent: (event) => emit({ kind: "runtime", slot, event }),
    });
    this.#running = { config, edge, runtime };
    await this.#connectOrchagent(runtime);
    await runtime.start(this.#stop.signal);
    this.#state = { kind: "running", path: String(edge.basePath), orchagent: this.#writers?.endpoint };
    this.#said = "";
    emit({ kind: "ready", slot, path: String(edge.basePath) });
    this.#isReady();
  }

  /** Points the DPU's sinks to where its DPU row says that orchagent listens. */
  async #connectOrchagent(runtime: ActorRuntime): Promise<void> {
    const { slot } = this.#settings;
    const rows = [...this.#world.hub.feed(Dpu, "").rows().values()].map((cached) => cached.row as DpuRow);
    const row = rows.find((dpu) => dpu.dpu_id === slot);
    if (row === undefined) return;
    const endpoint = `tcp://${row.midplane_ipv4}:${row.orchagent_zmq_port}`;
    if (this.#writers?.endpoint === endpoint) return;
    const before = this.#writers;
    const { sockets, stores, clock, emit } = this.#world;
    const writers = new DpuWriters(endpoint, sockets, openStore(stores, "DPU_APPL_DB", `dpu${slot}`), clock);
    this.#writers = writers;
    for (const [table, writer] of writers.writers) runtime.connectSink(table, writer);
    emit({ kind: "orchagent", slot, endpoint });
    await before?.[Symbol.asyncDispose]();
  }

  async #end(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.runtime[Symbol.asyncDispose]();
    await running?.edge[Symbol.asyncDispose]();
    await this.#writers?.[Symbol.asyncDispose]();
    this.#writers = undefined;
  }

  #wait(reason: string): void {
    this.#state = { kind: "waiting", reason };
    this.#say({ kind: "waiting", slot: this.#settings.slot, reason });
  }

  /** Says a thing once until another is said: the configuration is read again and again. */
  #say(event: HamgrdEvent): void {
    const text = JSON.stringify(event);
    if (text === this.#said) return;
    this.#said = text;
    this.#world.emit(event);
  }
}
