import assert from "node:assert/strict";
import { millis, seconds } from "@tandem/base";
import type { Fields } from "@tandem/swss";
import { test } from "vitest";
import { but, NOT_UTF8 } from "../testing/bad-rows.js";
import { WatchedCluster } from "../testing/watched-cluster.js";

const HAMGRD = "sw0_dpu0.hamgrd";
const SWBUSD = "sw0_dpu0.swbusd";
const LOOPBACK = "Loopback0|10.0.0.1/32";
const WHILE = seconds(12);

interface Case {
  readonly what: string;
  readonly table: string;
  readonly key: string;
  readonly spoil: (good: Fields) => Fields | undefined;
  readonly says: string;
}

const METADATA = "CONFIG_DB DEVICE_METADATA|localhost";
const PART = "cannot be part of a service path (printable ASCII without blanks, slashes";

const CASES: readonly Case[] = [
  ...[
    { what: "no region", spoil: but({ region: undefined }), says: "region is missing" },
    { what: "an empty host name", spoil: but({ hostname: "" }), says: "hostname is missing" },
    { what: "a cluster with a dot", spoil: but({ cluster: "a.b" }), says: `cluster "a.b" ${PART}, dots)` },
    { what: "a host name with a slash", spoil: but({ hostname: "a/b" }), says: `hostname "a/b" ${PART})` },
    {
      what: "bytes that are no text",
      spoil: but({ region: NOT_UTF8 }),
      says: `region "\\udcff\\udcfe" ${PART}, dots)`,
    },
    { what: "no row", spoil: () => undefined, says: "region is missing" },
  ].map((row) => ({ ...row, table: "DEVICE_METADATA", key: "localhost", says: `${METADATA}: ${row.says}` })),
  {
    what: "no address",
    table: "LOOPBACK_INTERFACE",
    key: LOOPBACK,
    spoil: () => undefined,
    says: "CONFIG_DB LOOPBACK_INTERFACE|Loopback0|<address>: no address yet",
  },
  {
    what: "no row of our own",
    table: "DPU",
    key: "sw0_dpu0",
    spoil: () => undefined,
    says: "CONFIG_DB DPU: no usable row with dpu_id 0 yet",
  },
];

const counter = (world: WatchedCluster) =>
  world.metrics(HAMGRD).value("tandem_hamgrd_events_total", { slot: "0", kind: "waiting" });

for (const { what, table, key, spoil, says } of CASES) {
  if (table !== "DPU")
    test(`${table}, ${what}: both daemons say so once and go on as they were`, async () => {
      await using world = await WatchedCluster.start();
      const before = world.outputs();
      const good = await world.get(world.sw0, "CONFIG_DB", table, key);
      await world.put(world.sw0, "CONFIG_DB", table, key, spoil(good ?? {}));
      await world.pass(WHILE);
      assert.deepEqual(world.lines(HAMGRD), [`warning: dpu0: waits for ${says}; the last good configuration stays`]);
      assert.deepEqual(world.lines(SWBUSD), [`warning: waiting: ${says}; the last good configuration stays`]);
      assert.equal(await counter(world), 1);
      assert.equal(world.swbusds.get(SWBUSD)?.stats.waits, 1);
      assert.deepEqual(world.changes(before), []);

      await world.put(world.sw0, "CONFIG_DB", table, key, good);
      await world.pass(WHILE);
      assert.deepEqual(world.said, []);
      assert.deepEqual(world.changes(before), []);
      assert(world.hamgrdEvents.some((event) => event.kind === "mended"));
    });

  test(`${table}, ${what}: daemons that start then wait, say for what, and start by themselves when it is there`, async () => {
    await using world = await WatchedCluster.start();
    const before = world.outputs();
    const daemons = [world.daemon(SWBUSD), world.daemon(HAMGRD)];
    const good = await world.get(world.sw0, "CONFIG_DB", table, key);
    for (const daemon of daemons) await world.host.killDaemon(daemon);
    await world.put(world.sw0, "CONFIG_DB", table, key, spoil(good ?? {}));
    for (const daemon of daemons) await world.restart(daemon);
    await world.pass(seconds(40));
    assert.deepEqual(world.lines(HAMGRD), [`warning: dpu0: waits for ${says}`]);
    assert.deepEqual(world.lines(SWBUSD), [`warning: waiting: ${says}`]);
    assert.deepEqual(world.hamgrds.get(HAMGRD)?.slots.get(0)?.state, { kind: "waiting", reason: says });
    assert.deepEqual(world.swbusds.get(SWBUSD)?.state, { kind: "waiting", reason: says });
    assert.deepEqual(world.changes(before), []);

    await world.put(world.sw0, "CONFIG_DB", table, key, good);
    await world.pass(millis(500));
    assert.equal(world.hamgrds.get(HAMGRD)?.slots.get(0)?.state.kind, "running");
    await world.pass(WHILE);
    assert.deepEqual(world.changes(before), []);
    assert.deepEqual(
      world.said.filter(({ level }) => level === "error"),
      [],
    );
  });
}

test("a loopback that is no address is one fault; the address beside it counts", async () => {
  await using world = await WatchedCluster.start();
  const before = world.outputs();
  await world.put(world.sw0, "CONFIG_DB", "LOOPBACK_INTERFACE", "Loopback0|nowhere", { NULL: "NULL" });
  await world.pass(WHILE);
  assert.deepEqual(world.lines(SWBUSD), [
    'error: CONFIG_DB LOOPBACK_INTERFACE|Loopback0|nowhere: "nowhere" is not an IP address; the row is skipped',
  ]);
  assert.deepEqual(world.lines(HAMGRD), [
    'error: switch: CONFIG_DB LOOPBACK_INTERFACE "Loopback0|nowhere": key: expected <interface>|<prefix>, <prefix> being an IP address and the length of its network, found "Loopback0|nowhere"; the last good row stays',
  ]);
  assert.deepEqual(world.changes(before), []);
  await world.put(world.sw0, "CONFIG_DB", "LOOPBACK_INTERFACE", "Loopback0|nowhere", undefined);
  await world.pass(WHILE);
  assert.deepEqual(world.said, []);
  assert.deepEqual(world.changes(before), []);
});
