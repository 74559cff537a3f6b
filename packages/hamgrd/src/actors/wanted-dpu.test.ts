import { expect, test } from "vitest";
import { DpuBfdSession } from "../schema/bfd-session.js";
import { DashHaGlobalConfig } from "../schema/dash-ha-global-config.js";
import { DashHaScope } from "../schema/dash-ha-scope.js";
import { DashHaSet } from "../schema/dash-ha-set.js";
import { Dpu } from "../schema/dpu.js";
import { DashBfdProbeState, DpuDashHaScopeState } from "../schema/dpu-reports.js";
import { DpuResetInfo } from "../schema/dpu-reset-info.js";
import { DpuState } from "../schema/dpu-state.js";
import { LoopbackInterface } from "../schema/loopback-interface.js";
import { NeighResolve } from "../schema/neigh-resolve.js";
import { RemoteDpu } from "../schema/remote-dpu.js";
import { VnetRouteTunnel } from "../schema/vnet-route-tunnel.js";
import { Example } from "../testing/example.js";

const DPU_ROW = Example.rows(0)[1]?.[2] as Readonly<Record<string, string>>;
const GLOBAL = Example.rows(0)[5]?.[2] as Readonly<Record<string, string>>;
const DOWN = { dpu_control_plane_state: "down", dpu_control_plane_time: "Tue Jun 11 09:31:00 AM UTC 2024" };
const BACK = { dpu_control_plane_time: "Tue Jun 11 09:40:00 AM UTC 2024" };
const resets = (world: Example): number => world.writes.filter(({ table }) => table === DpuResetInfo).length;

test("W1: a DPU's delete ends its actor and removes the reset mark", () => {
  const world = Example.steady();
  world.planes(DOWN);
  expect(world.keys(DpuResetInfo)).toEqual(["DPU0"]);
  world.del(Dpu, "sw0_dpu0");
  expect(world.derived("dpu", "sw0_dpu0")).toBeUndefined();
  expect(world.keys(DpuResetInfo)).toEqual([]);
});

test("W2: a reset mark that the controller clears is not set back by the next report", () => {
  const world = Example.steady();
  world.planes(DOWN);
  world.set(DpuResetInfo, "DPU0", { ...world.row(DpuResetInfo, "DPU0"), reset_status: "false" });
  world.planes({ ...DOWN, dpu_data_plane_state: "down" });
  world.planes(BACK);
  expect(world.row(DpuResetInfo, "DPU0")?.["reset_status"]).toBe("false");
  expect(resets(world)).toBe(1);
  world.planes({ ...DOWN, dpu_control_plane_time: "Tue Jun 11 09:50:00 AM UTC 2024" });
  expect(world.row(DpuResetInfo, "DPU0")?.["reset_status"]).toBe("true");
  expect(resets(world)).toBe(2);
});

test("W15: without a VLAN no neighbour is resolved, and stale ones go with VLAN, address or DPU", () => {
  const world = Example.steady();
  world.set(DashHaGlobalConfig, "global", { ...GLOBAL, dpu_vlan: "" });
  expect(world.keys(NeighResolve)).toEqual([]);
  world.set(DashHaGlobalConfig, "global", GLOBAL);
  world.set(Dpu, "sw0_dpu0", { ...DPU_ROW, pa_ipv4: "18.0.202.9" });
  expect(world.keys(NeighResolve)).toEqual(["Vlan55:18.0.202.9"]);
  expect(world.row(DashHaSet, "haset0")?.["local_ip"]).toBe("18.0.202.9");
  expect(world.row(VnetRouteTunnel, "Vnet_55:3.2.1.0")?.["endpoint"]).toBe("18.0.202.9,10.1.0.1");
});

