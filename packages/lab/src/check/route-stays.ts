import { millis, seconds } from "@tandem/base";
import type { DpuPlace, SwitchPlace } from "../topology.js";
import { fairSwitch } from "./fair.js";
import type { Always } from "./invariant.js";
import { earliest, Overdue } from "./overdue.js";
import type { Trouble } from "./trouble.js";

const ROUTES = "VNET_ROUTE_TUNNEL_TABLE";
const SETS = "DASH_HA_SET_TABLE";
const CONFIGS = "DASH_HA_SET_CONFIG_TABLE";
/** What a switch's orchagent has to pop is gone, or there again, within this time. */
const POPPED = seconds(1);
/** The same with a database that is slow. It concerns a hamgrd that died in between as well: that is what the order is for. */
const LEFT = seconds(3);
/** What others delete and change by hand is put right by hamgrd's audit, every 5 s. docs/actor-runtime.md. */
const AUDITED = seconds(10);
const BY_HAND: readonly Trouble[] = ["row", "intent", "config", "process"];

export const routeStays: Always = {
  id: "route-stays",
  text: "A route stands as long as its HA set is configured; it goes before the DPU behind it is told to forget the set.",
  when: "always",
  exact: true,
  sees: [`row ${ROUTES}`, `told ${SETS}`, `row ${CONFIGS}`, "part", "power"],
  start(view) {
    const { topology } = view;
    const vips = new Map(topology.haSets.map((set) => [set.vip, set.id]));
    const switches = new Map(topology.switches.map((sw) => [sw.name, sw]));
    const switchOfName = (name: string) => switches.get(name.slice(0, name.search(/[ _]/))) as SwitchPlace;
    const withdrawn = new Overdue<string>(POPPED, (name) => {
      const since = fairSwitch(view, switchOfName(name), BY_HAND);
      return since === undefined ? undefined : millis(since + AUDITED);
    });
    const orphaned = new Overdue<string>(LEFT);
    /**
     * DPUs to which the delete of a set is still on its way whose route went before. When it comes, the set may be
     * configured again and have its next route: that one is no matter of this delete.
     */
    const onTheWay = new Set<string>();
    const setOf = (key: string): string | undefined => vips.get(key.slice(key.indexOf(":") + 1));
    /** Whether the switch has a route of that set, to that DPU when one is named. */
    const routes = (sw: SwitchPlace, set: string, dpu?: DpuPlace): boolean => {
      for (const [key, row] of view.rows(sw, "APPL_DB", ROUTES)) {
        if (setOf(key) !== set) continue;
        if (dpu === undefined || row["endpoint_monitor"]?.split(",").includes(dpu.pa)) return true;
      }
      return false;
    };
    return {
      observe(seen) {
        if (seen.kind === "told") {
          const sw = topology.switches[seen.dpu.switchIndex] as SwitchPlace;
          const name = `${seen.dpu.name} ${seen.key}`;
          const left = seen.fields === undefined && !onTheWay.delete(name) && routes(sw, seen.key, seen.dpu);
          const text = `${seen.dpu.name} was told to forget ${seen.key} while ${sw.name} routes to it`;
          orphaned.note(name, seen.at, left ? text : undefined);
        } else if (seen.kind === "power") {
          // Nothing is on its way any more, and what boots has forgotten everything.
          for (const { id } of topology.haSets) onTheWay.delete(`${seen.dpu.name} ${id}`);
        } else if (seen.kind === "part" && seen.part.startsWith("redis ")) {
          // Nothing is popped while the database is away.
          orphaned.clear();
        } else if (seen.kind === "row") {
          const sw = seen.owner as SwitchPlace;
          const set = seen.table === CONFIGS ? seen.key : setOf(seen.key);
          if (set === undefined) return [];
          const stands = routes(sw, set);
          for (const dpu of sw.dpus) if (!routes(sw, set, dpu)) orphaned.ended(`${dpu.name} ${set}`);
          const went = seen.table === ROUTES && seen.fields === undefined;
          const configured = view.rows(sw, "APPL_DB", CONFIGS).has(set);
          if (!configured) {
            for (const dpu of sw.dpus) {
              if (stands) onTheWay.delete(`${dpu.name} ${set}`);
              else onTheWay.add(`${dpu.name} ${set}`);
            }
          }
          if (stands || !configured) withdrawn.ended(`${sw.name} ${set}`);
          else if (went)
            withdrawn.goesOn(`${sw.name} ${set}`, seen.at, `${sw.name}: the route to ${set} went, which is configured`);
        }
        return [];
      },
      due: () => earliest(withdrawn.due(), orphaned.due()),
      expire: (now) => [...withdrawn.expire(now), ...orphaned.expire(now)],
    };
  },
};
