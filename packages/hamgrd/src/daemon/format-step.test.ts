import { seconds } from "@tandem/base";
import { expect, test } from "vitest";
import { DpuState } from "../schema/dpu-state.js";
import { formatStep } from "./format-step.js";

test("a step is one line: who, what it saw, why, what it did", () => {
  const line = formatStep({
    number: 1,
    slot: "dpu0",
    type: "dpu",
    id: "sw0_dpu0",
    incarnation: 2,
    at: seconds(1),
    trace: "t1",
    changes: [
      { kind: "start", restored: false },
      { kind: "row", table: DpuState, key: "DPU0", row: undefined, before: undefined },
    ],
    draws: [],
    memory: undefined,
    reason: "the control plane\nis down",
    waits: [],
    problems: [],
    difference: ["del DPU_APPL_DB|BFD_SESSION_TABLE|x"],
  });
  expect(line).not.toContain("\n");
  expect(JSON.parse(line)).toEqual({
    actor: "dpu/sw0_dpu0",
    incarnation: 2,
    trace: "t1",
    saw: ["start", "CHASSIS_STATE_DB|DPU_STATE|DPU0 is gone"],
    reason: "the control plane\nis down",
    did: ["del DPU_APPL_DB|BFD_SESSION_TABLE|x"],
  });
});
