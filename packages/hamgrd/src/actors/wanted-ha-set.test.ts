import { expect, test } from "vitest";
import { haSetPort } from "../ports/ha-set-port.js";
import { DpuBfdSession } from "../schema/bfd-session.js";
import { DashHaGlobalConfig } from "../schema/dash-ha-global-config.js";
import { DashHaScope } from "../schema/dash-ha-scope.js";
import { DashHaScopeConfig } from "../schema/dash-ha-scope-config.js";
import { DashHaSet } from "../schema/dash-ha-set.js";
import { DashHaSetConfig } from "../schema/dash-ha-set-config.js";
import { RemoteDpu } from "../schema/remote-dpu.js";
import { Vdpu } from "../schema/vdpu.js";
import { VnetRouteTunnel } from "../schema/vnet-route-tunnel.js";
import { Example } from "../testing/example.js";

const ROUTE = "Vnet_55:3.2.1.0";
const GLOBAL = Example.rows(0)[5]?.[2] as Readonly<Record<string, string>>;
const REMOTE = { type: "cluster", dpu_id: "0", pa_ipv4: "18.2.202.1", npu_ipv4: "10.2.0.1", swbus_port: "23606" };

/** Another switch with a DPU and its vDPU. */
function addSwitch2(world: Example): void {
  world.set(RemoteDpu, "sw2_dpu0", REMOTE);
  world.set(Vdpu, "vdpu2", { main_dpu_ids: "sw2_dpu0" });
}

test("W3: a set of one vDPU, or of one twice, is refused and the last good one stays", () => {
  const world = Example.steady();
  const before = world.row(DashHaSet, "haset0");
  for (const vdpu_ids of ["vdpu0", "vdpu0,vdpu0", "vdpu0,vdpu1,vdpu2", ""]) world.haSet({ version: "9", vdpu_ids });
  expect(world.refused).toEqual(new Array(4).fill("DASH_HA_SET_CONFIG_TABLE haset0: vdpu_ids"));
  expect(world.row(DashHaSet, "haset0")).toEqual(before);
});

test("W4: the first row waits for the owner, shortly; the route does not", () => {
  const world = new Example();
  const rows = Example.rows(0);
  for (const [table, key, fields] of rows.slice(0, 9)) world.set(table, key, fields);
  expect(world.keys(DashHaSet)).toEqual([]);
  expect(world.keys(VnetRouteTunnel)).toEqual([ROUTE]);
  world.pass(499);
  expect(world.keys(DashHaSet)).toEqual([]);
  world.pass(1);
  expect(world.row(DashHaSet, "haset0")?.["owner"]).toBe("unspecified");
  world.scope({});
  expect(world.row(DashHaSet, "haset0")?.["owner"]).toBe("dpu");
  expect(world.writes.filter(({ table }) => table === DashHaSet).length).toBe(2);
});

test("W4: an owner that comes in time is in the first row", () => {
  const world = Example.steady();
  world.pass(1000);
  expect(world.writes.filter(({ table }) => table === DashHaSet).map(({ fields }) => fields?.["owner"])).toEqual([
    "dpu",
  ]);
});

test("W11: pins are aligned with the endpoints by vDPU, not by position", () => {
  const world = Example.steady();
  const pinned = (changes: Readonly<Record<string, string>>): string | undefined => {
    world.haSet(changes);
    return world.row(VnetRouteTunnel, ROUTE)?.["pinned_state"];
  };
  expect(pinned({ preferred_vdpu_id: "vdpu1", pinned_vdpu_bfd_probe_states: "down,up" })).toBe("up,down");
  expect(world.row(VnetRouteTunnel, ROUTE)?.["endpoint"]).toBe("10.1.0.1,18.0.202.1");
  expect(pinned({ pinned_vdpu_bfd_probe_states: "up" })).toBe("up,none");
  expect(pinned({ pinned_vdpu_bfd_probe_states: ",down" })).toBe("none,down");
  expect(pinned({ pinned_vdpu_bfd_probe_states: "" })).toBe("");
  expect(pinned({ pinned_vdpu_bfd_probe_states: "none,up,down" })).toBe("none,up");
  expect(world.problems("ha-set", "haset0")).toEqual(["surplusPins"]);
  world.haSet({ pinned_vdpu_bfd_probe_states: "sideways,up" });
  expect(world.refused.length).toBe(1);
});

