import assert from "node:assert/strict";
import { seconds, unwrap } from "@tandem/base";
import { DashHaScopeConfig, DashHaSetConfig } from "@tandem/hamgrd";
import type { Fields } from "@tandem/swss";
import { test } from "vitest";
import { WatchedCluster } from "../testing/watched-cluster.js";

const HAMGRD = "sw0_dpu0.hamgrd";
const SCOPE = "vdpu0-0:haset0-0";
const WHILE = seconds(12);

async function scopeRow(world: WatchedCluster): Promise<Fields> {
  const row = unwrap(
    DashHaScopeConfig.decode((await world.get(world.sw0, "APPL_DB", DashHaScopeConfig.name, SCOPE)) ?? {}),
  );
  return DashHaScopeConfig.encodePlain(row);
}

async function setRow(world: WatchedCluster): Promise<Fields> {
  const row = unwrap(
    DashHaSetConfig.decode((await world.get(world.sw0, "APPL_DB", DashHaSetConfig.name, "haset0-0")) ?? {}),
  );
  return DashHaSetConfig.encodePlain(row);
}

const refusals = (world: WatchedCluster, actor: string) =>
  world.metrics(HAMGRD).value("tandem_hamgrd_problems", { slot: "0", actor, severity: "refused" });

/** Codes of what the records of the last minutes say was refused. */
const recorded = (world: WatchedCluster): readonly string[] => [
  ...new Set(
    [...(world.hamgrds.get(HAMGRD)?.records.list() ?? [])].flatMap(({ problems }) =>
      problems.filter(({ severity }) => severity === "refused").map(({ code }) => code),
    ),
  ),
];

test("owner switch for a pair in service: refused by name, recorded, counted; the last config stays; taken back, all is well", async () => {
  await using world = await WatchedCluster.start();
  const before = world.outputs();
  const good = await scopeRow(world);
  await world.put(world.sw0, "APPL_DB", DashHaScopeConfig.name, SCOPE, { ...good, owner: "switch", version: "9" });
  await world.pass(WHILE);
  assert.deepEqual(world.lines(HAMGRD), [
    "warning: dpu0: ha-scope/vdpu0-0:haset0-0: refused: owner switch is not supported; version 5 with owner dpu stays",
  ]);
  assert.equal(await refusals(world, `ha-scope/${SCOPE}`), 1);
  assert.deepEqual(recorded(world), ["ownerSwitch"]);
  assert.deepEqual(world.changes(before), []);

  await world.put(world.sw0, "APPL_DB", DashHaScopeConfig.name, SCOPE, good);
  await world.pass(WHILE);
  assert.equal(await refusals(world, `ha-scope/${SCOPE}`), 0);
  assert.deepEqual(world.said, []);
  assert.deepEqual(world.changes(before), []);
});

test("owner switch from the start: nothing goes to the DPU; as dpu, it comes up", async () => {
  await using world = await WatchedCluster.start({ launch: false });
  const [set] = world.cluster.topology.haSets;
  assert(set !== undefined);
  const before = world.outputs();
  await world.run(world.cluster.controller.createSet(set, "switch"));
  await world.pass(WHILE);
  assert.deepEqual(world.lines(HAMGRD), [
    "warning: dpu0: ha-scope/vdpu0-0:haset0-0: refused: owner switch is not supported; nothing is written",
    "warning: dpu0: ha-set/haset0-0: refused: its HA scope has owner switch, which is not supported; what stands of the set stays as it is",
  ]);
  // Switches route to a pair whoever drives it; its DPU hears nothing.
  assert.deepEqual(
    world.changes(before).filter((text) => !text.includes(" VNET_ROUTE_TUNNEL_TABLE ")),
    [],
  );
  const row = await scopeRow(world);
  await world.put(world.sw0, "APPL_DB", DashHaScopeConfig.name, SCOPE, { ...row, owner: "dpu", disabled: "false" });
  await world.pass(WHILE);
  assert(world.changes(before).includes("sw0_dpu0 DASH_HA_SCOPE_TABLE haset0-0: new"));
  assert.deepEqual(
    world.said.filter(({ by }) => by === HAMGRD),
    [],
  );
});

test("scope eni for a pair in service: refused by name, recorded, counted; what stands stays", async () => {
  await using world = await WatchedCluster.start();
  const before = world.outputs();
  const good = await setRow(world);
  await world.put(world.sw0, "APPL_DB", DashHaSetConfig.name, "haset0-0", { ...good, scope: "eni" });
  await world.pass(WHILE);
  assert.deepEqual([...world.lines(HAMGRD)].sort(), [
    "warning: dpu0: ha-scope/vdpu0-0:haset0-0: refused: HA set haset0-0 has scope eni, which is not supported; what stands stays",
    "warning: dpu0: ha-set/haset0-0: refused: scope eni is not supported; what stands of the set stays as it is",
  ]);
  assert.equal(await refusals(world, "ha-set/haset0-0"), 1);
  assert.deepEqual(recorded(world).toSorted(), ["scopeEni"]);
  assert.deepEqual(world.changes(before), []);

  await world.put(world.sw0, "APPL_DB", DashHaSetConfig.name, "haset0-0", good);
  await world.pass(WHILE);
  assert.equal(await refusals(world, "ha-set/haset0-0"), 0);
  assert.deepEqual(world.changes(before), []);
});

test("owner and scope unspecified count as dpu, with a warning", async () => {
  await using world = await WatchedCluster.start();
  const before = world.outputs();
  await world.put(world.sw0, "APPL_DB", DashHaScopeConfig.name, SCOPE, {
    ...(await scopeRow(world)),
    owner: "unspecified",
  });
  await world.put(world.sw0, "APPL_DB", DashHaSetConfig.name, "haset0-0", {
    ...(await setRow(world)),
    scope: "unspecified",
  });
  await world.pass(WHILE);
  assert.deepEqual(world.lines(HAMGRD), [
    "warning: dpu0: ha-scope/vdpu0-0:haset0-0: warning: owner is unspecified; dpu is taken",
    "warning: dpu0: ha-set/haset0-0: warning: scope of haset0-0 is unspecified; dpu is taken",
  ]);
  assert.deepEqual(world.changes(before), []);
});
