import { readUpstreamDump, type TestHarness } from "@tandem/actor/testing";
import { type Json, millis } from "@tandem/base";
import type { AnyTable, Fields } from "@tandem/swss";
import { expect, test } from "vitest";
import { DPU_SINKS, SWITCH_SINKS } from "../daemon/sinks.js";
import { DashHaGlobalConfig } from "../schema/dash-ha-global-config.js";
import { DashHaScope } from "../schema/dash-ha-scope.js";
import { DashHaScopeConfig } from "../schema/dash-ha-scope-config.js";
import { DashHaScopeState } from "../schema/dash-ha-scope-state.js";
import { DashHaSetConfig } from "../schema/dash-ha-set-config.js";
import { Dpu } from "../schema/dpu.js";
import { DpuDashHaScopeState } from "../schema/dpu-reports.js";
import { DpuState } from "../schema/dpu-state.js";
import { Vdpu } from "../schema/vdpu.js";
import { settings } from "../testing/example.js";
import { fixture, startFixture } from "../testing/fixture.js";
import { haScopeActor } from "./ha-scope.js";
import { haSetActor } from "./ha-set.js";
import { hamgrdActors } from "./hamgrd-actors.js";
import { vdpuActor } from "./vdpu.js";

// Whole messages and rows, as sonic-dash-ha's tests compare them: a member too many is a failure like one too few.

const SET = fixture.haSet(0, 0);
const VDPU0 = fixture.vdpu(0, 0);
const VDPU1 = fixture.vdpu(1, 0);
const SCOPE = `${VDPU0}:${SET}`;

/** A config row as upstream's bridges hand it on. */
const json = (message: Json): Fields => ({ json: JSON.stringify(message) });
const setConfig = (pins: readonly string[]): Fields =>
  json({
    version: "1",
    vip_v4: { ip: { Ipv4: 0x00000203 } },
    vip_v6: { ip: { Ipv6: [0, 3, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] } },
    vdpu_ids: [VDPU0, VDPU1],
    scope: 1,
    pinned_vdpu_bfd_probe_states: pins,
    preferred_vdpu_id: VDPU0,
    preferred_standalone_vdpu_index: 0,
  });
const SET_STATE = {
  version: "1",
  vip_v4: "3.2.0.0",
  vip_v6: "3:2::",
  owner: "dpu",
  scope: "dpu",
  local_npu_ip: "10.0.0.0",
  local_ip: "18.0.0.0",
  peer_ip: "18.0.1.0",
  cp_data_channel_port: 12345,
  dp_channel_dst_port: 23456,
  dp_channel_src_port_min: 34567,
  dp_channel_src_port_max: 45678,
  dp_channel_probe_interval_ms: 1000,
  dp_channel_probe_fail_threshold: 3,
};

test("HaSetStateUpdate: ports as numbers, pins and vDPUs as configured, no `up` with owner dpu", async () => {
  await using hamgrd = await startFixture([haSetActor(settings())]);
  for (const table of [...DPU_SINKS, ...SWITCH_SINKS]) hamgrd.bridge(table).autoAck = true;
  const me = hamgrd.actor("ha-set", SET);
  const bridge = hamgrd.bridge(DashHaSetConfig);
  await bridge.sendRow(me, DashHaSetConfig, SET, setConfig([""]));
  const [vdpu0, vdpu1] = [hamgrd.service("vdpu", VDPU0), hamgrd.service("vdpu", VDPU1)];
  for (const vdpu of [vdpu0, vdpu1]) {
    const { key, data } = await vdpu.next();
    expect({ key, data }).toEqual({ key: `VDPUStateRegister|${SET}`, data: { active: true } });
  }
  const scope = hamgrd.service("ha-scope", SCOPE);
  await scope.send(me, `HaSetStateRegister|${SCOPE}`, { active: true });
  await scope.send(me, `HaScopeStateUpdate|${SCOPE}`, {
    owner: 1,
    new_state: "HA_STATE_UNSPECIFIED",
    timestamp: 0,
    term: "0",
    vdpu_id: VDPU0,
    peer_vdpu_id: "",
  });
  await hamgrd.write(DashHaGlobalConfig, "global", fixture.global);
  await vdpu0.send(me, `VDPUStateUpdate|${VDPU0}`, fixture.vdpuState(0, 0, "managed"));
  await vdpu1.send(me, `VDPUStateUpdate|${VDPU1}`, fixture.vdpuState(1, 0, "remote"));
  const state = (pins: readonly string[]): Json => ({
    ha_set: SET_STATE,
    vdpu_ids: [VDPU0, VDPU1],
    pinned_vdpu_bfd_probe_states: pins,
  });
  const first = await scope.next();
  expect([first.key, first.data]).toEqual([`HaSetStateUpdate|${SET}`, state([""])]);
  await bridge.sendRow(me, DashHaSetConfig, SET, setConfig(["down", "up"]));
  expect((await scope.next()).data).toEqual(state(["down", "up"]));
});

