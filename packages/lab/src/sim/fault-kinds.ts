import type { Trouble } from "../check/trouble.js";
import type { FaultKind } from "./fault.js";
import { APPROVAL_FAULTS } from "./faults/approval-faults.js";
import { CLOCK_FAULTS } from "./faults/clock-faults.js";
import { CONFIG_FAULTS } from "./faults/config-faults.js";
import { DPU_FAULTS } from "./faults/dpu-faults.js";
import { INTENT_FAULTS } from "./faults/intent-faults.js";
import { LINK_FAULTS } from "./faults/link-faults.js";
import { PMON_FAULTS } from "./faults/pmon-faults.js";
import { PROCESS_FAULTS } from "./faults/process-faults.js";
import { ROW_FAULTS } from "./faults/row-faults.js";
import { STRAY_FAULTS } from "./faults/stray-faults.js";

/** The fault alphabet by theme, in the order of docs/simulator.md. */
export const FAULT_THEMES: readonly FaultTheme[] = [
  { title: "Processes and switches", trouble: "process", kinds: PROCESS_FAULTS },
  { title: "DPUs", trouble: "dpu", kinds: DPU_FAULTS },
  { title: "Links, probes and channels", trouble: "link", kinds: LINK_FAULTS },
  { title: "pmon", trouble: "pmon", kinds: PMON_FAULTS },
  { title: "Clocks", trouble: "clock", kinds: CLOCK_FAULTS },
  { title: "Rows", trouble: "row", kinds: [...ROW_FAULTS, ...STRAY_FAULTS] },
  { title: "What is asked for", trouble: "intent", kinds: INTENT_FAULTS },
  { title: "Configuration", trouble: "config", kinds: CONFIG_FAULTS },
  { title: "Approvals", trouble: "approval", kinds: APPROVAL_FAULTS },
];

interface FaultTheme {
  readonly title: string;
  /** What invariants are told while one of these stands. */
  readonly trouble: Trouble;
  readonly kinds: readonly FaultKind[];
}

/** Every fault, by name. */
export const FAULT_KINDS: ReadonlyMap<string, FaultKind> = new Map(
  FAULT_THEMES.flatMap(({ kinds }) => kinds.map((kind) => [kind.name, kind])),
);

const TROUBLES_BY_NAME: ReadonlyMap<string, Trouble> = new Map(
  FAULT_THEMES.flatMap(({ trouble, kinds }) => kinds.map(({ name }) => [name, trouble])),
);

/** What a fault breaks, by its name. */
export function troubleOf(name: string): Trouble {
  const trouble = TROUBLES_BY_NAME.get(name);
  if (trouble === undefined) throw new Error(`no fault ${name}`);
  return trouble;
}
