import type { AnyStatePort, AnyTellPort } from "@tandem/actor";
import { type Json, millis } from "@tandem/base";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type DpuActorState, dpuPort } from "./dpu-port.js";
import { haScopeTell } from "./ha-scope-tell.js";
import { haSetPort } from "./ha-set-port.js";
import { vdpuPort } from "./vdpu-port.js";

const wire = (value: Json): Json => JSON.parse(JSON.stringify(value));

const REMOTE: DpuActorState = {
  remote_dpu: true,
  is_managed: false,
  dpu_name: "sw1_dpu0",
  up: false,
  npu_ipv4: "10.1.0.1",
  pa_ipv4: "18.1.202.1",
  dpu_id: 0,
  orchagent_zmq_port: 0,
  swbus_port: 23606,
};
const LOCAL: DpuActorState = {
  ...REMOTE,
  remote_dpu: false,
  is_managed: true,
  dpu_name: "sw0_dpu0",
  up: true,
  state: "up",
  vip_ipv4: "3.2.1.0",
  vdpu_id: "vdpu0",
  midplane_ipv4: "169.254.200.1",
  orchagent_zmq_port: 8100,
  dpu_pmon_state: {
    dpu_midplane_link_state: "up",
    dpu_midplane_link_time: millis(1718032542000),
    dpu_control_plane_state: "down",
    dpu_control_plane_time: millis(1718098215000),
    dpu_data_plane_state: "unknown",
    dpu_data_plane_time: millis(1718235930000),
  },
  dpu_bfd_state: {
    v4_bfd_up_sessions: ["10.0.0.1", "10.1.0.1"],
    v4_bfd_up_sessions_timestamp: millis(1718235930000),
    v6_bfd_up_sessions: [],
    v6_bfd_up_sessions_timestamp: millis(1718235930000),
  },
};

test("a remote DPU's message has exactly upstream's members", () => {
  expect(wire(dpuPort.encode(REMOTE))).toEqual({
    remote_dpu: true,
    is_managed: false,
    dpu_name: "sw1_dpu0",
    up: false,
    npu_ipv4: "10.1.0.1",
    pa_ipv4: "18.1.202.1",
    dpu_id: 0,
    orchagent_zmq_port: 0,
    swbus_port: 23606,
  });
});

test("planes and probes travel as the rows' text", () => {
  expect(wire(dpuPort.encode(LOCAL))).toMatchObject({
    dpu_pmon_state: {
      dpu_midplane_link_state: "up",
      dpu_midplane_link_time: "Mon Jun 10 03:15:42 PM UTC 2024",
      dpu_control_plane_state: "down",
    },
    dpu_bfd_state: {
      v4_bfd_up_sessions: "10.0.0.1,10.1.0.1",
      v6_bfd_up_sessions: "",
      v4_bfd_up_sessions_timestamp: "Wed Jun 12 11:45:30 PM UTC 2024",
    },
  });
  expect(dpuPort.decode(wire(dpuPort.encode(LOCAL)))).toEqual(LOCAL);
});

test("a vDPU of one DPU says up and dpu, no more; members come back as they went", () => {
  expect(Object.keys(wire(vdpuPort.encode({ up: true, dpu: LOCAL })) as object).sort()).toEqual(["dpu", "up"]);
  const state = { up: true, dpu: LOCAL, members: [LOCAL, REMOTE], balanced: true as const };
  expect(vdpuPort.decode(wire(vdpuPort.encode(state)))).toEqual(state);
});

test("an HA set's row keeps numbers as numbers, and a missing VIP is empty text", () => {
  const row = {
    version: "1",
    vip_v4: "3.2.1.0",
    owner: "dpu" as const,
    scope: "dpu" as const,
    local_npu_ip: "10.0.0.1",
    local_ip: "18.0.202.1",
    peer_ip: "18.1.202.1",
    cp_data_channel_port: 11362,
  };
  const state = { ha_set: row, vdpu_ids: ["vdpu0", "vdpu1"], pinned_vdpu_bfd_probe_states: ["", "up"] as const };
  expect(wire(haSetPort.encode(state))).toEqual({
    ha_set: row,
    vdpu_ids: ["vdpu0", "vdpu1"],
    pinned_vdpu_bfd_probe_states: ["", "up"],
  });
  expect(haSetPort.decode(wire(haSetPort.encode(state)))).toEqual(state);
  const { vip_v4: _vip, ...without } = row;
  expect(wire(haSetPort.encode({ ...state, ha_set: without }))).toMatchObject({ ha_set: { vip_v4: "" } });
  expect(haSetPort.decode(wire(haSetPort.encode({ ...state, ha_set: without })))).toEqual({
    ...state,
    ha_set: without,
  });
  expect(haSetPort.decode({ up: true, ...(wire(haSetPort.encode(state)) as object) })).toEqual({ up: true, ...state });
});

test("a scope's state has its owner as a number", () => {
  const state = {
    owner: "dpu" as const,
    new_state: "HA_STATE_UNSPECIFIED",
    timestamp: 0,
    term: "0",
    vdpu_id: "vdpu0",
    peer_vdpu_id: "",
  };
  expect(wire(haScopeTell.encode(state))).toEqual({
    owner: 1,
    new_state: "HA_STATE_UNSPECIFIED",
    timestamp: 0,
    term: "0",
    vdpu_id: "vdpu0",
    peer_vdpu_id: "",
  });
  expect(haScopeTell.decode(wire(haScopeTell.encode(state)))).toEqual(state);
  expect(haScopeTell.decode({ ...state, owner: 7 })).toBeUndefined();
  expect(haScopeTell.decode({ ...state, owner: 2, acked_asic_ha_state: "active" })).toMatchObject({
    owner: "switch",
    acked_asic_ha_state: "active",
  });
});

test("what is no state is none, and nothing throws", () => {
  const ports: readonly (AnyStatePort | AnyTellPort)[] = [dpuPort, vdpuPort, haSetPort, haScopeTell];
  for (const port of ports) for (const data of [null, 1, "x", [], {}]) expect(port.decode(data)).toBeUndefined();
  const names = ["up", "dpu", "members", "ha_set", "owner", "vdpu_ids", "dpu_pmon_state", "dpu_id", "remote_dpu"];
  const json = fc.jsonValue().map((value) => value as Json);
  fc.assert(
    fc.property(
      fc.constantFrom(...ports),
      fc.dictionary(fc.constantFrom(...names), json),
      json,
      (port, members, any) => {
        port.decode(any);
        port.decode({ ...(wire(dpuPort.encode(LOCAL)) as object), ...members });
        port.decode({ up: true, dpu: wire(dpuPort.encode(LOCAL)), ...members });
      },
    ),
    { numRuns: 1000 },
  );
});

test("the keys of registrations and updates are upstream's", () => {
  expect([dpuPort, vdpuPort, haSetPort].map(({ provider, register, update }) => [provider, register, update])).toEqual([
    ["dpu", "DPUStateRegister", "DPUStateUpdate"],
    ["vdpu", "VDPUStateRegister", "VDPUStateUpdate"],
    ["ha-set", "HaSetStateRegister", "HaSetStateUpdate"],
  ]);
  expect(haScopeTell.key).toBe("HaScopeStateUpdate");
});
