import type { ActorAnswer, StepSummary } from "@tandem/actor";
import { expect, test } from "vitest";
import { renderStuck, stuckWaits } from "./stuck.js";
import { renderWhy, type WhyActor, type WhyAnswer } from "./why.js";

const AT = Date.UTC(2026, 0, 1, 9, 31, 0);
const NODE = "region-a.cluster-a.sw0-dpu0";

function actor(parts: Partial<ActorAnswer>): ActorAnswer {
  return {
    ...{ type: "ha-set", id: "haset0-0", incarnation: 1, exists: true, reason: "waits for DASH_HA_GLOBAL_CONFIG" },
    ...{ decidedAt: AT as never, waits: [], problems: [], rows: [], messages: [] },
    inputs: {
      rows: ["APPL_DB|DASH_HA_SET_CONFIG_TABLE|haset0-0"],
      states: [{ name: "vdpu/vdpu0-0", known: false }],
      told: [],
    },
    ...{ state: null, crashes: 0, crashesTotal: 0, lastError: null },
    ...parts,
  };
}

function answer(who: WhyActor, parts: Partial<WhyAnswer> = {}): WhyAnswer {
  return { name: "x", actors: [who], others: [], found: [], recorded: [], silent: [], ...parts };
}

const STUCK = actor({
  waits: [
    { for: "DASH_HA_GLOBAL_CONFIG", age: 75_000, left: -15_000, stuck: true, then: "go on waiting; what stands stays" },
    { for: "approval of activate_role 5c9b", age: 4000, left: null, stuck: false, then: "the controller decides" },
    { for: "the state of vDPU vdpu0-0", age: 4000, left: 6000, stuck: false, then: "go on asking for it" },
  ],
  problems: [{ code: "noVip", severity: "refused", text: "haset0-0 has no vip_v4" }],
  rows: [
    { row: "APPL_DB|VNET_ROUTE_TUNNEL_TABLE|Vnet_55:3.2.0.0", state: "acknowledged", age: 9000, refusal: "" },
    { row: "DPU_APPL_DB|DASH_HA_SET_TABLE|haset0-0", state: "sent", age: 8000, refusal: "orchagent does not answer" },
  ],
  messages: [
    { to: `${NODE}/hamgrd/0/vdpu/vdpu0-0`, key: "VDPUStateRegister|haset0-0", age: 4000, refusal: "no such actor" },
  ],
  crashes: 2,
  lastError: "Error: boom",
});

test("a stuck actor: what for, since when, how much too long, what now; refused rows come first", () => {
  const text = renderWhy(answer({ node: NODE, actor: STUCK, steps: [] }), AT + 60_000);
  expect(text).toBe(`HA set haset0-0, in the hamgrd of sw0-dpu0
  state     waits for DASH_HA_GLOBAL_CONFIG, for 60 s (since 09:31:00)
  waits     STUCK for DASH_HA_GLOBAL_CONFIG, since 75 s, 15 s too long; now: go on waiting; what
            stands stays
            for approval of activate_role 5c9b, since 4 s; without a deadline: the controller
            decides
            for the state of vDPU vdpu0-0, since 4 s, 6 s left; then: go on asking for it
  problems  refused: haset0-0 has no vip_v4
  crashes   2 in a row, last: Error: boom
  rows      DPU_APPL_DB DASH_HA_SET_TABLE:haset0-0           sent 8 s ago, not acknowledged
              refused: orchagent does not answer; tried again until it is taken
            APPL_DB VNET_ROUTE_TUNNEL_TABLE:Vnet_55:3.2.0.0  acknowledged 9 s ago
  messages  VDPUStateRegister|haset0-0 to region-a.cluster-a.sw0-dpu0/hamgrd/0/vdpu/vdpu0-0,
            unanswered for 4 s (no such actor); sent again
  follows   APPL_DB DASH_HA_SET_CONFIG_TABLE:haset0-0, vdpu vdpu0-0 (unknown yet)
`);
  for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
});

