import { seconds } from "@tandem/base";
import { expect, test } from "vitest";
import { REDIS_TROUBLES, type RedisTrouble } from "../cluster/cluster-host.js";
import { WatchedCluster } from "../testing/watched-cluster.js";

const HAMGRD = "sw0_dpu0.hamgrd";
const WORDS = {
  full: "OOM command not allowed when used memory > 'maxmemory'.",
  unsaved: "MISCONF Redis is configured to save RDB snapshots",
} as const;

interface Case {
  readonly owner: "sw0" | "sw0_dpu0";
  readonly trouble: RedisTrouble;
  /** The lines that tell an operator, and no other of hamgrd. */
  readonly told: readonly RegExp[];
  /** Metric that tells it; none where nothing is to be told. */
  readonly counted?: readonly [name: string, labels: Readonly<Record<string, string>>];
}

const refused = (where: string, trouble: "full" | "unsaved"): RegExp =>
  new RegExp(`^error: dpu0: ${where}: .* refused: ${WORDS[trouble]}.*; tried again until it works$`);
const lost = (whose: string): RegExp =>
  new RegExp(`^error: ${whose}: Redis does not answer \\(no answer to PING for 5000 ms\\); what stands stays`);
const failed = ["tandem_hamgrd_events_total", { slot: "0", kind: "storeFailed" }] as const;

const CASES: readonly Case[] = [
  { owner: "sw0", trouble: "slow", told: [] },
  { owner: "sw0_dpu0", trouble: "slow", told: [] },
  { owner: "sw0", trouble: "full", told: [refused("commit of dpu/sw0_dpu0", "full")], counted: failed },
  { owner: "sw0", trouble: "unsaved", told: [refused("commit of dpu/sw0_dpu0", "unsaved")], counted: failed },
  {
    owner: "sw0",
    trouble: "stalled",
    told: [lost("switch")],
    counted: ["tandem_hamgrd_redis_lost", { slot: "switch" }],
  },
  // Redis lets a script end that has begun to write: a copy is taken away, then written.
  { owner: "sw0_dpu0", trouble: "full", told: [] },
  { owner: "sw0_dpu0", trouble: "unsaved", told: [refused("copies of DASH_HA_SET_TABLE", "unsaved")], counted: failed },
  {
    owner: "sw0_dpu0",
    trouble: "stalled",
    told: [lost("dpu0")],
    counted: ["tandem_hamgrd_redis_lost", { slot: "0" }],
  },
];

test("every trouble of both kinds of Redis has its case", () => {
  const all = ["sw0", "sw0_dpu0"].flatMap((owner) => REDIS_TROUBLES.map((trouble) => `${owner} ${trouble}`));
  expect(CASES.map(({ owner, trouble }) => `${owner} ${trouble}`).sort()).toEqual(all.sort());
});

for (const { owner, trouble, told, counted } of CASES) {
  test(`the Redis of ${owner} is ${trouble} for half a minute: told once, nobody flaps, then all is as it should be`, async () => {
    await using world = await WatchedCluster.start();
    const { cluster, host } = world;
    const { devices, controller, topology } = cluster;
    const from = topology.dpus.map((dpu) => cluster.logs.get(dpu.name)?.entries.length);
    const before = world.outputs();
    devices.traffic.start();
    const place = owner === "sw0" ? world.sw0 : world.dpu0;
    if (owner === "sw0_dpu0") await world.run(host.troubleRedis(place, trouble));
    // Something to write to the DPU, and something that it reports.
    await world.run(controller.prefer("haset0-0", ["vdpu0-0", "vdpu1-0"]));
    await world.run(controller.prefer("haset0-0", ["vdpu0-0"]));
    if (owner === "sw0") await world.run(host.troubleRedis(place, trouble));
    devices.bfd.setLost("sw0", "sw0_dpu0", true);
    await world.pass(seconds(30));
    expect(world.lines(HAMGRD)).toEqual(told.map((line) => expect.stringMatching(line)));
    if (counted !== undefined) expect(await world.metrics(HAMGRD).value(...counted)).toBe(1);
    devices.bfd.setLost("sw0", "sw0_dpu0", false);
    await world.run(host.troubleRedis(place, undefined));
    await world.pass(seconds(30));
    devices.traffic.stop();
    expect(devices.traffic.lost).toBe(0);
    expect(world.lines(HAMGRD)).toEqual([]);
    expect(world.changes(before).filter((change) => !/ version: | version$|_update_time_in_ms: /.test(change))).toEqual(
      [],
    );
    expect(topology.dpus.map((dpu) => cluster.logs.get(dpu.name)?.entries.length)).toEqual(from);
  });
}
