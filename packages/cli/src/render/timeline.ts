import type { RowSummary, StepSummary } from "@tandem/actor";
import { countOf } from "@tandem/base";
import { type Paint, plain } from "./ha.js";
import type { ProcessRecords } from "./record-lines.js";
import { isRoutine, tellingSteps } from "./steps.js";
import { clip, clockTime, shortNode } from "./values.js";
import { plainKey, rowName } from "./why-name.js";

/** Where the time of a trace went, in milliseconds. The parts follow each other and add up to `total`. */
export interface Stages {
  /** From the change read off Redis to the decoded row. */
  readonly detect: number;
  /** To the first actor. */
  readonly deliver: number;
  /** To the last decision that changes a row; where there is none, to the last one. */
  readonly decide: number;
  /** To the last row written. */
  readonly program: number;
  /** To the last acknowledgement. */
  readonly ack: number;
  readonly total: number;
}

/** One thing that happened within a trace. Times in milliseconds since its beginning. */
export interface TraceEvent {
  readonly from: number;
  readonly to: number;
  /** Path of the process. */
  readonly process: string;
  readonly what: "received" | "decided" | "row";
  /** The row received, `<type>/<id>` of the actor, or the row changed with its verb. */
  readonly name: string;
  readonly detail: string;
  /** Of a row: the change is acknowledged. */
  readonly acked?: boolean;
}

/** One change, from its cause to the last row that it led to. */
export interface TraceView {
  readonly id: string;
  readonly cause: string;
  /** Wall-clock time of the beginning, where it began. */
  readonly at: number;
  readonly processes: readonly string[];
  readonly stages: Stages;
  readonly events: readonly TraceEvent[];
  /** Traces whose changes were taken in by the same steps. */
  readonly joined: readonly string[];
  /** Clocks of these processes are behind those of whoever sent to them by at least so much, in milliseconds. */
  readonly behind: readonly { readonly process: string; readonly by: number }[];
  /** A row of it has not been acknowledged. */
  readonly open: boolean;
  /** Nothing but rows that were written again because their time had come. */
  readonly routine: boolean;
}

interface Placed {
  readonly process: string;
  readonly step: StepSummary;
}

/** Traces of all processes, oldest first. Steps of one trace are put together by its id, whoever recorded them. */
export function traceViews(records: readonly ProcessRecords[], since: number): readonly TraceView[] {
  const traces = new Map<string, Placed[]>();
  const wall = new Map<string, (time: number) => number>();
  for (const { process, steps } of records) {
    wall.set(process, wallOf(steps));
    for (const step of steps) {
      const placed = traces.get(step.trace.id) ?? [];
      traces.set(step.trace.id, placed);
      placed.push({ process, step });
    }
  }
  return [...traces.values()]
    .map((placed) => viewOf(placed, wall))
    .filter((view) => view.at + view.stages.total >= since)
    .sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
}

/** Monotonic time of a process → wall-clock time. Wall clocks tell whole milliseconds: the latest is the closest. */
function wallOf(steps: readonly StepSummary[]): (time: number) => number {
  let offset = Number.NEGATIVE_INFINITY;
  for (const { at, decided } of steps) offset = Math.max(offset, at - decided);
  return (time) => time + offset;
}

