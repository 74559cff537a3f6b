import { type Millis, millis } from "@tandem/base";
import type { SeedFailure, SeedReport } from "./crew.js";
import { formatFault } from "./fault-plan.js";

/** Counts of a series of seeds. */
export interface Summary {
  readonly seeds: number;
  readonly failed: readonly number[];
  readonly virtualMs: Millis;
  readonly realMs: Millis;
  /** Longest time from the last fault to a cluster as if nothing had happened, and whose it was. */
  readonly slowest: { readonly seed: number; readonly ms: number } | undefined;
}

export function newSummary(): Summary {
  return { seeds: 0, failed: [], virtualMs: millis(0), realMs: millis(0), slowest: undefined };
}

export function addReport(summary: Summary, report: SeedReport, realMs: Millis): Summary {
  const { seed, virtualMs, healedMs, failure } = report;
  const slower = healedMs !== undefined && healedMs >= (summary.slowest?.ms ?? -1);
  return {
    seeds: summary.seeds + 1,
    failed: failure === undefined ? summary.failed : [...summary.failed, seed],
    virtualMs: millis(summary.virtualMs + virtualMs),
    realMs,
    slowest: slower ? { seed, ms: healedMs } : summary.slowest,
  };
}

/** How many times faster than a clock on the wall; 0 before anything ran. */
export function ratioOf({ virtualMs, realMs }: Summary): number {
  return realMs > 0 ? virtualMs / realMs : 0;
}

export function progressText(summary: Summary, count: number): string {
  const { seeds, failed } = summary;
  const bad = failed.length === 0 ? "" : `, ${failed.length} failed`;
  return `${seeds} of ${count} seeds${bad}, ${ratioOf(summary).toFixed(0)} × real time`;
}

export function summaryText(summary: Summary): string {
  const { seeds, failed, virtualMs, realMs, slowest } = summary;
  const clean = seeds - failed.length;
  const hours = (virtualMs / 3_600_000).toFixed(1);
  const lines = [
    `${clean} of ${seeds} ${seeds === 1 ? "seed" : "seeds"} clean`,
    `  ${hours} virtual hours in ${(realMs / 1000).toFixed(1)} s: ${ratioOf(summary).toFixed(0)} × real time`,
  ];
  if (slowest !== undefined)
    lines.push(`  healed ${slowest.ms / 1000} s after the last fault at the latest (seed ${slowest.seed})`);
  if (failed.length > 0)
    lines.push(`  failed: ${failed.slice(0, FAILED_SHOWN).join(", ")}${failed.length > FAILED_SHOWN ? ", …" : ""}`);
  return lines.join("\n");
}

const FAILED_SHOWN = 20;

/** A failing seed: what was wrong, the fewest faults that lead there, and the story. */
export function failureText(seed: number, failure: SeedFailure, replay: string): string {
  const { shrunk, drawn, shrinkRuns } = failure;
  const { plan, story, violations } = shrunk;
  return [
    `seed ${seed} FAILED: ${drawn} faults, of which ${plan.faults.length} are enough (${shrinkRuns} runs to find out)`,
    ...violations.slice(0, VIOLATIONS_SHOWN).map(({ id, text, at }) => `  ${(at / 1000).toFixed(3)} s  ${id}: ${text}`),
    ...(violations.length > VIOLATIONS_SHOWN ? [`  … and ${violations.length - VIOLATIONS_SHOWN} more`] : []),
    "  the faults:",
    ...plan.faults.map((fault) => `    ${formatFault(fault)}`),
    "  the story:",
    ...story.map((line) => `  ${line}`),
    `  again: tandem sim --replay ${replay}`,
  ].join("\n");
}

const VIOLATIONS_SHOWN = 8;
