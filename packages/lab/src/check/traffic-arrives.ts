import { type Millis, millis, seconds } from "@tandem/base";
import { isDecider } from "../dpu/ha-state.js";
import type { HaSetPlace, SwitchPlace } from "../topology.js";
import { latest, STIRS } from "./fair.js";
import type { Always } from "./invariant.js";
import { Overdue } from "./overdue.js";
import { STATE_SIGHTS, StateBook } from "./state-book.js";

/** Detection by BFD, the change of a role, and the route: each is over within a second or two; pmon polls every 10 s. */
const WINDOW = seconds(15);
/** What stands between a packet and who serves it. A process that is down is none of it: forwarding goes on without. */
const WAYS = STIRS.filter((trouble) => trouble !== "process");
const CONFIGS = "DASH_HA_SET_CONFIG_TABLE";
/** Between two looks at every way, while something changes; a way that looks bad is followed closely. */
const LOOKS_EVERY = seconds(2);

interface Way {
  readonly name: string;
  readonly sw: SwitchPlace;
  readonly set: HaSetPlace;
}

export const trafficArrives: Always = {
  id: "traffic-arrives",
  text: "Where a side of a pair serves, packets that arrive at any switch come to it, directly or by the other side's tunnel; they get lost for 15 seconds at most after the last thing on the way that was broken or changed, whether or not hamgrd and Redis are there; a set that was configured again gets its route from them.",
  when: "always",
  exact: true,
  sees: [...STATE_SIGHTS, "ways", "trouble", "part", `row ${CONFIGS}`],
  start(view) {
    const { topology } = view;
    const states = new StateBook(topology);
    const ways = new Map<string, Way>();
    for (const sw of topology.switches)
      for (const set of topology.haSets) ways.set(`${sw.name} ${set.id}`, { name: `${sw.name} ${set.id}`, sw, set });
    /**
     * Whose set came or went at the switch since packets last arrived there: the route went with the config, and only
     * hamgrd puts it back. Until then the time counts while hamgrd is there, and never again once it has done so.
     */
    const routeless = new Set<string>();
    /** At which the pair serves, and since when nothing stirs there or at the switch. */
    const fair = (name: string): Millis | undefined => {
      const { sw, set } = ways.get(name) as Way;
      if (set.dpus.some((dpu) => view.core(dpu) === undefined)) return undefined;
      let since: Millis | undefined = millis(0);
      for (const dpu of set.dpus) since = latest(since, view.fairSince(dpu, WAYS));
      for (const dpu of sw.dpus) since = latest(since, view.fairSince(dpu, WAYS));
      if (routeless.has(name)) for (const dpu of sw.dpus) since = latest(since, view.wellSince(dpu));
      return since;
    };
    const lossy = new Overdue<string>(WINDOW, fair);
    const suspects = new Set<string>();
    /** When every way is looked at next; undefined while nothing has changed since the last time. */
    let lookAt: Millis | undefined;
    const look = ({ name, sw, set }: Way): void => {
      const served = set.dpus.some((dpu) => isDecider(states.of(dpu)));
      const lost = served ? view.loss(sw, set) : undefined;
      const why = fair(name) === undefined ? undefined : lost;
      if (served && lost === undefined && view.rows(sw, "APPL_DB", CONFIGS).has(set.id)) routeless.delete(name);
      if (why === undefined) suspects.delete(name);
      else suspects.add(name);
      lossy.note(name, view.now(), why && `packets for ${set.id} at ${sw.name} get lost at ${why}`);
    };
    return {
      observe(seen) {
        states.note(seen);
        if (seen.kind === "row" && (seen.before === undefined) !== (seen.fields === undefined)) {
          const name = `${seen.owner.name} ${seen.key}`;
          if (ways.has(name)) routeless.add(name);
        }
        for (const name of suspects) look(ways.get(name) as Way);
        lookAt ??= millis(seen.at + LOOKS_EVERY);
        return [];
      },
      due() {
        const late = lossy.due();
        return late === undefined || (lookAt !== undefined && lookAt < late) ? lookAt : late;
      },
      expire(now) {
        if (lookAt !== undefined && lookAt <= now) {
          lookAt = undefined;
          for (const way of ways.values()) look(way);
        }
        return lossy.expire(now);
      },
    };
  },
};
