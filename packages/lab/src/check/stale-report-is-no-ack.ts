import { type Millis, millis, seconds } from "@tandem/base";
import type { SwitchPlace } from "../topology.js";
import { isDown } from "./bfd-withheld-while-down.js";
import type { Always } from "./invariant.js";
import { learnsLate } from "./learns-late.js";
import { dpuOfScopeKey } from "./scope-key.js";

/** After this long a report from before counts again: a DPU that really restarted has written a new one. */
const DOUBT = seconds(30);
/** A report that came this much before pmon told of the rise may have been read after it. */
const ORDER = millis(100);

export const staleReportIsNoAck: Always = {
  id: "stale-report-is-no-ack",
  text: "To a scope that lived through the DPU's last start, a report from before is no acknowledgement: until the DPU writes a new one, for half a minute, its state reads as unknown.",
  when: "always",
  exact: true,
  sees: [
    "row DPU_STATE",
    "row DASH_HA_SCOPE_STATE_TABLE",
    "row DASH_HA_SCOPE_STATE",
    "row DASH_HA_SCOPE_CONFIG_TABLE",
    "part",
  ],
  start(view) {
    const wasDown = new Set<string>();
    const roseAt = new Map<string, Millis>();
    const reportedAt = new Map<string, Millis>();
    /** DPUs whose scope's config was deleted, until the row of the scope that came after it is seen. */
    const ending = new Set<string>();
    /** Processes that are down: what a switch's Redis brings back from what it had saved, no hamgrd has written. */
    const down = new Set<string>();
    return {
      observe(seen) {
        if (seen.kind === "part") {
          if (seen.up) down.delete(seen.part);
          else down.add(seen.part);
        }
        if (seen.kind !== "row") return [];
        if (seen.table === "DASH_HA_SCOPE_STATE_TABLE") {
          reportedAt.set(seen.owner.name, seen.at);
          return [];
        }
        if (seen.table === "DPU_STATE") {
          for (const dpu of (seen.owner as SwitchPlace).dpus) {
            if (isDown(view, dpu)) wasDown.add(dpu.name);
            else if (wasDown.delete(dpu.name)) roseAt.set(dpu.name, seen.at);
          }
          return [];
        }
        const dpu = dpuOfScopeKey(view.topology, seen.key);
        const { fields, before } = seen;
        if (dpu === undefined) return [];
        if (seen.table === "DASH_HA_SCOPE_CONFIG_TABLE") {
          if (fields === undefined) ending.add(dpu.name);
          return [];
        }
        // A config that was deleted and written again makes another scope, whose row takes the place of the one before.
        const isNew = before?.["creation_time_in_ms"] !== fields?.["creation_time_in_ms"] && ending.delete(dpu.name);
        if (fields === undefined || before === undefined || isNew) {
          // A new scope takes what stands as it is: it cannot know what came before it.
          roseAt.delete(dpu.name);
          return [];
        }
        const rose = roseAt.get(dpu.name);
        const knowsOfIt =
          fields["local_vdpu_midplane_state"] === "up" && fields["local_vdpu_control_plane_state"] === "up";
        if (rose === undefined || wasDown.has(dpu.name) || !knowsOfIt || seen.at >= rose + DOUBT) return [];
        if (down.has(`${dpu.name}.hamgrd`) || learnsLate(view, dpu, rose, seen.at)) return [];
        const reported = reportedAt.get(dpu.name) ?? Number.NEGATIVE_INFINITY;
        const acked = fields["local_acked_asic_ha_state"];
        if (acked === undefined || acked === "unknown" || reported >= rose - ORDER) return [];
        return [`${seen.key} reads ${acked}, which ${dpu.name} wrote before it started`];
      },
    };
  },
};
