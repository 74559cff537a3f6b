import { setImmediate } from "node:timers/promises";
import { CleanUp, unwrap } from "@tandem/base";
import { untilConnected } from "@tandem/swss";
import { redisStoresAt, startRedis } from "@tandem/swss/testing";
import { type BenchRun, figureOf, inTurn, rateOf } from "../bench-run.js";
import type { Figure } from "../figure.js";
import { openClient } from "./ends.js";
import { Lane, LanePlace } from "./lane.js";
import { QueueFloor, StreamFloor } from "./redis-floors.js";
import { requestMany, requestOne } from "./requests.js";

const REQUESTS = 20_480;

const SAME_SCRIPTS = "redis-benchmark, the same two scripts";
const SAME_SCRIPT = "redis-benchmark, same script and pipeline";
const RAW_COMMANDS = "redis-benchmark: XADD, XREADGROUP, XACK, XADD, XREAD";

/** What profiles say of two cores; CPU of each process, over many requests. */
const LIST_WHY =
  "client, Redis and server take 8, 9 and 9 µs of CPU a request, on two cores; the floor is two processes in C, one after the other";
const STREAMS_WHY =
  "client, Redis and server take 14 µs of CPU a request each, so that two cores end near 47 k; of Redis' the half is its scripts, which keep one order, bounds and once over both streams";
const GRPC_WHY =
  "client and server take 14 µs of CPU a request each, a core for both ends; it needs both cores to itself";

/** How many requests go through in a second, 1,000 under way; one way where nobody is answered. */
export async function rates(run: BenchRun, benchmark: string | undefined): Promise<readonly Figure[]> {
  await using lanes = new CleanUp();
  const lane = async (...what: Parameters<typeof Lane.start>) => lanes.use(await Lane.start(...what));
  const alone = lanes.use(await LanePlace.make("list-pubsub", "async"));
  const enqueuing = lanes.use(await openClient(alone.place, lanes));
  await using stores = redisStoresAt({ socket: alone.place.socket });
  const store = unwrap(stores.open({ db: "ASIC_DB" }));
  await untilConnected(store);
  const redis = lanes.use(await startRedis());
  const queue = benchmark === undefined ? undefined : lanes.use(await QueueFloor.open(redis, benchmark));
  const stream = benchmark === undefined ? undefined : lanes.use(await StreamFloor.open(redis, benchmark));
  const list = await lane("list-pubsub", "async");
  const streams = await lane("streams", "sync");
  const grpc = await lane("grpc", "sync");
  const direct = await lane("grpc-queue", "async");
  const zmq = await lane("zmq", "sync");
  const shm = await lane("shm", "sync");
  const oneWayShm = await lane("shm", "async");
  const count = Math.ceil((REQUESTS * run.scale) / 1024) * 1024;
  const answered =
    ({ client }: Lane, times = 1) =>
    () =>
      rateOf(run, count * times, () => requestMany(client, count * times));
  const executed =
    ({ client, server }: Lane, times = 1) =>
    () =>
      rateOf(run, count * times, async () => {
        const there = server.counted(count * times);
        await requestMany(client, count * times);
        await there;
      });
  const measured = await inTurn(run, {
    enqueue: async () => {
      const rate = await rateOf(run, count, () => requestMany(enqueuing, count));
      unwrap(await store.command(["DEL", "ASIC_STATE_KEY_VALUE_OP_QUEUE"]));
      return rate;
    },
    list: executed(list),
    enqueueFloor: async () => queue?.enqueue(count),
    popFloor: async () => queue?.pop(count),
    streams: answered(streams),
    streamFloor: async () => stream?.rate(count),
    grpc: answered(grpc, 2),
    direct: executed(direct, 2),
    zmq: () => rateOf(run, count / 4, () => inLockstep(zmq, count / 4)),
    shm: answered(shm, 2),
    oneWayShm: executed(oneWayShm, 2),
  });
  const enqueueFloor = defined(measured.enqueueFloor);
  const both = enqueueFloor.map((rate, i) => 1 / (1 / rate + 1 / (measured.popFloor[i] as number)));
  const figure = (what: string, rounds: readonly number[], more: Partial<Parameters<typeof figureOf>[1]> = {}) =>
    figureOf(rounds, { what, unit: "req/s", ...more });
  return [
    figure("list-pubsub: enqueued, nobody takes them", measured.enqueue, {
      floors: { [SAME_SCRIPT]: enqueueFloor },
      targets: [{ bound: 60_000 }],
    }),
    figure("list-pubsub: one way, executed", measured.list, {
      floors: { [SAME_SCRIPTS]: both },
      targets: [{ timesFloor: 0.8, why: LIST_WHY }],
    }),
    figure("streams: executed and answered", measured.streams, {
      floors: { [RAW_COMMANDS]: defined(measured.streamFloor) },
      targets: [{ timesFloor: 0.7, why: STREAMS_WHY }],
    }),
    figure("grpc: executed and answered", measured.grpc),
    figure("grpc, async behind a queue: one way, executed", measured.direct, {
      targets: [{ bound: 60_000, why: GRPC_WHY }],
    }),
    figure("zmq: executed and answered, one at a time", measured.zmq),
    figure("shm: executed and answered", measured.shm),
    figure("shm: one way, executed", measured.oneWayShm),
  ];
}

/** As upstream's wire has it: one request, its reply, the next one. */
async function inLockstep({ client }: Lane, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await requestOne(client);
  await setImmediate();
}

function defined(values: readonly (number | undefined)[]): readonly number[] {
  return values.filter((value) => value !== undefined);
}
