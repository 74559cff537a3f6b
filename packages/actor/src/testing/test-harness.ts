import { type CrashPoint, type Millis, noCrash, type Random, seconds, seededRandom } from "@tandem/base";
import { settle, VirtualClock } from "@tandem/base/testing";
import { type EdgeOptions, type EdgeRuntime, parseServicePath, type ServicePath, startEdge } from "@tandem/swbus/edge";
import { type AnyTable, describeStoreError, type Fields, ProducerStateTable, type Store, Table } from "@tandem/swss";
import { MemoryRedis, MemoryStores } from "@tandem/swss/testing";
import { producerStateWriter, tableWriter } from "../bridge/row-writers.js";
import type { AnyActor } from "../define-actor.js";
import { BRIDGE_TYPE } from "../envelope.js";
import { type ActorRuntime, createRuntime } from "../runtime.js";
import type { RuntimeEvent } from "../runtime-event.js";
import type { Sink } from "../runtime-options.js";
import { FakeService } from "./fake-service.js";
import { NO_BUS } from "./no-bus.js";

export interface HarnessOptions {
  readonly actors: readonly AnyActor[];
  /** Tables with a producer bridge, and how it writes; a `fake` one is played by the test with `bridge`. */
  readonly sinks?: readonly { readonly table: AnyTable; readonly kind: SinkKind }[];
  /** Default `dpu0`; names the runtime's rows and its container. */
  readonly slot?: string;
  /** Default `region-a.cluster-a.host-dpu0/hamgrd/0`. */
  readonly basePath?: string;
  readonly seed?: number;
  readonly crashPoint?: CrashPoint;
  /** Default: nobody answers, everything stays within the process. */
  readonly bus?: EdgeOptions["bus"];
  readonly traceEvery?: number;
  /** The world of an earlier harness, for a restart: its clock and its Redis. */
  readonly world?: World;
}

/** `fake`: the test plays the bridge. `unconnected`: nobody writes until `connect`. */
export type SinkKind = "producerState" | "table" | "fake" | "unconnected";

/** What outlives a process. */
export interface World {
  readonly clock: VirtualClock;
  readonly random: Random;
  /** The host's databases. */
  readonly redis: MemoryRedis;
  /** The databases of the slot's DPU. */
  readonly dpuRedis: MemoryRedis;
}

/**
 * One runtime in virtual time with Redis in memory and no swbusd. Tests write and read rows, and play bridges and other
 * actors at any path of the service.
 */
export class TestHarness implements AsyncDisposable {
  readonly world: World;
  readonly stores: MemoryStores;
  readonly edge: EdgeRuntime;
  readonly runtime: ActorRuntime;
  /** Everything that the runtime reported. */
  readonly events: RuntimeEvent[] = [];
  readonly slot: string;
  readonly #fakes = new Map<string, FakeService>();

