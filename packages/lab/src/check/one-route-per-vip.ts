import type { Invariant } from "./invariant.js";

export const oneRoutePerVip: Invariant = {
  id: "one-route-per-vip",
  text: "A programmed route has one primary endpoint, as many monitors as endpoints, and pins for all of them or none.",
  when: "quiet",
  violations: (view) =>
    view.topology.switches.flatMap((sw) =>
      [...view.rows(sw, "APPL_DB", "VNET_ROUTE_TUNNEL_TABLE")].flatMap(([key, row]) => {
        const count = (field: string): number => (row[field] ?? "").split(",").filter((item) => item !== "").length;
        const endpoints = count("endpoint");
        const wrong: string[] = [];
        if (count("primary") !== 1) wrong.push(`${count("primary")} primaries`);
        if (count("endpoint_monitor") !== endpoints) wrong.push(`${count("endpoint_monitor")} monitors`);
        if (![0, endpoints].includes(count("pinned_state"))) wrong.push(`${count("pinned_state")} pins`);
        return wrong.map((what) => `${sw.name} ${key}: ${endpoints} endpoints, ${what}`);
      }),
    ),
};