test("W12: a moved VIP, a changed vDPU and a set without our DPU leave nothing behind", () => {
  for (const bfdMode of ["cluster", "ha-set"] as const) {
    const world = Example.steady({ bfdMode });
    addSwitch2(world);
    world.haSet({ vip_v4: "3.2.1.9" });
    expect(world.keys(VnetRouteTunnel)).toEqual(["Vnet_55:3.2.1.9"]);
    world.haSet({ vdpu_ids: "vdpu0,vdpu2" });
    expect(world.row(DashHaSet, "haset0")?.["peer_ip"]).toBe("18.2.202.1");
    const sessions = world.keys(DpuBfdSession);
    expect(sessions).toContain("default:default:10.2.0.1");
    expect(sessions.includes("default:default:10.1.0.1")).toBe(bfdMode === "cluster");
    world.haSet({ vdpu_ids: "vdpu1,vdpu2", preferred_vdpu_id: "vdpu2" });
    expect(world.keys(DashHaSet)).toEqual([]);
    expect(world.row(VnetRouteTunnel, ROUTE)).toMatchObject({
      endpoint: "10.2.0.1,10.1.0.1",
      check_directly_connected: "false",
      primary: "10.2.0.1",
    });
    if (bfdMode === "ha-set") expect(world.keys(DpuBfdSession)).toEqual([]);
    world.del(DashHaSetConfig, "haset0");
    expect(world.keys(VnetRouteTunnel)).toEqual([]);
  }
});

test("W12: a vDPU that is exchanged is waited for; until then all stays, and a delete meanwhile cleans up", () => {
  const world = Example.steady({ bfdMode: "ha-set" });
  const before = world.dump();
  world.haSet({ version: "2", vdpu_ids: "vdpu0,vdpu2" });
  expect(world.waits("ha-set", "haset0")).toEqual(["the state of vDPU vdpu2"]);
  expect({ ...world.dump(), [`${DashHaSetConfig.id}|haset0`]: before[`${DashHaSetConfig.id}|haset0`] }).toEqual(before);
  world.del(DashHaSetConfig, "haset0");
  for (const table of [DashHaSet, VnetRouteTunnel, DpuBfdSession]) expect(world.keys(table)).toEqual([]);
});

test("W17: a vDPU whose row is deleted keeps its addresses in use, and is reported", () => {
  const world = Example.steady();
  const before = [world.row(DashHaSet, "haset0"), world.row(VnetRouteTunnel, ROUTE)];
  world.del(Vdpu, "vdpu1");
  expect([world.row(DashHaSet, "haset0"), world.row(VnetRouteTunnel, ROUTE)]).toEqual(before);
  expect(world.problems("ha-set", "haset0")).toEqual(["vdpuGone"]);
  world.set(Vdpu, "vdpu1", { main_dpu_ids: "sw1_dpu0" });
  expect(world.problems("ha-set", "haset0")).toEqual([]);
});

test("W17: a vDPU that moves to another DPU takes its rows along", () => {
  const world = Example.steady();
  addSwitch2(world);
  world.set(Vdpu, "vdpu1", { main_dpu_ids: "sw2_dpu0" });
  expect(world.row(DashHaSet, "haset0")?.["peer_ip"]).toBe("18.2.202.1");
  expect(world.row(VnetRouteTunnel, ROUTE)?.["endpoint"]).toBe("18.0.202.1,10.2.0.1");
});

test("W19: ids are trimmed, and an unknown preferred one is ignored with a warning", () => {
  const world = Example.steady();
  world.haSet({ vdpu_ids: " vdpu0 , vdpu1 ", preferred_vdpu_id: " nobody , vdpu1 " });
  expect(world.row(VnetRouteTunnel, ROUTE)).toMatchObject({ endpoint: "10.1.0.1,18.0.202.1", primary: "10.1.0.1" });
  expect(world.problems("ha-set", "haset0")).toEqual(["unknownPreferred"]);
  world.haSet({ preferred_vdpu_id: "nobody" });
  expect(world.row(VnetRouteTunnel, ROUTE)).toMatchObject({ endpoint: "18.0.202.1,10.1.0.1" });
  expect(world.row(VnetRouteTunnel, ROUTE)).not.toHaveProperty("primary");
  world.haSet({ preferred_vdpu_id: "vdpu1,vdpu0,vdpu1" });
  expect(world.row(VnetRouteTunnel, ROUTE)).toMatchObject({
    endpoint: "10.1.0.1,18.0.202.1",
    primary: "10.1.0.1,18.0.202.1",
  });
});

test("W20: scope unspecified is dpu with a warning, and an empty VIP is left out", () => {
  const world = Example.steady();
  const { vip_v4: _v4, vip_v6: _v6, ...without } = Example.SET;
  world.set(DashHaSetConfig, "haset0", { ...without, scope: "unspecified" });
  expect(world.problems("ha-set", "haset0")).toEqual(["scopeUnspecified", "noVip"]);
  expect(world.row(DashHaSet, "haset0")).toMatchObject({ scope: "dpu" });
  expect(world.row(DashHaSet, "haset0")).not.toHaveProperty("vip_v4");
  expect(world.row(DashHaScope, "haset0")).not.toHaveProperty("vip_v4");
  expect(world.keys(VnetRouteTunnel)).toEqual([]);
});

test("W27: the owner of a deleted scope is forgotten by nobody's row", () => {
  const world = Example.steady();
  world.del(DashHaScopeConfig, "vdpu0:haset0");
  expect(world.row(DashHaSet, "haset0")?.["owner"]).toBe("dpu");
  world.scope({ owner: "unspecified" });
  expect(world.row(DashHaSet, "haset0")?.["owner"]).toBe("dpu");
});

