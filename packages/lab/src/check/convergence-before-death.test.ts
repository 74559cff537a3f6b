import { expect, test } from "vitest";
import { coreWith, History } from "../testing/history.js";
import { convergenceBeforeDeath } from "./convergence-before-death.js";

const ending = (): History =>
  new History(convergenceBeforeDeath).knows("sw0_dpu0", coreWith({})).state("sw0_dpu0", "destroying");

test("a DPU that dies before the network has converged is told", () => {
  expect(ending().wait(1000).state("sw0_dpu0", "dead").violations).toEqual([
    "convergence-before-death: sw0_dpu0 died after 1000 ms, before 5000 ms were over",
  ]);
});

test("it may die afterwards, and at once when it is disabled", () => {
  expect(ending().wait(5000).state("sw0_dpu0", "dead").violations).toEqual([]);
  expect(ending().state("sw0_dpu0", "dead", "disabled").violations).toEqual([]);
});
