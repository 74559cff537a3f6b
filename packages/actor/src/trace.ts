import type { Json } from "@tandem/base";

/** Traces of data that is on its way between actors of this process: they follow the object, not the message. */
const traces = new WeakMap<object, string>();

/** The data is sent because of `trace`. Data that is no object cannot carry one. */
export function markTrace(data: Json, trace: string): void {
  if (typeof data === "object" && data !== null) traces.set(data, trace);
}

/** `undefined` for data from another process, and for what nobody marked. */
export function traceOf(data: Json): string | undefined {
  return typeof data === "object" && data !== null ? traces.get(data) : undefined;
}
