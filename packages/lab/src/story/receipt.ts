import { countOf, type Millis, millis } from "@tandem/base";
import type { LossWindow } from "../traffic.js";

/** One stage of a story: what its comment announces, and the commands that belong to it. */
export interface Stage {
  readonly title: string;
  readonly steps: { readonly command: string; readonly took: Millis }[];
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
  /** HA state changes and power of each DPU, in order. */
  readonly transitions: ReadonlyMap<string, readonly string[]>;
  /** Of the traffic that the story sent; losses are windows of one reason in one place. */
  readonly packets: { readonly sent: number; readonly losses: readonly LossWindow[] };
  readonly invariants: { readonly checked: number; readonly violations: readonly string[] };
  /** Resident bytes by daemon; empty in the simulator. */
  readonly memory: ReadonlyMap<string, number>;
}

/** Columns of a line of text, where the terminal has as many. */
const WIDTH = 110;

/** The receipt as people read it, on a terminal of so many columns. */
export function formatReceipt(receipt: Receipt, columns = WIDTH): string {
  const width = Math.min(columns, WIDTH);
  const { packets, invariants } = receipt;
  const lines: string[] = [];
  const size = `${receipt.switches} switches, ${receipt.dpus} DPUs`;
  lines.push(`receipt of ${receipt.story}: ${size}, ${receipt.host === "processes" ? "real processes" : "simulated"}`);
  const times = receipt.stages.map((stage) => millis(stage.steps.reduce((sum, { took }) => sum + took, 0)));
  lines.push("", "stages");
  for (const [i, stage] of receipt.stages.entries()) lines.push(`  ${duration(times[i] as Millis)}  ${stage.title}`);
  lines.push(`  ${duration(millis(times.reduce((sum, took) => sum + took, 0)))}  in all`);
  lines.push("", "what each DPU went through");
  for (const [dpu, states] of receipt.transitions) lines.push(...wrap(`  ${dpu}: ${states.join(" -> ")}`, width));
  lines.push("", "row changes seen");
  for (const [table, count] of [...receipt.rowsWritten].sort()) lines.push(`  ${String(count).padStart(6)}  ${table}`);
  if (receipt.memory.size > 0) {
    lines.push("", "memory");
    for (const [daemon, bytes] of receipt.memory) {
      lines.push(`  ${(bytes / 2 ** 20).toFixed(1).padStart(6)} MB  ${daemon}`);
    }
  }
  const lost = packets.losses.reduce((sum, window) => sum + window.packets, 0);
  lines.push("", `packets: ${packets.sent} sent, ${lost} lost`);
  for (const { scope, at, why, from, until, packets: count } of packets.losses) {
    lines.push(
      `  ${String(count).padStart(6)}  of ${scope} at ${at}: ${why}, for ${duration(millis(until - from)).trim()}`,
    );
  }
  const violations = `${countOf(invariants.violations.length, "violation")}`;
  lines.push(`invariants: ${invariants.checked} checks, ${violations}`);
  for (const violation of invariants.violations) lines.push(`  ${violation}`);
  return lines.join("\n");
}

function duration(took: Millis): string {
  return (took < 1000 ? `${took.toFixed(0)} ms` : `${(took / 1000).toFixed(2)} s`).padStart(8);
}

const CONTINUED = "     ";

/** Breaks a long way before its arrows. */
function wrap(line: string, width: number): string[] {
  const lines: string[] = [];
  let rest = line;
  while (rest.length > width) {
    // The arrow that an earlier break left at the beginning is no place for another one.
    const at = rest.lastIndexOf(" -> ", width);
    if (at <= CONTINUED.length) break;
    lines.push(rest.slice(0, at));
    rest = `${CONTINUED}${rest.slice(at)}`;
  }
  return [...lines, rest];
}

/** The receipt as plain JSON. */
export function receiptJson(receipt: Receipt): Readonly<Record<string, unknown>> {
  const { story, host, switches, dpus, stages, packets, invariants } = receipt;
  return {
    ...{ story, host, switches, dpus },
    stages: stages.map(({ title, steps }) => ({
      title,
      steps: steps.map(({ command, took }) => ({ command, took_ms: Math.round(took) })),
    })),
    transitions: Object.fromEntries(receipt.transitions),
    rows_written: Object.fromEntries(receipt.rowsWritten),
    packets: {
      sent: packets.sent,
      lost: packets.losses.reduce((sum, window) => sum + window.packets, 0),
      losses: packets.losses.map(({ scope, at, why, from, until, packets: count }) => ({
        ...{ scope, at, why, packets: count },
        for_ms: Math.round(until - from),
      })),
    },
    invariants,
    memory_bytes: Object.fromEntries(receipt.memory),
  };
}