test("W16: keys of DPU_STATE are three letters and a number; others harm nobody", () => {
  const world = new Example();
  for (const [table, key, fields] of Example.rows(0)) if (table !== DpuState) world.set(table, key, fields);
  for (const key of ["", "D", "DPU", "DPUx", "DPU00x", "0"])
    world.set(DpuState, key, { dpu_midplane_link_state: "down" });
  expect(world.waits("dpu", "sw0_dpu0")).toContain("pmon's first report");
  world.set(DpuState, "dpu0", Example.rows(0)[6]?.[2] ?? {});
  expect(world.derived("dpu", "sw0_dpu0")?.publish).toMatchObject({ up: true });
  world.set(DpuState, "DPU0", { dpu_midplane_link_state: "down" });
  expect(world.derived("dpu", "sw0_dpu0")?.publish).toMatchObject({ up: false });
});

test("W22: a switch whose loopback has IPv6 only works with what it has", () => {
  const world = new Example();
  for (const [table, key, fields] of Example.rows(0)) if (table !== LoopbackInterface) world.set(table, key, fields);
  expect(world.waits("dpu", "sw0_dpu0")).toEqual(["an address of Loopback0"]);
  world.set(LoopbackInterface, "Loopback0", { NULL: "NULL" });
  expect(world.waits("dpu", "sw0_dpu0")).toEqual(["an address of Loopback0"]);
  world.set(LoopbackInterface, "Loopback0|2001:db8::1/128", { NULL: "NULL" });
  expect(world.row(DashHaSet, "haset0")).toMatchObject({ local_npu_ip: "2001:db8::1" });
  expect(world.keys(DpuBfdSession)).toEqual(["default:default:10.1.0.1"]);
});

test("W23: a DPU that is down when hamgrd first sees it was not reset", () => {
  const world = new Example();
  for (const [table, key, fields] of Example.rows(0)) {
    world.set(table, key, table === DpuState ? { ...fields, ...DOWN } : fields);
  }
  expect(world.keys(DpuResetInfo)).toEqual([]);
  expect(world.keys(DpuBfdSession)).toEqual([]);
  world.planes(BACK);
  expect(world.keys(DpuResetInfo)).toEqual([]);
  expect(world.keys(DpuBfdSession).length).toBe(2);
});

test("W26: after each boot everything that stands on the DPU goes out again", () => {
  const world = Example.steady();
  world.planes(DOWN);
  const before = world.writes.length;
  world.planes(BACK);
  const again = world.writes.slice(before).filter(({ op, table }) => op === "set" && table.db === "DPU_APPL_DB");
  expect(new Set(again.map(({ table }) => table))).toEqual(new Set([DpuBfdSession, DashHaSet, DashHaScope]));
});

test("with restoreOnRise off only the BFD rows come back by themselves", () => {
  const world = Example.steady({ restoreOnRise: false });
  world.planes({ dpu_control_plane_state: "down" });
  const before = world.writes.length;
  world.planes({});
  const again = world.writes.slice(before).filter(({ op, table }) => op === "set" && table.db === "DPU_APPL_DB");
  expect(new Set(again.map(({ table }) => table))).toEqual(new Set([DpuBfdSession]));
});

test("a fall and rise that hide between two readings are seen in the planes' times", () => {
  const world = Example.steady();
  const before = world.writes.length;
  world.planes({ dpu_midplane_link_time: "Tue Jun 11 10:00:00 AM UTC 2024" });
  expect(resets(world)).toBe(1);
  expect(world.writes.slice(before).some(({ table }) => table === DashHaSet)).toBe(true);
  expect(world.derived("dpu", "sw0_dpu0")?.sinkEpoch).toEqual({ container: "dpu0", epoch: 1 });
  world.planes({
    dpu_midplane_link_time: "Tue Jun 11 10:00:00 AM UTC 2024",
    dpu_data_plane_time: "Tue Jun 11 11:00:00 AM UTC 2024",
  });
  expect(resets(world)).toBe(1);
});

test("a restart of hamgrd changes no row and marks no reset; what happened meanwhile is seen", () => {
  const world = Example.steady();
  world.planes(DOWN);
  world.planes(BACK);
  const before = world.writes.length;
  world.restart();
  expect(world.writes.slice(before)).toEqual([]);
  world.planes({ ...BACK, dpu_midplane_link_time: "Tue Jun 11 10:00:00 AM UTC 2024" });
  expect(resets(world)).toBe(2);
});

