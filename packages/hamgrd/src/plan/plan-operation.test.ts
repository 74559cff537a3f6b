import { expect, test } from "vitest";
import type { DashHaScopeConfigRow } from "../schema/dash-ha-scope-config.js";
import type { Operation } from "./operation-plan.js";
import type { PairView, SideState, SideView } from "./pair-view.js";
import { planOperation } from "./plan-operation.js";
import { readSide } from "./read-side.js";

const HEALTHY: SideState = {
  known: true,
  haState: "active",
  term: "1",
  planesWrong: [],
  bfd: ["10.0.0.1", "10.0.1.1"],
  pending: [],
  version: "4",
  desired: "active",
  disabled: false,
  owner: "dpu",
  silentMs: 1000,
};

type Change = Partial<SideState> & { readonly pinned?: SideView["pinned"]; readonly unknown?: string };

function side(n: number, { pinned = "none", unknown, ...change }: Change): SideView {
  const state = unknown === undefined ? { ...HEALTHY, ...change } : ({ known: false, why: unknown } as const);
  return { vdpu: `vdpu${n}`, dpu: `sw${n}_dpu0`, on: `sw${n}`, npu: `10.0.${n}.1`, pinned, state };
}

function pair(active: Change = {}, standby: Change = {}): PairView {
  const sides = [side(0, active), side(1, { haState: "standby", desired: "unspecified", ...standby })] as const;
  return { set: "haset0", sides, preferred: "vdpu0" };
}

const SWITCHOVER: Operation = { kind: "switchover" };
const shutdown = (vdpu: string): Operation => ({ kind: "shutdown", vdpu });
const restart = (vdpu: string): Operation => ({ kind: "restart", vdpu });
const remove = (vdpu?: string): Operation => ({ kind: "remove", vdpu });

const DEAD = { haState: "dead", desired: "dead", bfd: [] } as const;
const ALONE = { haState: "standalone" } as const;

const cases: readonly (readonly [what: string, Operation, PairView, verdict: string, after: string, why?: RegExp])[] = [
  ["a healthy pair switches over", SWITCHOVER, pair(), "safe", "vdpu1"],
  ["the standby of a healthy pair may go", shutdown("vdpu1"), pair(), "safe", "vdpu0"],
  ["the active of a healthy pair may go", shutdown("vdpu0"), pair(), "safe", "vdpu1"],
  ["either side of a healthy pair restarts", restart("vdpu0"), pair(), "safe", "vdpu1"],
  ["the standby restarts", restart("vdpu1"), pair(), "safe", "vdpu0"],
  ["a dead side restarts beside its owner", restart("vdpu1"), pair(ALONE, DEAD), "safe", "vdpu0"],
  ["one side's configuration may go", remove("vdpu1"), pair(), "safe", "vdpu0"],
  ["a pair of which neither side serves may go", remove(), pair(DEAD, DEAD), "safe", ""],
  ["a dead side may go from a pair without an owner", remove("vdpu1"), pair(DEAD, DEAD), "risky", "vdpu0"],
  ["what is dead and wanted so is left", shutdown("vdpu1"), pair(ALONE, DEAD), "nothing to do", "vdpu0", /wanted so/],
  ["a switch sees neither side", SWITCHOVER, pair({ bfd: ["10.0.1.1"] }, { bfd: ["10.0.1.1"] }), "risky", "vdpu1"],
  ["the last owner may not go", shutdown("vdpu0"), pair(ALONE, DEAD), "refused", "", /no standby/],
  ["a pair that serves may not go", remove(), pair(), "refused", "", /no owner/],
  ["nobody owns", SWITCHOVER, pair(DEAD, DEAD), "refused", "", /nobody is known to own/],
  [
    "the peer does not answer",
    SWITCHOVER,
    pair({}, { unknown: "sw1 does not answer" }),
    "refused",
    "",
    /sw1 does not answer/,
  ],
  ["the peer synchronises", SWITCHOVER, pair({}, { haState: "initializing_to_standby" }), "refused", "", /no standby/],
  ["the owner sends no flows", SWITCHOVER, pair({ haState: "standalone" }), "refused", "", /in step/],
  [
    "the peer's control plane is down",
    SWITCHOVER,
    pair({}, { planesWrong: ["control plane down"] }),
    "refused",
    "",
    /control plane down/,
  ],
  ["the peer is wanted dead", SWITCHOVER, pair({}, { desired: "dead" }), "refused", "", /wanted dead/],
  ["the peer is disabled", SWITCHOVER, pair({}, { disabled: true }), "refused", "", /disabled/],
  ["the peer has no BFD session", SWITCHOVER, pair({}, { bfd: [] }), "refused", "", /no switch has a BFD session/],
  [
    "a side may not reach its peer when it is back",
    restart("vdpu1"),
    pair({ ...ALONE, bfd: ["10.0.0.1"] }, DEAD),
    "risky",
    "vdpu0",
  ],
  [
    "an owner that gets no traffic restarts its peer",
    restart("vdpu1"),
    pair({ ...ALONE, pinned: "down" }, DEAD),
    "risky",
    "vdpu0",
  ],
  ["the peer is pinned down", SWITCHOVER, pair({}, { pinned: "down" }), "refused", "", /pinned down/],
  ["the owner is pinned up", SWITCHOVER, pair({ pinned: "up" }), "refused", "", /pinned up/],
  [
    "the owner is on its way",
    shutdown("vdpu0"),
    pair({ haState: "switching_to_standalone" }),
    "refused",
    "",
    /wait until/,
  ],
  [
    "a split brain",
    SWITCHOVER,
    pair({}, { pending: [{ id: "i", type: "brainsplit_recover" }] }),
    "refused",
    "",
    /split brain/,
  ],
  ["the peer lacks a session that the owner has", SWITCHOVER, pair({}, { bfd: ["10.0.0.1"] }), "risky", "vdpu1"],
  [
    "flows wait to be reconciled",
    SWITCHOVER,
    pair({}, { pending: [{ id: "i", type: "flow_reconcile" }] }),
    "risky",
    "vdpu1",
  ],
  ["a vDPU of another pair", shutdown("vdpu9"), pair(), "refused", "", /no side/],
];

