import type { FieldValues } from "@tandem/swss";

/** One object of a bulk line, or its result: an id or a status, and attributes `A=v|B=v`, joined as on the channel. */
export interface BulkPart {
  readonly head: string;
  readonly attributes?: string;
}

/** Ops of a line `op|key|A=v|B=v`: create, remove, set, get, FDB flush, counter polling. */
export const KEYED_OPS = ["c", "r", "s", "g", "f", "p"] as const;
export type KeyedOp = (typeof KEYED_OPS)[number];

/** Ops of a line `op|TYPE||id|A=v||id|A=v`: create, remove, set, get of many objects. */
export const BULK_OPS = ["C", "R", "S", "B"] as const;
export type BulkOp = (typeof BULK_OPS)[number];

/**
 * What one line of a recording says, behind its time. What is absent has no bar before it, what is empty has one: both are
 * in files, and both are written back as they were read. sonic-sairedis, lib/Recorder.cpp.
 */
export type RecordBody =
  | { readonly op: "#"; readonly text: string }
  /** A view change. */
  | { readonly op: "a"; readonly view: string }
  /** Replies to a view change and to a flush. */
  | { readonly op: "A" | "F"; readonly status: string }
  | { readonly op: KeyedOp; readonly key: string; readonly fields?: FieldValues }
  | { readonly op: BulkOp; readonly type: string; readonly parts: readonly BulkPart[] }
  /** Reply to `g`. */
  | { readonly op: "G"; readonly kind: "single"; readonly status: string; readonly fields?: FieldValues }
  /** Reply to `B`. Current writers put three bars behind the status, older ones two. */
  | {
      readonly op: "G";
      readonly kind: "bulk";
      readonly status: string;
      readonly bars: 2 | 3;
      readonly parts: readonly BulkPart[];
    }
  /** A change that failed, where changes are answered; of a bulk op with the status of each object. */
  | { readonly op: "E"; readonly status: string; readonly statuses?: readonly string[] }
  | { readonly op: "q"; readonly name: string; readonly key: string; readonly fields?: FieldValues }
  /** Reply to `q`. What stands behind the status differs by name and age of the writer: texts, as they stand. */
  | { readonly op: "Q"; readonly name: string; readonly status: string; readonly values?: readonly string[] }
  | { readonly op: "n"; readonly name: string; readonly data: string; readonly fields?: FieldValues }
  /** A pause, written by hand. */
  | { readonly op: "@"; readonly milliseconds: number }
  /** A letter of a later writer. */
  | { readonly op: "unknown"; readonly letter: string; readonly text?: string };

/** One line of a recording. */
export interface RecLine {
  /** Local time of the writer, `YYYY-MM-DD.HH:MM:SS.uuuuuu`. */
  readonly time: string;
  readonly body: RecordBody;
}

/** Why a line is no record. */
export interface LineFault {
  readonly expected: string;
  readonly found: string;
}

export function describeLineFault({ expected, found }: LineFault): string {
  return `expected ${expected}, found ${JSON.stringify(found)}`;
}
