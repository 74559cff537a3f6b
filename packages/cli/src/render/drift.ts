import { countOf } from "@tandem/base";
import type { DriftResult, Finding, SlotView } from "../drift/compare.js";
import { renderColumns } from "./columns.js";

/** Widest value shown whole. */
const VALUE_MAX = 28;

/** What a repair did, one line each. */
export interface RepairLines {
  readonly done: readonly string[];
  readonly failed: readonly string[];
}

const OTHER_BUILD =
  "another build of hamgrd: compared with what its actors sent last; it cannot say which rows are nobody's, nor repair any";

/** Why some databases were not compared, a line a slot. */
export function driftNotes(slots: readonly SlotView[]): readonly string[] {
  return slots.flatMap(({ slot, dpu, down, standing }) => [
    ...(down === undefined ? [] : [`${dpu} is down (${down}): its databases are not compared, and that is no drift`]),
    ...(standing.kind === "unknown" ? [`dpu${slot}: unknown what its hamgrd stands for: ${standing.why}`] : []),
    ...(standing.kind === "dumped" ? [`dpu${slot}: ${OTHER_BUILD}`] : []),
  ]);
}

/** `drift` as text. */
export function renderDrift(slots: readonly SlotView[], result: DriftResult, repair: RepairLines | undefined): string {
  const asked = slots.filter(({ standing }) => standing.kind !== "unknown").map(({ slot }) => `dpu${slot}`);
  const { compared, findings } = result;
  const lines: string[] = [];
  if (repair !== undefined) {
    lines.push(...repair.done, ...repair.failed.map((line) => `not repaired: ${line}`));
    if (lines.length > 0) lines.push("");
  }
  const who = asked.length === 0 ? "no hamgrd said what it stands for" : `as ${asked.join(", ")} would have them`;
  if (findings.length === 0) lines.push(`no drift: ${countOf(compared, "row")} compared, ${who}`);
  else lines.push(`${countOf(findings.length, "row")} off, of ${compared} compared, ${who}`);
  let heading = "";
  for (const finding of findings) {
    const place = finding.container === "" ? finding.db : `${finding.db} of ${finding.container}`;
    if (place !== heading) lines.push("", place);
    heading = place;
    lines.push(...findingLines(finding));
  }
  const notes = driftNotes(slots);
  if (notes.length > 0) lines.push("", ...notes);
  const mendable = findings.filter(({ slot }) => slot !== undefined).length;
  if (mendable > 0 && repair === undefined) {
    lines.push("", `tandem drift --repair has hamgrd write or delete ${mendable === 1 ? "it" : `these ${mendable}`}`);
  }
  return `${lines.join("\n")}\n`;
}

const KINDS = { missing: "missing", differs: "differs", stray: "nobody stands for it" } as const;

function findingLines({ kind, table, key, actor, slot, fields, refusal }: Finding): readonly string[] {
  const who = kind === "stray" && actor === "" ? "" : `   ${kind === "stray" ? "named by the " : "of "}${actor}`;
  const lines = [`  ${table} ${key}   ${KINDS[kind]}${who}`];
  if (refusal !== "") lines.push(`      under way: ${refusal}`);
  if (kind === "stray" && slot === undefined) lines.push("      no hamgrd here may delete it: remove it by hand");
  else if (slot === undefined)
    lines.push("      its hamgrd cannot be asked to write it again: restart it, or write the row's config anew");
  const rows = fields.map(({ field, stands, found }) => [
    field,
    ...(kind === "stray" ? [] : [value(stands)]),
    ...(kind === "missing" ? [] : [value(found)]),
  ]);
  const columns = {
    missing: ["field", "stands for"],
    differs: ["field", "stands for", "database has"],
    stray: ["field", "database has"],
  } as const;
  if (rows.length > 0) lines.push(...indented(renderColumns({ columns: columns[kind], rows })));
  return lines;
}

function indented(text: string): readonly string[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => `      ${line}`);
}

function value(text: string | undefined): string {
  if (text === undefined) return "-";
  const shown = JSON.stringify(text);
  return shown.length > VALUE_MAX ? `${shown.slice(0, VALUE_MAX - 1)}…` : shown;
}
