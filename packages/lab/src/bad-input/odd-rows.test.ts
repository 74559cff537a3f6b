import assert from "node:assert/strict";
import { type Result, seconds, unwrap } from "@tandem/base";
import { DashHaScopeConfig, DashHaSetConfig } from "@tandem/hamgrd";
import type { DatabaseName, Fields } from "@tandem/swss";
import { test } from "vitest";
import { but, NOT_UTF8 } from "../testing/bad-rows.js";
import { WatchedCluster } from "../testing/watched-cluster.js";

const HAMGRD = "sw0_dpu0.hamgrd";
const SWBUSD = "sw0_dpu0.swbusd";
const WHILE = seconds(12);

const crashes = (world: WatchedCluster): number =>
  world.hamgrdEvents.filter((event) => event.kind === "runtime" && event.event.kind === "crashed").length;

/** Rows that make actors, each with a key in a running pair. */
const ACTOR_ROWS: readonly (readonly [DatabaseName, table: string, key: string, change: Fields])[] = [
  ["CONFIG_DB", "DPU", "sw0_dpu0", { dpu_id: "7", swbus_port: "23999" }],
  ["CONFIG_DB", "REMOTE_DPU", "sw1_dpu0", { dpu_id: "7", swbus_port: "23999" }],
  ["CONFIG_DB", "VDPU", "vdpu0-0", {}],
  ["APPL_DB", "DASH_HA_SET_CONFIG_TABLE", "haset0-0", { vip_v4: "3.9.9.9" }],
  ["APPL_DB", "DASH_HA_SCOPE_CONFIG_TABLE", "vdpu0-0:haset0-0", {}],
];

function plainFields(name: string, row: Fields): Fields {
  const table = [DashHaSetConfig, DashHaScopeConfig].find((candidate) => candidate.name === name);
  return table === undefined ? row : table.encodePlain(unwrap(table.decode(row) as Result<never, unknown>));
}

const ODD_KEYS = ["a/b", "a b", "a:b", "a|b", ":", "ü", NOT_UTF8, "..", "\n", "-".repeat(3000)];

for (const [db, table, key, change] of ACTOR_ROWS)
  test(`${table}: keys that nobody expects make actors that come and go, and disturb nobody`, async () => {
    await using world = await WatchedCluster.start();
    const before = world.outputs();
    const good = await world.get(world.sw0, db, table, key);
    const row = but(change)(plainFields(table, good ?? {}));
    for (const odd of ODD_KEYS) await world.put(world.sw0, db, table, odd, row);
    await world.pass(WHILE);
    assert.deepEqual(
      world.changes(before).filter((text) => !text.endsWith(": new")),
      [],
    );
    for (const odd of ODD_KEYS) await world.put(world.sw0, db, table, odd, undefined);
    await world.pass(seconds(60));
    assert.deepEqual(world.changes(before), []);
    assert.equal(crashes(world), 0);
  });

test("a key that holds no row is one error that names it, and makes nothing", async () => {
  await using world = await WatchedCluster.start();
  const before = world.outputs();
  const store = world.store(world.sw0, "APPL_DB");
  unwrap(await world.run(store.command(["SET", "DASH_HA_SET_CONFIG_TABLE:text", "no row"])));
  await world.pass(WHILE);
  assert.deepEqual(world.lines(HAMGRD), [
    "error: switch: APPL_DB|DASH_HA_SET_CONFIG_TABLE: APPL_DB: HGETALL DASH_HA_SET_CONFIG_TABLE:text refused: WRONGTYPE Operation against a key holding the wrong kind of value; tried again until it works",
  ]);
  assert.deepEqual(world.changes(before), []);
  unwrap(await world.run(store.command(["DEL", "DASH_HA_SET_CONFIG_TABLE:text"])));
  await world.pass(WHILE);
  assert.deepEqual(world.said, []);
});

test("two DPU rows with one dpu_id: the one that a vDPU names counts, the other is refused by name", async () => {
  await using world = await WatchedCluster.start();
  const before = world.outputs();
  const good = await world.get(world.sw0, "CONFIG_DB", "DPU", "sw0_dpu0");
  const twin = but({ pa_ipv4: "18.9.9.9", midplane_ipv4: "10.0.9.9", swbus_port: "23999" })(good ?? {});
  await world.put(world.sw0, "CONFIG_DB", "DPU", "another", twin);
  await world.pass(WHILE);
  assert.deepEqual(world.lines(HAMGRD), [
    "warning: dpu0: dpu/another: refused: CONFIG_DB DPU: another and sw0_dpu0 all have dpu_id 0, expected one; sw0_dpu0 is managed, another is not",
  ]);
  assert.deepEqual(world.lines(SWBUSD), [
    "error: CONFIG_DB DPU|another: dpu_id 0 is that of DPU|sw0_dpu0 already; the row is skipped",
  ]);
  const gauge = () =>
    world.metrics(HAMGRD).value("tandem_hamgrd_problems", { slot: "0", actor: "dpu/another", severity: "refused" });
  assert.equal(await gauge(), 1);
  assert.deepEqual(world.changes(before), []);

  await world.restart(world.daemon(SWBUSD));
  await world.restart(world.daemon(HAMGRD));
  await world.pass(seconds(40));
  assert.deepEqual(world.changes(before), []);

  await world.put(world.sw0, "CONFIG_DB", "DPU", "another", undefined);
  await world.pass(WHILE);
  assert.deepEqual(world.changes(before), []);
});

test("two REMOTE_DPU rows for one swbusd: the second is skipped", async () => {
  await using world = await WatchedCluster.start();
  const before = world.outputs();
  const good = await world.get(world.sw0, "CONFIG_DB", "REMOTE_DPU", "sw1_dpu0");
  await world.put(world.sw0, "CONFIG_DB", "REMOTE_DPU", "twin", good ?? {});
  await world.pass(WHILE);
  assert.deepEqual(world.lines(SWBUSD), [
    "error: CONFIG_DB REMOTE_DPU|twin: 10.0.1.1:23606 is there already; the row is skipped",
  ]);
  assert.deepEqual(world.said, []);
  assert.deepEqual(world.changes(before), []);
});

test("a process of several slots tells of a row that all of them read once", async () => {
  await using world = await WatchedCluster.start({ dpusPerSwitch: 2, isolation: "switch" });
  const before = world.outputs();
  const good = await world.get(world.sw0, "CONFIG_DB", "DASH_HA_GLOBAL_CONFIG", "global");
  await world.put(world.sw0, "CONFIG_DB", "DASH_HA_GLOBAL_CONFIG", "global", { ...good, cp_data_channel_port: "x" });
  await world.pass(WHILE);
  assert.deepEqual(world.lines("sw0.hamgrd"), [
    'error: switch: CONFIG_DB DASH_HA_GLOBAL_CONFIG "global": cp_data_channel_port: expected an integer from 1 to 65535, found "x"; the last good row stays',
  ]);
  await world.run(world.host.killRedis(world.sw0));
  await world.pass(WHILE);
  assert.deepEqual(world.lines("sw0.hamgrd"), [
    "error: switch: Redis does not answer (closed by Redis); what stands stays, tried again until it does",
  ]);
  await world.run(world.host.startRedis(world.sw0));
  await world.pass(seconds(30));
  assert.deepEqual(world.changes(before), []);
});
