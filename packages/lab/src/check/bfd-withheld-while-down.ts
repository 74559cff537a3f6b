import { type Millis, millis, seconds } from "@tandem/base";
import { type DpuPlace, type SwitchPlace, switchOf } from "../topology.js";
import type { Always, ClusterView } from "./invariant.js";
import { Overdue } from "./overdue.js";

const TABLE = "BFD_SESSION_TABLE";
const LEDGER = "TANDEM_LEDGER";
/** What pmon says reaches hamgrd within this time, and what follows from it the DPU's databases. */
const LIMIT = seconds(10);
/** What was on its way when pmon said so may still arrive. */
const UNDER_WAY = millis(1000);

/** Rows of the DPU that hamgrd knows of: what no ledger names is nobody's to delete, and `ledger-names-rows` watches that. */
function knownRows(view: ClusterView, dpu: DpuPlace): number {
  const keys = [...view.rows(dpu, "DPU_APPL_DB", TABLE).keys()];
  if (keys.length === 0) return 0;
  const ledgers = [...view.rows(switchOf(view.topology, dpu), "STATE_DB", LEDGER)].flatMap(([key, fields]) =>
    key.startsWith(`dpu${dpu.slot}|`) ? [fields] : [],
  );
  return keys.filter((key) => ledgers.some((fields) => fields[`DPU_APPL_DB|${TABLE}|${key}`] !== undefined)).length;
}

/** Whether pmon says that the DPU cannot be talked to. */
export function isDown(view: ClusterView, dpu: DpuPlace): boolean {
  const row = view.rows(switchOf(view.topology, dpu), "CHASSIS_STATE_DB", "DPU_STATE").get(`DPU${dpu.slot}`);
  return row?.["dpu_midplane_link_state"] === "down" || row?.["dpu_control_plane_state"] === "down";
}

export const bfdWithheldWhileDown: Always = {
  id: "bfd-withheld-while-down",
  text: "A DPU whose midplane or control plane is down gets no BFD rows, and those that it had go, as far as a ledger names them.",
  when: "always",
  exact: true,
  sees: ["row DPU_STATE", `row ${TABLE}`, `row ${LEDGER}`, `told ${TABLE}`, "part"],
  start(view) {
    const places = new Map(view.topology.dpus.map((dpu) => [dpu.name, dpu]));
    const downSince = new Map<string, number>();
    /** When each session's row of a DPU was written last: what comes late was sent then. */
    const writtenAt = new Map<string, Millis>();
    const kept = new Overdue(LIMIT, (name) => view.wellSince(places.get(name) as DpuPlace));
    const look = (dpu: DpuPlace): void => {
      const now = view.now();
      const down = isDown(view, dpu);
      if (!down) downSince.delete(dpu.name);
      else if (!downSince.has(dpu.name)) downSince.set(dpu.name, now);
      const rows = down ? knownRows(view, dpu) : 0;
      kept.note(dpu.name, now, rows > 0 ? `${dpu.name} is down and keeps ${rows} BFD rows` : undefined);
    };
    return {
      observe(seen) {
        if (seen.kind === "row" && seen.table === TABLE) {
          if (seen.fields !== undefined) writtenAt.set(`${seen.owner.name} ${seen.key}`, seen.at);
          look(seen.owner as DpuPlace);
        } else if (seen.kind === "row") for (const dpu of (seen.owner as SwitchPlace).dpus) look(dpu);
        if (seen.kind !== "told" || seen.fields === undefined) return [];
        const since = downSince.get(seen.dpu.name);
        const well = view.wellSince(seen.dpu);
        if (since === undefined || well === undefined || seen.at < Math.max(since, well) + UNDER_WAY) return [];
        const fair = view.fairSince(seen.dpu, ["dpu"]);
        const sentAt = writtenAt.get(`${seen.dpu.name} ${seen.key}`);
        // Rows may come late to the DPU: what was sent before the fall is on its way, its delete behind it.
        if ((fair === undefined || fair > since) && sentAt !== undefined && sentAt <= since) return [];
        return [`${seen.dpu.name} is down and was told to answer ${seen.key}`];
      },
      due: () => kept.due(),
      expire: (now) => kept.expire(now),
    };
  },
};
