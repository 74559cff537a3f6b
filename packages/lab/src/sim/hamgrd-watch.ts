import { describeHamgrdEvent, type Hamgrd, type HamgrdEvent } from "@tandem/hamgrd";
import type { DaemonPlace } from "../cluster/cluster-host.js";
import type { HamgrdWitness } from "../cluster/simulated-daemons.js";

/** Hears what every hamgrd of a run would log, and remembers what must not be. */
export class HamgrdWatch implements HamgrdWitness {
  readonly #crashes = new Set<string>();
  /** Waits beyond their deadline, by daemon and wait. */
  readonly #stuck = new Map<string, Map<string, string>>();

  readonly #hamgrds = new Map<string, Hamgrd>();

  /** Definitions that threw. */
  get crashes(): readonly string[] {
    return [...this.#crashes];
  }

  started(daemon: DaemonPlace, hamgrd: Hamgrd): void {
    this.#hamgrds.set(daemon.name, hamgrd);
    this.#stuck.set(daemon.name, new Map());
  }

  told(daemon: DaemonPlace, event: HamgrdEvent): void {
    if (event.kind !== "runtime") return;
    const { event: inner } = event;
    if (inner.kind === "crashed") this.#crashes.add(`${daemon.name}: ${describeHamgrdEvent(event)}`);
    if (inner.kind !== "stuck" && inner.kind !== "unstuck") return;
    const waits = this.#stuck.get(daemon.name);
    const name = `${inner.actor} ${inner.wait}`;
    if (inner.kind === "stuck") waits?.set(name, `${daemon.name}: ${describeHamgrdEvent(event)}`);
    else waits?.delete(name);
  }

  /** Runtimes in which something is still under way: unhandled, unperformed or unacknowledged. */
  unsettled(): readonly string[] {
    return [...this.#hamgrds].flatMap(([name, { slots }]) =>
      [...slots.values()].some(({ runtime }) => runtime?.settled !== true)
        ? [`${name}: something is still under way`]
        : [],
    );
  }

  /** Alarms that nobody has called off. */
  standing(): readonly string[] {
    return [...this.#stuck.values()].flatMap((waits) => [...waits.values()]);
  }
}
