import { expect, test } from "vitest";
import { History } from "../testing/history.js";
import { routeFollowsConfig } from "./route-follows-config.js";

const CONFIG = {
  version: "1",
  vip_v4: "3.2.0.0",
  vdpu_ids: "vdpu0-0,vdpu1-0",
  scope: "dpu",
  preferred_vdpu_id: "vdpu1-0",
  pinned_vdpu_bfd_probe_states: "down,none",
};
const ROUTE = {
  endpoint: "10.0.1.1,18.0.202.1",
  endpoint_monitor: "18.1.202.1,18.0.202.1",
  primary: "10.0.1.1",
  pinned_state: "none,down",
};
const routed = (changes: Readonly<Record<string, string>>, vnet = "Vnet_55"): History =>
  new History(routeFollowsConfig, { switches: 2, dpusPerSwitch: 1, network: "10.0" })
    .row("sw0", "APPL_DB", "DASH_HA_SET_CONFIG_TABLE", "haset0-0", CONFIG)
    .row("sw0", "APPL_DB", "VNET_ROUTE_TUNNEL_TABLE", `${vnet}:3.2.0.0`, { ...ROUTE, ...changes });

test("pins that stand at another vDPU's place, a lost primary and a second route are told", () => {
  expect(routed({ pinned_state: "down,none" }).wait(20_000).violations).toEqual([
    "route-follows-config: sw0: pinned_state of the route to haset0-0 is down,none, by config none,down",
  ]);
  expect(routed({ primary: "" }).wait(20_000).violations).toHaveLength(1);
  const twice = routed({}).row("sw0", "APPL_DB", "VNET_ROUTE_TUNNEL_TABLE", "Vnet_56:3.2.0.0", ROUTE);
  expect(twice.wait(20_000).violations).toEqual(["route-follows-config: sw0: 2 routes to haset0-0"]);
});

test("a route that never comes is told", () => {
  const history = new History(routeFollowsConfig).row("sw0", "APPL_DB", "DASH_HA_SET_CONFIG_TABLE", "haset0-0", CONFIG);
  expect(history.wait(20_000).violations).toEqual(["route-follows-config: sw0: 0 routes to haset0-0"]);
});

test("a route that says what the config says is as it should be", () => {
  expect(routed({}).wait(20_000).violations).toEqual([]);
});
