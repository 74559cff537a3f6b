import type { Clock, Millis } from "@tandem/base";
import type { HaState } from "../dpu/ha-state.js";
import type { SimulatedDpu } from "../dpu/simulated-dpu.js";

/** One thing that a DPU did, in the order in which it did it. */
export type DpuEntry =
  | {
      readonly at: Millis;
      readonly kind: "state";
      readonly from: HaState;
      readonly to: HaState;
      readonly reason: string;
    }
  | { readonly at: Millis; readonly kind: "bfd"; readonly answers: boolean }
  | { readonly at: Millis; readonly kind: "power"; readonly on: boolean };

/** Everything that one DPU did since the cluster started. */
export class DpuLog {
  readonly entries: DpuEntry[] = [];
  readonly #listeners = new Set<(entry: DpuEntry) => void>();
  readonly #clock: Clock;
  readonly #dpu: SimulatedDpu;
  #answers: boolean;
  #powered: boolean;

  constructor(clock: Clock, dpu: SimulatedDpu, changed: () => void) {
    this.#clock = clock;
    this.#dpu = dpu;
    this.#answers = dpu.responders().size > 0;
    this.#powered = dpu.powered;
    dpu.onTransition(({ at, from, to, reason }) => {
      // Responders that went with the step that led here went first: orchagent removes them before it sets a role.
      if (dpu.responders().size === 0) this.#look();
      this.#add({ at, kind: "state", from, to, reason });
      changed();
    });
    dpu.onChange(() => {
      this.#look();
      changed();
    });
  }

  /** Called with each entry from now on. Returns the unsubscriber. */
  onEntry(listener: (entry: DpuEntry) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #add(entry: DpuEntry): void {
    this.entries.push(entry);
    for (const listener of this.#listeners) listener(entry);
  }

  #look(): void {
    const at = this.#clock.monotonic();
    if (this.#dpu.powered !== this.#powered) {
      this.#powered = this.#dpu.powered;
      this.#add({ at, kind: "power", on: this.#powered });
    }
    const answers = this.#dpu.responders().size > 0;
    if (answers !== this.#answers) {
      this.#answers = answers;
      this.#add({ at, kind: "bfd", answers });
    }
  }
}

export function describeDpuEntry(entry: DpuEntry): string {
  switch (entry.kind) {
    case "state":
      return `${entry.from} -> ${entry.to}: ${entry.reason}`;
    case "bfd":
      return entry.answers ? "answers BFD" : "answers no BFD any more";
    case "power":
      return entry.on ? "power on" : "power off";
  }
}
