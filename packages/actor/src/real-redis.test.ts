import { systemClock, systemRandom } from "@tandem/base";
import { parseServicePath, startEdge } from "@tandem/swbus/edge";
import { ProducerStateTable, type Store, type Stores, Table, untilConnected } from "@tandem/swss";
import { type RedisServer, redisStoresAt, startRedis } from "@tandem/swss/testing";
import { expect, test } from "vitest";
import { producerStateWriter, tableWriter } from "./bridge/row-writers.js";
import { TableHub } from "./bridge/table-hub.js";
import { type ActorRuntime, createRuntime } from "./runtime.js";
import { StepRecords } from "./step-records.js";
import { exampleActors, LinkState, PortTable, RouteTable } from "./testing/example-actors.js";
import { NO_BUS } from "./testing/no-bus.js";

/** Both the host's and the DPU's databases on one server. */
class OneServer implements Stores {
  readonly #stores: Stores;
  constructor(server: RedisServer) {
    this.#stores = redisStoresAt(server);
  }
  open({ db }: { readonly db: string }) {
    return this.#stores.open({ db });
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stores[Symbol.asyncDispose]();
  }
}

function storeOf(stores: Stores, db: string): Store {
  const store = stores.open({ db });
  if (!store.ok) throw new Error(`no ${db}`);
  return store.value;
}

/** Resolves when a row has been written or deleted. */
function rowEvent(store: Store, key: string, event: string): Promise<void> {
  return new Promise((resolve) => {
    void store.psubscribe(`__keyspace@${store.db.id}__:${key}`, (message) => {
      if (message === event) resolve();
    });
  });
}

test("two slots of one process on a real Redis: rows, ledgers apart, restart, clean removal", async () => {
  await using server = await startRedis();
  await using stores = new OneServer(server);
  const config = storeOf(stores, "CONFIG_DB");
  const state = storeOf(stores, "STATE_DB");
  await Promise.all([config, state].map((store) => untilConnected(store)));
  await config.command(["CONFIG", "SET", "notify-keyspace-events", "KEA"]);
  const hub = new TableHub({ stores, clock: systemClock });
  const records = new StepRecords();
  const start = async (slot: string): Promise<readonly [ActorRuntime, AsyncDisposable]> => {
    const basePath = parseServicePath(`r.c.host-${slot}/hamgrd/0`);
    const edge = startEdge({
      bus: NO_BUS,
      clock: systemClock,
      random: systemRandom,
      endpoint: "127.0.0.1:1",
      basePath,
      type: "inNode",
    });
    const runtime = createRuntime({
      slot,
      container: slot,
      edge,
      stores,
      clock: systemClock,
      random: systemRandom,
      actors: exampleActors,
      sinks: [
        { table: PortTable, writer: tableWriter(new Table(storeOf(stores, "DPU_APPL_DB"), PortTable.name)) },
        {
          table: RouteTable,
          writer: producerStateWriter(new ProducerStateTable(storeOf(stores, "APPL_DB"), RouteTable.name)),
        },
      ],
      hub,
      records,
    });
    await runtime.start();
    return [runtime, edge];
  };
  const stop = async ([runtime, edge]: readonly [ActorRuntime, AsyncDisposable]): Promise<void> => {
    await runtime[Symbol.asyncDispose]();
    await edge[Symbol.asyncDispose]();
  };
  const first = await start("dpu0");
  const second = await start("dpu1");
  const linked = rowEvent(state, "LINK_STATE|l0", "hset");
  await config.pipeline([
    ["HSET", "PORT_CONFIG|p0", "peer", "p1"],
    ["HSET", "LINK_CONFIG|l0", "ports", "p0"],
  ]);
  await linked;
  await allSettled([first[0], second[0]]);
  expect(await state.command(["HGETALL", "LINK_STATE|l0"])).toEqual({
    ok: true,
    value: ["up", "false", "changes", "0"],
  });
  const ledgers = await state.command(["KEYS", "TANDEM_LEDGER|*"]);
  expect(ledgers.ok && (ledgers.value as readonly string[]).toSorted()).toEqual([
    "TANDEM_LEDGER|dpu0|link|l0",
    "TANDEM_LEDGER|dpu0|port|p0",
    "TANDEM_LEDGER|dpu1|link|l0",
    "TANDEM_LEDGER|dpu1|port|p0",
  ]);
  await stop(first);
  await stop(second);
  // While nobody runs, the link goes.
  await config.command(["DEL", "LINK_CONFIG|l0"]);
  const unlinked = rowEvent(state, "LINK_STATE|l0", "del");
  const again = await start("dpu0");
  await unlinked;
  await allSettled([again[0]]);
  expect(again[0].actors().map(({ type, id }) => `${type}/${id}`)).toEqual(["port/p0"]);
  expect(await state.command(["EXISTS", "TANDEM_LEDGER|dpu0|link|l0", LinkState.name])).toEqual({ ok: true, value: 0 });
  await stop(again);
  await hub[Symbol.asyncDispose]();
});

/** Looks again after each round of the event loop; the runner's own limit ends it. */
async function allSettled(runtimes: readonly ActorRuntime[]): Promise<void> {
  while (!runtimes.every((runtime) => runtime.settled)) await new Promise((resolve) => setImmediate(resolve));
}
