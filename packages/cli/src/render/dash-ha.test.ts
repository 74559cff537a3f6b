import { expect, test } from "vitest";
import {
  renderCounters,
  renderFlowSyncSessions,
  renderGlobalConfig,
  renderHaSets,
  renderScopeDetails,
  renderScopes,
} from "./dash-ha.js";

const set = {
  key: ["haset0-0"],
  fields: {
    version: "1",
    vip_v4: "3.2.1.0",
    vdpu_ids: "vdpu0-0,vdpu1-0",
    scope: "dpu",
    pinned_vdpu_bfd_probe_states: "none,none",
    preferred_vdpu_id: "vdpu0-0",
  },
};

const scope = {
  key: ["vdpu0-0", "haset0-0"],
  fields: {
    version: "1",
    local_ha_state: "HA_STATE_ACTIVE",
    local_ha_state_last_updated_time_in_ms: "1767225600000",
    local_ha_state_last_updated_reason: "dpu initiated",
    local_target_asic_ha_state: "active",
    local_acked_asic_ha_state: "active",
    local_target_term: "3",
    peer_ha_state: "initializing_to_standby",
    peer_term: "3",
    switchover_state: "completed",
    local_vdpu_midplane_state: "up",
    future_field: "x",
  },
};

test("global-config lists every field of the table, N/A when unset, unknown ones last", () => {
  const row = { key: ["global"], fields: { cp_data_channel_port: "11362", dpu_vnet: "Vnet_55", zeta: "1" } };
  expect(renderGlobalConfig(row)).toBe(`Parameter                        Value
cp_data_channel_port             11362
dp_channel_dst_port              N/A
dp_channel_src_port_min          N/A
dp_channel_src_port_max          N/A
dp_channel_probe_interval_ms     N/A
dp_channel_probe_fail_threshold  N/A
dpu_bfd_probe_interval_in_ms     N/A
dpu_bfd_probe_multiplier         N/A
dpu_vnet                         Vnet_55
dpu_vlan                         N/A
zeta                             1
`);
});

test("set status joins config, owner and the DPU's view; a time in seconds is read as one", () => {
  const alive = { key: ["haset0-0"], fields: { dp_channel_is_alive: "up", last_updated_time: "1767225600" } };
  const bare = { key: ["haset1-0"], fields: {} };
  expect(
    renderHaSets([
      { config: bare, state: undefined, owner: undefined },
      { config: set, state: alive, owner: "dpu" },
    ]),
  ).toBe(`HA-Set    Scope  Owner  vDPUs            VIP-v4   Preferred  Pinned     DP-Channel  Updated
haset0-0  dpu    dpu    vdpu0-0,vdpu1-0  3.2.1.0  vdpu0-0    none,none  up          2026-01-01 00:00:00
haset1-0  N/A    N/A    N/A              N/A      N/A        N/A        N/A         N/A
`);
});

test("scope status spells states as the HLD does, newest first", () => {
  const older = { key: ["vdpu1-0", "haset0-0"], fields: { local_ha_state: "standby" } };
  expect(renderScopes([older, scope])).toBe(
    `vDPU     HA-Scope  HA-State  Target  Acked   Term(T/A/P)  Peer-State             Reason         Pending-Ops  Switchover
vdpu0-0  haset0-0  Active    active  active  3/-/3        InitializingToStandby  dpu initiated  -            completed
vdpu1-0  haset0-0  Standby   N/A     N/A     -/-/-        N/A                    N/A            -            -
`,
  );
});

test("scope status of one scope shows every field in its group, unknown ones too", () => {
  const text = renderScopeDetails([scope]);
  expect(text).toContain("vDPU vdpu0-0, HA-Scope haset0-0\nBasic\n  version ");
  expect(text.split("\n").filter((line) => /^[A-Z]/.test(line))).toEqual([
    "Basic",
    "HA State",
    "Health",
    "Operations",
    "Other",
  ]);
  expect(text).toMatch(/^ {2}local_ha_state {2,}Active$/m);
  expect(text).toMatch(/^ {2}local_ha_state_last_updated_time_in_ms {2,}2026-01-01 00:00:00$/m);
  expect(text).toMatch(/^ {2}pending_operation_ids {2,}N\/A$/m);
  expect(text).toMatch(/^ {2}future_field {2,}x$/m);
});

test("counters are one line each", () => {
  expect(
    renderCounters(
      ["HA-Scope", "ENI"],
      [
        { object: ["haset0-0", ""], counter: "packets_forwarded", value: "17" },
        { object: ["haset0-0", "eni1"], counter: "RX_PACKETS", value: "4" },
      ],
    ),
  ).toBe(`HA-Scope  ENI   Counter            Value
haset0-0  N/A   packets_forwarded  17
haset0-0  eni1  RX_PACKETS         4
`);
});

test("where there is nothing, one line says so", () => {
  expect(renderHaSets([])).toBe("no HA set is configured on this switch\n");
  expect(renderScopes([])).toBe("no HA scope has a state on this switch\n");
  expect(renderCounters(["HA-Set"], [])).toBe("no counter is kept\n");
  expect(renderFlowSyncSessions([])).toBe("no flow sync session is known\n");
});

test("flow sync sessions come newest first", () => {
  const session = (id: string, creation: string) => ({
    id,
    request: { key: [id], fields: { type: "bulk_sync", target_server_ip: "18.0.202.1" } },
    state: { key: [id], fields: { state: "in_progress", creation_time_in_ms: creation } },
    counters: { SAI_HA_SET_STAT_BULK_SYNC_FLOW_SENT: "9" },
  });
  const lost = { id: "c", request: undefined, state: undefined, counters: {} };
  expect(renderFlowSyncSessions([session("a", "1767225600000"), lost, session("b", "1767225601000")])).toBe(
    `Session  Type       State        Target      Start                Flows-Sent  Flows-Received  Msgs-Sent  Msgs-Failed
b        bulk_sync  in_progress  18.0.202.1  2026-01-01 00:00:01  9           N/A             N/A        N/A
a        bulk_sync  in_progress  18.0.202.1  2026-01-01 00:00:00  9           N/A             N/A        N/A
c        N/A        N/A          N/A         N/A                  N/A         N/A             N/A        N/A
`,
  );
});
