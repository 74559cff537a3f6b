import type { Fields } from "@tandem/swss";
import { expect, test } from "vitest";
import { DpuBfdSession } from "../schema/bfd-session.js";
import { DashHaScope } from "../schema/dash-ha-scope.js";
import { DashHaScopeConfig } from "../schema/dash-ha-scope-config.js";
import { DashHaScopeState } from "../schema/dash-ha-scope-state.js";
import { DashHaSet } from "../schema/dash-ha-set.js";
import { DashHaSetConfig } from "../schema/dash-ha-set-config.js";
import { DpuDashHaScopeState } from "../schema/dpu-reports.js";
import { Vdpu } from "../schema/vdpu.js";
import { Example } from "../testing/example.js";

const PENDING = { ha_role: "dead", ha_state: "pending_active_activation", activate_role_pending: "true" };
const ACTIVE = { ha_role: "active", ha_state: "active", activate_role_pending: "false", ha_term: "2" };
const DOWN = { dpu_control_plane_state: "down", dpu_control_plane_time: "Tue Jun 11 09:31:00 AM UTC 2024" };
const BACK = { dpu_control_plane_time: "Tue Jun 11 09:40:00 AM UTC 2024" };
const NPU = "vdpu0|haset0";

const state = (world: Example) => world.row(DashHaScopeState, NPU) ?? {};
const ids = (world: Example): readonly string[] =>
  (state(world)["pending_operation_ids"] ?? "").split(",").filter(Boolean);
const asked = (world: Example): number =>
  world.writes.filter(({ table, fields }) => table === DashHaScope && fields?.["activate_role_requested"] === "true")
    .length;

/** Enabled, and the DPU asks for activation. */
function pendingWorld(): Example {
  const world = Example.steady();
  world.scope({ version: "2", disabled: "false" });
  world.report(PENDING);
  return world;
}

test("W6: versions are numbers, 1.0 is handed on as 1, and a bad one leaves the last good config", () => {
  const world = Example.steady();
  world.scope({ version: "1.0" });
  expect(world.row(DashHaScope, "haset0")?.["version"]).toBe("1");
  expect(state(world)["version"]).toBe("1.0");
  for (const version of ["", "x", "99999999999"]) world.scope({ version, desired_ha_state: "dead" });
  world.scope({ desired_ha_state: "king" });
  expect(world.refused.length).toBe(4);
  expect(world.row(DashHaScope, "haset0")?.["ha_role"]).toBe("active");
});

test("roles follow the desired state", () => {
  const world = Example.steady();
  for (const [desired_ha_state, role] of [
    ["unspecified", "standby"],
    ["standby", "standby"],
    ["none", "standby"],
    ["dead", "dead"],
    ["active", "active"],
    ["standalone", "standalone"],
  ] as const) {
    world.scope({ desired_ha_state });
    expect(world.row(DashHaScope, "haset0")?.["ha_role"]).toBe(role);
  }
});

test("W7: pending operations are listed in the order in which they came", () => {
  const world = Example.steady();
  world.report({ ha_state: "standalone", flow_reconcile_pending: "true" });
  world.report({
    ha_state: "standalone",
    flow_reconcile_pending: "true",
    activate_role_pending: "true",
    brainsplit_recover_pending: "true",
  });
  expect(state(world)["pending_operation_types"]).toBe("flow_reconcile,activate_role,brainsplit_recover");
  expect(new Set(ids(world)).size).toBe(3);
});

test("W8: a restart of hamgrd keeps the id of what is pending", () => {
  const world = pendingWorld();
  const before = ids(world);
  const writes = world.writes.length;
  world.restart();
  expect(ids(world)).toEqual(before);
  expect(world.writes.length).toBe(writes);
});

test("W8: a state row that another build has left is taken over: ids, types and creation", () => {
  const world = takenOver({
    pending_operation_ids: "id-of-before,surplus",
    pending_operation_types: "activate_role",
  });
  world.report(PENDING);
  expect(ids(world)).toEqual(["id-of-before"]);
  expect(state(world)["creation_time_in_ms"]).toBe("1700000000000");
});

test("W8: of two ids of one type that another build has left, the approved one lives on", () => {
  const world = takenOver(
    { pending_operation_ids: "first,second", pending_operation_types: "activate_role,activate_role" },
    { approved_pending_operation_ids: "second" },
  );
  world.report(PENDING);
  expect(ids(world)).toEqual([]);
  expect(world.row(DashHaScope, "haset0")).toMatchObject({ activate_role_requested: "true" });
});

