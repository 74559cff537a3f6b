import { setImmediate } from "node:timers/promises";
import { unwrap } from "@tandem/base";
import {
  encodeMessage,
  type Sockets,
  type Store,
  ZmqClient,
  ZmqConsumerStateTable,
  ZmqProducerStateTable,
  ZmqServer,
  zmqSockets,
} from "@tandem/swss";
import { ZMQ_DB, ZMQ_TABLE } from "./bench-names.js";
import { type Bench, type BenchRun, figureOf, inTurn, latencyFigures, latencyOf, rateOf } from "./bench-run.js";
import { storesInName } from "./bench-store.js";
import { Child } from "./child-process.js";
import type { Figure } from "./figure.js";
import { plainPull, plainPush } from "./floors/plain-zeromq.js";
import { sampleRow } from "./sample-row.js";

const ROWS = 100_000;
const LATENCIES = 3_000;

/** Rows that are sent before the event loop gets its turn. */
const AT_ONCE = 500;
const ROWS_IN_MESSAGE = 100;

/** State tables by ZMQ, without copies in Redis; the receiver is a process of its own, but not for latency. */
export const zmqBench: Bench = { name: "zmq", run: measure };

async function measure(run: BenchRun): Promise<readonly Figure[]> {
  await using stores = storesInName();
  const store = unwrap(stores.open(ZMQ_DB));
  await using sockets = zmqSockets();
  await using receiver = await Child.start("zmqTable");
  await using puller = await Child.start("plainPull");
  await using client = await connected(sockets, receiver.address);
  await using producer = new ZmqProducerStateTable(store, ZMQ_TABLE, client, { dbPersistence: false });
  using push = plainPush(puller.address);
  const count = Math.ceil((ROWS * run.scale) / AT_ONCE) * AT_ONCE;
  const message = unwrap(encodeMessage(producer.db, ZMQ_TABLE, [entryOf(0)]));

  const rates = await inTurn(run, {
    rows: () =>
      rateOf(run, count, async () => {
        const arrived = receiver.counted(count);
        for (let i = 0; i < count; i += AT_ONCE) {
          const sent = Array.from({ length: AT_ONCE }, (_, j) => producer.set(`key${i + j}`, sampleRow(i)));
          for (const result of await Promise.all(sent)) unwrap(result);
          await setImmediate();
        }
        await arrived;
      }),
    many: () =>
      rateOf(run, count, async () => {
        const arrived = receiver.counted(count);
        for (let i = 0; i < count; i += ROWS_IN_MESSAGE) {
          const rows = Array.from({ length: ROWS_IN_MESSAGE }, (_, j) => [`key${i + j}`, sampleRow(i)] as const);
          unwrap(await producer.setMany(rows));
        }
        await arrived;
      }),
    plain: () =>
      rateOf(run, count, async () => {
        const arrived = puller.counted(count);
        for (let i = 0; i < count; i++) await push.send(message);
        await arrived;
      }),
  });
  const floors = { "zeromq, the same messages one by one": rates.plain };
  return [
    figureOf(rates.rows, {
      what: "ZMQ state table, a row a call, two processes",
      unit: "rows/s",
      floors,
      upstream: 160_000,
      targets: [{ bound: 120_000 }],
    }),
    figureOf(rates.many, {
      what: `ZMQ state table, ${ROWS_IN_MESSAGE} rows a call, two processes`,
      unit: "rows/s",
      floors,
      upstream: 160_000,
      targets: [{ bound: 120_000 }],
    }),
    ...(await measureLatency(run, store, sockets, message)),
  ];
}

async function measureLatency(
  run: BenchRun,
  store: Store,
  sockets: Sockets,
  message: Uint8Array,
): Promise<readonly Figure[]> {
  await using server = new ZmqServer(sockets, "tcp://127.0.0.1:*");
  await using consumer = new ZmqConsumerStateTable(store, ZMQ_TABLE, server);
  unwrap(await server.bind());
  await using client = await connected(sockets, server.endpoint);
  await using producer = new ZmqProducerStateTable(store, ZMQ_TABLE, client, { dbPersistence: false });
  let arrived = (): void => undefined;
  void (async () => {
    for await (const _changes of consumer) arrived();
  })();
  using pull = await plainPull(() => arrived());
  using push = plainPush(pull.endpoint);
  const arrival = (): Promise<void> =>
    new Promise((resolve) => {
      arrived = resolve;
    });
  const count = Math.ceil(LATENCIES * run.scale);
  const times = await inTurn(run, {
    table: () =>
      latencyOf(run, count, async () => {
        const there = arrival();
        unwrap(await producer.set("key", sampleRow(0)));
        await there;
      }),
    plain: () =>
      latencyOf(run, count, async () => {
        const there = arrival();
        await push.send(message);
        await there;
      }),
  });
  return latencyFigures(
    "ZMQ set → row taken, one process",
    times.table,
    { "zeromq, the same message": times.plain },
    { p50: { upstream: 40, targets: [{ timesFloor: 1.5 }] }, p99: { targets: [{ timesFloor: 1.5 }] } },
  );
}

function entryOf(version: number) {
  return { key: `key${version}`, op: "SET", fieldValues: sampleRow(version) } as const;
}

/** A client whose server is there: before that it would take few messages only. */
async function connected(sockets: Sockets, endpoint: string): Promise<ZmqClient> {
  const client = new ZmqClient(sockets, endpoint);
  await new Promise<void>((resolve) => client.onConnect(resolve));
  return client;
}
