import { expect, test } from "vitest";
import { History } from "../testing/history.js";
import { resetOncePerFall } from "./reset-once-per-fall.js";

const planes = (history: History, state: string, time: string): History =>
  history.row("sw0", "CHASSIS_STATE_DB", "DPU_STATE", "DPU0", {
    dpu_midplane_link_state: state,
    dpu_midplane_link_time: time,
    dpu_control_plane_state: state,
    dpu_control_plane_time: time,
  });
const raise = (history: History, timestamp: string): History =>
  history.row("sw0", "STATE_DB", "DPU_RESET_INFO", "DPU0", { reset_status: "true", timestamp });
const fallen = (): History => planes(planes(new History(resetOncePerFall), "up", "1"), "down", "2");

test("a second reset for one fall is told", () => {
  expect(raise(raise(fallen(), "2"), "3").violations).toEqual([
    "reset-once-per-fall: sw0_dpu0: 2 resets raised for 1 falls",
  ]);
});

test("a reset for each fall, seen or not, is as it should be", () => {
  const history = raise(planes(raise(fallen(), "2"), "up", "3"), "2");
  expect(raise(planes(history, "up", "5"), "5").violations).toEqual([]);
});

test("a DPU that is UP in capitals has risen, and falls anew; any other word is no rise", () => {
  const again = (word: string): History => raise(planes(planes(raise(fallen(), "2"), word, "3"), "down", "4"), "4");
  expect(again("UP").violations).toEqual([]);
  expect(again("unknown").violations).toHaveLength(1);
});
