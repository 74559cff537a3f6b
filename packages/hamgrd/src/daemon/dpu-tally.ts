import type { TableHub } from "@tandem/actor";
import type { Millis } from "@tandem/base";
import type { Metrics } from "@tandem/daemon";
import type { AnyTable } from "@tandem/swss";
import { DashBfdProbeState, DpuDashHaScopeState } from "../schema/dpu-reports.js";
import { DpuState, type DpuStateRow } from "../schema/dpu-state.js";

const PLANES = ["midplane_link", "control_plane", "data_plane"] as const;

/** What pmon and the DPU say of each slot: planes, how often they changed, and how old the last word is. */
export class DpuTally implements Disposable {
  readonly #updated = new Map<number, Millis>();
  readonly #unwatch: (() => void)[] = [];

  constructor(metrics: Metrics, hub: TableHub, slots: readonly number[], now: () => Millis) {
    const transitions = metrics.counter({
      name: "tandem_hamgrd_pmon_transitions_total",
      help: "Changes of a plane's state as pmon tells them.",
      labels: ["slot", "plane", "to"],
    });
    const planes = hub.feed(DpuState, "");
    const ours = (key: string): number | undefined => {
      const parts = DpuState.parseKey(key);
      return parts.ok && slots.includes(parts.value.slot) ? parts.value.slot : undefined;
    };
    const pmon = {
      onLoaded: () => {},
      onRow: (_table: AnyTable, key: string, row: unknown, before: unknown) => {
        const slot = ours(key);
        if (slot === undefined) return;
        this.#updated.set(slot, now());
        for (const plane of PLANES) {
          const to = stateOf(row as DpuStateRow | undefined, plane);
          if (to !== stateOf(before as DpuStateRow | undefined, plane)) {
            transitions.with({ slot: String(slot), plane, to }).inc();
          }
        }
      },
    };
    planes.watchAll(pmon, () => true);
    this.#unwatch.push(() => planes.unwatchAll(pmon));
    for (const slot of slots) {
      const reports = { onLoaded: () => {}, onRow: () => void this.#updated.set(slot, now()) };
      for (const table of [DashBfdProbeState, DpuDashHaScopeState]) {
        const feed = hub.feed(table, `dpu${slot}`);
        feed.watchAll(reports, () => true);
        this.#unwatch.push(() => feed.unwatchAll(reports));
      }
    }
    metrics.readAtScrape(
      {
        ...{ name: "tandem_hamgrd_dpu_plane_up", type: "gauge", labels: ["slot", "plane"] },
        help: "1 while pmon says that the plane is up.",
      },
      (put) => {
        for (const [key, { row }] of planes.rows()) {
          const slot = ours(key);
          if (slot === undefined) continue;
          for (const plane of PLANES) {
            put(stateOf(row as DpuStateRow, plane) === "up" ? 1 : 0, { slot: String(slot), plane });
          }
        }
      },
    );
    metrics.readAtScrape(
      {
        ...{ name: "tandem_hamgrd_dpu_update_age_seconds", type: "gauge", labels: ["slot"] },
        help: "Since pmon or the DPU last said something new of the slot.",
      },
      (put) => {
        for (const [slot, at] of this.#updated) put((now() - at) / 1000, { slot: String(slot) });
      },
    );
  }

  [Symbol.dispose](): void {
    for (const unwatch of this.#unwatch) unwatch();
  }
}

function stateOf(row: DpuStateRow | undefined, plane: (typeof PLANES)[number]): string {
  return row?.[`dpu_${plane}_state`] ?? "unknown";
}
