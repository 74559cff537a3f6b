import fc from "fast-check";
import { expect, test } from "vitest";
import { DpuBfdSession } from "../schema/bfd-session.js";
import { DashHaGlobalConfig } from "../schema/dash-ha-global-config.js";
import { DashHaScope } from "../schema/dash-ha-scope.js";
import { DashHaScopeConfig } from "../schema/dash-ha-scope-config.js";
import { DashHaScopeState } from "../schema/dash-ha-scope-state.js";
import { DashHaSet } from "../schema/dash-ha-set.js";
import { DashHaSetConfig } from "../schema/dash-ha-set-config.js";
import { DashBfdProbeState } from "../schema/dpu-reports.js";
import { DpuResetInfo } from "../schema/dpu-reset-info.js";
import { NeighResolve } from "../schema/neigh-resolve.js";
import { VnetRouteTunnel } from "../schema/vnet-route-tunnel.js";
import { Example, type InputRow } from "../testing/example.js";

const bfd = (local: string) => ({
  tx_interval: "1000",
  rx_interval: "1000",
  multiplier: "3",
  multihop: "true",
  shutdown: "false",
  local_addr: local,
  type: "passive",
});

const set = {
  version: "1",
  vip_v4: "3.2.1.0",
  vip_v6: "3:2:1::",
  owner: "dpu",
  scope: "dpu",
  local_npu_ip: "10.0.0.1",
  local_ip: "18.0.202.1",
  peer_ip: "18.1.202.1",
  cp_data_channel_port: "11362",
  dp_channel_dst_port: "11368",
  dp_channel_src_port_min: "7001",
  dp_channel_src_port_max: "7010",
  dp_channel_probe_interval_ms: "500",
  dp_channel_probe_fail_threshold: "5",
};

const route = {
  endpoint: "18.0.202.1,10.1.0.1",
  endpoint_monitor: "18.0.202.1,18.1.202.1",
  monitoring: "custom_bfd",
  primary: "18.0.202.1",
  rx_monitor_timer: "1000",
  tx_monitor_timer: "1000",
  check_directly_connected: "true",
  pinned_state: "none,none",
};

const scope = {
  version: "1",
  disabled: "true",
  ha_role: "active",
  ha_term: "0",
  ha_set_id: "haset0",
  vip_v4: "3.2.1.0",
  vip_v6: "3:2:1::",
  flow_reconcile_requested: "false",
  activate_role_requested: "false",
  brainsplit_recovered: "false",
};

const state = {
  version: "1",
  vip_v4: "3.2.1.0",
  vip_v6: "3:2:1::",
  local_ip: "18.0.202.1",
  peer_ip: "18.1.202.1",
  local_vdpu_midplane_state: "up",
  local_vdpu_midplane_state_last_updated_time_in_ms: "1718032542000",
  local_vdpu_control_plane_state: "up",
  local_vdpu_control_plane_state_last_updated_time_in_ms: "1718098215000",
  local_vdpu_data_plane_state: "up",
  local_vdpu_data_plane_state_last_updated_time_in_ms: "1718235930000",
  local_vdpu_up_bfd_sessions_v4: "",
  local_vdpu_up_bfd_sessions_v4_update_time_in_ms: "1718235930000",
  local_vdpu_up_bfd_sessions_v6: "",
  local_vdpu_up_bfd_sessions_v6_update_time_in_ms: "1718235930000",
};

/** Without the two times that are ours to choose. */
function npuRow(world: Example, vdpu = "vdpu0") {
  const row = world.row(DashHaScopeState, `${vdpu}|haset0`);
  if (row === undefined) return undefined;
  const { creation_time_in_ms: _created, last_heartbeat_time_in_ms: _beat, ...rest } = row;
  return rest;
}

