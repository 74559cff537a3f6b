import { expect, test } from "vitest";
import { History } from "../testing/history.js";
import { splitBrainEndsByRestart } from "./split-brain-ends-by-restart.js";

const apart = (): History =>
  new History(splitBrainEndsByRestart).state("sw0_dpu0", "standalone").state("sw1_dpu0", "standalone");

test("a pair that comes together without a restart is told", () => {
  expect(apart().state("sw0_dpu0", "active").violations).toEqual([
    "split-brain-ends-by-restart: haset0-0: sw0_dpu0 went from standalone to active though neither side was restarted",
  ]);
});

test("after one side was disabled, lost power or was deleted the pair may come together", () => {
  for (const restart of [
    (history: History) => history.state("sw1_dpu0", "dead"),
    (history: History) => history.power("sw1_dpu0", false),
    (history: History) => history.told("sw1_dpu0", "DASH_HA_SCOPE_TABLE", "haset0-0", undefined),
  ]) {
    const history = restart(apart()).state("sw1_dpu0", "initializing_to_standby").state("sw0_dpu0", "active");
    expect(history.violations).toEqual([]);
  }
});
