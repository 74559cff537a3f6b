import type { RowMoment, StepRecord } from "@tandem/actor";

/** A stretch of time in the way of one change. Times are wall-clock milliseconds, with fractions. */
export interface SpanData {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly attributes: Readonly<Record<string, string | number>>;
}

/** Monotonic times of a step plus this are wall-clock times. */
export function wallOffset({ at, decided }: StepRecord): number {
  return at - decided;
}

/** What led to a step: its cause was read and decoded, came to the actor, and was decided on. */
export function stepSpans(step: StepRecord): readonly SpanData[] {
  const { trace, type, id, slot, delivered, decided, reason, number } = step;
  const offset = wallOffset(step);
  const actor = `${type}/${id}`;
  const span = (name: string, start: number, end: number, attributes: SpanData["attributes"]): SpanData => ({
    ...{ name, start: start + offset, end: Math.max(start, end) + offset, attributes },
  });
  const spans = [
    span("deliver", trace.decoded, delivered, { actor, slot }),
    span("decide", delivered, decided, { actor, slot, reason, step: number, changes: step.changes.length }),
  ];
  // The cause of a trace that came over the bus was read by the process that began it.
  return trace.via === undefined
    ? [span("detect", trace.received, trace.decoded, { cause: trace.cause }), ...spans]
    : spans;
}

/** How a row of a step came to be: programmed, then acknowledged. */
export function rowSpans({ row, op, sent, written, acked }: RowMoment, offset: number): readonly SpanData[] {
  if (sent === undefined || acked === undefined) return [];
  const programmed = written ?? acked;
  const attributes = { row, op };
  return [
    { name: "program", start: sent + offset, end: programmed + offset, attributes },
    { name: "ack", start: programmed + offset, end: acked + offset, attributes },
  ];
}
