import { countOf, type Millis, millis } from "@tandem/base";
import type { MessageCounts, ProcessUsage } from "../cluster/cluster-host.js";
import type { LossWindow } from "../traffic.js";
import { duration, lossLines, processLines, wayLines } from "./receipt-parts.js";

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
  /** From the last process being ready until the first launch was over; undefined where the story launches nothing. */
  readonly steadyAfter: Millis | undefined;
  /** Every process that runs at the end; empty in the simulator. */
  readonly processes: readonly ProcessUsage[];
  /** What the daemons counted since they began; undefined in the simulator. */
  readonly messages: MessageCounts | undefined;
}

/** Up to this many DPUs, and as many processes, a receipt names each. */
const NAMED_MAX = 16;

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
  if (receipt.steadyAfter !== undefined) {
    lines.push(`  ${duration(receipt.steadyAfter)}  from the last process ready to all scopes steady`);
  }
  const many = receipt.dpus > NAMED_MAX;
  lines.push("", many ? "what DPUs went through" : "what each DPU went through");
  for (const line of wayLines(receipt.transitions, many)) lines.push(...wrap(line, width));
  lines.push("", "row changes seen");
  for (const [table, count] of [...receipt.rowsWritten].sort()) lines.push(`  ${String(count).padStart(6)}  ${table}`);
  if (receipt.processes.length > 0) lines.push("", ...processLines(receipt.processes, NAMED_MAX));
  if (receipt.messages !== undefined) {
    const { inProcess, toBus, forwarded, announcements } = receipt.messages;
    lines.push(
      "",
      `messages: ${inProcess} within hamgrds, ${toBus} to the bus, ${forwarded} forwarded, ${announcements} announcements`,
    );
  }
  const lost = packets.losses.reduce((sum, window) => sum + window.packets, 0);
  lines.push("", `packets: ${packets.sent} sent, ${lost} lost`);
  lines.push(...lossLines(packets.losses, NAMED_MAX));
  const violations = `${countOf(invariants.violations.length, "violation")}`;
  lines.push(`invariants: ${invariants.checked} checks, ${violations}`);
  for (const violation of invariants.violations) lines.push(`  ${violation}`);
  return lines.join("\n");
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
    ...(receipt.steadyAfter !== undefined && { steady_after_ms: Math.round(receipt.steadyAfter) }),
    memory_bytes: Object.fromEntries(receipt.processes.map(({ name, memory }) => [name, memory])),
    cpu_ms: Object.fromEntries(receipt.processes.map(({ name, cpu }) => [name, cpu])),
    ...(receipt.messages !== undefined && {
      messages: {
        in_process: receipt.messages.inProcess,
        to_bus: receipt.messages.toBus,
        forwarded: receipt.messages.forwarded,
        announcements: receipt.messages.announcements,
      },
    }),
  };
}
