import type { FaultKind } from "./fault.js";
import { CONFIG_FAULTS } from "./faults/config-faults.js";
import { DPU_FAULTS } from "./faults/dpu-faults.js";
import { LINK_FAULTS } from "./faults/link-faults.js";
import { PROCESS_FAULTS } from "./faults/process-faults.js";

/** The fault alphabet, by name. */
export const FAULT_KINDS: ReadonlyMap<string, FaultKind> = new Map(
  [...PROCESS_FAULTS, ...DPU_FAULTS, ...LINK_FAULTS, ...CONFIG_FAULTS].map((kind) => [kind.name, kind]),
);
