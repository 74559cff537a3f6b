import { expect, test } from "vitest";
import { haScopeLines, pendingOperations, renderHa, renderPending } from "./ha.js";

const NOW = 1_767_225_600_000;

const active = {
  key: ["vdpu0-0", "haset0-0"],
  fields: {
    local_ha_state: "active",
    local_ha_state_last_updated_time_in_ms: String(NOW - 200_000),
    local_acked_asic_ha_state: "active",
    local_acked_term: "1",
    peer_acked_asic_ha_state: "standby",
    peer_ha_state: "standby",
    local_vdpu_midplane_state: "up",
    local_vdpu_control_plane_state: "up",
    local_vdpu_data_plane_state: "up",
    local_vdpu_up_bfd_sessions_v4: "10.0.1.0,10.0.2.0",
  },
};
const waiting = {
  key: ["vdpu10-0", "haset1-0"],
  fields: {
    local_ha_state: "pending_active_activation",
    local_vdpu_midplane_state: "up",
    local_vdpu_control_plane_state: "down",
    pending_operation_ids: "id-1,id-2",
    pending_operation_types: "activate_role",
    pending_operation_list_last_updated_time_in_ms: String(NOW - 5000),
  },
};

test("show ha has a line per scope, also for configured scopes that have no state", () => {
  const configs = [
    { key: ["vdpu2-0", "haset2-0"], fields: { owner: "switch", ha_set_id: "haset2-0" } },
    { key: ["vdpu3-0", "eni-7"], fields: { owner: "dpu", ha_set_id: "haset3-0" } },
    { key: ["vdpu4-0", "haset4-0"], fields: { owner: "dpu", ha_set_id: "haset4-0" } },
    { key: ["vdpu0-0", "haset0-0"], fields: { owner: "dpu", ha_set_id: "haset0-0" } },
  ];
  expect(renderHa(haScopeLines([waiting, active], configs, [], NOW))).toBe(
    `vDPU      HA-Set    Role    State                    Peer-Role  Peer-State  Term  Health                             Pending-Ops    Age
vdpu0-0   haset0-0  active  Active                   standby    Standby     1     up, bfd 2                          -              3m
vdpu2-0   haset2-0  N/A     refused: owner switch    N/A        N/A         N/A   N/A                                -              N/A
vdpu3-0   haset3-0  N/A     refused: scope eni       N/A        N/A         N/A   N/A                                -              N/A
vdpu4-0   haset4-0  N/A     N/A                      N/A        N/A         N/A   N/A                                -              N/A
vdpu10-0  haset1-0  N/A     PendingActiveActivation  N/A        N/A         N/A   control down, data unknown, bfd 0  activate_role  N/A
`,
  );
});

test("a config that is refused is told beside the state that stays", () => {
  const config = (fields: Record<string, string>, bad?: string) => [
    { key: ["vdpu0-0", "haset0-0"], fields: { ha_set_id: "haset0-0", ...fields }, ...(bad !== undefined && { bad }) },
  ];
  const set = (scope: string, bad?: string) => [
    { key: ["haset0-0"], fields: { scope }, ...(bad !== undefined && { bad }) },
  ];
  const shown = (...[configs, sets]: [ReturnType<typeof config>, ReturnType<typeof set>]) =>
    haScopeLines([active], configs, sets, NOW).map(({ state, refusal }) => `${state}: ${refusal}`);
  expect(shown(config({ owner: "dpu" }), set("dpu"))).toEqual(["Active: "]);
  expect(shown(config({ owner: "switch" }), set("dpu"))).toEqual(["Active: owner switch"]);
  expect(shown(config({ owner: "dpu" }), set("eni"))).toEqual(["Active: scope eni"]);
  expect(shown(config({ owner: "dpu" }, "version"), set("dpu"))).toEqual(["Active: bad version"]);
  expect(shown(config({ owner: "dpu" }), set("dpu", "pb"))).toEqual(["Active: bad pb of its HA set"]);
  expect(renderHa(haScopeLines([active], config({ owner: "switch" }), [], NOW))).toContain(
    "active  Active (refused: owner switch)  standby",
  );
});

test("colours follow the aligned columns", () => {
  const painted = renderHa(haScopeLines([active, waiting], [], [], NOW), (tone, text) => `<${tone}>${text}`);
  expect(painted.split("\n").map((line) => /^<\w+>/.exec(line)?.[0])).toEqual([
    undefined,
    "<good>",
    "<bad>",
    undefined,
  ]);
});

test("no scope says so", () => {
  expect(renderHa([])).toBe("no HA scope is configured on this switch\n");
  expect(renderPending([])).toBe("no operation waits for an approval\n");
});

test("pending operations pair ids with types by index; a missing type is N/A", () => {
  const operations = pendingOperations([active, waiting], NOW);
  expect(renderPending(operations)).toBe(`vDPU      HA-Scope  Operation  Type           Age
vdpu10-0  haset1-0  id-1       activate_role  5s
vdpu10-0  haset1-0  id-2       N/A            5s
`);
});