test("scope eni is refused visibly: nothing is written at first, what stood stays later", () => {
  const first = new Example();
  for (const [table, key, fields] of Example.rows(0)) {
    first.set(table, key, table === DashHaSetConfig ? { ...fields, scope: "eni" } : fields);
  }
  expect(first.problems("ha-set", "haset0")).toEqual(["scopeEni"]);
  expect(first.problems("ha-scope", "vdpu0:haset0")).toEqual(["scopeEni"]);
  expect([DashHaSet, DashHaScope, VnetRouteTunnel].flatMap((table) => first.keys(table))).toEqual([]);
  const later = Example.steady();
  const before = later.row(DashHaSet, "haset0");
  later.haSet({ version: "7", scope: "eni" });
  expect(later.row(DashHaSet, "haset0")).toEqual(before);
  expect(later.problems("ha-set", "haset0")).toEqual(["scopeEni"]);
});

test("a scope that is owned by the switch from the start keeps the set unwritten", () => {
  const world = new Example();
  for (const [table, key, fields] of Example.rows(0)) {
    world.set(table, key, table === DashHaScopeConfig ? { ...fields, owner: "switch" } : fields);
  }
  world.pass(10_000);
  expect(world.keys(DashHaSet)).toEqual([]);
  expect(world.problems("ha-set", "haset0")).toEqual(["ownerSwitch"]);
  expect(world.problems("ha-scope", "vdpu0:haset0")).toEqual(["ownerSwitch"]);
  world.scope({ owner: "dpu" });
  expect(world.row(DashHaSet, "haset0")?.["owner"]).toBe("dpu");
  expect(world.keys(DashHaScope)).toEqual(["haset0"]);
});

test("a missing dpu_vnet withholds the route alone; the older name serves", () => {
  const world = new Example();
  for (const [table, key, fields] of Example.rows(0)) {
    world.set(table, key, table === DashHaGlobalConfig ? { ...fields, dpu_vnet: "none" } : fields);
  }
  expect(world.keys(VnetRouteTunnel)).toEqual([]);
  expect(world.keys(DashHaSet)).toEqual(["haset0"]);
  expect(world.waits("ha-set", "haset0")).toEqual(["dpu_vnet in DASH_HA_GLOBAL_CONFIG"]);
  const { dpu_vnet: _vnet, ...older } = GLOBAL;
  world.set(DashHaGlobalConfig, "global", { ...older, vnet_name: "Vnet_old" });
  expect(world.keys(VnetRouteTunnel)).toEqual(["Vnet_old:3.2.1.0"]);
});

test("switches that host no side route to the pair in mode all-switches, and do not in mode participants", () => {
  for (const vnetMode of ["all-switches", "participants"] as const) {
    const world = new Example({ vnetMode });
    for (const [table, key, fields] of Example.rows(0)) if (table !== DashHaScopeConfig) world.set(table, key, fields);
    addSwitch2(world);
    world.haSet({ vdpu_ids: "vdpu1,vdpu2", preferred_vdpu_id: "vdpu1" });
    world.pass(1000);
    expect(world.keys(DashHaSet)).toEqual([]);
    expect(world.keys(VnetRouteTunnel)).toEqual(vnetMode === "participants" ? [] : [ROUTE]);
    if (vnetMode === "all-switches") {
      expect(world.row(VnetRouteTunnel, ROUTE)).toEqual({
        endpoint: "10.1.0.1,10.2.0.1",
        endpoint_monitor: "18.1.202.1,18.2.202.1",
        monitoring: "custom_bfd",
        primary: "10.1.0.1",
        rx_monitor_timer: "1000",
        tx_monitor_timer: "1000",
        check_directly_connected: "false",
        pinned_state: "none,none",
      });
    }
  }
});

test("a set with a DPU of a sibling slot is routed by that slot; a row that was ours stays until the config goes", () => {
  const world = Example.steady({ slot: 1 });
  addSwitch2(world);
  expect(world.keys(VnetRouteTunnel)).toEqual([]);
  world.haSet({ vdpu_ids: "vdpu1,vdpu2", preferred_vdpu_id: "" });
  expect(world.keys(VnetRouteTunnel)).toEqual([ROUTE]);
  world.haSet({});
  expect(world.keys(VnetRouteTunnel)).toEqual([ROUTE]);
  world.del(DashHaSetConfig, "haset0");
  expect(world.keys(VnetRouteTunnel)).toEqual([]);
});

test("what a set publishes carries pins and vDPUs as configured, and goes out after its row", () => {
  const world = Example.steady();
  world.haSet({ pinned_vdpu_bfd_probe_states: "down,up", preferred_vdpu_id: "vdpu1" });
  const published = world.derived("ha-set", "haset0")?.publish as Parameters<typeof haSetPort.encode>[0];
  expect(haSetPort.encode(published)).toMatchObject({
    vdpu_ids: ["vdpu0", "vdpu1"],
    pinned_vdpu_bfd_probe_states: ["down", "up"],
    ha_set: { version: "1", cp_data_channel_port: 11362, vip_v4: "3.2.1.0" },
  });
});