for (const bfdMode of ["cluster", "ha-set"] as const) {
  test(`for BFD only an explicit down is a fall, mode ${bfdMode}`, () => {
    const world = Example.steady({ bfdMode });
    const deletes = (): number =>
      world.writes.filter(({ op, table }) => op === "del" && table === DpuBfdSession).length;
    world.planes({ dpu_midplane_link_state: "unknown" });
    expect(world.keys(DpuBfdSession).length).toBe(2);
    expect(deletes()).toBe(0);
    expect(resets(world)).toBe(1);
    world.planes({ dpu_midplane_link_state: "down", dpu_control_plane_state: "down", dpu_data_plane_state: "down" });
    expect(world.keys(DpuBfdSession)).toEqual([]);
    world.planes({ dpu_midplane_link_state: "", dpu_control_plane_state: "up" });
    expect(world.keys(DpuBfdSession).length).toBe(2);
  });
}

test("cluster BFD follows REMOTE_DPU rows: one session per switch, none that nobody uses", () => {
  const world = Example.steady();
  const remote = { type: "cluster", pa_ipv4: "18.2.202.1", npu_ipv4: "10.0.0.10", dpu_id: "0", swbus_port: "23606" };
  world.set(RemoteDpu, "sw2_dpu0", remote);
  world.set(RemoteDpu, "sw2_dpu1", { ...remote, pa_ipv4: "18.2.202.2", dpu_id: "1" });
  expect(world.keys(DpuBfdSession)).toEqual([
    "default:default:10.0.0.1",
    "default:default:10.0.0.10",
    "default:default:10.1.0.1",
  ]);
  world.del(RemoteDpu, "sw2_dpu0");
  expect(world.keys(DpuBfdSession).length).toBe(3);
  world.set(RemoteDpu, "sw2_dpu1", { ...remote, npu_ipv4: "10.2.0.1", pa_ipv4: "18.2.202.2", dpu_id: "1" });
  expect(world.keys(DpuBfdSession)).toEqual([
    "default:default:10.0.0.1",
    "default:default:10.1.0.1",
    "default:default:10.2.0.1",
  ]);
});

test("BFD timers that are not configured are left out, IPv6 sessions come with their option", () => {
  const world = Example.steady({ bfdIpv6: true });
  world.set(DashHaGlobalConfig, "global", { dpu_vnet: "Vnet_55" });
  expect(world.row(DpuBfdSession, "default:default:10.1.0.1")).toEqual({
    multihop: "true",
    shutdown: "false",
    local_addr: "18.0.202.1",
    type: "passive",
  });
  world.set(Dpu, "sw0_dpu0", { ...DPU_ROW, pa_ipv6: "2001:db8::a" });
  world.set(LoopbackInterface, "Loopback0|2001:db8::1/128", { NULL: "NULL" });
  expect(world.row(DpuBfdSession, "default:default:2001:db8::1")).toMatchObject({ local_addr: "2001:db8::a" });
});

test("without the global config nothing is written, and what stood when it vanishes stays", () => {
  const world = Example.steady();
  const before = world.dump();
  world.del(DashHaGlobalConfig, "global");
  const { [`${DashHaGlobalConfig.id}|global`]: _gone, ...rest } = before;
  expect(world.dump()).toEqual(rest);
  expect(world.waits("dpu", "sw0_dpu0")).toContain("DASH_HA_GLOBAL_CONFIG");
  expect(world.waits("ha-set", "haset0")).toEqual(["DASH_HA_GLOBAL_CONFIG"]);
});