test("a state row that another build has left with an empty list of operations keeps the list and its time", () => {
  const lists = {
    pending_operation_ids: "",
    pending_operation_types: "",
    pending_operation_list_last_updated_time_in_ms: "1700000001000",
  };
  expect(state(takenOver(lists))).toMatchObject(lists);
});

/** A world in which another build of hamgrd has left the state row of the scope, with these lists. */
function takenOver(lists: Fields, config: Fields = {}): Example {
  const world = new Example();
  const rows = Example.rows(0);
  for (const [table, key, fields] of rows.slice(0, 9)) world.set(table, key, fields);
  const times = Object.fromEntries(
    ["midplane_state_last_updated", "control_plane_state_last_updated", "data_plane_state_last_updated"].map((name) => [
      `local_vdpu_${name}_time_in_ms`,
      "1",
    ]),
  );
  world.set(DashHaScopeState, NPU, {
    ...times,
    creation_time_in_ms: "1700000000000",
    last_heartbeat_time_in_ms: "0",
    local_ip: "18.0.202.1",
    peer_ip: "18.1.202.1",
    local_vdpu_midplane_state: "up",
    local_vdpu_control_plane_state: "up",
    local_vdpu_data_plane_state: "up",
    local_vdpu_up_bfd_sessions_v4: "",
    local_vdpu_up_bfd_sessions_v4_update_time_in_ms: "1",
    local_vdpu_up_bfd_sessions_v6: "",
    local_vdpu_up_bfd_sessions_v6_update_time_in_ms: "1",
    ...lists,
  });
  world.scope({ disabled: "false", ...config });
  return world;
}

test("W10: an operation raised before anything else is known is not lost", () => {
  const world = new Example();
  world.report(PENDING);
  for (const [table, key, fields] of Example.rows(0)) world.set(table, key, fields);
  expect(ids(world).length).toBe(1);
  const late = new Example();
  late.report({ flow_reconcile_pending: "true" });
  for (const [table, key, fields] of [...Example.rows(0)].reverse()) late.set(table, key, fields);
  expect(state(late)["pending_operation_types"]).toBe("flow_reconcile");
  expect(state(late)["local_ha_state"]).toBe("unknown");
});

test("W13: a scope that changes its HA set takes its row along and takes leave of the old set", () => {
  const world = Example.steady();
  world.set(DashHaSetConfig, "haset1", { ...Example.SET, version: "5", vip_v4: "3.2.1.7" });
  world.scope({ version: "2", ha_set_id: "haset1" });
  expect(world.row(DashHaScope, "haset0")).toMatchObject({ ha_set_id: "haset1", vip_v4: "3.2.1.7", version: "2" });
  expect(world.problems("ha-scope", "vdpu0:haset0")).toEqual(["scopeId"]);
  expect(world.row(DashHaSet, "haset1")?.["owner"]).toBe("dpu");
});

test("W13: an owner that changes to switch is refused, and the last good config stays in force", () => {
  const world = pendingWorld();
  const before = world.row(DashHaScope, "haset0");
  world.scope({ version: "9", disabled: "false", owner: "switch", desired_ha_state: "dead" });
  expect(world.row(DashHaScope, "haset0")).toEqual(before);
  expect(world.problems("ha-scope", "vdpu0:haset0")).toEqual(["ownerSwitch"]);
  expect(world.row(DashHaSet, "haset0")?.["owner"]).toBe("dpu");
  world.restart();
  expect(world.row(DashHaScope, "haset0")).toEqual(before);
  world.scope({ version: "10", disabled: "false", desired_ha_state: "standalone" });
  expect(world.row(DashHaScope, "haset0")).toMatchObject({ version: "10", ha_role: "standalone" });
  expect(world.problems("ha-scope", "vdpu0:haset0")).toEqual([]);
});

test("an unspecified owner counts as dpu, with a warning", () => {
  const world = Example.steady();
  world.scope({ owner: "unspecified" });
  expect(world.problems("ha-scope", "vdpu0:haset0")).toEqual(["ownerUnspecified"]);
  expect(world.row(DashHaSet, "haset0")?.["owner"]).toBe("dpu");
  expect(world.keys(DashHaScope)).toEqual(["haset0"]);
});

