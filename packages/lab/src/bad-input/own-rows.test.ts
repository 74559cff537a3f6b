import assert from "node:assert/strict";
import { seconds, unwrap } from "@tandem/base";
import type { Command, Reply, Store } from "@tandem/swss";
import { test } from "vitest";
import { NOT_UTF8 } from "../testing/bad-rows.js";
import { WatchedCluster } from "../testing/watched-cluster.js";

const HAMGRD = "sw0_dpu0.hamgrd";

/** Keys of what hamgrd keeps for itself: ledgers and memories of its actors. */
async function ownKeys(world: WatchedCluster, store: Store, table: string): Promise<readonly string[]> {
  const keys = unwrap(await world.run(store.command(["KEYS", `${table}|*`]))) as readonly Reply[];
  return keys as readonly string[];
}

const SPOILS: readonly { readonly what: string; readonly spoil: (key: string) => readonly Command[] }[] = [
  { what: "text that is no JSON", spoil: (key) => [["HSET", key, "memory", "{"]] },
  { what: "JSON of another shape", spoil: (key) => [["HSET", key, "memory", '{"watch":7,"current":[],"owner":{}}']] },
  { what: "bytes that are no text", spoil: (key) => [["HSET", key, "memory", NOT_UTF8]] },
  {
    what: "no such field",
    spoil: (key) => [
      ["DEL", key],
      ["HSET", key, "colour", "blue"],
    ],
  },
  {
    what: "a key that holds no row",
    spoil: (key) => [
      ["DEL", key],
      ["SET", key, "text"],
    ],
  },
];

for (const { what, spoil } of SPOILS)
  test(`memories that are ${what}: the next hamgrd starts without them, and everything that stands stays`, async () => {
    await using world = await WatchedCluster.start();
    const before = world.outputs();
    const store = world.store(world.sw0, "STATE_DB");
    const daemon = world.daemon(HAMGRD);
    await world.host.killDaemon(daemon);
    const keys = await ownKeys(world, store, "TANDEM_MEMORY");
    assert(keys.length > 2);
    for (const key of keys) unwrap(await world.run(store.multi(spoil(key))));
    await world.restart(daemon);
    await world.pass(seconds(60));
    const lasting =
      / (?:creation_time_in_ms|\w+_update_time_in_ms|\w+_last_updated_time_in_ms|pending_operation_\w+): /;
    assert.deepEqual(
      world.changes(before).filter((text) => !lasting.test(text)),
      [],
    );
    const crashed = world.hamgrdEvents.filter((event) => event.kind === "runtime" && event.event.kind === "crashed");
    assert.deepEqual(crashed, []);
  });

test("ledgers of nonsense: each entry is told, nothing that stands is deleted, and what is ours is kept", async () => {
  await using world = await WatchedCluster.start();
  const before = world.outputs();
  const store = world.store(world.sw0, "STATE_DB");
  const daemon = world.daemon(HAMGRD);
  await world.host.killDaemon(daemon);
  const [ledger] = [...(await ownKeys(world, store, "TANDEM_LEDGER"))].sort();
  assert(ledger !== undefined);
  const nonsense = ["nothing", "", "CONFIG_DB|DPU|sw0_dpu0", "NO_DB|T|k", NOT_UTF8, "APPL_DB|VNET_ROUTE_TUNNEL_TABLE"];
  for (const field of nonsense) unwrap(await world.run(store.command(["HSET", ledger, field, "1 0 0"])));
  unwrap(await world.run(store.command(["SET", "TANDEM_LEDGER|dpu0|ha-set|odd", "text"])));
  unwrap(await world.run(store.command(["HSET", "TANDEM_LEDGER|dpu0|no-such-type|x", "a", "b"])));
  await world.restart(daemon);
  await world.pass(seconds(60));
  assert.deepEqual(world.changes(before), []);
  const told = world.hamgrdEvents.flatMap((event) =>
    event.kind === "runtime" && event.event.kind === "foreignLedger" ? [event.event.row] : [],
  );
  assert.deepEqual([...told].sort(), [...nonsense].sort());
  assert(await world.get(world.sw0, "CONFIG_DB", "DPU", "sw0_dpu0"));
});