test("VDPUStateUpdate: `up` and the DPU's state as it came, nothing more", async () => {
  await using hamgrd = await startFixture([vdpuActor]);
  const me = hamgrd.actor("vdpu", VDPU0);
  await hamgrd.write(Vdpu, VDPU0, { main_dpu_ids: fixture.dpu(0, 0) });
  const dpu = hamgrd.service("dpu", fixture.dpu(0, 0));
  await dpu.next();
  const whole = fixture.vdpuState(0, 0, "managed") as { readonly dpu: { readonly [name: string]: Json } };
  const state: Json = {
    ...whole.dpu,
    state: "up",
    npu_ipv6: "10:0:0::0",
    vip_ipv4: "3.2.0.0",
    vdpu_id: "vdpu0",
    midplane_ipv4: "127.0.0.1",
    dpu_pmon_state: fixture.planes("up"),
    dpu_bfd_state: {
      v4_bfd_up_sessions: "10.0.0.0,10.0.1.0",
      v6_bfd_up_sessions: "",
      v4_bfd_up_sessions_timestamp: "Wed Jun 12 11:45:30 PM UTC 2024",
      v6_bfd_up_sessions_timestamp: "Wed Jun 12 11:45:30 PM UTC 2024",
    },
  };
  await dpu.send(me, `DPUStateUpdate|${fixture.dpu(0, 0)}`, state);
  const set = hamgrd.service("ha-set", SET);
  await set.send(me, `VDPUStateRegister|${SET}`, { active: true });
  expect((await set.next()).data).toEqual({ up: true, dpu: state });
});

const NEVER = ["creation_time_in_ms", "last_heartbeat_time_in_ms", "pending_operation_list_last_updated_time_in_ms"];

/** The switch's row of the scope without times of this hamgrd, which upstream's tests leave out too. */
async function stateRow(hamgrd: TestHarness): Promise<Fields | undefined> {
  const row = await hamgrd.row(DashHaScopeState, `${VDPU0}|${SET}`);
  return row && Object.fromEntries(Object.entries(row).filter(([name]) => !NEVER.includes(name)));
}

