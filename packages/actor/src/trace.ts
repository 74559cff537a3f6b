import type { Json, Millis } from "@tandem/base";
import { isObject } from "./envelope.js";
import type { RowMoment } from "./step-records.js";

/** What set a chain of steps in motion: one change of one row, or something that a process began by itself. */
export interface Trace {
  /** Unique in the process that began it; a trace that came from another process has its cluster-wide id. */
  readonly id: string;
  /** `<DB>|<TABLE>|<key>`, or what the process began by itself, e.g. `deadline`. */
  readonly cause: string;
  /** Wall-clock time of the cause. */
  readonly at: Millis;
  /** Monotonic times of this process: when the change was read, and when it was decoded. */
  readonly received: Millis;
  readonly decoded: Millis;
  /** How it came from another process; absent in the one that began it. */
  readonly via?: TraceHop;
}

export interface TraceHop {
  /** The process before this one. */
  readonly process: string;
  /** Wall-clock time there when the message left. */
  readonly sentAt: Millis;
}

/** What is known of data on its way between actors of this process, beside the data itself. */
export interface TraceMark {
  readonly trace: Trace;
  /** The change of a row that the data is, for the bridge that writes it. */
  readonly row?: RowMoment;
}

/** Marks follow the data, not the message. */
const marks = new WeakMap<object, TraceMark>();

/** The data is sent because of a trace. Data that is no object cannot carry a mark. */
export function markTrace(data: Json, mark: TraceMark): void {
  if (typeof data === "object" && data !== null) marks.set(data, mark);
}

/** `undefined` for data from another process, and for what nobody marked. */
export function traceMark(data: Json): TraceMark | undefined {
  return typeof data === "object" && data !== null ? marks.get(data) : undefined;
}

/** The member `trace` beside `key` and `data` of a message that leaves the process. */
export function traceToWire({ id, cause, at }: Trace, hop: TraceHop): Json {
  return { id, cause, at, process: hop.process, sent: hop.sentAt };
}

/** Such a member as it came; `undefined` for what nobody of ours has sent. `now` is monotonic. */
export function traceFromWire(data: Json | undefined, now: Millis): Trace | undefined {
  if (!isObject(data)) return undefined;
  const { id, cause, at, process, sent } = data;
  if (typeof id !== "string" || typeof cause !== "string" || typeof process !== "string") return undefined;
  if (typeof at !== "number" || typeof sent !== "number") return undefined;
  const via: TraceHop = { process, sentAt: sent as Millis };
  return { id, cause, at: at as Millis, received: now, decoded: now, via };
}