for (const [what, operation, view, verdict, after, why] of cases) {
  test(`${what}: ${verdict}`, () => {
    const plan = planOperation(operation, view);
    expect({ verdict: plan.verdict, after: plan.ownerAfter }).toEqual({ verdict, after });
    expect(plan.steps.length > 0).toBe(verdict === "safe" || verdict === "risky");
    if (why !== undefined) expect(plan.reasons.join("; ")).toMatch(why);
  });
}

test("a side is read off its row; what the row lacks is unknown, and its configuration wins", () => {
  expect(readSide({})).toMatchObject({
    haState: "unknown",
    planesWrong: ["midplane unknown", "control plane unknown", "data plane unknown"],
    bfd: [],
    pending: [],
    disabled: undefined,
  });
  const row = {
    local_ha_state: "standby",
    local_vdpu_midplane_state: "up",
    local_vdpu_control_plane_state: "down",
    local_vdpu_data_plane_state: "up",
    local_vdpu_up_bfd_sessions_v4: '["10.0.0.1", "10.0.1.1"]',
    pending_operation_ids: "a,b",
    pending_operation_types: "flow_reconcile",
    local_target_asic_ha_state: "unspecified",
    version: "3",
  };
  expect(readSide(row)).toMatchObject({
    planesWrong: ["control plane down"],
    bfd: ["10.0.0.1", "10.0.1.1"],
    pending: [
      { id: "a", type: "flow_reconcile" },
      { id: "b", type: "unknown" },
    ],
    desired: "unspecified",
  });
  const config = { version: "9", disabled: true, owner: "dpu", desired_ha_state: "dead" } as DashHaScopeConfigRow;
  expect(readSide({ last_heartbeat_time_in_ms: "1000" }, undefined, 5000).silentMs).toBe(4000);
  expect(readSide(row, config)).toMatchObject({ version: "9", disabled: true, desired: "dead" });
});

test("every refusal can be forced: its reasons are then risks, and the owner afterwards is nobody", () => {
  const plan = planOperation(shutdown("vdpu0"), pair(ALONE, DEAD), { force: true });
  expect(plan).toMatchObject({ verdict: "risky", ownerAfter: "", reasons: [], traffic: "may be lost" });
  expect(plan.risks[0]).toMatch(/no standby/);
  expect(plan.steps[0]?.action).toEqual({ kind: "desire", vdpu: "vdpu0", desired: "dead" });
});

test("a switchover: out, reconcile, back, each write with the next version", () => {
  const plan = planOperation(SWITCHOVER, pair());
  expect(plan.steps.map(({ action }) => action)).toEqual([
    { kind: "desire", vdpu: "vdpu0", desired: "dead" },
    {
      kind: "until",
      sides: [
        { vdpu: "vdpu0", states: ["dead"] },
        { vdpu: "vdpu1", states: ["standalone"] },
      ],
    },
    { kind: "approve", vdpu: "vdpu1", type: "flow_reconcile" },
    { kind: "desire", vdpu: "vdpu0", desired: "active" },
    { kind: "approve", vdpu: "vdpu0", type: "activate_role" },
    {
      kind: "until",
      sides: [
        { vdpu: "vdpu0", states: ["standby"] },
        { vdpu: "vdpu1", states: ["active"] },
      ],
    },
  ]);
  const versions = plan.steps.flatMap(({ rows }) =>
    rows.flatMap(({ by, row, fields }) => (by === "controller" ? [`${row} ${fields}`] : [])),
  );
  expect(versions).toEqual([
    "DASH_HA_SCOPE_CONFIG_TABLE:vdpu0:haset0 version=5 desired_ha_state=dead",
    "DASH_HA_SCOPE_CONFIG_TABLE:vdpu1:haset0 version=5 approved_pending_operation_ids=+id",
    "DASH_HA_SCOPE_CONFIG_TABLE:vdpu0:haset0 version=6 desired_ha_state=active",
    "DASH_HA_SCOPE_CONFIG_TABLE:vdpu0:haset0 version=7 approved_pending_operation_ids=+id",
  ]);
});

test("a pair is removed owner last, scopes before the set", () => {
  const plan = planOperation(remove(), pair(), { force: true });
  expect(plan.steps.map(({ action }) => ("vdpu" in action ? `${action.kind} ${action.vdpu}` : action.kind))).toEqual([
    "desire vdpu1",
    "until",
    "desire vdpu0",
    "until",
    "deleteScope vdpu1",
    "deleteScope vdpu0",
    "deleteSet",
  ]);
});
