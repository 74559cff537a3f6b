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
/** Between two looks at every way, while something changes; a way that looks bad is followed closely. */
const LOOKS_EVERY = seconds(2);

interface Way {
  readonly name: string;
  readonly sw: SwitchPlace;
  readonly set: HaSetPlace;
}

export const trafficArrives: Always = {
  id: "traffic-arrives",
  text: "Where a side of a pair serves, packets that arrive at any switch come to it, directly or by the other side's tunnel; they get lost for 15 seconds at most after the last thing on the way that was broken or changed, whether or not hamgrd and Redis are there.",
  when: "always",
  exact: true,
  sees: [...STATE_SIGHTS, "ways", "trouble"],
  start(view) {
    const { topology } = view;
    const states = new StateBook(topology);
    const ways = new Map<string, Way>();
    for (const sw of topology.switches)
      for (const set of topology.haSets) ways.set(`${sw.name} ${set.id}`, { name: `${sw.name} ${set.id}`, sw, set });
    /** At which the pair serves, and since when nothing stirs there or at the switch. */
    const fair = (name: string): Millis | undefined => {
      const { sw, set } = ways.get(name) as Way;
      if (set.dpus.some((dpu) => view.core(dpu) === undefined)) return undefined;
      let since: Millis | undefined = millis(0);
      for (const dpu of set.dpus) since = latest(since, view.fairSince(dpu, WAYS));
      for (const dpu of sw.dpus) since = latest(since, view.fairSince(dpu, WAYS));
      return since;
    };
    const lossy = new Overdue<string>(WINDOW, fair);
    const suspects = new Set<string>();
    /** When every way is looked at next; undefined while nothing has changed since the last time. */
    let lookAt: Millis | undefined;
    const look = ({ name, sw, set }: Way): void => {
      const served = set.dpus.some((dpu) => isDecider(states.of(dpu)));
      const why = served && fair(name) !== undefined ? view.loss(sw, set) : undefined;
      if (why === undefined) suspects.delete(name);
      else suspects.add(name);
      lossy.note(name, view.now(), why && `packets for ${set.id} at ${sw.name} get lost at ${why}`);
    };
    return {
      observe(seen) {
        states.note(seen);
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
