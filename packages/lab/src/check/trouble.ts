import { type Millis, millis } from "@tandem/base";
import type { DpuPlace, Topology } from "../topology.js";

/** What may be broken, by the part of a cluster that it is done to. */
export const TROUBLES = ["process", "dpu", "link", "pmon", "clock", "row", "intent", "config", "approval"] as const;
export type Trouble = (typeof TROUBLES)[number];

/** What whoever breaks things breaks now, by DPU. Bounded by the number of DPUs and of troubles. */
export class Troubles {
  /** By DPU and trouble: how many stand, and when the last one ended. */
  readonly #counts = new Map<string, number>();
  readonly #ended = new Map<string, Millis>();

  /** Somebody begins to break something of these DPUs. Answers with what tells that it is over. */
  begin(trouble: Trouble, dpus: Iterable<DpuPlace>): (now: Millis) => void {
    const keys = [...dpus].map(({ name }) => `${name} ${trouble}`);
    for (const key of keys) this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    let over = false;
    return (now) => {
      if (over) return;
      over = true;
      for (const key of keys) {
        this.#counts.set(key, (this.#counts.get(key) ?? 0) - 1);
        this.#ended.set(key, now);
      }
    };
  }

  /** Since when nothing of `troubles` is broken at the DPU; undefined while something is. */
  fairSince(dpu: DpuPlace, troubles: readonly Trouble[]): Millis | undefined {
    let since = 0;
    for (const trouble of troubles) {
      const key = `${dpu.name} ${trouble}`;
      if ((this.#counts.get(key) ?? 0) > 0) return undefined;
      since = Math.max(since, this.#ended.get(key) ?? 0);
    }
    return millis(since);
  }
}

/** DPUs that words name: themselves, by their daemon, their switch or their HA set. Words that name none mean all. */
export function dpusNamed(topology: Topology, words: Iterable<string>): readonly DpuPlace[] {
  const found = new Set<DpuPlace>();
  for (const word of words)
    for (const name of word.split(",")) for (const dpu of dpusOf(topology, name)) found.add(dpu);
  return found.size > 0 ? [...found] : topology.dpus;
}

function dpusOf(topology: Topology, name: string): readonly DpuPlace[] {
  const set = topology.haSets.find(({ id }) => id === name);
  if (set !== undefined) return set.dpus;
  const sw = topology.switches.find((place) => place.name === name);
  if (sw !== undefined) return sw.dpus;
  return topology.dpus.filter((dpu) => name === dpu.name || name.startsWith(`${dpu.name}.`));
}
