import { expect, test } from "vitest";
import { coreWith, History } from "../testing/history.js";
import { syncBeforeStandby } from "./sync-before-standby.js";

const ready = (synced: boolean): readonly string[] =>
  new History(syncBeforeStandby)
    .knows("sw0_dpu0", coreWith({ state: "pending_standby_activation", synced }))
    .state("sw0_dpu0", "pending_standby_activation").violations;

test("who is ready without flows is told, and who holds them is not", () => {
  expect(ready(false)).toEqual(["sync-before-standby: sw0_dpu0 is ready to be standby without the flows of its peer"]);
  expect(ready(true)).toEqual([]);
});