test("W14: a dormant scope writes nothing and deletes nothing", () => {
  const world = Example.steady();
  world.scope({}, "vdpu1");
  const before = world.row(DashHaScope, "haset0");
  world.del(DashHaScopeConfig, "vdpu1:haset0");
  expect(world.row(DashHaScope, "haset0")).toEqual(before);
  expect(world.keys(DashHaScopeState)).toEqual([NPU]);
});

test("W24: creation is the first write and stays, the heartbeat moves once a minute and moves nothing else", () => {
  const world = Example.steady();
  const created = String(world.now);
  expect(state(world)).toMatchObject({ creation_time_in_ms: created, last_heartbeat_time_in_ms: created });
  world.pass(59_999);
  expect(state(world)["last_heartbeat_time_in_ms"]).toBe(created);
  const { last_heartbeat_time_in_ms: _before, ...before } = state(world);
  world.pass(1);
  const { last_heartbeat_time_in_ms: beat, ...after } = state(world);
  expect(beat).toBe(String(world.now));
  expect(after).toEqual(before);
  world.restart();
  expect(state(world)["creation_time_in_ms"]).toBe(created);
});

test("W25: a deleted report reads as unknown and keeps what is pending", () => {
  const world = pendingWorld();
  const before = ids(world);
  world.del(DpuDashHaScopeState, "haset0");
  expect(state(world)).toMatchObject({ local_ha_state: "unknown", local_acked_asic_ha_state: "unknown" });
  expect(state(world)).not.toHaveProperty("local_acked_term");
  expect(ids(world)).toEqual(before);
});

test("W28: the request is withdrawn as soon as the DPU has taken it", () => {
  const world = pendingWorld();
  world.scope({ version: "3", disabled: "false", approved_pending_operation_ids: ids(world).join() });
  expect(world.row(DashHaScope, "haset0")?.["activate_role_requested"]).toBe("true");
  world.report(ACTIVE);
  expect(world.row(DashHaScope, "haset0")?.["activate_role_requested"]).toBe("false");
  expect(asked(world)).toBe(1);
});

test("an approval makes one row with the flag; another only while the DPU still waits after the interval", () => {
  const world = pendingWorld();
  const guid = ids(world).join();
  world.scope({ version: "3", disabled: "false", approved_pending_operation_ids: guid });
  world.scope({ version: "3", disabled: "false", approved_pending_operation_ids: guid });
  world.report({ ...PENDING, last_updated_time: "2" });
  expect(asked(world)).toBe(1);
  world.scope({ version: "4", disabled: "false", approved_pending_operation_ids: guid });
  expect(world.row(DashHaScope, "haset0")).toMatchObject({ version: "4", activate_role_requested: "false" });
  expect(asked(world)).toBe(1);
  world.pass(1999);
  expect(asked(world)).toBe(1);
  world.pass(1);
  expect(asked(world)).toBe(2);
  world.pass(2000);
  expect(asked(world)).toBe(3);
  world.report(ACTIVE);
  world.pass(60_000);
  expect(asked(world)).toBe(3);
  expect(ids(world)).toEqual([]);
});

test("an approval under way survives a restart, and is not sent twice for it", () => {
  const world = pendingWorld();
  world.scope({ version: "3", disabled: "false", approved_pending_operation_ids: ids(world).join() });
  const before = world.writes.length;
  world.restart();
  expect(world.writes.length).toBe(before);
  world.report(ACTIVE);
  expect(world.row(DashHaScope, "haset0")?.["activate_role_requested"]).toBe("false");
});

test("a row that was changed after it carried a request does not carry it again for a restart, until it is due", () => {
  const world = pendingWorld();
  const guid = ids(world).join();
  world.scope({ version: "3", disabled: "false", approved_pending_operation_ids: guid });
  world.scope({ version: "4", disabled: "false", approved_pending_operation_ids: guid });
  world.restart();
  expect(world.row(DashHaScope, "haset0")).toMatchObject({ version: "4", activate_role_requested: "false" });
  expect(asked(world)).toBe(1);
  world.pass(2000);
  expect(asked(world)).toBe(2);
});