function expectSteadySwitch0(world: Example): void {
  expect(world.row(NeighResolve, "Vlan55:18.0.202.1")).toEqual({ mac: "00:00:00:00:00:00" });
  expect(world.keys(DpuBfdSession)).toEqual(["default:default:10.0.0.1", "default:default:10.1.0.1"]);
  for (const key of world.keys(DpuBfdSession)) expect(world.row(DpuBfdSession, key)).toEqual(bfd("18.0.202.1"));
  expect(world.row(DashHaSet, "haset0")).toEqual(set);
  expect(world.row(VnetRouteTunnel, "Vnet_55:3.2.1.0")).toEqual(route);
  expect(world.row(DashHaScope, "haset0")).toEqual(scope);
  expect(npuRow(world)).toEqual(state);
  expect(world.keys(DpuResetInfo)).toEqual([]);
}

for (const bfdMode of ["cluster", "ha-set"] as const) {
  test(`steady output on switch 0, BFD mode ${bfdMode}`, () => {
    expectSteadySwitch0(Example.steady({ bfdMode }));
  });

  test(`steady output on switch 1, BFD mode ${bfdMode}`, () => {
    const world = Example.steady({ bfdMode }, 1);
    expect(world.row(NeighResolve, "Vlan55:18.1.202.1")).toEqual({ mac: "00:00:00:00:00:00" });
    for (const key of ["default:default:10.0.0.1", "default:default:10.1.0.1"])
      expect(world.row(DpuBfdSession, key)).toEqual(bfd("18.1.202.1"));
    expect(world.row(DashHaSet, "haset0")).toEqual({
      ...set,
      local_npu_ip: "10.1.0.1",
      local_ip: "18.1.202.1",
      peer_ip: "18.0.202.1",
    });
    expect(world.row(VnetRouteTunnel, "Vnet_55:3.2.1.0")).toEqual({
      ...route,
      endpoint: "10.0.0.1,18.1.202.1",
      primary: "10.0.0.1",
    });
    expect(world.row(DashHaScope, "haset0")).toEqual({ ...scope, ha_role: "standby" });
    expect(npuRow(world, "vdpu1")).toEqual({ ...state, local_ip: "18.1.202.1", peer_ip: "18.0.202.1" });
  });
}

test("a hamgrd of another slot on the switch writes nothing", () => {
  const world = Example.steady({ slot: 1 });
  expect(world.writes).toEqual([]);
  expect(world.derived("ha-scope", "vdpu0:haset0")?.reason).toContain("dormant");
});

test("any order of the input rows comes to the same rows", () => {
  for (const bfdMode of ["cluster", "ha-set"] as const) {
    const wanted = Example.steady({ bfdMode }).dump();
    fc.assert(
      fc.property(fc.shuffledSubarray([...Example.rows(0)], { minLength: 10 }), (rows: readonly InputRow[]) => {
        const world = new Example({ bfdMode });
        for (const [table, key, fields] of rows) world.set(table, key, fields);
        expect(world.dump()).toEqual(wanted);
      }),
      { numRuns: 150 },
    );
  }
});

test("every order of the rows that actors wait for comes to the same rows", () => {
  const wanted = Example.steady().dump();
  const rows = Example.rows(0);
  const fixed = rows.slice(0, 3);
  const moving = [rows[3], rows[5], rows[6], rows[8], rows[9]] as readonly InputRow[];
  const last = [rows[4], rows[7]] as readonly InputRow[];
  for (const order of permutations(moving)) {
    const world = new Example();
    for (const [table, key, fields] of [...fixed, ...order, ...last]) world.set(table, key, fields);
    expect(world.dump()).toEqual(wanted);
  }
});

function permutations<T>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length <= 1) return [items];
  return items.flatMap((item, i) => permutations(items.filter((_, j) => j !== i)).map((rest) => [item, ...rest]));
}

const REPORT_DEAD = {
  last_updated_time: "1718053542000",
  ha_role: "dead",
  ha_role_start_time: "1718053542000",
  ha_state: "dead",
  ha_state_start_time: "1718053542001",
  ha_term: "1",
  activate_role_pending: "false",
  flow_reconcile_pending: "false",
  brainsplit_recover_pending: "false",
};
const REPORT_PENDING = {
  ...REPORT_DEAD,
  ha_state: "pending_active_activation",
  ha_state_start_time: "1718053550000",
  activate_role_pending: "true",
};
const REPORT_ACTIVE = {
  ...REPORT_DEAD,
  ha_role: "active",
  ha_state: "active",
  ha_state_start_time: "1718053560000",
  ha_term: "2",
};

