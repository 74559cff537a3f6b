import { DashHaSetConfig, type VdpuId } from "@tandem/hamgrd";
import type { Fields } from "@tandem/swss";
import { expect, test } from "vitest";
import { History } from "../testing/history.js";
import { oneRoutePerVip } from "./one-route-per-vip.js";

const WHOLE = { endpoint: "18.0.202.1,10.0.1.1", endpoint_monitor: "18.0.202.1,18.1.202.1", primary: "18.0.202.1" };

function routed(route: Fields, preferred: readonly string[] = ["vdpu0-0"], key = "Vnet_55:3.2.0.0"): History {
  const config = DashHaSetConfig.encodePlain({
    ...{ version: "1", vip_v4: "3.2.0.0", scope: "dpu", preferred_standalone_vdpu_index: 0 },
    vdpu_ids: ["vdpu0-0", "vdpu1-0"].map((id) => id as VdpuId),
    pinned_vdpu_bfd_probe_states: [],
    preferred_vdpu_id: preferred,
  });
  return new History(oneRoutePerVip)
    .row("sw0", "APPL_DB", "DASH_HA_SET_CONFIG_TABLE", "haset0-0", config)
    .row("sw0", "APPL_DB", "VNET_ROUTE_TUNNEL_TABLE", key, route);
}

const wrong = (history: History): readonly string[] => history.rest().violations;
const SAYS = "one-route-per-vip: sw0 Vnet_55:3.2.0.0: 2 endpoints, ";

test("a route of another shape than its config's is told", () => {
  expect(wrong(routed({ ...WHOLE, primary: "" }))).toEqual([`${SAYS}0 primaries, by config 1`]);
  expect(wrong(routed(WHOLE, []))).toEqual([`${SAYS}1 primaries, by config 0`]);
  expect(wrong(routed({ ...WHOLE, endpoint_monitor: "18.0.202.1" }))).toEqual([`${SAYS}1 monitors`]);
  expect(wrong(routed({ ...WHOLE, pinned_state: "up" }))).toEqual([`${SAYS}1 pins`]);
});

test("so is a second one to the same VIP", () => {
  const twice = routed(WHOLE).row("sw0", "APPL_DB", "VNET_ROUTE_TUNNEL_TABLE", "Vnet_56:3.2.0.0", WHOLE);
  expect(wrong(twice)).toEqual(["one-route-per-vip: sw0 Vnet_56:3.2.0.0: 2 endpoints, not the only route to 3.2.0.0"]);
});

test("one, two and no primaries are as they should be where as many vDPUs are preferred", () => {
  expect(wrong(routed(WHOLE))).toEqual([]);
  expect(wrong(routed({ ...WHOLE, primary: "18.0.202.1,10.0.1.1" }, ["vdpu0-0", "vdpu1-0"]))).toEqual([]);
  expect(wrong(routed({ ...WHOLE, primary: "" }, []))).toEqual([]);
});