test("what was approved before the scope was told to go down activates nothing afterwards", () => {
  const world = pendingWorld();
  const [before] = ids(world);
  const approved = { approved_pending_operation_ids: before as string };
  world.scope({ version: "3", disabled: "false", ...approved });
  expect(asked(world)).toBe(1);
  for (const down of [{ disabled: "true" }, { disabled: "false", desired_ha_state: "dead" }]) {
    world.scope({ version: "4", ...approved, ...down });
    world.pass(10_000);
    expect(asked(world)).toBe(1);
    expect(ids(world)).toEqual([]);
  }
  // The report may be of before, or the DPU may never have gone down: then what it waits for is another operation.
  world.scope({ version: "5", disabled: "false", ...approved });
  expect(ids(world)).toEqual([]);
  world.pass(8000);
  const [after] = ids(world);
  expect([after === undefined, after === before]).toEqual([false, false]);
  expect(asked(world)).toBe(1);
  world.scope({ version: "6", disabled: "false", approved_pending_operation_ids: `${before},${after}` });
  expect(asked(world)).toBe(2);
});

for (const [how, down] of [
  ["disabled", { disabled: "true" }],
  ["desired dead", { disabled: "false", desired_ha_state: "dead" }],
] as const)
  test(`what was pending before the scope was ${how} activates nothing afterwards, whenever it is approved`, () => {
    const world = pendingWorld();
    const [before] = ids(world);
    const approved = { approved_pending_operation_ids: before as string };
    // The DPU goes down, comes up and waits anew, and its reports of that are late.
    world.scope({ version: "3", ...down });
    world.scope({ version: "4", disabled: "false" });
    world.scope({ version: "5", disabled: "false", ...approved });
    world.restart();
    world.pass(7999);
    expect([ids(world), asked(world)]).toEqual([[], 0]);
    expect(world.waits("ha-scope", "vdpu0:haset0")).toContain(
      "another state of the scope from the DPU since it is wanted up again",
    );
    world.report({ ...PENDING, ha_state_start_time: "9" });
    const [after] = ids(world);
    expect([after === undefined, after === before]).toEqual([false, false]);
    expect(asked(world)).toBe(0);
    world.scope({ version: "6", disabled: "false", approved_pending_operation_ids: `${before},${after}` });
    expect(asked(world)).toBe(1);
  });

test("an approval that comes while the scope is to be down is of no use for the launch after that", () => {
  const world = pendingWorld();
  const [before] = ids(world);
  world.scope({ version: "3", disabled: "true" });
  expect(ids(world)).toEqual([before]);
  const approved = { approved_pending_operation_ids: before as string };
  world.scope({ version: "4", disabled: "true", ...approved });
  world.scope({ version: "5", disabled: "false", ...approved });
  world.report({ ...PENDING, ha_state_start_time: "9" });
  expect(ids(world)).toHaveLength(1);
  expect(ids(world)).not.toEqual([before]);
  expect(asked(world)).toBe(0);
});

test("a scope that goes down again while what its DPU asks for is in doubt is doubted anew, and never for good", () => {
  const world = pendingWorld();
  const before = ids(world);
  world.scope({ version: "3", disabled: "true" });
  world.scope({ version: "4", disabled: "false" });
  world.pass(5000);
  world.scope({ version: "5", disabled: "true" });
  world.restart();
  world.pass(20_000);
  expect(ids(world)).toEqual([]);
  world.scope({ version: "6", disabled: "false" });
  world.pass(7999);
  expect(ids(world)).toEqual([]);
  world.pass(1);
  expect(ids(world)).toHaveLength(1);
  expect(ids(world)).not.toEqual(before);
});

test("what a DPU asked for before it restarted, and before its scope was wanted up again, counts for neither", () => {
  const world = pendingWorld();
  const before = ids(world);
  world.scope({ version: "3", disabled: "true" });
  world.planes(DOWN);
  world.scope({ version: "4", disabled: "false" });
  world.planes(BACK);
  expect(ids(world)).toEqual([]);
  world.report({ ...PENDING, ha_state_start_time: "9" });
  expect(ids(world)).toHaveLength(1);
  expect(ids(world)).not.toEqual(before);
});

test("an operation that the DPU withdraws is gone, and its id approves nothing later", () => {
  const world = pendingWorld();
  const [first] = ids(world);
  world.report({ ...PENDING, ha_state: "dead", activate_role_pending: "false" });
  expect(ids(world)).toEqual([]);
  expect(state(world)["pending_operation_types"]).toBe("");
  world.report(PENDING);
  const [second] = ids(world);
  expect(second).not.toBe(first);
  world.scope({ version: "3", disabled: "false", approved_pending_operation_ids: first as string });
  expect(asked(world)).toBe(0);
  expect(ids(world)).toEqual([second]);
});

