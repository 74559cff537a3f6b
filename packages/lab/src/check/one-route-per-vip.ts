import type { SwitchPlace } from "../topology.js";
import { setConfigOf } from "./config-fields.js";
import type { ClusterView, Invariant } from "./invariant.js";
import { listOf } from "./row-fields.js";

/** How many vDPUs of a VIP's set the config on a switch prefers; undefined without a config. */
function preferred(view: ClusterView, sw: SwitchPlace, vip: string): number | undefined {
  for (const fields of view.rows(sw, "APPL_DB", "DASH_HA_SET_CONFIG_TABLE").values()) {
    const config = setConfigOf(fields);
    if (config?.["vip_v4"] !== vip) continue;
    const vdpus = listOf(config, "vdpu_ids");
    return new Set(listOf(config, "preferred_vdpu_id").filter((id) => vdpus.includes(id))).size;
  }
  return undefined;
}

export const oneRoutePerVip: Invariant = {
  id: "one-route-per-vip",
  text: "A programmed route is the only one to its VIP, and has as many primary endpoints as the set's config prefers vDPUs, none for none; as many monitors as endpoints; and pins for all of them or none.",
  when: "quiet",
  violations: (view) =>
    view.topology.switches.flatMap((sw) => {
      const seen = new Set<string>();
      return [...view.rows(sw, "APPL_DB", "VNET_ROUTE_TUNNEL_TABLE")].flatMap(([key, row]) => {
        const vip = key.slice(key.indexOf(":") + 1);
        const count = (field: string): number => listOf(row, field).length;
        const endpoints = count("endpoint");
        const primaries = preferred(view, sw, vip) ?? count("primary");
        const wrong: string[] = [];
        if (seen.has(vip)) wrong.push(`not the only route to ${vip}`);
        seen.add(vip);
        if (count("primary") !== primaries) wrong.push(`${count("primary")} primaries, by config ${primaries}`);
        if (count("endpoint_monitor") !== endpoints) wrong.push(`${count("endpoint_monitor")} monitors`);
        if (![0, endpoints].includes(count("pinned_state"))) wrong.push(`${count("pinned_state")} pins`);
        return wrong.map((what) => `${sw.name} ${key}: ${endpoints} endpoints, ${what}`);
      });
    }),
};