function viewOf(placed: readonly Placed[], wall: ReadonlyMap<string, (time: number) => number>): TraceView {
  const byProcess = new Map<string, StepSummary[]>();
  for (const { process, step } of placed) byProcess.set(process, [...(byProcess.get(process) ?? []), step]);
  const { shifts, behind } = clockShifts(byProcess, wall);
  const moment = (process: string, time: number): number =>
    (wall.get(process)?.(time) ?? time) + (shifts.get(process) ?? 0);
  const origin = [...byProcess].find(([, steps]) => steps.some(({ trace }) => trace.via === undefined));
  const [home, homeSteps] = origin ?? ([...byProcess][0] as [string, StepSummary[]]);
  const trace = (homeSteps[0] as StepSummary).trace;
  const start = moment(home, trace.received);
  const decoded = moment(home, trace.decoded);
  const telling = new Set([...byProcess.values()].flatMap(tellingSteps));
  const events: TraceEvent[] = [];
  const isRow = /^[A-Z_]+_DB\|/.test(trace.cause);
  events.push({
    ...{ from: 0, to: decoded - start, process: home, what: "received" },
    name: trace.cause,
    detail: isRow ? "" : "began here",
  });
  for (const { process, step } of placed) {
    const at = (time: number): number => moment(process, time) - start;
    if (telling.has(step) || step.rows.length > 0) {
      events.push({
        ...{ from: at(step.delivered), to: at(step.decided), process, what: "decided" },
        name: step.actor,
        detail: step.reason,
      });
    }
    for (const row of step.rows) events.push(rowEvent(process, row, step, at));
  }
  events.sort((a, b) => a.from - b.from || a.to - b.to);
  return {
    id: trace.id,
    cause: trace.cause,
    at: start,
    processes: [...byProcess.keys()],
    stages: stagesOf(events, placed, moment, start),
    events,
    joined: [...new Set(placed.flatMap(({ step }) => step.joined ?? []))],
    behind,
    routine: placed.every(({ step }) => isRoutine(step)),
    open: placed.some(({ step }) => step.rows.some(({ acked }) => acked === undefined)),
  };
}

function rowEvent(process: string, row: RowSummary, step: StepSummary, at: (time: number) => number): TraceEvent {
  const from = at(row.sent ?? step.decided);
  const to = at(row.acked ?? row.written ?? row.sent ?? step.decided);
  const written = row.written === undefined ? "" : `written +${ms(at(row.written) - from)}`;
  const acked = row.acked === undefined ? "" : `acked +${ms(at(row.acked) - from)}`;
  const detail =
    row.sent === undefined ? "not sent" : [written, acked || "not acknowledged"].filter(Boolean).join(", ");
  return { from, to, process, what: "row", name: `${row.op} ${row.row}`, detail, acked: row.acked !== undefined };
}

/**
 * A message cannot arrive before it was sent: processes in which it seems to are shown later by what is missing. Only what
 * must be is corrected; equal clocks are never seen to differ.
 */
function clockShifts(
  byProcess: ReadonlyMap<string, readonly StepSummary[]>,
  wall: ReadonlyMap<string, (time: number) => number>,
): Pick<TraceView, "behind"> & { readonly shifts: ReadonlyMap<string, number> } {
  const shifts = new Map<string, number>();
  const behind: { process: string; by: number }[] = [];
  // A shift of one process moves those that it sent to: at most as many rounds as there are processes.
  for (let round = 0; round < byProcess.size; round++) {
    for (const [process, steps] of byProcess) {
      for (const { trace } of steps) {
        if (trace.via === undefined) continue;
        const arrived = (wall.get(process)?.(trace.received) ?? trace.at) + (shifts.get(process) ?? 0);
        const missing = trace.via.sentAt + (shifts.get(trace.via.process) ?? 0) - arrived;
        if (missing > CLOCK_GRAIN) shifts.set(process, (shifts.get(process) ?? 0) + missing);
      }
    }
  }
  for (const [process, by] of shifts) behind.push({ process, by });
  return { shifts, behind };
}

/** Wall-clock times are whole milliseconds, on both sides. */
const CLOCK_GRAIN = 2;

function stagesOf(
  events: readonly TraceEvent[],
  placed: readonly Placed[],
  moment: (process: string, time: number) => number,
  start: number,
): Stages {
  const decided = events.filter(({ what }) => what === "decided");
  const deciding = placed.filter(({ step }) => step.rows.length > 0);
  const rows = placed.flatMap(({ process, step }) =>
    step.rows.map((row) => ({ process, written: row.written ?? row.acked, acked: row.acked })),
  );
  const times = (values: readonly (number | undefined)[]): readonly number[] =>
    values.filter((time) => time !== undefined);
  const since = (process: string, time: number | undefined): number | undefined =>
    time === undefined ? undefined : moment(process, time) - start;
  const ends = [
    events.find(({ what }) => what === "received")?.to ?? 0,
    Math.min(...decided.map(({ from }) => from)),
    deciding.length === 0
      ? Math.max(...decided.map(({ to }) => to))
      : Math.max(...deciding.map(({ process, step }) => moment(process, step.decided) - start)),
    Math.max(0, ...times(rows.map(({ process, written }) => since(process, written)))),
    Math.max(0, ...times(rows.map(({ process, acked }) => since(process, acked)))),
  ];
  let reached = 0;
  const parts = ends.map((end) => {
    const part = Math.max(0, end - reached);
    reached += part;
    return part;
  });
  const [detect = 0, deliver = 0, decide = 0, program = 0, ack = 0] = parts;
  return { detect, deliver, decide, program, ack, total: reached };
}