test("a report from before the DPU's restart is no acknowledgement", () => {
  const world = pendingWorld();
  world.scope({ version: "3", disabled: "false", approved_pending_operation_ids: ids(world).join() });
  world.report(ACTIVE);
  world.planes(DOWN);
  world.planes(BACK);
  expect(state(world)).toMatchObject({ local_ha_state: "unknown", local_acked_asic_ha_state: "unknown" });
  expect(world.waits("ha-scope", "vdpu0:haset0")).toContain("a state of the scope from the DPU since its restart");
  world.restart();
  expect(state(world)["local_ha_state"]).toBe("unknown");
  world.report({ ...ACTIVE, ha_state: "dead", ha_role: "dead" });
  expect(state(world)["local_ha_state"]).toBe("dead");
});

test("approvals of the boot before approve nothing in the new one", () => {
  const world = pendingWorld();
  const [first] = ids(world);
  world.scope({ version: "3", disabled: "false", approved_pending_operation_ids: first as string });
  world.planes(DOWN);
  world.planes(BACK);
  expect(world.row(DashHaScope, "haset0")?.["activate_role_requested"]).toBe("false");
  world.report({ ...PENDING, last_updated_time: "9" });
  expect(ids(world).length).toBe(1);
  expect(ids(world)[0]).not.toBe(first);
  expect(asked(world)).toBe(1);
});

test("a plane that only flapped: after a while the old report counts again", () => {
  const world = Example.steady();
  world.scope({ version: "3", disabled: "false" });
  world.report(ACTIVE);
  world.planes(DOWN);
  world.planes(BACK);
  expect(state(world)["local_ha_state"]).toBe("unknown");
  world.pass(30_000);
  expect(state(world)["local_ha_state"]).toBe("active");
});

test("a scope that is disabled while live loses its BFD rows first, and gets them back when enabled", () => {
  const world = Example.steady();
  world.scope({ version: "3", disabled: "false" });
  world.report(ACTIVE);
  const before = world.writes.length;
  world.scope({ version: "4", disabled: "true" });
  const order = world.writes.slice(before).filter(({ table }) => table.db === "DPU_APPL_DB");
  expect(order.map(({ op }) => op)).toEqual(["del", "del", "set"]);
  world.report({ ha_state: "dead", ha_role: "dead" });
  world.restart();
  expect(world.keys(DpuBfdSession)).toEqual([]);
  world.scope({ version: "5", disabled: "false" });
  expect(world.keys(DpuBfdSession).length).toBe(2);
});

test("a deleted scope config gives BFD rows back", () => {
  const world = Example.steady();
  world.scope({ version: "3", disabled: "false" });
  world.report(ACTIVE);
  world.scope({ version: "4", disabled: "true" });
  world.del(DashHaScopeConfig, "vdpu0:haset0");
  expect(world.keys(DpuBfdSession).length).toBe(2);
});

test("every vDPU that a scope does not find in its set, or that is gone, is reported", () => {
  const world = Example.steady();
  world.haSet({ vdpu_ids: "vdpu1,vdpu9" });
  expect(world.problems("ha-scope", "vdpu0:haset0")).toEqual(["vdpuNotInSet"]);
  world.haSet({});
  world.del(Vdpu, "vdpu0");
  expect(world.problems("ha-scope", "vdpu0:haset0")).toEqual(["vdpuGone"]);
  expect(world.keys(DashHaScope)).toEqual(["haset0"]);
});

test("what it waits for has a name, a deadline and a next action", () => {
  const world = new Example();
  world.scope({ disabled: "false" });
  const waits = world.derived("ha-scope", "vdpu0:haset0")?.waits ?? [];
  expect(waits.map((wait) => wait.for)).toEqual(["the state of vDPU vdpu0", "the state of HA set haset0"]);
  for (const wait of waits) expect(wait).toMatchObject({ deadline: 10_000, then: expect.stringContaining("go on") });
});

test("a config that is deleted and made again starts anew, whatever was pending", () => {
  const world = pendingWorld();
  const [first] = ids(world);
  world.del(DashHaScopeConfig, "vdpu0:haset0");
  world.scope({ version: "7", disabled: "false" });
  expect(ids(world).length).toBe(1);
  expect(ids(world)[0]).not.toBe(first);
});
