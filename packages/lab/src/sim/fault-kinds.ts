import type { FaultKind } from "./fault.js";
import { APPROVAL_FAULTS } from "./faults/approval-faults.js";
import { CONFIG_FAULTS } from "./faults/config-faults.js";
import { DPU_FAULTS } from "./faults/dpu-faults.js";
import { LINK_FAULTS } from "./faults/link-faults.js";
import { PMON_FAULTS } from "./faults/pmon-faults.js";
import { PROCESS_FAULTS } from "./faults/process-faults.js";
import { ROW_FAULTS } from "./faults/row-faults.js";
import { STRAY_FAULTS } from "./faults/stray-faults.js";

/** The fault alphabet by theme, in the order of docs/simulator.md. */
export const FAULT_THEMES: readonly { readonly title: string; readonly kinds: readonly FaultKind[] }[] = [
  { title: "Processes and switches", kinds: PROCESS_FAULTS },
  { title: "DPUs", kinds: DPU_FAULTS },
  { title: "Links, probes and channels", kinds: LINK_FAULTS },
  { title: "pmon and clocks", kinds: PMON_FAULTS },
  { title: "Rows", kinds: [...ROW_FAULTS, ...STRAY_FAULTS] },
  { title: "Configuration", kinds: CONFIG_FAULTS },
  { title: "Approvals", kinds: APPROVAL_FAULTS },
];

/** Every fault, by name. */
export const FAULT_KINDS: ReadonlyMap<string, FaultKind> = new Map(
  FAULT_THEMES.flatMap(({ kinds }) => kinds.map((kind) => [kind.name, kind])),
);