/** Traces that have to do with a name: an actor, a row, or a part of either. Routine ones only if asked for. */
export function selectTraces(all: readonly TraceView[], name: string, routine: boolean): readonly TraceView[] {
  const views = routine ? all : all.filter((view) => !view.routine);
  const wanted = plainKey(name);
  if (wanted === "") return views;
  return views.filter(
    ({ cause, events }) =>
      plainKey(cause).includes(wanted) || events.some((event) => plainKey(event.name).includes(wanted)),
  );
}

const WIDTH = 100;
const BAR = 16;
const TIME = 9;

/** `timeline`, at most 100 columns. `left` traces were left out before these. */
export function renderTimeline(views: readonly TraceView[], left: number, paint: Paint = plain): string {
  if (views.length === 0) return "nothing happened in that time\n";
  const lines = left > 0 ? [`${left} earlier ones left out; see --last`, ""] : [];
  for (const view of views) lines.push(...traceLines(view, paint), "");
  return `${lines.slice(0, -1).join("\n")}\n`;
}

function traceLines(view: TraceView, paint: Paint): readonly string[] {
  const { stages } = view;
  const cause = /^[A-Z_]+_DB\|/.test(view.cause) ? rowName(view.cause) : view.cause;
  const where = view.processes.map(shortNode).join(" ");
  const head = clip(`${clockTime(view.at, true)}  ${where}  ${cause}`, WIDTH);
  const parts = (["detect", "deliver", "decide", "program", "ack"] as const).map(
    (name) => `${name} ${ms(stages[name])}`,
  );
  const state = view.open ? `, ${paint("warn", "not all acknowledged")}` : "";
  const lines = [head, `  ${ms(stages.total)} ms = ${parts.join(" + ")}${state}`];
  for (const { process, by } of view.behind) {
    lines.push(
      paint(
        "warn",
        `  clocks disagree: ${shortNode(process)} is at least ${ms(by)} ms behind; shown in the order of cause`,
      ),
    );
  }
  if (view.joined.length > 0) lines.push(`  took in ${countOf(view.joined.length, "further change")}`);
  const several = view.processes.length > 1;
  for (const event of view.events) {
    if (event.what === "received") continue;
    const bar = barOf(event, stages.total);
    const by = several ? `${shortNode(event.process)} ` : "";
    const name = event.what === "row" ? rowWords(event.name) : event.name.replace("/", " ");
    const indent = event.what === "row" ? "  " : "";
    const words = clip(`${indent}${by}${name}: ${event.detail}`, WIDTH - TIME - BAR - 5);
    const line = `${ms(event.from).padStart(TIME)} |${bar}| ${words}`;
    lines.push(event.what === "row" && event.acked === false ? paint("warn", line) : line);
  }
  return lines;
}

function rowWords(name: string): string {
  const at = name.indexOf(" ");
  return `${name.slice(0, at)} ${clip(rowName(name.slice(at + 1)).replace(/^\S+ /, ""), 36)}`;
}

function barOf({ from, to }: TraceEvent, total: number): string {
  const cell = (time: number): number =>
    total <= 0 ? 0 : Math.max(0, Math.min(BAR - 1, Math.floor((time / total) * BAR)));
  const [begin, end] = [cell(from), cell(to)];
  return (
    " ".repeat(begin) +
    "#".repeat(Math.max(1, end - begin + 1)).slice(0, BAR - begin) +
    " ".repeat(BAR - 1 - Math.max(begin, end))
  );
}

/** Milliseconds with as many digits as mean something. */
function ms(time: number): string {
  return time >= 100 ? String(Math.round(time)) : time.toFixed(1);
}