test("DASH_HA_SCOPE_STATE in seven steps, the whole row each time", async () => {
  await using hamgrd = await startFixture([haScopeActor(settings())]);
  hamgrd.bridge(DashHaScope).autoAck = true;
  const me = hamgrd.actor("ha-scope", SCOPE);
  const [vdpu, set] = [hamgrd.service("vdpu", VDPU0), hamgrd.service("ha-set", SET)];
  vdpu.autoAck = true;
  set.autoAck = true;
  const bridge = hamgrd.bridge(DashHaScopeConfig);
  const config = async (version: string, rest: { readonly [name: string]: Json }): Promise<void> => {
    const message = { version, disabled: false, owner: 1, ha_set_id: SET, desired_ha_state: 2, ...rest };
    await bridge.sendRow(me, DashHaScopeConfig, SCOPE, json(message));
    await hamgrd.clock.advance(millis(600));
  };
  const report = async (fields: Fields): Promise<void> => {
    await hamgrd.update(DpuDashHaScopeState, SET, fields);
    await hamgrd.clock.advance(millis(600));
  };
  await config("1", { disabled: true });
  const state = fixture.vdpuState(0, 0, "managed") as { readonly dpu: object };
  const says = (sessions: string): Promise<unknown> =>
    vdpu.send(me, `VDPUStateUpdate|${VDPU0}`, {
      up: true,
      dpu: {
        ...state.dpu,
        dpu_pmon_state: fixture.planes("up"),
        dpu_bfd_state: {
          v4_bfd_up_sessions: sessions,
          v6_bfd_up_sessions: "",
          v4_bfd_up_sessions_timestamp: "Wed Jun 12 11:45:30 PM UTC 2024",
          v6_bfd_up_sessions_timestamp: "Wed Jun 12 11:45:30 PM UTC 2024",
        },
      },
    } as Json);
  await says("");
  await hamgrd.clock.advance(millis(600));
  expect(await stateRow(hamgrd)).toBeUndefined();
  await set.send(me, `HaSetStateUpdate|${SET}`, {
    ha_set: SET_STATE,
    vdpu_ids: [VDPU0, VDPU1],
    pinned_vdpu_bfd_probe_states: [""],
  });
  await hamgrd.rest();
  const base = {
    version: "1",
    vip_v4: "3.2.0.0",
    vip_v6: "3:2::",
    local_ip: "18.0.0.0",
    peer_ip: "18.0.1.0",
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
  expect(await stateRow(hamgrd), "1: before the DPU says anything").toEqual(base);

  const dead = {
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
  await report(dead);
  const says1 = {
    ...base,
    local_ha_state: "dead",
    local_ha_state_last_updated_time_in_ms: "1718053542001",
    local_ha_state_last_updated_reason: "dpu initiated",
    local_target_asic_ha_state: "active",
    local_acked_asic_ha_state: "dead",
    local_target_term: "1",
    local_acked_term: "1",
  };
  expect(await stateRow(hamgrd), "2: the DPU is dead").toEqual(says1);

  await config("2", {});
  expect(await stateRow(hamgrd), "3: enabled").toEqual({ ...says1, version: "2" });

  await report({
    ...dead,
    ha_state: "pending_active_activation",
    ha_state_start_time: "1718053550000",
    activate_role_pending: "true",
  });
  const pending = await stateRow(hamgrd);
  const id = pending?.["pending_operation_ids"] ?? "";
  const asked = {
    ...says1,
    version: "2",
    local_ha_state: "pending_active_activation",
    local_acked_asic_ha_state: "pending_active_activation",
    local_ha_state_last_updated_time_in_ms: "1718053550000",
  };
  expect(pending, "4: it asks").toEqual({
    ...asked,
    pending_operation_ids: id,
    pending_operation_types: "activate_role",
  });

  await config("3", { approved_pending_operation_ids: [id] });
  const approved = { ...asked, version: "3", pending_operation_ids: "", pending_operation_types: "" };
  expect(await stateRow(hamgrd), "5: approved").toEqual(approved);

  await report({ ...dead, ha_role: "active", ha_state: "active", ha_term: "2", ha_state_start_time: "1718053560000" });
  const active = {
    ...approved,
    local_ha_state: "active",
    local_acked_asic_ha_state: "active",
    local_ha_state_last_updated_time_in_ms: "1718053560000",
    local_target_term: "2",
    local_acked_term: "2",
  };
  expect(await stateRow(hamgrd), "6: active").toEqual(active);

  await says("10.0.0.0,10.0.1.0");
  await config("4", { desired_ha_state: 1, approved_pending_operation_ids: [id] });
  expect(await stateRow(hamgrd), "7: probes are up, and it is to go down").toEqual({
    ...active,
    version: "4",
    local_vdpu_up_bfd_sessions_v4: "10.0.0.0,10.0.1.0",
    local_target_asic_ha_state: "dead",
  });
  await bridge.sendRow(me, DashHaScopeConfig, SCOPE, undefined);
  await hamgrd.rest();
  expect(await stateRow(hamgrd)).toBeUndefined();
});

test("W16: a scope reads the DPU's state row of its own name, whatever other rows stand in that table", async () => {
  await using hamgrd = await startFixture([haScopeActor(settings())], { fakes: false });
  const me = hamgrd.actor("ha-scope", SCOPE);
  const [vdpu, set] = [hamgrd.service("vdpu", VDPU0), hamgrd.service("ha-set", SET)];
  vdpu.autoAck = true;
  set.autoAck = true;
  await hamgrd.write(DashHaScopeConfig, SCOPE, { version: "1", owner: "dpu", ha_set_id: SET });
  await vdpu.send(me, `VDPUStateUpdate|${VDPU0}`, fixture.vdpuState(0, 0, "managed"));
  const state = { ha_set: SET_STATE, vdpu_ids: [VDPU0, VDPU1], pinned_vdpu_bfd_probe_states: [] };
  await set.send(me, `HaSetStateUpdate|${SET}`, state);
  await hamgrd.rest();
  const before = await stateRow(hamgrd);
  for (const key of ["haset9-0", "DASH_HA_SCOPE_STATE_TABLE", ""]) {
    await hamgrd.update(DpuDashHaScopeState, key, {
      ha_state: "active",
      ha_role: "active",
      activate_role_pending: "true",
    });
  }
  await hamgrd.rest();
  expect(await stateRow(hamgrd)).toEqual(before);
  await hamgrd.update(DpuDashHaScopeState, SET, { ha_state: "active", ha_role: "active" });
  await hamgrd.rest();
  expect(await stateRow(hamgrd)).toMatchObject({ local_ha_state: "active" });
});

test("a Del counts as one whether it carries no fields, as bridges send it, or the whole row", async () => {
  for (const fields of [{}, fixture.dpuRow(0, 0)]) {
    await using hamgrd = await startFixture(hamgrdActors(settings()), { fakes: false });
    const me = hamgrd.actor("dpu", fixture.dpu(0, 0));
    const bridge = hamgrd.bridge(Dpu);
    await bridge.sendRow(me, Dpu, fixture.dpu(0, 0), fixture.dpuRow(0, 0));
    await hamgrd.rest();
    expect(hamgrd.runtime.actor("dpu", fixture.dpu(0, 0))?.exists).toBe(true);
    const envelope: Json = { key: fixture.dpu(0, 0), operation: "Del", field_values: fields };
    expect(await bridge.send(me, "DPU", envelope)).toMatchObject({ text: "" });
    await hamgrd.rest();
    expect(hamgrd.runtime.actors()).toEqual([]);
  }
});

test("what a switch-driven peer says to our scope is acknowledged, reported, and changes nothing", async () => {
  await using hamgrd = await startFixture([haScopeActor(settings())], { fakes: false });
  const me = hamgrd.actor("ha-scope", SCOPE);
  for (const service of [hamgrd.service("vdpu", VDPU0), hamgrd.service("ha-set", SET)]) service.autoAck = true;
  await hamgrd.write(DashHaScopeConfig, SCOPE, {
    version: "1",
    disabled: "false",
    owner: "dpu",
    ha_set_id: SET,
    desired_ha_state: "active",
  });
  const before = hamgrd.runtime.actor("ha-scope", SCOPE);
  const peer = hamgrd.service("ha-scope", `${VDPU1}:${SET}`);
  const said: readonly (readonly [string, Json])[] = [
    ["PeerHeartbeat", { dst_actor_id: SCOPE }],
    ["VoteRequest", { dst_actor_id: SCOPE, term: "1", state: "connected", desired_state: "DESIRED_HA_STATE_ACTIVE" }],
    ["SwitchoverRequest", { dst_actor_id: SCOPE, switchover_id: "x", flag: "Syn" }],
    ["ShutdownRequest", { reason: "maintenance" }],
  ];
  for (const [name, data] of said) {
    expect((await peer.send(me, `${name}|${VDPU1}:${SET}`, data)).text).toBe("");
  }
  expect(hamgrd.events.filter(({ kind }) => kind === "badMessage")).toHaveLength(said.length);
  expect(hamgrd.runtime.actor("ha-scope", SCOPE)).toEqual(before);
});

test("every actor's dump is read by sonic-dash-ha's types, and shows config rows as the message in them", async () => {
  await using hamgrd = await startFixture(hamgrdActors(settings()), { fakes: false });
  await hamgrd.write(Dpu, fixture.dpu(0, 0), fixture.dpuRow(0, 0));
  await hamgrd.update(DpuState, "DPU0", fixture.planes("up"));
  await hamgrd.write(Vdpu, VDPU0, { main_dpu_ids: fixture.dpu(0, 0) });
  await hamgrd.write(DashHaGlobalConfig, "global", fixture.global);
  const scope = DashHaScopeConfig.decode(
    json({ version: "1", disabled: true, owner: 1, ha_set_id: SET, desired_ha_state: 2 }),
  );
  const set = DashHaSetConfig.decode(setConfig([]));
  if (!scope.ok || !set.ok) throw new Error("no rows");
  await hamgrd.write(DashHaScopeConfig, SCOPE, DashHaScopeConfig.encode(scope.value));
  await hamgrd.write(DashHaSetConfig, SET, DashHaSetConfig.encode(set.value));
  await hamgrd.clock.advance(millis(2000));
  const tool = hamgrd.service("tool", "t");
  const read = async (type: string, id: string) => readUpstreamDump(await tool.actorState(hamgrd.actor(type, id)));
  expect(Object.keys((await read("dpu", fixture.dpu(0, 0))).incoming)).toContain("DPU_STATE|DPU0");
  expect((await read("vdpu", VDPU0)).sent[`DPUStateRegister|${VDPU0}`]).toMatchObject({ acked: true });
  const configOf = (dump: Awaited<ReturnType<typeof read>>, table: AnyTable): Json => {
    const data = dump.incoming[table.name]?.data as { readonly field_values: { readonly json: string } };
    return JSON.parse(data.field_values.json) as Json;
  };
  expect(configOf(await read("ha-set", SET), DashHaSetConfig)).toMatchObject({
    vip_v4: { ip: { Ipv4: 0x00000203 } },
    vdpu_ids: [VDPU0, VDPU1],
  });
  expect(configOf(await read("ha-scope", SCOPE), DashHaScopeConfig)).toEqual({
    version: "1",
    disabled: true,
    owner: 1,
    ha_set_id: SET,
    desired_ha_state: 2,
    approved_pending_operation_ids: [],
  });
});
