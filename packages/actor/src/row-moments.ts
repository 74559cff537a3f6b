import type { Clock, Millis } from "@tandem/base";
import type { RowOp } from "./difference.js";
import type { RowMoment, RowOwner, StepRecords } from "./step-records.js";
import type { Trace, TraceMark } from "./trace.js";

/** How far the changes of rows of one actor have come: the newest of each row, until it is acknowledged. */
export class RowMoments {
  readonly #records: StepRecords;
  readonly #owner: RowOwner;
  readonly #clock: Clock;
  readonly #open = new Map<string, Required<TraceMark>>();

  constructor(records: StepRecords, owner: RowOwner, clock: Clock) {
    this.#records = records;
    this.#owner = owner;
    this.#clock = clock;
  }

  /**
   * The changes that a step has decided. One that an earlier step had decided likewise and that is on its way goes on as
   * that step's.
   */
  decided(ops: readonly RowOp[], trace: Trace): readonly RowMoment[] {
    const moments: RowMoment[] = [];
    for (const op of ops) {
      const { text } = op.ref;
      const fields = op.op === "set" ? op.row.fields : undefined;
      const known = this.#open.get(text)?.row;
      if (known !== undefined && known.op === op.op && sameText(known.fields, fields)) continue;
      const row: RowMoment = {
        row: text,
        op: op.op,
        fields,
        step: 0,
        sent: undefined,
        written: undefined,
        acked: undefined,
      };
      this.#open.set(text, { trace, row });
      moments.push(row);
    }
    return moments;
  }

  /** The change goes out now. Gives what travels with it; nothing when no step has recorded it. */
  sending(text: string, now: Millis): TraceMark | undefined {
    const mark = this.#open.get(text);
    if (mark !== undefined) mark.row.sent ??= now;
    return mark;
  }

  /** Of a row of ours: the MULTI that carried it began at `began` and has been carried out. */
  committed(text: string, began: Millis): void {
    const now = this.#clock.monotonic();
    const row = this.#open.get(text)?.row;
    if (row === undefined) return;
    row.sent ??= began;
    row.written = now;
    this.acknowledged(text, now);
  }

  acknowledged(text: string, now: Millis): void {
    const row = this.#open.get(text)?.row;
    if (row === undefined) return;
    this.#open.delete(text);
    row.acked = now;
    this.#records.acknowledged(row, this.#owner);
  }
}

function sameText(a: RowMoment["fields"], b: RowMoment["fields"]): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
