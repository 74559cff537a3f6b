import { type Millis, millis } from "@tandem/base";
import type { ProcessUsage } from "../cluster/cluster-host.js";
import type { LossWindow } from "../traffic.js";

export function duration(took: Millis): string {
  return (took < 1000 ? `${took.toFixed(0)} ms` : `${(took / 1000).toFixed(2)} s`).padStart(8);
}

/** The way of each DPU; of `many`, those that went the same way together. */
export function wayLines(ways: ReadonlyMap<string, readonly string[]>, many: boolean): readonly string[] {
  if (!many) return [...ways].map(([dpu, states]) => `  ${dpu}: ${states.join(" -> ")}`);
  const groups = new Map<string, string[]>();
  for (const [dpu, states] of ways) {
    const way = states.join(" -> ");
    const group = groups.get(way);
    if (group === undefined) groups.set(way, [dpu]);
    else group.push(dpu);
  }
  return [...groups].map(([way, dpus]) => `  ${named(dpus)}: ${way}`);
}

/** `sw0_dpu0`, or how many, the first, and the last. */
function named(dpus: readonly string[]): string {
  return dpus.length === 1 ? `${dpus[0]}` : `${dpus.length} DPUs, ${dpus[0]} to ${dpus.at(-1)}`;
}

/** Memory and processor time of each process, or of more than `max` by kind. */
export function processLines(processes: readonly ProcessUsage[], max: number): readonly string[] {
  if (processes.length <= max) {
    return ["memory, processor time", ...processes.map((one) => `  ${columns(one)}  ${one.name}`)];
  }
  const kinds = new Map<string, ProcessUsage[]>();
  for (const one of processes) {
    const kind = one.name.slice(one.name.lastIndexOf(".") + 1);
    kinds.set(kind, [...(kinds.get(kind) ?? []), one]);
  }
  const lines = [...kinds].map(([kind, ones]) => {
    const sum = (of: (one: ProcessUsage) => number): number => ones.reduce((all, one) => all + of(one), 0);
    const all = { memory: sum(({ memory }) => memory), cpu: millis(sum(({ cpu }) => cpu)) };
    const largest = Math.max(...ones.map(({ memory }) => memory));
    return `  ${columns(all)}  ${ones.length} ${kind}, the largest ${megabytes(largest).trim()}`;
  });
  return ["memory, processor time", ...lines];
}

function columns({ memory, cpu }: Pick<ProcessUsage, "memory" | "cpu">): string {
  return `${megabytes(memory)}  ${duration(cpu)}`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1).padStart(6)} MB`;
}

/** Windows of lost packets; the smallest of more than `max` are only counted. */
export function lossLines(losses: readonly LossWindow[], max: number): readonly string[] {
  const shown = losses.length <= max ? losses : [...losses].sort((a, b) => b.packets - a.packets).slice(0, max);
  const lines = shown.map(
    ({ scope, at, why, from, until, packets }) =>
      `  ${String(packets).padStart(6)}  of ${scope} at ${at}: ${why}, for ${duration(millis(until - from)).trim()}`,
  );
  if (shown === losses) return lines;
  const rest = losses.filter((loss) => !shown.includes(loss));
  const packets = rest.reduce((sum, loss) => sum + loss.packets, 0);
  return [...lines, `  ${String(packets).padStart(6)}  in ${rest.length} smaller windows, see --json`];
}