test("the DPU answers, is enabled, activates and is approved, step by step", () => {
  const world = Example.steady();
  world.report(REPORT_DEAD);
  const afterA = {
    ...state,
    local_ha_state: "dead",
    local_ha_state_last_updated_time_in_ms: "1718053542001",
    local_ha_state_last_updated_reason: "dpu initiated",
    local_target_asic_ha_state: "active",
    local_acked_asic_ha_state: "dead",
    local_target_term: "1",
    local_acked_term: "1",
  };
  expect(npuRow(world)).toEqual(afterA);

  world.scope({ version: "2", disabled: "false" });
  expect(world.row(DashHaScope, "haset0")).toEqual({ ...scope, version: "2", disabled: "false" });
  expect(npuRow(world)).toEqual({ ...afterA, version: "2" });

  world.now += 5000;
  world.report(REPORT_PENDING);
  const guid = world.row(DashHaScopeState, "vdpu0|haset0")?.["pending_operation_ids"] as string;
  expect(guid).toMatch(/^[0-9a-f-]{36}$/);
  const afterC = {
    ...afterA,
    version: "2",
    local_ha_state: "pending_active_activation",
    local_acked_asic_ha_state: "pending_active_activation",
    local_ha_state_last_updated_time_in_ms: "1718053550000",
    pending_operation_ids: guid,
    pending_operation_types: "activate_role",
    pending_operation_list_last_updated_time_in_ms: String(world.now),
  };
  expect(npuRow(world)).toEqual(afterC);

  world.now += 5000;
  world.scope({ version: "3", disabled: "false", approved_pending_operation_ids: guid });
  const requested = { ...scope, version: "3", disabled: "false", activate_role_requested: "true" };
  expect(world.row(DashHaScope, "haset0")).toEqual(requested);
  expect(npuRow(world)).toEqual({
    ...afterC,
    version: "3",
    pending_operation_ids: "",
    pending_operation_types: "",
    pending_operation_list_last_updated_time_in_ms: String(world.now),
  });

  world.report(REPORT_ACTIVE);
  const settled = { ...requested, activate_role_requested: "false" };
  expect(world.row(DashHaScope, "haset0")).toEqual(settled);
  expect(npuRow(world)).toMatchObject({
    local_ha_state: "active",
    local_acked_asic_ha_state: "active",
    local_target_term: "2",
    local_acked_term: "2",
  });

  const before = world.writes.length;
  world.set(DashBfdProbeState, "dash_ha", {
    v4_bfd_up_sessions: "10.0.0.1,10.1.0.1",
    v6_bfd_up_sessions: "",
    v4_bfd_up_sessions_timestamp: "Thu Jun 13 12:00:00 AM UTC 2024",
    v6_bfd_up_sessions_timestamp: "Wed Jun 12 11:45:30 PM UTC 2024",
  });
  expect(world.row(DashHaScope, "haset0")).toEqual(settled);
  expect(npuRow(world)).toMatchObject({
    local_vdpu_up_bfd_sessions_v4: "10.0.0.1,10.1.0.1",
    local_vdpu_up_bfd_sessions_v4_update_time_in_ms: "1718236800000",
  });
  expect(world.writes.slice(before).map(({ table }) => table.name)).toEqual(["DASH_HA_SCOPE_STATE"]);

  const quiet = world.writes.length;
  world.scope({ version: "3", disabled: "false", approved_pending_operation_ids: guid });
  expect(world.writes.length).toBe(quiet);
  expect(
    world.writes.filter(({ table, fields }) => table === DashHaScope && fields?.["activate_role_requested"] === "true")
      .length,
  ).toBe(1);
});

