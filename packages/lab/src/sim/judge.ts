import type { VirtualClock } from "@tandem/base/testing";
import type { Cluster } from "../cluster/cluster.js";
import { InvariantWatch } from "../cluster/invariant-watch.js";

/** Something that did not hold. */
export interface Violation {
  /** The invariant, or what a run must do: `heals`, `rests`, `leaves-nothing`, `never-stuck`, `bounded`, `no-crash`, `ran`. */
  readonly id: string;
  /** Where and what, as it was found first. */
  readonly text: string;
  /** Virtual milliseconds. */
  readonly at: number;
}

/** Violations kept of one run; the first ones say most. */
const VIOLATIONS_MAX = 50;

/** Collects what does not hold in one run: what its invariants find, and what the run itself finds missing. */
export class Judge implements Disposable {
  readonly #clock: VirtualClock;
  readonly #watch: InvariantWatch;
  readonly #found = new Map<string, Violation>();
  readonly #stop: () => void;
  #taken = 0;

  constructor(cluster: Cluster, clock: VirtualClock) {
    this.#clock = clock;
    this.#watch = new InvariantWatch(cluster);
    this.#stop = clock.onRest(() => this.#take());
  }

  get violations(): readonly Violation[] {
    return [...this.#found.values()];
  }

  add(id: string, text: string): void {
    const name = `${id} ${text}`;
    if (this.#found.has(name) || this.#found.size >= VIOLATIONS_MAX) return;
    this.#found.set(name, { id, text, at: this.#clock.monotonic() });
  }

  /** Whether all holds that must hold when nothing is under way. */
  get atRest(): boolean {
    return this.#watch.atRest().length === 0;
  }

  /** Nothing should be under way now. */
  rest(): void {
    for (const text of this.#watch.atRest()) this.#addNamed(text);
  }

  [Symbol.dispose](): void {
    this.#stop();
    this.#take();
    this.#watch[Symbol.dispose]();
  }

  #take(): void {
    const { violations } = this.#watch;
    while (this.#taken < violations.length) this.#addNamed(violations[this.#taken++] as string);
  }

  /** `<id>: <what>`. */
  #addNamed(text: string): void {
    const colon = text.indexOf(":");
    this.add(text.slice(0, colon), text.slice(colon + 2));
  }
}
