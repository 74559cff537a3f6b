import { seconds } from "@tandem/base";
import type { DatabaseName } from "@tandem/swss";
import type { SwitchPlace } from "../topology.js";
import { setConfigOf } from "./config-fields.js";
import { expectedRoute } from "./expected-route.js";
import { fairSwitch } from "./fair.js";
import type { Always, ClusterView } from "./invariant.js";
import { Overdue } from "./overdue.js";
import type { Trouble } from "./trouble.js";

const ROUTES = "VNET_ROUTE_TUNNEL_TABLE";
const CONFIGS = "DASH_HA_SET_CONFIG_TABLE";
const DB: DatabaseName = "APPL_DB";
/** Between config and route of a switch stand its processes, and rows that others lose. */
const ROUTE_WAY: readonly Trouble[] = ["process", "row"];
/** A change of the config reaches the route within this time. */
const LIMIT = seconds(10);

/** What is wrong with the route of one pair on a switch. */
function fault(view: ClusterView, sw: SwitchPlace, id: string): string | undefined {
  const config = setConfigOf(view.rows(sw, DB, CONFIGS).get(id));
  const vip = config?.["vip_v4"];
  const expected = config && expectedRoute(view.topology, sw, config);
  if (vip === undefined || expected === undefined) return undefined;
  const routes = [...view.rows(sw, DB, ROUTES)].filter(([key]) => prefixOf(key) === vip);
  const route = routes[0]?.[1];
  if (route === undefined || routes.length > 1) return `${sw.name}: ${routes.length} routes to ${id}`;
  const wrong = (Object.keys(expected) as (keyof typeof expected)[]).find(
    (field) => (route[field] ?? "") !== expected[field],
  );
  return (
    wrong && `${sw.name}: ${wrong} of the route to ${id} is ${route[wrong] ?? "absent"}, by config ${expected[wrong]}`
  );
}

/** Key of a route: `<vnet>:<prefix>`. */
function prefixOf(key: string): string {
  return key.slice(key.indexOf(":") + 1);
}

export const routeFollowsConfig: Always = {
  id: "route-follows-config",
  text: "Each switch has one route per pair: an endpoint and a monitor per side, as many primaries as preferred vDPUs, and pins aligned by vDPU, within ten seconds when nothing is broken.",
  when: "always",
  exact: true,
  sees: [`row ${ROUTES}`, `row ${CONFIGS}`, "part"],
  start(view) {
    const switches = new Map(view.topology.switches.map((sw) => [sw.name, sw]));
    /** A switch without a hamgrd that runs routes nothing. */
    const wrong = new Overdue(LIMIT, (name: string) =>
      fairSwitch(view, switches.get(name.split(" ")[0] as string) as SwitchPlace, ROUTE_WAY),
    );
    return {
      observe(seen) {
        if (seen.kind !== "row") return [];
        const sw = seen.owner as SwitchPlace;
        const vip = prefixOf(seen.key);
        const set = seen.table === CONFIGS ? seen.key : view.topology.haSets.find((place) => place.vip === vip)?.id;
        if (set !== undefined) wrong.note(`${sw.name} ${set}`, seen.at, fault(view, sw, set));
        return [];
      },
      due: () => wrong.due(),
      expire: (now) => wrong.expire(now),
    };
  },
};