test("pins change the set's version and the route alone", () => {
  const world = Example.steady();
  const before = world.writes.length;
  world.haSet({ version: "2", pinned_vdpu_bfd_probe_states: "down,up" });
  expect(world.row(DashHaSet, "haset0")).toEqual({ ...set, version: "2" });
  expect(world.row(VnetRouteTunnel, "Vnet_55:3.2.1.0")).toEqual({ ...route, pinned_state: "down,up" });
  expect(
    world.writes
      .slice(before)
      .map(({ table }) => table.name)
      .sort(),
  ).toEqual(["DASH_HA_SET_TABLE", "VNET_ROUTE_TUNNEL_TABLE"]);
});

const CONTROL_DOWN = { dpu_control_plane_state: "down", dpu_control_plane_time: "Tue Jun 11 09:31:00 AM UTC 2024" };
const CONTROL_BACK = { dpu_control_plane_time: "Tue Jun 11 09:40:00 AM UTC 2024" };

for (const bfdMode of ["cluster", "ha-set"] as const)
  test(`a DPU goes down and comes back, BFD mode ${bfdMode}`, () => {
    const world = Example.steady({ bfdMode });
    const others = [DashHaSet, DashHaScope, VnetRouteTunnel].map((table) =>
      JSON.stringify(world.row(table, world.keys(table)[0] as string)),
    );
    const beforeBfd = world.keys(DpuBfdSession);
    world.planes(CONTROL_DOWN);
    expect(world.row(DpuResetInfo, "DPU0")).toEqual({
      reset_status: "true",
      timestamp: String(world.now),
      dpu_id: "sw0_dpu0",
      vdpu_id: "vdpu0",
    });
    expect(npuRow(world)).toMatchObject({
      local_vdpu_control_plane_state: "down",
      local_vdpu_control_plane_state_last_updated_time_in_ms: "1718098260000",
    });
    expect(world.keys(DpuBfdSession)).toEqual([]);
    expect(
      [DashHaSet, DashHaScope, VnetRouteTunnel].map((table) =>
        JSON.stringify(world.row(table, world.keys(table)[0] as string)),
      ),
    ).toEqual(others);

    const reset = world.writes.length;
    world.planes(CONTROL_BACK);
    expect(world.keys(DpuBfdSession)).toEqual(beforeBfd);
    expect(npuRow(world)).toMatchObject({ local_vdpu_control_plane_state: "up" });
    const rewritten = world.writes.slice(reset).map(({ table }) => table.name);
    expect(rewritten).toContain("DASH_HA_SET_TABLE");
    expect(rewritten).toContain("DASH_HA_SCOPE_TABLE");
    expect(rewritten).not.toContain("DPU_RESET_INFO");
  });

test("a data plane that is down alone makes the DPU not up, and nothing else", () => {
  const world = Example.steady();
  const before = world.writes.length;
  world.planes({ dpu_data_plane_state: "down" });
  expect(world.derived("dpu", "sw0_dpu0")?.publish).toMatchObject({ up: false });
  expect(world.writes.slice(before).map(({ table }) => table.name)).toEqual(["DASH_HA_SCOPE_STATE"]);
});

test("probes that are down change the report alone; the DPU stays up", () => {
  const world = Example.steady();
  world.set(DashBfdProbeState, "dash_ha", { v4_bfd_up_sessions: "10.0.0.1" });
  const before = world.writes.length;
  world.set(DashBfdProbeState, "dash_ha", {
    v4_bfd_up_sessions: "",
    v4_bfd_up_sessions_timestamp: "Thu Jun 13 12:00:00 AM UTC 2024",
  });
  expect(npuRow(world)).toMatchObject({
    local_vdpu_up_bfd_sessions_v4: "",
    local_vdpu_up_bfd_sessions_v4_update_time_in_ms: "1718236800000",
  });
  expect(world.derived("dpu", "sw0_dpu0")?.publish).toMatchObject({ up: true });
  expect(world.writes.slice(before).map(({ table }) => table.name)).toEqual(["DASH_HA_SCOPE_STATE"]);
});

