import { expect, test } from "vitest";
import { coreWith, History } from "../testing/history.js";
import { configured } from "../testing/wishes.js";
import { shutdownEnds } from "./shutdown-ends.js";

const serving = (): History =>
  configured(new History(shutdownEnds).knows("sw1_dpu0", coreWith({})), { sw1_dpu0: "unspecified" }).state(
    "sw1_dpu0",
    "standby",
  );

test("a side that stays up though it is to go down is told", () => {
  for (const wish of ["dead", "disabled"] as const) {
    const history = configured(serving(), { sw1_dpu0: wish }).state("sw1_dpu0", "destroying");
    expect(history.wait(19_000).violations).toEqual([]);
    expect(history.wait(2000).violations).toEqual(["shutdown-ends: sw1_dpu0 is to be down and is still destroying"]);
  }
});

test("a side that dies, or that is wanted up again, is as it should be", () => {
  const dead = configured(serving(), { sw1_dpu0: "dead" }).state("sw1_dpu0", "destroying").state("sw1_dpu0", "dead");
  expect(dead.wait(60_000).violations).toEqual([]);
  const again = configured(configured(serving(), { sw1_dpu0: "dead" }).wait(10_000), { sw1_dpu0: "unspecified" });
  expect(again.wait(60_000).violations).toEqual([]);
});
