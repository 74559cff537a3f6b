import type { StepSummary } from "@tandem/actor";
import { expect, test } from "vitest";
import { renderTimeline, selectTraces, traceViews } from "./timeline.js";

const AT = 1_700_000_000_000;

/** A step on a process whose monotonic clock began at `AT`. */
function step(parts: Partial<StepSummary> & Pick<StepSummary, "n" | "actor" | "decided">): StepSummary {
  return {
    incarnation: 1,
    at: AT + Math.floor(parts.decided),
    trace: { id: "sw0/b/0-7", cause: "CHASSIS_STATE_DB|DPU_STATE|DPU0", at: AT + 100, received: 100, decoded: 100.4 },
    delivered: parts.decided - 0.5,
    saw: ["CHASSIS_STATE_DB|DPU_STATE|DPU0 {}"],
    reason: "up",
    did: [],
    rows: [],
    ...parts,
  };
}

const ROW = "DPU_APPL_DB|BFD_SESSION_TABLE|default:default:10.0.0.1";
const FALL = [
  step({
    n: 1,
    actor: "dpu/sw0_dpu0",
    decided: 102,
    reason: "not up: pmon reports it down",
    did: [`del ${ROW}`, "publish"],
    rows: [{ row: ROW, op: "del", step: 1, sent: 102.5, written: 104, acked: 104.5 }],
  }),
  step({ n: 2, actor: "dpu/sw0_dpu0", decided: 105, saw: [`${ROW} written`], reason: "not up: pmon reports it down" }),
  step({ n: 3, actor: "vdpu/vdpu0-0", decided: 106, reason: "not up: 0 of 1 members up", did: ["publish"] }),
];

test("the parts of a trace follow each other and add up to its total", () => {
  const [view] = traceViews([{ process: "r.c.sw0-dpu0", steps: FALL }], 0);
  expect(view?.stages).toMatchObject({ deliver: expect.closeTo(1.1, 3), decide: expect.closeTo(0.5, 3) });
  const { total, ...parts } = view?.stages ?? { total: 0 };
  expect(Object.values(parts).reduce((sum, part) => sum + part, 0)).toBeCloseTo(total, 6);
  expect(total).toBeCloseTo(4.5, 3);
  expect(view).toMatchObject({ open: false, routine: false, behind: [], processes: ["r.c.sw0-dpu0"] });
});

test("a trace prints as a waterfall within 100 columns; steps that decided nothing are left out", () => {
  const text = renderTimeline(traceViews([{ process: "r.c.sw0-dpu0", steps: FALL }], 0), 0);
  expect(text).toBe(`22:13:20.100  sw0-dpu0  CHASSIS_STATE_DB DPU_STATE|DPU0
  4.5 ms = detect 0.4 + deliver 1.1 + decide 0.5 + program 2.0 + ack 0.5
      1.5 |     ###        | dpu sw0_dpu0: not up: pmon reports it down
      2.5 |        ########|   del BFD_SESSION_TABLE:default:default:1…: written +1.5, acked +2.0
      5.5 |               #| vdpu vdpu0-0: not up: 0 of 1 members up
`);
  for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
});

test("a row that nobody has acknowledged is said to be open", () => {
  const waiting = { ...(FALL[0] as StepSummary), rows: [{ row: ROW, op: "del" as const, step: 1, sent: 102.5 }] };
  const views = traceViews([{ process: "r.c.sw0-dpu0", steps: [waiting] }], 0);
  expect(views[0]?.open).toBe(true);
  expect(renderTimeline(views, 0)).toContain("not all acknowledged");
  expect(renderTimeline(views, 0)).toContain("(not acknowledged)".slice(1, -1));
});

/** The same trace in another process, whose message left sw0 at monotonic 103 and whose clock is `off` ms away. */
function overThere(off: number): StepSummary {
  const trace = {
    id: "sw0/b/0-7",
    cause: "CHASSIS_STATE_DB|DPU_STATE|DPU0",
    at: AT + 100,
    received: 903,
    decoded: 903,
    via: { process: "r.c.sw0-dpu0", sentAt: AT + 103 },
  };
  // Its monotonic clock is 800 ahead of sw0's.
  return step({
    n: 9,
    actor: "ha-scope/v1:s",
    decided: 904,
    delivered: 903,
    at: AT + 104 + off,
    trace,
    did: ["publish"],
  });
}

test("steps of another process join by the trace id, in the order of cause; equal clocks are not doubted", () => {
  const records = [
    { process: "r.c.sw1-dpu0", steps: [overThere(0)] },
    { process: "r.c.sw0-dpu0", steps: FALL },
  ];
  const [view] = traceViews(records, 0);
  expect(view?.behind).toEqual([]);
  expect(view?.events.map(({ name }) => name)).toEqual([
    "CHASSIS_STATE_DB|DPU_STATE|DPU0",
    "dpu/sw0_dpu0",
    `del ${ROW}`,
    "ha-scope/v1:s",
    "vdpu/vdpu0-0",
  ]);
});

test("a clock that is behind is marked, and its steps come after what caused them", () => {
  const records = [
    { process: "r.c.sw1-dpu0", steps: [overThere(-500)] },
    { process: "r.c.sw0-dpu0", steps: FALL },
  ];
  const views = traceViews(records, 0);
  expect(views).toHaveLength(1);
  expect(views[0]?.behind).toEqual([{ process: "r.c.sw1-dpu0", by: expect.closeTo(500, 0) }]);
  const there = views[0]?.events.find(({ name }) => name === "ha-scope/v1:s");
  expect(there?.from).toBeCloseTo(3, 1);
  expect(renderTimeline(views, 0)).toContain("clocks disagree: sw1-dpu0 is at least 500 ms behind");
});

test("names select traces by cause, actor and row; heartbeats come only when asked for", () => {
  const beat = step({
    ...{ n: 20, actor: "ha-scope/v:s", decided: 200, saw: ["deadline: refresh"], did: ["set STATE_DB|X|y"] },
    trace: { id: "sw0/b/dpu0-9", cause: "deadline of ha-scope/v:s", at: AT + 200, received: 200, decoded: 200 },
  });
  const views = traceViews([{ process: "r.c.sw0-dpu0", steps: [...FALL, beat] }], 0);
  expect(selectTraces(views, "", false)).toHaveLength(1);
  expect(selectTraces(views, "", true)).toHaveLength(2);
  expect(selectTraces(views, "vdpu0-0", false)).toHaveLength(1);
  expect(selectTraces(views, "bfd_session_table", false)).toHaveLength(1);
  expect(selectTraces(views, "nobody", true)).toEqual([]);
  expect(renderTimeline([], 0)).toBe("nothing happened in that time\n");
});
