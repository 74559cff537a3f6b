import { millis } from "@tandem/base";
import type { StepRecord } from "../step-records.js";
import type { Trace } from "../trace.js";

/** A trace for tests, with what the test is about. */
export function aTrace(parts: Partial<Trace> = {}): Trace {
  return { id: "dpu0-1", cause: "start", at: millis(0), received: millis(0), decoded: millis(0), ...parts };
}

/** A step for tests, with what the test is about. */
export function aStep(parts: Partial<Omit<StepRecord, "number">> = {}): Omit<StepRecord, "number"> {
  return {
    slot: "dpu0",
    type: "t",
    id: "i",
    incarnation: 1,
    at: millis(0),
    trace: aTrace(),
    joined: [],
    delivered: millis(0),
    decided: millis(0),
    changes: [],
    draws: [],
    memory: undefined,
    reason: "",
    waits: [],
    problems: [],
    difference: [],
    rows: [],
    inputs: undefined,
    ...parts,
  };
}
