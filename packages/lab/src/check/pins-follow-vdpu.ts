import type { SwitchPlace } from "../topology.js";
import { setConfigOf } from "./config-fields.js";
import type { Always } from "./invariant.js";
import { listOf } from "./row-fields.js";

const ROUTES = "VNET_ROUTE_TUNNEL_TABLE";
const CONFIGS = "DASH_HA_SET_CONFIG_TABLE";

export const pinsFollowVdpu: Always = {
  id: "pins-follow-vdpu",
  text: "A route never pins the probe state of a side that no config of its set has pinned so, whatever order the sides stand in.",
  when: "always",
  exact: true,
  sees: [`row ${ROUTES}`, `row ${CONFIGS}`],
  start({ topology }) {
    /** Pins that were ever configured on a switch, as `<switch> <set> <vdpu> <pin>`: a route may be seen late. */
    const configured = new Set<string>();
    return {
      observe(seen) {
        if (seen.kind !== "row" || seen.fields === undefined) return [];
        const sw = seen.owner as SwitchPlace;
        if (seen.table === CONFIGS) {
          const config = setConfigOf(seen.fields);
          const pins = (config?.["pinned_vdpu_bfd_probe_states"] ?? "").split(",");
          for (const [i, id] of listOf(config, "vdpu_ids").entries()) {
            configured.add(`${sw.name} ${seen.key} ${id} ${pins[i] ?? ""}`);
          }
          return [];
        }
        const prefix = seen.key.slice(seen.key.indexOf(":") + 1);
        const set = topology.haSets.find(({ vip }) => vip === prefix)?.id;
        const monitors = listOf(seen.fields, "endpoint_monitor");
        const pins = listOf(seen.fields, "pinned_state");
        if (set === undefined || pins.length !== monitors.length) return [];
        return monitors.flatMap((pa, i) => {
          const id = topology.dpus.find((dpu) => dpu.pa === pa)?.vdpuId;
          const pin = pins[i] as string;
          if (id === undefined || pin === "none" || configured.has(`${sw.name} ${set} ${id} ${pin}`)) return [];
          return [`${sw.name}: the route to ${set} pins ${id} ${pin}, which no config does`];
        });
      },
    };
  },
};