test("planned shutdown: BFD rows go first, the role follows, and both are back after re-enabling", () => {
  for (const bfdMode of ["cluster", "ha-set"] as const) {
    const world = Example.steady({ bfdMode });
    world.scope({ version: "3", disabled: "false" });
    world.report(REPORT_ACTIVE);
    const before = world.writes.length;
    world.scope({ version: "4", disabled: "false", desired_ha_state: "dead" });
    const order = world.writes
      .slice(before)
      .filter(({ table }) => table.db === "DPU_APPL_DB")
      .map(({ op, table }) => `${op} ${table.name}`);
    expect(order).toEqual(["del BFD_SESSION_TABLE", "del BFD_SESSION_TABLE", "set DASH_HA_SCOPE_TABLE"]);
    expect(world.row(DashHaScope, "haset0")).toEqual({ ...scope, version: "4", disabled: "false", ha_role: "dead" });
    expect(npuRow(world)).toMatchObject({ version: "4", local_target_asic_ha_state: "dead" });
    world.report({ ...REPORT_DEAD, ha_term: "2" });
    expect(world.keys(DpuBfdSession)).toEqual([]);
    world.scope({ version: "5", disabled: "false" });
    expect(world.keys(DpuBfdSession).length).toBe(2);
  }
});

test("the survivor of a shutdown reconciles its flows once approved; brain split is answered once", () => {
  for (const [pending, type, field] of [
    ["flow_reconcile_pending", "flow_reconcile", "flow_reconcile_requested"],
    ["brainsplit_recover_pending", "brainsplit_recover", "brainsplit_recovered"],
  ] as const) {
    const world = Example.steady();
    world.scope({ version: "3", disabled: "false" });
    world.report({ ...REPORT_ACTIVE, ha_state: "standalone", [pending]: "true" });
    const { pending_operation_ids: id, pending_operation_types: types } = npuRow(world) ?? {};
    expect(types).toBe(type);
    world.scope({ version: "4", disabled: "false", approved_pending_operation_ids: id as string });
    expect(world.row(DashHaScope, "haset0")?.[field]).toBe("true");
    world.report({ ...REPORT_ACTIVE, ha_state: "standalone" });
    expect(world.row(DashHaScope, "haset0")?.[field]).toBe("false");
    expect(npuRow(world)?.["pending_operation_ids"]).toBe("");
  }
});

test("deleted configs leave nothing of theirs", () => {
  const world = Example.steady();
  world.del(DashHaScopeConfig, "vdpu0:haset0");
  expect(world.keys(DashHaScope)).toEqual([]);
  expect(world.keys(DashHaScopeState)).toEqual([]);
  world.del(DashHaSetConfig, "haset0");
  expect(world.keys(DashHaSet)).toEqual([]);
  expect(world.keys(VnetRouteTunnel)).toEqual([]);
  expect(world.keys(DpuBfdSession).length).toBe(2);
});

test("deleting a DPU row removes what its actor wrote", () => {
  const world = Example.steady();
  world.planes(CONTROL_DOWN);
  world.planes(CONTROL_BACK);
  world.del(Example.rows(0)[1]?.[0] as never, "sw0_dpu0");
  expect(world.keys(DpuResetInfo)).toEqual([]);
  expect(world.keys(DpuBfdSession)).toEqual([]);
  expect(world.keys(NeighResolve)).toEqual([]);
  expect(world.problems("ha-set", "haset0")).toContain("vdpuGone");
  expect(world.row(DashHaSet, "haset0")).toEqual(set);
});

test("a changed VNET moves the route", () => {
  const world = Example.steady();
  world.set(DashHaGlobalConfig, "global", { dpu_vnet: "Vnet_66", dpu_vlan: "Vlan66" });
  expect(world.keys(VnetRouteTunnel)).toEqual(["Vnet_66:3.2.1.0"]);
  expect(world.keys(NeighResolve)).toEqual(["Vlan66:18.0.202.1"]);
});
