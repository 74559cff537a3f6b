import { err, type Json, ok, type Result } from "@tandem/base";
import { FLIGHT_SCHEMA, type FlightProcess, lineSum, SUM_START, unsealLine } from "./flight-lines.js";
import type { FlightStep, ValueId } from "./flight-step.js";

/** The steps of one process in a flight, oldest first, each with the number of its line. */
export interface FlightPart {
  readonly process: FlightProcess;
  readonly values: ReadonlyMap<ValueId, Json>;
  readonly steps: readonly { readonly line: number; readonly step: FlightStep }[];
}

/** Reads a flight. Fails with one line that says where it is not whole, and what was expected there. */
export function readFlight(lines: readonly string[]): Result<readonly FlightPart[], string> {
  const parts: { process: FlightProcess; values: Map<ValueId, Json>; steps: { line: number; step: FlightStep }[] }[] =
    [];
  let end: number | undefined;
  let sum = SUM_START;
  for (const [i, text] of lines.entries()) {
    const line = i + 1;
    if (text.trim() === "") continue;
    const sealed = unsealLine(text);
    const parsed = parseObject(sealed?.text ?? text);
    if (parsed === undefined) return err(`line ${line}: expected a JSON object; the file is cut or is no flight`);
    if (i === 0 && parsed["schema"] !== FLIGHT_SCHEMA) {
      return err(`line 1: expected "schema":"${FLIGHT_SCHEMA}" at its beginning`);
    }
    if (sealed === undefined) return err(`line ${line}: expected its sum at its end; the file is cut`);
    sum = lineSum(sum, sealed.text);
    if (sum !== sealed.sum) {
      return err(
        `line ${line}: its sum is ${sealed.sum}, expected ${sum}; this line was changed, or one before it is missing`,
      );
    }
    if (i === 0) continue;
    if (end !== undefined) return err(`line ${line}: expected nothing after the closing line`);
    const part = parts.at(-1);
    if (isProcess(parsed["process"])) parts.push({ process: parsed["process"], values: new Map(), steps: [] });
    else if (isValue(parsed["value"])) {
      if (part === undefined) return err(`line ${line}: expected a process before its values`);
      part.values.set(parsed["value"][0], parsed["value"][1]);
    } else if (isStep(parsed["step"])) {
      if (part === undefined) return err(`line ${line}: expected a process before its steps`);
      part.steps.push({ line, step: parsed["step"] });
    } else if (isEnd(parsed["end"])) end = parsed["end"].steps;
    else return err(`line ${line}: expected a process, a value, a step or the end`);
  }
  const steps = parts.reduce((sum, part) => sum + part.steps.length, 0);
  if (lines.every((line) => line.trim() === "")) return err("line 1: expected a flight, the file is empty");
  if (end === undefined)
    return err(`line ${lines.length}: expected the closing line; the file is cut after ${steps} steps`);
  if (end !== steps) return err(`line ${lines.length}: ${end} steps were written, ${steps} are there`);
  return ok(parts);
}

type Members = Readonly<Record<string, Json | undefined>>;

function parseObject(text: string): Members | undefined {
  try {
    const parsed = JSON.parse(text) as Json;
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed) ? (parsed as Members) : undefined;
  } catch {
    return undefined;
  }
}

function members(value: unknown): Members | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Members) : undefined;
}

function isProcess(value: unknown): value is FlightProcess {
  const found = members(value);
  return typeof found?.["process"] === "string" && typeof found["slot"] === "string";
}

function isValue(value: unknown): value is readonly [ValueId, Json] {
  return Array.isArray(value) && value.length === 2 && Number.isInteger(value[0]);
}

function isEnd(value: unknown): value is { readonly steps: number } {
  return Number.isInteger(members(value)?.["steps"]);
}

const LISTS = ["changes", "draws", "waits", "problems", "difference"] as const;
const INPUT_LISTS = ["asked", "unseen", "ends", "book"] as const;

/** As far as `replayStep` looks before it decodes. */
function isStep(value: unknown): value is FlightStep {
  const step = members(value);
  if (step === undefined || !Number.isInteger(step["n"]) || typeof step["reason"] !== "string") return false;
  if (typeof step["type"] !== "string" || typeof step["id"] !== "string" || step["memory"] === undefined) return false;
  if (!Array.isArray(members(step["summary"])?.["did"])) return false;
  if (!LISTS.every((name) => Array.isArray(step[name])) || members(step["rows"]) === undefined) return false;
  if (step["inputs"] === undefined) return true;
  const inputs = members(step["inputs"]);
  if (inputs === undefined || !INPUT_LISTS.every((name) => Array.isArray(inputs[name]))) return false;
  return [inputs["before"], inputs["after"]].every((outcome) => {
    const found = members(outcome);
    return Array.isArray(found?.["wants"]) && Array.isArray(found["tells"]);
  });
}
