import type { LineNote, Notes, PlaySummary } from "@tandem/asic-channel";

/** What playing a recording came to, and how. */
export interface Played {
  readonly file: string;
  readonly via: string;
  readonly mode: string;
  /** Milliseconds. */
  readonly took: number;
  readonly summary: PlaySummary;
}

/** What the letters of a recording's lines are called. */
const OP_NAMES: Readonly<Record<string, string>> = {
  a: "view changes",
  c: "creates",
  r: "removes",
  s: "sets",
  g: "gets",
  C: "bulk creates",
  R: "bulk removes",
  S: "bulk sets",
  B: "bulk gets",
  f: "flushes",
  n: "notifications",
  q: "queries",
  Q: "query replies",
  p: "counter settings",
  "#": "comments",
};

/** Notes that are shown of each kind. */
const SHOWN_MAX = 10;

export function renderPlay({ file, via, mode, took, summary }: Played): string {
  const rows: (readonly [string, number, string])[] = [
    ["sent", summary.requests, counts(summary.played)],
    ["compared", summary.compared, "replies"],
    ["passed over", [...summary.passedOver.values()].reduce((sum, n) => sum + n, 0), counts(summary.passedOver)],
    ["not read", summary.skipped.count, summary.skipped.count === 0 ? "" : "lines, see below"],
    ["warnings", summary.warnings.count, summary.warnings.count === 0 ? "" : "see below"],
    ["different", summary.mismatches.count, summary.mismatches.count === 0 ? "" : "replies, see below"],
  ];
  const width = Math.max(...rows.map(([, count]) => String(count).length));
  const lines = [
    `${file} through ${via} (${mode}), ${(took / 1000).toFixed(1)} s`,
    ...rows.map(([name, count, what]) => `  ${name.padEnd(12)}${String(count).padStart(width)}  ${what}`.trimEnd()),
    ...notes("not read", summary.skipped),
    ...notes("warnings", summary.warnings),
    ...notes("different", summary.mismatches),
  ];
  return `${lines.join("\n")}\n`;
}

function counts(byOp: ReadonlyMap<string, number>): string {
  return [...byOp].map(([op, count]) => `${OP_NAMES[op] ?? op} ${count}`).join(" · ");
}

function notes(title: string, { count, kept }: Notes): readonly string[] {
  if (count === 0) return [];
  const shown = kept.slice(0, SHOWN_MAX).map(({ line, text }: LineNote) => `  line ${line}: ${text}`);
  return ["", title, ...shown, ...(count > shown.length ? [`  and ${count - shown.length} more`] : [])];
}

export function playJson({ file, via, mode, took, summary }: Played): object {
  const told = ({ count, kept }: Notes): object => ({ count, lines: kept });
  return {
    ...{ file, via, mode, took_ms: Math.round(took), agrees: summary.agrees, ended: summary.ended ?? null },
    requests: summary.requests,
    sent: Object.fromEntries(summary.played),
    compared: summary.compared,
    passed_over: Object.fromEntries(summary.passedOver),
    pauses: summary.pauses,
    objects_known: summary.learned,
    skipped: told(summary.skipped),
    warnings: told(summary.warnings),
    mismatches: told(summary.mismatches),
  };
}