test("any key of the global config is taken, `global` first, and a bad row leaves the last good one", () => {
  const world = Example.steady();
  world.set(DashHaGlobalConfig, "aaa", { dpu_vnet: "Other" });
  expect(world.keys(VnetRouteTunnel)).toEqual(["Vnet_55:3.2.1.0"]);
  world.set(DashHaGlobalConfig, "global", { ...GLOBAL, dp_channel_src_port_min: "9000" });
  expect(world.refused).toEqual(["DASH_HA_GLOBAL_CONFIG global: dp_channel_src_port_max"]);
  expect(world.row(DashHaSet, "haset0")?.["dp_channel_src_port_min"]).toBe("7001");
  world.del(DashHaGlobalConfig, "global");
  expect(world.keys(VnetRouteTunnel)).toEqual(["Other:3.2.1.0"]);
});

test("two DPU rows with our slot: the one that a vDPU names is managed, the other is refused and says so", () => {
  const world = Example.steady();
  const before = world.dump();
  world.set(Dpu, "aaa", { ...DPU_ROW, pa_ipv4: "18.0.202.77" });
  const { [`${Dpu.id}|aaa`]: _other, ...rest } = world.dump();
  expect(rest).toEqual(before);
  expect(world.problems("dpu", "sw0_dpu0")).toEqual([]);
  expect(world.problems("dpu", "aaa")).toEqual(["duplicateSlot"]);
  expect(world.derived("dpu", "aaa")?.publish).toMatchObject({ is_managed: false });
});

test("a DPU in both tables is local, and says so", () => {
  const world = Example.steady();
  world.set(RemoteDpu, "sw0_dpu0", { pa_ipv4: "1.1.1.1", npu_ipv4: "2.2.2.2", dpu_id: "0", swbus_port: "1" });
  expect(world.problems("dpu", "sw0_dpu0")).toEqual(["bothLocalAndRemote"]);
  expect(world.derived("dpu", "sw0_dpu0")?.publish).toMatchObject({ is_managed: true, pa_ipv4: "18.0.202.1" });
});

test("health may be made to need a BFD session", () => {
  const world = Example.steady({ upNeedsBfd: true });
  expect(world.derived("dpu", "sw0_dpu0")?.publish).toMatchObject({ up: false });
  const [table, key] = Example.rows(0)[7] ?? [];
  world.set(table as never, key as string, { v6_bfd_up_sessions: '["2001:db8::1"]' });
  expect(world.derived("dpu", "sw0_dpu0")?.publish).toMatchObject({
    up: true,
    dpu_bfd_state: {
      v6_bfd_up_sessions: ["2001:db8::1"],
      v6_bfd_up_sessions_timestamp: Math.floor(world.now / 1000) * 1000,
    },
  });
});

test("a DPU whose databases cannot be read is published all the same; it says what is missing", () => {
  const world = new Example();
  world.unread(DashBfdProbeState, DpuDashHaScopeState);
  for (const [table, key, fields] of Example.rows(0)) world.set(table, key, fields);
  expect(world.derived("dpu", "sw0_dpu0")?.publish).toMatchObject({ up: true });
  expect(world.derived("dpu", "sw0_dpu0")?.publish).not.toHaveProperty("dpu_bfd_state");
  expect(world.waits("dpu", "sw0_dpu0")).toEqual([
    "the rows of DPU_STATE_DB DASH_BFD_PROBE_STATE",
    "the rows of DPU_STATE_DB DASH_HA_SCOPE_STATE_TABLE",
  ]);
  expect(world.keys(VnetRouteTunnel)).toEqual(["Vnet_55:3.2.1.0"]);
});

test("nothing is said before the tables have been read", () => {
  const world = new Example();
  world.unread(DpuState);
  for (const [table, key, fields] of Example.rows(0)) world.set(table, key, fields);
  expect(world.writes.filter(({ table }) => table !== VnetRouteTunnel)).toEqual([]);
  expect(world.waits("dpu", "sw0_dpu0")).toEqual(["the rows of CHASSIS_STATE_DB DPU_STATE"]);
  world.read(DpuState);
  expect(world.keys(DashHaSet)).toEqual(["haset0"]);
});