  private constructor(options: HarnessOptions) {
    const slot = options.slot ?? "dpu0";
    this.slot = slot;
    this.world = options.world ?? newWorld(options.seed ?? 1);
    const { clock, random, redis, dpuRedis } = this.world;
    this.stores = new MemoryStores({
      clock,
      random,
      servers: [{ redis }, { redis: dpuRedis, container: slot }],
    });
    const basePath = parseServicePath(options.basePath ?? `region-a.cluster-a.host-${slot}/hamgrd/0`);
    this.edge = startEdge({
      bus: options.bus ?? NO_BUS,
      clock,
      random,
      endpoint: "127.0.0.1:1",
      basePath,
      type: "inNode",
    });
    const sinks = (options.sinks ?? []).map(({ table, kind }): Sink => ({ table, writer: this.#writer(table, kind) }));
    this.runtime = createRuntime({
      slot,
      container: slot,
      edge: this.edge,
      stores: this.stores,
      clock,
      random,
      actors: options.actors,
      sinks,
      crashPoint: options.crashPoint ?? noCrash,
      ...(options.traceEvery !== undefined && { traceEvery: options.traceEvery }),
      onEvent: (event) => this.events.push(event),
    });
    for (const { table, kind } of options.sinks ?? []) if (kind === "fake") this.bridge(table);
  }

  /** Resolves when the runtime follows its tables. */
  static async start(options: HarnessOptions): Promise<TestHarness> {
    const harness = new TestHarness(options);
    await harness.world.clock.run(harness.runtime.start(), seconds(10));
    await settle();
    return harness;
  }

  get clock(): VirtualClock {
    return this.world.clock;
  }

  /** The path of an actor of this service. */
  actor(type: string, id: string): ServicePath {
    return this.edge.basePath.withResource(type, id);
  }

  /** Plays whoever is at `<base>/<type>/<id>`. */
  service(type: string, id: string): FakeService {
    const name = `${type}/${id}`;
    let fake = this.#fakes.get(name);
    if (fake === undefined) {
      fake = new FakeService(this.edge, this.clock, this.actor(type, id));
      this.#fakes.set(name, fake);
    }
    return fake;
  }

  /** Plays the bridge of a table: of its rows on their way to actors, and of those that actors write to a fake sink. */
  bridge(table: AnyTable): FakeService {
    return this.service(BRIDGE_TYPE, table.id);
  }

  /** Names a new writer for a sink. */
  connect(table: AnyTable, kind: SinkKind): void {
    this.runtime.connectSink(table, this.#writer(table, kind));
  }

  /** Writes a row into Redis as another program would: exactly these fields. */
  async write(table: AnyTable, key: string, fields: Fields): Promise<void> {
    const store = await this.#connected(table);
    const redisKey = redisKeyOf(table, key);
    const written = await store.multi([
      ["DEL", redisKey],
      ["HSET", redisKey, ...Object.entries(fields).flat()],
    ]);
    if (!written.ok) throw new Error(describeStoreError(written.error));
    await settle();
  }

  /** Sets fields of a row; others stay. */
  async update(table: AnyTable, key: string, fields: Fields): Promise<void> {
    const flat = Object.entries(fields).flat();
    const store = await this.#connected(table);
    const written = await store.command(["HSET", redisKeyOf(table, key), ...flat]);
    if (!written.ok) throw new Error(describeStoreError(written.error));
    await settle();
  }

  async remove(table: AnyTable, key: string): Promise<void> {
    const store = await this.#connected(table);
    await store.command(["DEL", redisKeyOf(table, key)]);
    await settle();
  }

  /** The row in Redis; of a sink written through a state table, also one that no consumer has popped. */
  async row(table: AnyTable, key: string): Promise<Fields | undefined> {
    const redisKey = redisKeyOf(table, key);
    return (await this.#hash(table, redisKey)) ?? (await this.#hash(table, `_${redisKey}`));
  }

  store(table: Pick<AnyTable, "db">): Store {
    const container = table.db.startsWith("DPU_") ? this.slot : "";
    const store = this.stores.open({ db: table.db, container });
    if (!store.ok) throw new Error(`no database ${table.db}`);
    return store.value;
  }

  /** Lets time pass until the runtime has nothing under way; throws after `limit`. */
  async rest(limit: Millis = seconds(10)): Promise<void> {
    await settle();
    if (!(await this.clock.advanceUntil(() => this.runtime.settled, limit))) {
      throw new Error(`still busy after ${limit} ms: ${JSON.stringify(this.runtime.actors())}`);
    }
  }

  /** The process dies: nothing that it began is finished. Its world can be given to a new harness. */
  kill(): World {
    this.stores.abandon();
    return this.world;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ends = Promise.all([this.runtime[Symbol.asyncDispose](), this.edge[Symbol.asyncDispose]()]);
    await this.clock.run(ends, seconds(10));
    await this.stores[Symbol.asyncDispose]();
  }

  #writer(table: AnyTable, kind: SinkKind): Sink["writer"] {
    switch (kind) {
      case "producerState":
        return producerStateWriter(new ProducerStateTable(this.store(table), table.name));
      case "table":
        return tableWriter(new Table(this.store(table), table.name));
      case "fake":
      case "unconnected":
        return undefined;
    }
  }

  async #connected(table: AnyTable): Promise<Store> {
    const store = this.store(table);
    await this.clock.advanceUntil(() => store.connected, seconds(5));
    return store;
  }

  async #hash(table: AnyTable, redisKey: string): Promise<Fields | undefined> {
    const store = await this.#connected(table);
    const reply = await store.command(["HGETALL", redisKey]);
    if (!reply.ok) throw new Error(describeStoreError(reply.error));
    const flat = reply.value as readonly string[];
    if (flat.length === 0) return undefined;
    const fields: Record<string, string> = {};
    for (let i = 0; i < flat.length; i += 2) fields[flat[i] as string] = flat[i + 1] as string;
    return fields;
  }
}

function newWorld(seed: number): World {
  const clock = new VirtualClock();
  const random = seededRandom(seed);
  const redis = new MemoryRedis({ clock, random, name: "host" });
  return { clock, random, redis, dpuRedis: new MemoryRedis({ clock, random, name: "dpu" }) };
}

function redisKeyOf(table: AnyTable, key: string): string {
  return `${table.name}${table.separator}${key}`;
}
