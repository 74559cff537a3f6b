import type { Millis } from "@tandem/base";
import type { Change } from "./define-actor.js";
import type { RowMoment, StepRecord } from "./step-records.js";
import type { Trace } from "./trace.js";

/** A step as people and tools read it: over the bus, and in record files. Times in milliseconds. */
export interface StepSummary {
  readonly n: number;
  /** `<type>/<id>`. */
  readonly actor: string;
  readonly incarnation: number;
  /** Wall-clock time of the decision; `decided` is the same moment on the monotonic clock of the process. */
  readonly at: number;
  readonly trace: TraceSummary;
  /** Ids of further causes that it took in. */
  readonly joined?: readonly string[];
  readonly delivered: number;
  readonly decided: number;
  readonly saw: readonly string[];
  readonly reason: string;
  readonly did: readonly string[];
  readonly rows: readonly RowSummary[];
  readonly waits?: readonly string[];
  readonly problems?: readonly string[];
}

export interface TraceSummary {
  /** Unique in the cluster. */
  readonly id: string;
  readonly cause: string;
  readonly at: number;
  readonly received: number;
  readonly decoded: number;
  readonly via?: { readonly process: string; readonly sentAt: number };
}

/** A change of a row, on the monotonic clock of the process; a moment that has not come is absent. */
export interface RowSummary {
  readonly row: string;
  readonly op: "set" | "del";
  readonly step: number;
  readonly sent?: number;
  readonly written?: number;
  readonly acked?: number;
}

/** The process that records: its path on the bus, and when it took its first step. */
export interface RecordingProcess {
  readonly path: string;
  readonly boot: Millis | undefined;
}

/** A trace id that no other process of the cluster uses: slots of one process share it. */
export function clusterTraceId(path: string, boot: Millis | undefined, id: string): string {
  const node = path.split("/", 1)[0] ?? "";
  return `${node.replace(/-dpu\d+$/, "")}/${(boot ?? 0).toString(36)}/${id}`;
}

export function summarizeStep(step: StepRecord, by: RecordingProcess): StepSummary {
  return {
    n: step.number,
    actor: `${step.type}/${step.id}`,
    incarnation: step.incarnation,
    at: step.at,
    trace: summarizeTrace(step.trace, by),
    ...(step.joined.length > 0 && { joined: step.joined.map((trace) => idOf(trace, by)) }),
    delivered: micro(step.delivered),
    decided: micro(step.decided),
    saw: step.changes.map(describeChange),
    reason: step.reason,
    did: step.difference,
    rows: step.rows.map(summarizeRow),
    ...(step.waits.length > 0 && { waits: step.waits.map((wait) => wait.for) }),
    ...(step.problems.length > 0 && { problems: step.problems.map(({ text }) => text) }),
  };
}

export function summarizeRow({ row, op, step, sent, written, acked }: RowMoment): RowSummary {
  return {
    row,
    op,
    step,
    ...(sent !== undefined && { sent: micro(sent) }),
    ...(written !== undefined && { written: micro(written) }),
    ...(acked !== undefined && { acked: micro(acked) }),
  };
}

/** One thing that an actor saw, in a line. */
export function describeChange(change: Change): string {
  switch (change.kind) {
    case "start":
      return change.restored ? "start, memory restored" : "start";
    case "row": {
      const name = `${change.table.id}|${change.key}`;
      return change.row === undefined ? `${name} is gone` : `${name} ${rowText(change.row)}`;
    }
    case "state":
      return `${change.port.update}|${change.id}`;
    case "told":
      return `${change.port.key}|${change.id}`;
    case "written":
      return `${change.table.id}|${change.key} written`;
    case "deadline":
      return `deadline: ${change.wait}`;
  }
}

/** 64-bit fields are decimal text. */
function rowText(row: unknown): string {
  return JSON.stringify(row, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));
}

function summarizeTrace(trace: Trace, by: RecordingProcess): TraceSummary {
  const { cause, at, received, decoded, via } = trace;
  return {
    id: idOf(trace, by),
    cause,
    at,
    received: micro(received),
    decoded: micro(decoded),
    ...(via !== undefined && { via }),
  };
}

function idOf({ id, via }: Trace, { path, boot }: RecordingProcess): string {
  return via === undefined ? clusterTraceId(path, boot, id) : id;
}

/** Microseconds are as fine as a clock of a machine under load is. */
function micro(time: number): number {
  return Math.round(time * 1000) / 1000;
}

/** Steps asked for, in the words of a request: all members are optional text. */
export interface RecordQuestion {
  /** Steps after this number. */
  readonly after: number;
  readonly max: number;
  /** `<type>/<id>`; all when absent. */
  readonly actor: string | undefined;
  /** Steps whose difference or input names this row: a part of `<DB>|<TABLE>|<key>`. */
  readonly row: string | undefined;
  /** Wall-clock time of the oldest that is wanted. */
  readonly since: number;
  /** Without those that only noted an acknowledgement or wrote a row again in its time. */
  readonly decisions: boolean;
  /** The newest that fit, instead of the oldest. */
  readonly newest: boolean;
}

export const PAGE_MAX = 500;
/** Text of one page; it goes over the bus in one message. */
export const PAGE_CHARS_MAX = 512 * 1024;

/** Arguments that are no numbers, or out of bounds, count as absent: the answer is bounded in any case. */
export function parseRecordQuestion(args: Readonly<Record<string, string>>): RecordQuestion {
  const whole = (text: string | undefined, absent: number): number =>
    text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : absent;
  return {
    after: whole(args["after"], -1),
    max: Math.max(1, Math.min(PAGE_MAX, whole(args["max"], PAGE_MAX))),
    actor: args["actor"],
    row: args["row"],
    since: whole(args["since"], 0),
    decisions: args["decisions"] === "true",
    newest: args["newest"] === "true",
  };
}

/** The steps that a question asks for, oldest first. */
export function selectSteps(steps: readonly StepRecord[], slot: string, question: RecordQuestion): StepRecord[] {
  const { after, max, actor, row, since, decisions, newest } = question;
  const wanted = steps.filter(
    (step) =>
      step.number > after &&
      step.slot === slot &&
      step.at >= since &&
      !(decisions && isRoutine(step)) &&
      (actor === undefined || `${step.type}/${step.id}` === actor) &&
      (row === undefined || step.rows.some((moment) => moment.row.includes(row)) || sees(step, row)),
  );
  return newest ? wanted.slice(-max) : wanted.slice(0, max);
}

function isRoutine({ changes }: StepRecord): boolean {
  const routine = (change: Change): boolean =>
    change.kind === "written" || (change.kind === "deadline" && change.wait === "refresh");
  return changes.length > 0 && changes.every(routine);
}

function sees({ changes }: StepRecord, row: string): boolean {
  return changes.some((change) => change.kind === "row" && `${change.table.id}|${change.key}`.includes(row));
}

/** As many of `texts` as a page may hold, at least one. `fromEnd` keeps the last ones. */
export function fitPage(texts: readonly string[], fromEnd: boolean): readonly string[] {
  let size = 0;
  const fitting: string[] = [];
  for (const text of fromEnd ? [...texts].reverse() : texts) {
    size += text.length + 1;
    if (fitting.length > 0 && size > PAGE_CHARS_MAX) break;
    fitting.push(text);
  }
  return fromEnd ? fitting.reverse() : fitting;
}
