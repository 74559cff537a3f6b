import type { RowSummary, StepSummary } from "@tandem/actor";
import { err, type Json, ok, type Result } from "@tandem/base";
import { isObject } from "./values.js";

/** Steps of one process, oldest first. */
export interface ProcessRecords {
  /** Its path on the bus. */
  readonly process: string;
  readonly steps: readonly StepSummary[];
}

/**
 * Lines of a record file (`<time>|step|<JSON>`, `<time>|row|<JSON>`) or of a flight → steps by process. A last line that
 * is cut is left out: the process may be writing it. Lines of another kind are passed over; one that should be a step and
 * is none fails.
 */
export function parseRecordLines(lines: readonly string[]): Result<readonly ProcessRecords[], string> {
  const processes = new Map<string, Map<number, StepSummary>>();
  const stepsOf = (process: string): Map<number, StepSummary> => {
    const known = processes.get(process) ?? new Map<number, StepSummary>();
    processes.set(process, known);
    return known;
  };
  let flying: string | undefined;
  let understood = 0;
  const last = lines.findLastIndex((line) => line !== "");
  for (const [i, line] of lines.entries()) {
    if (line === "") continue;
    const { kind, json } = split(line);
    const parsed = parse(json);
    if (parsed === undefined) {
      if (i === last) break;
      if (kind === undefined && understood === 0) return err("line 1: expected a record file or a flight of Tandem");
      if (kind === "step" || kind === "row" || kind === undefined) return err(`line ${i + 1}: expected a JSON object`);
      continue;
    }
    understood += 1;
    if (kind === "step") {
      const { process } = parsed;
      if (typeof process !== "string" || !isStep(parsed)) return err(`line ${i + 1}: expected a step`);
      stepsOf(process).set(parsed.n, parsed);
    } else if (kind === "row") {
      const { process } = parsed;
      if (typeof process === "string") complete(stepsOf(process), parsed as unknown as RowSummary);
    } else if (kind === undefined) {
      const process = isObject(parsed["process"]) ? parsed["process"]["process"] : undefined;
      if (typeof process === "string") flying = process;
      const step = isObject(parsed["step"]) ? parsed["step"]["summary"] : undefined;
      if (parsed["step"] === undefined) continue;
      if (flying === undefined || !isObject(step) || !isStep(step)) return err(`line ${i + 1}: expected a step`);
      stepsOf(flying).set(step.n, step);
    }
  }
  if (understood === 0) return err("line 1: expected a record file or a flight of Tandem");
  return ok([...processes].map(([process, steps]) => ({ process, steps: [...steps.values()] })));
}

/** A row line comes after the line of its step: it tells how far the row has come. */
function complete(steps: Map<number, StepSummary>, row: RowSummary): void {
  const step = steps.get(row.step);
  if (step === undefined) return;
  const rows = step.rows.map((known) => (known.row === row.row && known.op === row.op ? row : known));
  steps.set(row.step, { ...step, rows });
}

function split(line: string): { readonly kind: string | undefined; readonly json: string } {
  const found = /^\d{4}-[\d:T.-]+Z\|(\w+)\|(.*)$/s.exec(line);
  return found === null ? { kind: undefined, json: line } : { kind: found[1], json: found[2] as string };
}

type Members = { readonly [member: string]: Json | undefined };

function parse(json: string): Members | undefined {
  try {
    const parsed = JSON.parse(json) as Json;
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** As far as renderers look without asking. */
function isStep(value: unknown): value is StepSummary & Members {
  const step = value as Members;
  const trace = step["trace"];
  return (
    typeof step["n"] === "number" &&
    typeof step["actor"] === "string" &&
    typeof step["reason"] === "string" &&
    ["at", "delivered", "decided"].every((name) => typeof step[name] === "number") &&
    ["saw", "did", "rows"].every((name) => Array.isArray(step[name])) &&
    isObject(trace) &&
    typeof trace["id"] === "string" &&
    typeof trace["cause"] === "string"
  );
}
