import type { Topology } from "./topology.js";

/** A switch or a DPU of the topology, by name. */
export type NodeName = string;

/** Both directions, or only from the first to the second. */
export type Direction = "both" | "oneWay";

/**
 * What connects switches and DPUs, and what of it is cut. A packet between two nodes passes DPU – its switch – other
 * switch – other DPU, as far as they differ. Each hop can be cut, in one direction or both; so can the relation of two
 * nodes that are not neighbours, which stands for what only concerns them: `cut("sw0_dpu0", "sw1_dpu0")` breaks the
 * data-plane channel of a pair, `cut("sw0", "sw1_dpu0")` the probes and packets of one switch to one DPU.
 *
 * Cuts take effect at once, for what is sent and for what is under way.
 */
export class LabNetwork {
  readonly #switchOf: ReadonlyMap<NodeName, NodeName>;
  readonly #cut = new Set<string>();
  readonly #listeners = new Set<() => void>();

  constructor(topology: Pick<Topology, "switches">) {
    const switchOf = new Map<NodeName, NodeName>();
    for (const sw of topology.switches) {
      switchOf.set(sw.name, sw.name);
      for (const dpu of sw.dpus) switchOf.set(dpu.name, sw.name);
    }
    this.#switchOf = switchOf;
  }

  cut(from: NodeName, to: NodeName, direction: Direction = "both"): void {
    this.#cut.add(hop(from, to));
    if (direction === "both") this.#cut.add(hop(to, from));
    this.#changed();
  }

  heal(from: NodeName, to: NodeName, direction: Direction = "both"): void {
    this.#cut.delete(hop(from, to));
    if (direction === "both") this.#cut.delete(hop(to, from));
    this.#changed();
  }

  healAll(): void {
    this.#cut.clear();
    this.#changed();
  }

  /** Whether a packet from `from` arrives at `to`. Nodes that the topology lacks reach nobody. */
  reaches(from: NodeName, to: NodeName): boolean {
    if (from === to) return this.#switchOf.has(from);
    const [near, far] = [this.#switchOf.get(from), this.#switchOf.get(to)];
    if (near === undefined || far === undefined || this.#cut.has(hop(from, to))) return false;
    const path = [from, near, far, to];
    return path.every((node, i) => i === 0 || node === path[i - 1] || !this.#cut.has(hop(path[i - 1] as string, node)));
  }

  /** Whether questions and answers pass. */
  reachesBothWays(a: NodeName, b: NodeName): boolean {
    return this.reaches(a, b) && this.reaches(b, a);
  }

  /** What is cut, as `from>to`, in the order in which it was cut. */
  get cuts(): readonly string[] {
    return [...this.#cut];
  }

  /** Called after each change. Returns the unsubscriber. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

function hop(from: NodeName, to: NodeName): string {
  return `${from}>${to}`;
}
