import type { Json, Millis } from "@tandem/base";
import type { AnyActor } from "./define-actor.js";
import { encodeFlightStep, ValuePool } from "./flight-step.js";
import type { StepRecords } from "./step-records.js";

/** First line of a flight. */
export const FLIGHT_SCHEMA = "tandem.flight.v1";

/** Whose steps follow in a flight. */
export interface FlightProcess {
  /** Path on the bus; the slot's name before it is known. */
  readonly process: string;
  readonly slot: string;
  readonly boot: number | null;
  /** What its actors were made from. */
  readonly about: Json;
  /** Number of the oldest step that was kept. */
  readonly first: number;
}

/** The opening line. `exported` is wall-clock time. */
export function flightOpening(exported: Millis): string {
  return JSON.stringify({ schema: FLIGHT_SCHEMA, exported: new Date(exported).toISOString() });
}

export function flightProcessLine(process: FlightProcess): string {
  return JSON.stringify({ process });
}

/** Values, then the steps that name them. */
export function flightStepLines(values: { readonly [id: string]: Json }, steps: readonly Json[]): readonly string[] {
  return [
    ...Object.entries(values).map(([id, value]) => JSON.stringify({ value: [Number(id), value] })),
    ...steps.map((step) => JSON.stringify({ step })),
  ];
}

/** The closing line: a file without it is not whole. */
export function flightClosing(steps: number): string {
  return JSON.stringify({ end: { steps } });
}

/**
 * Adds to each line a sum over it and all lines before it, so that a line that was changed, lost or put in is noticed
 * there. It guards against accidents, not against somebody who computes it anew.
 */
export function sealFlight(lines: readonly string[]): readonly string[] {
  let sum = SUM_START;
  return lines.map((line) => {
    sum = lineSum(sum, line);
    return `${line.slice(0, -1)}${SUM_MEMBER}${sum}"}`;
  });
}

/** The line as it was before `sealFlight`, and its sum; `undefined` for one that has none. */
export function unsealLine(line: string): { readonly text: string; readonly sum: string } | undefined {
  const at = line.lastIndexOf(SUM_MEMBER);
  if (at < 0 || !line.endsWith('"}')) return undefined;
  return { text: `${line.slice(0, at)}}`, sum: line.slice(at + SUM_MEMBER.length, -2) };
}

/** The sum of a line that follows one with the sum `before`. FNV-1a over 32 bits, as eight hexadecimal digits. */
export function lineSum(before: string, line: string): string {
  let hash = 0x811c9dc5;
  for (const text of [before, line]) {
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, "0");
}

export const SUM_START = "";
const SUM_MEMBER = ',"sum":"';

/** The steps of one slot as lines between opening and closing, and how many there are. */
export function flightOf(
  records: StepRecords,
  actors: readonly AnyActor[],
  process: FlightProcess,
): { readonly lines: readonly string[]; readonly steps: number } {
  const pool = new ValuePool();
  const lines = [flightProcessLine(process)];
  const by = { path: process.process, boot: records.boot };
  const steps = records.list(({ slot }) => slot === process.slot);
  for (const step of steps) {
    const definition = actors.find(({ type }) => type === step.type);
    const encoded = encodeFlightStep(step, definition, pool, by) as unknown as Json;
    lines.push(...flightStepLines(Object.fromEntries(pool.take()), [encoded]));
  }
  return { lines, steps: steps.length };
}
