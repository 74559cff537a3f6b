import { expect, test } from "vitest";
import { History } from "../testing/history.js";
import { respondersFollowState } from "./responders-follow-state.js";

test("who answers BFD while it connects, or reports the end of its role before it fell silent, is told", () => {
  const early = new History(respondersFollowState).state("sw0_dpu0", "connecting").answering("sw0_dpu0", ["10.0.0.1"]);
  expect(early.violations).toEqual(["responders-follow-state: sw0_dpu0 is connecting and answers BFD"]);
  const late = new History(respondersFollowState).state("sw0_dpu0", "active").answering("sw0_dpu0", ["10.0.0.1"]);
  expect(late.state("sw0_dpu0", "destroying").violations).toEqual([
    "responders-follow-state: sw0_dpu0 is destroying and answers BFD",
  ]);
});

test("who serves answers, and who falls silent first may end", () => {
  const history = new History(respondersFollowState)
    .state("sw0_dpu0", "active")
    .answering("sw0_dpu0", ["10.0.0.1"])
    .state("sw0_dpu0", "switching_to_standalone")
    .answering("sw0_dpu0", [])
    .state("sw0_dpu0", "destroying");
  expect(history.violations).toEqual([]);
});
