import { expect, test } from "vitest";
import { coreWith, History } from "../testing/history.js";
import { configured } from "../testing/wishes.js";
import { sameConfigSameRows } from "./same-config-same-rows.js";

const ROUTE = ["sw0", "APPL_DB", "VNET_ROUTE_TUNNEL_TABLE", "Vnet_55:3.2.0.0"] as const;

/** A pair that has been seen at rest, and whose hamgrd has crashed and come back since. */
function restarted(): History {
  const history = new History(sameConfigSameRows).knows("sw0_dpu0", coreWith({})).knows("sw1_dpu0", coreWith({}));
  configured(history.power("sw0_dpu0", true).state("sw0_dpu0", "active").state("sw1_dpu0", "standby"), {
    sw0_dpu0: "active",
  });
  history.row(...ROUTE, { endpoint: "18.0.202.1,10.0.1.1", primary: "18.0.202.1" }).wait(60_000);
  return history.trouble("sw0_dpu0", "process").part("sw0_dpu0", false).wait(1000).part("sw0_dpu0", true);
}

test("a row that is another after a crash is told", () => {
  const history = restarted().row(...ROUTE, { endpoint: "18.0.202.1,10.0.1.1", primary: "10.0.1.1" });
  expect(history.trouble("sw0_dpu0", "process", false).wait(60_000).violations).toEqual([
    "same-config-same-rows: haset0-0: gone: sw0 VNET_ROUTE_TUNNEL_TABLE Vnet_55:3.2.0.0 endpoint=18.0.202.1,10.0.1.1 primary=18.0.202.1",
    "same-config-same-rows: haset0-0: new: sw0 VNET_ROUTE_TUNNEL_TABLE Vnet_55:3.2.0.0 endpoint=18.0.202.1,10.0.1.1 primary=10.0.1.1",
  ]);
});

test("rows that are as before, but for times and versions, or follow another config, are as they should be", () => {
  const same = restarted().row(...ROUTE, {
    endpoint: "18.0.202.1,10.0.1.1",
    primary: "18.0.202.1",
    last_updated_time: "7",
    version: "2",
  });
  expect(same.trouble("sw0_dpu0", "process", false).wait(60_000).violations).toEqual([]);
  const other = configured(restarted(), { sw0_dpu0: "unspecified" }).row(...ROUTE, undefined);
  expect(other.trouble("sw0_dpu0", "process", false).wait(60_000).violations).toEqual([]);
});
