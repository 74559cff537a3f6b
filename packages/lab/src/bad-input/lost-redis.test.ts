import assert from "node:assert/strict";
import { seconds } from "@tandem/base";
import { test } from "vitest";
import { WatchedCluster } from "../testing/watched-cluster.js";

const HAMGRD = "sw0_dpu0.hamgrd";
const SWBUSD = "sw0_dpu0.swbusd";

const CASES = [
  {
    whose: "switch",
    slot: "switch",
    at: "sw0",
    db: "CONFIG_DB",
    swbusd: "CONFIG_DB: not connected (connect ECONNREFUSED sw0)",
    stuck: [],
  },
  {
    whose: "dpu0",
    slot: "0",
    at: "sw0_dpu0",
    db: "DPU_APPL_DB",
    swbusd: undefined,
    stuck: ["its tables", "the rows of DPU_STATE_DB DASH_BFD_PROBE_STATE"],
  },
] as const;

for (const { whose, slot, at, db, swbusd, stuck } of CASES) {
  const ownerOf = (world: WatchedCluster) => (whose === "switch" ? world.sw0 : world.dpu0);
  const gauge = (world: WatchedCluster) => world.metrics(HAMGRD).value("tandem_hamgrd_redis_lost", { slot });
  const lost = (detail: string): string =>
    `error: ${whose}: Redis does not answer (${detail}); what stands stays, tried again until it does`;

  test(`the Redis of ${whose} is lost for a minute: each daemon that needs it says so once; then all is as before`, async () => {
    await using world = await WatchedCluster.start();
    const before = world.outputs();
    await world.run(world.host.killRedis(ownerOf(world)));
    await world.pass(seconds(60));
    assert.deepEqual(world.lines(HAMGRD), [lost("closed by Redis")]);
    assert.deepEqual(
      world.lines(SWBUSD),
      swbusd === undefined ? [] : [`warning: waiting: ${swbusd}; the last good configuration stays`],
    );
    assert.equal(await gauge(world), 1);

    await world.run(world.host.startRedis(ownerOf(world)));
    await world.pass(seconds(30));
    assert.deepEqual(world.said, []);
    assert.equal(await gauge(world), 0);
    assert.deepEqual(world.changes(before), []);
  });

  test(`daemons that start without the Redis of ${whose} say so, wait, and start by themselves`, async () => {
    await using world = await WatchedCluster.start();
    const before = world.outputs();
    const daemons = [world.daemon(SWBUSD), world.daemon(HAMGRD)];
    for (const daemon of daemons) await world.host.killDaemon(daemon);
    await world.run(world.host.killRedis(ownerOf(world)));
    for (const daemon of daemons) await world.restart(daemon);
    await world.pass(seconds(11));
    const [first, ...more] = world.lines(HAMGRD);
    assert.equal(first, lost(`${db}: not connected (connect ECONNREFUSED ${at})`));
    assert.deepEqual(
      more.filter((text) => !stuck.some((what) => text.includes(`still waits for ${what}`))),
      [],
    );
    assert.deepEqual(world.lines(SWBUSD), swbusd === undefined ? [] : [`warning: waiting: ${swbusd}`]);
    assert.equal(await gauge(world), 1);

    await world.run(world.host.startRedis(ownerOf(world)));
    await world.pass(seconds(30));
    assert.equal(await gauge(world), 0);
    assert.equal(world.hamgrds.get(HAMGRD)?.slots.get(0)?.state.kind, "running");
    assert.deepEqual(world.changes(before), []);
  });
}
