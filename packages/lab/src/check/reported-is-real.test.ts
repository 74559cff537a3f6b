import { expect, test } from "vitest";
import { History } from "../testing/history.js";
import { reportedIsReal } from "./reported-is-real.js";

const reports = (local: string, acked: string): History =>
  new History(reportedIsReal)
    .state("sw0_dpu0", "standalone")
    .row("sw0", "STATE_DB", "DASH_HA_SCOPE_STATE", "vdpu0-0|haset0-0", {
      local_ha_state: local,
      local_acked_asic_ha_state: acked,
    });

test("a switch that goes on saying what its DPU was is told", () => {
  const says = "reported-is-real: vdpu0-0|haset0-0: reported active, sw0_dpu0 is standalone";
  expect(reports("active", "active").rest().violations).toEqual([says]);
  expect(reports("standalone", "active").rest().violations).toHaveLength(1);
});

test("what is reported as it is, and a DPU that is off, are as they should be", () => {
  expect(reports("standalone", "standalone").rest().violations).toEqual([]);
  expect(reports("active", "active").power("sw0_dpu0", false).rest().violations).toEqual([]);
});
