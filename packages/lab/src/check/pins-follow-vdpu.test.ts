import { expect, test } from "vitest";
import { History } from "../testing/history.js";
import { pinsFollowVdpu } from "./pins-follow-vdpu.js";

const SIZE = { switches: 2, dpusPerSwitch: 1, network: "10.0" };
const config = (history: History, pins: string): History =>
  history.row("sw0", "APPL_DB", "DASH_HA_SET_CONFIG_TABLE", "haset0-0", {
    version: "1",
    vip_v4: "3.2.0.0",
    vdpu_ids: "vdpu0-0,vdpu1-0",
    scope: "dpu",
    preferred_vdpu_id: "vdpu1-0",
    pinned_vdpu_bfd_probe_states: pins,
  });
const routed = (history: History, pins: string): History =>
  history.row("sw0", "APPL_DB", "VNET_ROUTE_TUNNEL_TABLE", "Vnet_55:3.2.0.0", {
    endpoint: "10.0.1.1,18.0.202.1",
    endpoint_monitor: "18.1.202.1,18.0.202.1",
    pinned_state: pins,
  });

test("a pin that lands on the other side is told", () => {
  expect(routed(config(new History(pinsFollowVdpu, SIZE), "down,none"), "down,none").violations).toEqual([
    "pins-follow-vdpu: sw0: the route to haset0-0 pins vdpu1-0 down, which no config does",
  ]);
});

test("a pin of the side that the config pins, now or before, is as it should be", () => {
  const pinned = routed(config(new History(pinsFollowVdpu, SIZE), "down,none"), "none,down");
  expect(routed(config(pinned, ""), "none,down").violations).toEqual([]);
});
