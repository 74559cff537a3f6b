import { type Millis, millis, seconds } from "@tandem/base";
import { type DpuPlace, switchOf } from "../topology.js";
import { BrokenBook } from "./broken-book.js";
import type { Always } from "./invariant.js";
import { Overdue } from "./overdue.js";
import { SCOPE_TABLE } from "./state-book.js";
import type { Trouble } from "./trouble.js";

/** How long hamgrd may need to look again after its database was away. */
const LOOKS_AGAIN = seconds(5);
/**
 * A DPU that starts gets all rows at once, in any order; it keeps a scope that comes before its set. So long after its start,
 * or after whatever kept rows from it then.
 */
const BOOTS = seconds(5);
/** Set and scope that are deleted at once may be told in any order: the DPU keeps the set for as long as it has the scope. */
const TOGETHER = seconds(1);
/** What is refused is sent again after two seconds with jitter at the latest, each row in a time of its own. */
const SENT_AGAIN = seconds(3);
/** What keeps rows from their DPU. */
const REFUSES: readonly Trouble[] = ["process", "dpu"];
const SET_TABLE = "DASH_HA_SET_TABLE";
const SET_CONFIGS = "DASH_HA_SET_CONFIG_TABLE";
const SCOPE_CONFIGS = "DASH_HA_SCOPE_CONFIG_TABLE";

export const setBeforeScope: Always = {
  id: "set-before-scope",
  text: "A DPU is told of a scope only after it was told of the scope's HA set, and, where the controller deletes the scope first, is not told to forget the set while it keeps the scope.",
  when: "always",
  sees: [
    "power",
    "trouble",
    `told ${SCOPE_TABLE}`,
    `told ${SET_TABLE}`,
    `wanted ${SET_CONFIGS}`,
    `wanted ${SCOPE_CONFIGS}`,
  ],
  start(view) {
    /** Until when each DPU counts as starting; without end while something keeps rows from it. */
    const startsUntil = new Map<string, Millis>();
    /** Config rows that the controller wants, as `<switch> <key>`; and sets that it deleted before their scopes, until told again. */
    const configured = new Set<string>();
    const reversed = new Set<string>();
    /** What each DPU was told since it booted: sets, and scopes with their sets. */
    const sets = new Map<string, Set<string>>();
    const scopes = new Map<string, Map<string, string>>();
    /** Sets that a DPU was told to forget, as `<dpu> <set>`, and keeps for as long as it has their scope. */
    const lingering = new Set<string>();
    for (const dpu of view.topology.dpus) {
      const core = view.core(dpu);
      sets.set(dpu.name, new Set(core?.sets.keys()));
      scopes.set(dpu.name, new Map([...(core?.scopes ?? [])].map(([id, { setId }]) => [id, setId])));
    }
    const places = new Map(view.topology.dpus.map((dpu) => [dpu.name, dpu]));
    const broken = new BrokenBook(view, REFUSES);
    const startOver = (dpu: DpuPlace, now: Millis): Millis =>
      millis(broken.mendedSince(dpu) === undefined ? Number.POSITIVE_INFINITY : now + BOOTS);
    const starts = ({ name }: DpuPlace, now: Millis): boolean => now < (startsUntil.get(name) ?? 0);
    const kept = new Overdue<string>(TOGETHER, (name) => {
      const since = broken.mendedSince(places.get(name.split(" ")[0] as string) as DpuPlace);
      return since === undefined || since === 0 ? since : millis(since + SENT_AGAIN);
    });
    return {
      due: () => kept.due(),
      expire: (now) => kept.expire(now),
      observe(seen) {
        for (const dpu of broken.note(seen)) {
          if (starts(dpu, seen.at)) startsUntil.set(dpu.name, startOver(dpu, seen.at));
        }
        if (seen.kind === "power") {
          startsUntil.set(seen.dpu.name, startOver(seen.dpu, seen.at));
          for (const set of sets.get(seen.dpu.name) ?? []) kept.ended(`${seen.dpu.name} ${set}`);
          for (const set of scopes.get(seen.dpu.name)?.values() ?? []) kept.ended(`${seen.dpu.name} ${set}`);
          for (const set of sets.get(seen.dpu.name) ?? []) lingering.delete(`${seen.dpu.name} ${set}`);
          sets.delete(seen.dpu.name);
          scopes.delete(seen.dpu.name);
        }
        if (seen.kind === "wanted") {
          const { sw, key, fields, table, at } = seen;
          if (fields !== undefined) configured.add(`${sw.name} ${key}`);
          else configured.delete(`${sw.name} ${key}`);
          if (table !== SET_CONFIGS) return [];
          // What was deleted while hamgrd could not look is found deleted in any order.
          const early =
            sw.dpus.some((dpu) => at < (view.wellSince(dpu) ?? at) + LOOKS_AGAIN) ||
            sw.dpus.some((dpu) => configured.has(`${sw.name} ${dpu.vdpuId}:${key}`));
          for (const dpu of sw.dpus) {
            if (fields === undefined && early) reversed.add(`${dpu.name} ${key}`);
          }
        }
        if (seen.kind !== "told") return [];
        const { name } = seen.dpu;
        const mySets = sets.get(name) ?? new Set();
        const myScopes = scopes.get(name) ?? new Map<string, string>();
        sets.set(name, mySets);
        scopes.set(name, myScopes);
        if (seen.table === SET_TABLE) {
          if (seen.fields !== undefined) {
            mySets.add(seen.key);
            if (configured.has(`${switchOf(view.topology, seen.dpu).name} ${seen.key}`))
              reversed.delete(`${name} ${seen.key}`);
            lingering.delete(`${name} ${seen.key}`);
            kept.ended(`${name} ${seen.key}`);
          } else {
            const left = [...myScopes].find(([, set]) => set === seen.key)?.[0];
            if (left === undefined) mySets.delete(seen.key);
            else lingering.add(`${name} ${seen.key}`);
            const text = `${name}: told to forget set ${seen.key}, and not its scope ${left}`;
            const wrong = left !== undefined && !reversed.has(`${name} ${seen.key}`);
            kept.note(`${name} ${seen.key}`, seen.at, wrong ? text : undefined);
          }
          return [];
        }
        if (seen.fields === undefined) {
          const set = myScopes.get(seen.key) ?? "";
          kept.ended(`${name} ${set}`);
          myScopes.delete(seen.key);
          if (lingering.delete(`${name} ${set}`)) mySets.delete(set);
          return [];
        }
        const set = seen.fields["ha_set_id"] ?? seen.key;
        myScopes.set(seen.key, set);
        // Who has its set taken from under it stays as it was, and may be told so again.
        return starts(seen.dpu, seen.at) || mySets.has(set) || reversed.has(`${name} ${set}`)
          ? []
          : [`${name}: told of scope ${seen.key} before its set ${set}`];
      },
    };
  },
};