test("show ha lists what is stuck, and nothing when nothing is", () => {
  expect(renderStuck(stuckWaits([STUCK]))).toBe(`
stuck: HA set haset0-0 waits for DASH_HA_GLOBAL_CONFIG, since 75 s, 15 s too long; now: go on
  waiting; what stands stays
stuck: HA set haset0-0 waits for DPU_APPL_DB DASH_HA_SET_TABLE:haset0-0 to be written, since 8 s,
  3 s too long; now: send again (orchagent does not answer)
`);
  const late = {
    ...STUCK.messages[0],
    to: "r.c.n/hamgrd/0/vdpu/v",
    key: "VDPUStateRegister|s",
    age: 6000,
    refusal: "",
  };
  expect(renderStuck(stuckWaits([actor({ messages: [late] })]))).toBe(
    "\nstuck: HA set haset0-0 waits for r.c.n/hamgrd/0/vdpu/v to take VDPUStateRegister|s, since 6 s, 1 s\n  too long; now: send again (no answer)\n",
  );
  expect(renderStuck([])).toBe("");
});

test("colours go on whole lines, after they were broken", () => {
  const text = renderWhy(answer({ node: NODE, actor: STUCK, steps: [] }), AT, (tone, line) => `<${tone}>${line}</>`);
  expect(text).toContain(
    "<bad>STUCK for DASH_HA_GLOBAL_CONFIG, since 75 s, 15 s too long; now: go on waiting; what</>\n",
  );
  expect(text).toContain("<bad>refused: haset0-0 has no vip_v4</>\n");
});

test("the last decisions are told with what they saw; heartbeats and rows on their way already are not", () => {
  const step = (parts: Partial<StepSummary>): StepSummary => ({
    ...{ n: 1, actor: "ha-set/haset0-0", incarnation: 1, at: AT, delivered: 1, decided: 2, reason: "one" },
    trace: { id: "t", cause: "APPL_DB|DASH_HA_SET_CONFIG_TABLE|haset0-0", at: AT, received: 0, decoded: 1 },
    ...{ saw: ['APPL_DB|DASH_HA_SET_CONFIG_TABLE|haset0-0 {"version":"1"}'], did: [], rows: [] },
    ...parts,
  });
  const row = "DPU_APPL_DB|DASH_HA_SET_TABLE|haset0-0";
  const steps = [
    step({ did: [`set ${row}`], rows: [{ row, op: "set", step: 1 }] }),
    step({ n: 2, saw: [`${row} written`], did: [`set ${row}`] }),
    step({ n: 3, saw: ["deadline: refresh"], did: [`set ${row}`], rows: [{ row, op: "set", step: 3 }] }),
    step({ n: 4, reason: "two", saw: ["VDPUStateUpdate|vdpu0-0"] }),
  ];
  const text = renderWhy(answer({ node: NODE, actor: actor({ reason: "two" }), steps }), AT);
  expect(text).toContain(`  decided   09:31:00 one
                      because APPL_DB DASH_HA_SET_CONFIG_TABLE:haset0-0 {"version":"1"}
                      set DPU_APPL_DB DASH_HA_SET_TABLE:haset0-0
            09:31:00 two
                      because VDPUStateUpdate vdpu0-0, by APPL_DB DASH_HA_SET_CONFIG_TABLE:haset0-0
`);
});

test("a row that nobody stands for says who could and what keeps them", () => {
  const row = {
    row: "APPL_DB|VNET_ROUTE_TUNNEL_TABLE|Vnet_55:3.2.0.0",
    ...{ fields: null, by: [], readBy: [], isInput: false, couldBy: [{ node: NODE, actor: STUCK, steps: [] }] },
  };
  expect(
    renderWhy(answer({ node: NODE, actor: STUCK, steps: [] }, { actors: [], row }), AT),
  ).toBe(`APPL_DB VNET_ROUTE_TUNNEL_TABLE:Vnet_55:3.2.0.0 is not there
  written   no actor here stands for it
            HA set haset0-0 (sw0-dpu0) does not: waits for DASH_HA_GLOBAL_CONFIG; STUCK for
            DASH_HA_GLOBAL_CONFIG; waits for approval of activate_role 5c9b; waits for the state of
            vDPU vdpu0-0; haset0-0 has no vip_v4
`);
});
