import { unwrap } from "@tandem/base";
import {
  ConsumerStateTable,
  ConsumerTable,
  ProducerStateTable,
  ProducerTable,
  type Store,
  untilConnected,
} from "@tandem/swss";
import { redisStoresAt, startRedis } from "@tandem/swss/testing";
import { type Bench, type BenchRun, figureOf, inTurn, latencyFigures, latencyOf, rateOf } from "./bench-run.js";
import type { Figure } from "./figure.js";
import { encodeCommand, RawRedis } from "./floors/raw-redis.js";
import { findRedisBenchmark, redisBenchmark } from "./floors/redis-benchmark.js";
import { type ScriptCall, scriptCallOf } from "./floors/script-call.js";
import { sampleRow } from "./sample-row.js";

const ROWS = 64_000;
const LATENCIES = 3_000;

/** Commands that go out together, and rows that one pop takes. */
const BATCH = 128;
/** Batches that are under way at once: of one table, of a raw socket, or of redis-benchmark's clients. */
const LANES = 4;
/** Rows that one call of `setMany` writes, and such calls that are under way at once. */
const ROWS_A_CALL = 256;
const CALLS_AT_ONCE = 8;

const BENCHMARK = "redis-benchmark, same script and pipeline";
const RAW = "raw socket, commands encoded before";

/** Tables on a redis-server of our own, by its unix socket. */
export function swssBench(env: Readonly<Record<string, string | undefined>>): Bench {
  return { name: "swss", run: (run) => measure(run, findRedisBenchmark(env)) };
}

async function measure(run: BenchRun, benchmark: string | undefined): Promise<readonly Figure[]> {
  await using redis = await startRedis();
  await using producers = redisStoresAt(redis);
  await using consumers = redisStoresAt(redis);
  const world: World = {
    run,
    socket: redis.socket,
    benchmark,
    count: Math.ceil((ROWS * run.scale) / BATCH) * BATCH,
    producing: unwrap(producers.open({ db: "APPL_DB" })),
    consuming: unwrap(consumers.open({ db: "APPL_DB" })),
  };
  await Promise.all([untilConnected(world.producing), untilConnected(world.consuming)]);
  return [...(await measureStateTable(world)), ...(await measureQueue(world)), ...(await measureLatency(world))];
}

interface World {
  readonly run: BenchRun;
  readonly socket: string;
  /** The redis-benchmark program, where there is one. */
  readonly benchmark: string | undefined;
  /** Rows of one round. */
  readonly count: number;
  readonly producing: Store;
  readonly consuming: Store;
}

async function measureStateTable(world: World): Promise<readonly Figure[]> {
  const { producing, consuming, count } = world;
  const producer = new ProducerStateTable(producing, "BENCH_STATE_TABLE");
  await using consumer = new ConsumerStateTable(consuming, producer.name);
  const write = await scriptCallOf(producing, (store, key) =>
    new ProducerStateTable(store, producer.name).set(key, sampleRow(0)),
  );
  const pop = await scriptCallOf(consuming, async (store) => {
    await using other = new ConsumerStateTable(store, producer.name);
    return await other.pops(BATCH);
  });
  const fill = (): Promise<void> => setMany(producer, count);
  const measured = await inTurn(world.run, {
    set: () => timed(world, () => pipelined(count, (i) => producer.set(keyOf(i), sampleRow(i)))),
    many: () => timed(world, fill),
    pops: () => timed(world, () => popAll(consumer, count), fill),
    setBenchmark: () => benchmarked(world, write, { rows: count, rowsACall: 1, pipeline: BATCH, clients: LANES }),
    setRaw: () => rawRate(world, write),
    popsBenchmark: () => benchmarked(world, pop, { rows: count, rowsACall: BATCH, pipeline: 1, clients: 1 }, fill),
  });
  const setFloors = { [BENCHMARK]: defined(measured.setBenchmark), [RAW]: measured.setRaw };
  return [
    figureOf(measured.set, {
      what: `ProducerStateTable.set, ${LANES} × ${BATCH} under way`,
      unit: "rows/s",
      floors: setFloors,
      upstream: 61_000,
      targets: [{ timesFloor: 0.9 }],
    }),
    figureOf(measured.many, {
      what: `ProducerStateTable.setMany, ${ROWS_A_CALL} rows a call`,
      unit: "rows/s",
      floors: setFloors,
      upstream: 61_000,
      targets: [{ bound: 61_000 }],
    }),
    figureOf(measured.pops, {
      what: `ConsumerStateTable.pops, ${BATCH} rows a call`,
      unit: "rows/s",
      floors: { [BENCHMARK]: defined(measured.popsBenchmark) },
      upstream: 55_000,
      targets: [{ bound: 55_000 }],
    }),
  ];
}

async function measureQueue(world: World): Promise<readonly Figure[]> {
  const { producing, consuming, count } = world;
  const producer = new ProducerTable(producing, "BENCH_QUEUE");
  await using consumer = new ConsumerTable(consuming, producer.name);
  const enqueue = await scriptCallOf(producing, (store, key) =>
    new ProducerTable(store, producer.name).set(key, sampleRow(0)),
  );
  const pop = await scriptCallOf(consuming, async (store) => {
    await using other = new ConsumerTable(store, producer.name);
    return await other.pops(BATCH);
  });
  const set = (): Promise<void> => pipelined(count, (i) => producer.set(keyOf(i), sampleRow(i)));
  const measured = await inTurn(world.run, {
    set: () => timed(world, set),
    pops: () => timed(world, () => popAll(consumer, count), set),
    setBenchmark: () => benchmarked(world, enqueue, { rows: count, rowsACall: 1, pipeline: BATCH, clients: LANES }),
    setRaw: () => rawRate(world, enqueue),
    popsBenchmark: () => benchmarked(world, pop, { rows: count, rowsACall: BATCH, pipeline: 1, clients: 1 }, set),
  });
  return [
    figureOf(measured.set, {
      what: `ProducerTable.set, ${LANES} × ${BATCH} under way`,
      unit: "rows/s",
      floors: { [BENCHMARK]: defined(measured.setBenchmark), [RAW]: measured.setRaw },
      upstream: 37_000,
      targets: [{ timesFloor: 0.9 }],
    }),
    figureOf(measured.pops, {
      what: `ConsumerTable.pops, ${BATCH} rows a call`,
      unit: "rows/s",
      floors: { [BENCHMARK]: defined(measured.popsBenchmark) },
      upstream: 64_000,
      targets: [{ bound: 64_000 }],
    }),
  ];
}

