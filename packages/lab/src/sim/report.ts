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

export function addReport(summary: Summary, report: SeedReport): Summary {
  const { seed, virtualMs, healedMs, failure } = report;
  const slower = healedMs !== undefined && healedMs >= (summary.slowest?.ms ?? -1);
  return {
    ...summary,
    seeds: summary.seeds + 1,
    failed: failure === undefined ? summary.failed : [...summary.failed, seed],
    virtualMs: millis(summary.virtualMs + virtualMs),
    slowest: slower ? { seed, ms: healedMs } : summary.slowest,
  };
}

/** How many times faster than a clock on the wall; 0 before anything ran. */
export function ratioOf({ virtualMs, realMs }: Summary): number {
  return realMs > 0 ? virtualMs / realMs : 0;
}

/** 0 before anything ran. */
export function seedsPerSecond({ seeds, realMs }: Summary): number {
  return realMs > 0 ? (1000 * seeds) / realMs : 0;
}

export function progressText(summary: Summary, count: number): string {
  const { seeds, failed, realMs } = summary;
  const bad = failed.length === 0 ? "" : `, ${failed.length} failed`;
  if (seeds === 0) return `0 of ${count} seeds after ${durationText(realMs)}`;
  const left = durationText(millis(((count - seeds) * realMs) / seeds));
  return `${seeds} of ${count} seeds${bad}, ${speedText(summary)}, ${left} left`;
}

function speedText(summary: Summary): string {
  return `${rateText(seedsPerSecond(summary))}, ${ratioOf(summary).toFixed(0)} × real time`;
}

/** Slow series are told by the minute. */
function rateText(perSecond: number): string {
  return perSecond >= 1 ? `${perSecond.toFixed(1)} seeds/s` : `${(60 * perSecond).toFixed(1)} seeds/min`;
}

/** `8.4 s`, `3 min 20 s`, `2 h 5 min`. */
function durationText(ms: Millis): string {
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const whole = Math.round(ms / 1000);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

export function summaryText(summary: Summary): string {
  const { seeds, failed, virtualMs, realMs, slowest } = summary;
  const clean = seeds - failed.length;
  const virtual =
    virtualMs < HOUR
      ? `${(virtualMs / 60_000).toFixed(0)} virtual minutes`
      : `${(virtualMs / HOUR).toFixed(1)} virtual hours`;
  const lines = [
    `${clean} of ${seeds} ${seeds === 1 ? "seed" : "seeds"} clean`,
    `  ${virtual} in ${durationText(realMs)}: ${speedText(summary)}`,
  ];
  if (slowest !== undefined)
    lines.push(`  healed ${slowest.ms / 1000} s after the last fault at the latest (seed ${slowest.seed})`);
  if (failed.length > 0)
    lines.push(`  failed: ${failed.slice(0, FAILED_SHOWN).join(", ")}${failed.length > FAILED_SHOWN ? ", …" : ""}`);
  return lines.join("\n");
}

const FAILED_SHOWN = 20;
const HOUR = 3_600_000;

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
