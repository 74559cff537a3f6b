import type { Millis } from "@tandem/base";

/** One stage of a story, as its receipt lists it. */
export interface Stage {
  readonly title: string;
  readonly took: Millis;
}

/** What is left of a story when it ends. */
export interface Receipt {
  readonly story: string;
  readonly host: "processes" | "simulated";
  readonly switches: number;
  readonly dpus: number;
  readonly stages: readonly Stage[];
  /** Writes and deletes seen, by table. */
  readonly rowsWritten: ReadonlyMap<string, number>;
  /** HA state changes of each DPU, in order. */
  readonly transitions: ReadonlyMap<string, readonly string[]>;
  readonly packets: { readonly sent: number; readonly lost: number };
  readonly invariants: { readonly checked: number; readonly violations: readonly string[] };
  /** Resident bytes by daemon; empty in the simulator. */
  readonly memory: ReadonlyMap<string, number>;
}

/** The receipt as people read it. */
export function formatReceipt(receipt: Receipt): string {
  const lines: string[] = [];
  const total = receipt.stages.reduce((sum, stage) => sum + stage.took, 0);
  lines.push(`receipt: ${receipt.story}, ${receipt.switches} switches, ${receipt.dpus} DPUs, ${receipt.host}`);
  for (const stage of receipt.stages) lines.push(`  ${duration(stage.took).padStart(8)}  ${stage.title}`);
  lines.push(`  ${duration(total as Millis).padStart(8)}  in all`);
  lines.push("transitions");
  for (const [dpu, states] of receipt.transitions) lines.push(`  ${dpu}: ${states.join(" -> ")}`);
  lines.push("rows written");
  for (const [table, count] of [...receipt.rowsWritten].sort()) lines.push(`  ${String(count).padStart(6)}  ${table}`);
  lines.push(`packets: ${receipt.packets.sent} sent, ${receipt.packets.lost} lost`);
  const { checked, violations } = receipt.invariants;
  lines.push(`invariants: ${checked} checks, ${violations.length} violations`);
  for (const violation of violations) lines.push(`  ${violation}`);
  if (receipt.memory.size > 0) {
    lines.push("memory");
    for (const [daemon, bytes] of receipt.memory) {
      lines.push(`  ${(bytes / 2 ** 20).toFixed(1).padStart(6)} MB  ${daemon}`);
    }
  }
  return lines.join("\n");
}

function duration(took: Millis): string {
  return took < 1000 ? `${took.toFixed(0)} ms` : `${(took / 1000).toFixed(2)} s`;
}

/** The receipt as plain JSON. */
export function receiptJson(receipt: Receipt): Readonly<Record<string, unknown>> {
  return {
    ...receipt,
    rowsWritten: Object.fromEntries(receipt.rowsWritten),
    transitions: Object.fromEntries(receipt.transitions),
    memory: Object.fromEntries(receipt.memory),
  };
}