async function measureLatency({ run, producing, consuming, socket }: World): Promise<readonly Figure[]> {
  const producer = new ProducerStateTable(producing, "BENCH_LATENCY");
  await using consumer = new ConsumerStateTable(consuming, producer.name);
  await consumer.untilSubscribed();
  let arrived = (): void => undefined;
  void (async () => {
    for await (const _changes of consumer) arrived();
  })();
  const [raw, call] = [`${producer.name}_RAW`, "key"];
  const write = await scriptCallOf(producing, (store, key) =>
    new ProducerStateTable(store, raw).set(key, sampleRow(0)),
  );
  const pop = await scriptCallOf(consuming, async (store) => {
    await using other = new ConsumerStateTable(store, raw);
    return await other.pops(BATCH);
  });
  const [writing, popping] = [write, pop].map((script) => encodeCommand(script.command(call))) as [Buffer, Buffer];
  using writer = await RawRedis.open(socket);
  using reader = await RawRedis.open(socket);
  using subscriber = await RawRedis.open(socket);
  await subscriber.exchange(encodeCommand(["SUBSCRIBE", `${raw}_CHANNEL@${producing.db.id}`]));
  const count = Math.ceil(LATENCIES * run.scale);
  const times = await inTurn(run, {
    table: () =>
      latencyOf(run, count, async () => {
        const there = new Promise<void>((resolve) => {
          arrived = resolve;
        });
        unwrap(await producer.set(call, sampleRow(0)));
        await there;
      }),
    raw: () =>
      latencyOf(run, count, async () => {
        const woken = subscriber.read();
        writer.write(writing);
        await woken;
        await reader.exchange(popping);
      }),
  });
  return latencyFigures(
    "set → pop through Redis",
    times.table,
    { "raw sockets, same scripts": times.raw },
    {
      p50: { upstream: 88, targets: [{ bound: 150 }] },
      p99: { upstream: 214, targets: [{ bound: 500 }] },
    },
  );
}

/** Rows a second of `work` on an empty database, after `before`. */
async function timed(world: World, work: () => Promise<void>, before?: () => Promise<void>): Promise<number> {
  unwrap(await world.producing.command(["FLUSHALL"]));
  await before?.();
  return await rateOf(world.run, world.count, work);
}

interface BenchmarkShape {
  readonly rows: number;
  readonly rowsACall: number;
  readonly pipeline: number;
  readonly clients: number;
}

/** Rows a second by redis-benchmark; `undefined` without it. */
async function benchmarked(
  { producing, socket, benchmark }: World,
  call: ScriptCall,
  { rows, rowsACall, pipeline, clients }: BenchmarkShape,
  before?: () => Promise<void>,
): Promise<number | undefined> {
  if (benchmark === undefined) return undefined;
  unwrap(await producing.command(["FLUSHALL"]));
  await before?.();
  const calls = await redisBenchmark(benchmark, call, { socket, count: rows / rowsACall, pipeline, clients });
  return calls * rowsACall;
}

async function rawRate(world: World, call: ScriptCall): Promise<number> {
  using socket = await RawRedis.open(world.socket);
  const batches = Array.from({ length: world.count / BATCH }, (_, batch) =>
    Buffer.concat(Array.from({ length: BATCH }, (_, i) => encodeCommand(call.command(keyOf(batch * BATCH + i))))),
  );
  return await timed(world, () => socket.pipeline(batches, BATCH, LANES));
}

/** Calls that share round trips: `LANES` times `BATCH` of them are under way. */
async function pipelined(count: number, call: (i: number) => Promise<Parameters<typeof unwrap>[0]>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const batch = Array.from({ length: BATCH }, (_, i) => call(next + i));
      next += BATCH;
      for (const result of await Promise.all(batch)) unwrap(result);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

async function setMany(table: ProducerStateTable, count: number): Promise<void> {
  const underWay: ReturnType<typeof table.setMany>[] = [];
  for (let i = 0; i < count; i += ROWS_A_CALL) {
    const length = Math.min(ROWS_A_CALL, count - i);
    underWay.push(table.setMany(Array.from({ length }, (_, j) => [keyOf(i + j), sampleRow(i)] as const)));
    if (underWay.length >= CALLS_AT_ONCE) unwrap((await underWay.shift()) as Awaited<(typeof underWay)[number]>);
  }
  for (const result of await Promise.all(underWay)) unwrap(result);
}

async function popAll(table: ConsumerStateTable | ConsumerTable, count: number): Promise<void> {
  for (let popped = 0; popped < count; ) popped += unwrap(await table.pops(BATCH)).length;
}

/** As long as the keys of redis-benchmark. */
function keyOf(i: number): string {
  return `k${String(i).padStart(12, "0")}`;
}

function defined(values: readonly (number | undefined)[]): readonly number[] {
  return values.filter((value) => value !== undefined);
}
