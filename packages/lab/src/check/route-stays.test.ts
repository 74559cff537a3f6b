import { expect, test } from "vitest";
import { History } from "../testing/history.js";
import { routeStays } from "./route-stays.js";

const CONFIG = ["sw0", "APPL_DB", "DASH_HA_SET_CONFIG_TABLE", "haset0-0"] as const;
const ROUTE = ["sw0", "APPL_DB", "VNET_ROUTE_TUNNEL_TABLE", "Vnet_55:3.2.0.0"] as const;
const SET = ["sw0_dpu0", "DASH_HA_SET_TABLE", "haset0-0"] as const;
const start = (): History =>
  new History(routeStays).row(...CONFIG, {}).row(...ROUTE, { endpoint_monitor: "18.0.202.1,18.1.202.1" });

test("a route that goes while its set is configured is told", () => {
  expect(
    start()
      .row(...ROUTE, undefined)
      .wait(20_000).violations,
  ).toEqual(["route-stays: sw0: the route to haset0-0 went, which is configured"]);
});

test("a DPU that forgets its set while the switch routes to it is told", () => {
  const history = start()
    .row(...CONFIG, undefined)
    .told(...SET, undefined)
    .wait(5000);
  expect(history.violations).toEqual(["route-stays: sw0_dpu0 was told to forget haset0-0 while sw0 routes to it"]);
});

test("config, route, set: in this order everything goes", () => {
  const history = start()
    .row(...CONFIG, undefined)
    .row(...ROUTE, undefined)
    .told(...SET, undefined)
    .wait(5000);
  expect(history.violations).toEqual([]);
  const replaced = start()
    .row(...ROUTE, undefined)
    .row(...ROUTE, { endpoint_monitor: "18.0.202.1" })
    .wait(5000);
  expect(replaced.violations).toEqual([]);
});

test("a delete that comes late, when the set has its next route, is told only where the last route stood as it went", () => {
  const again = (history: History): History =>
    history.row(...CONFIG, {}).row(...ROUTE, { endpoint_monitor: "18.0.202.1" });
  const gone = start()
    .row(...CONFIG, undefined)
    .row(...ROUTE, undefined);
  const late = again(gone)
    .told(...SET, undefined)
    .wait(5000);
  expect(late.violations).toEqual([]);
  // One delete is the old set's; whatever is told after it is not, nor is any once the DPU has started anew.
  expect(late.told(...SET, undefined).wait(5000).violations).toHaveLength(1);
  const anew = again(
    start()
      .row(...CONFIG, undefined)
      .row(...ROUTE, undefined),
  ).power("sw0_dpu0", false);
  expect(anew.told(...SET, undefined).wait(5000).violations).toHaveLength(1);
  const kept = start()
    .row(...CONFIG, undefined)
    .row(...CONFIG, {});
  expect(kept.told(...SET, undefined).wait(5000).violations).toHaveLength(1);
});
