import { readFileSync } from "node:fs";
import { mapOk, type Result } from "@tandem/base";
import { type ChangeInput, type FieldsInput, type FieldValues, fieldCount, pairsOf, pushFlat } from "./field-values.js";
import type { Reply, Script, Store, StoreError } from "./store.js";
import { escapeGlob, type TableNames, WAKE_UP } from "./table-names.js";

/** Works from `src` and from `dist`: the package ships both. */
function load(name: string): Script {
  return { name, lua: readFileSync(new URL(`../src/lua/${name}.lua`, import.meta.url), "utf8") };
}

/** A script whose Lua packs its reply. */
function loadPacked(name: string): Script {
  return { ...load(name), packed: true };
}

/** Every script of the package. A store without Lua runs the twin of the same name (`memory/scripts.ts`). */
export const SCRIPTS = {
  producerStateTableWrite: load("producer_state_table_write"),
  producerStateTableClear: load("producer_state_table_clear"),
  producerStateTableApplyView: load("producer_state_table_apply_view"),
  consumerStateTablePops: loadPacked("consumer_state_table_pops"),
  producerTableEnqueue: load("producer_table_enqueue"),
  consumerTablePops: loadPacked("consumer_table_pops"),
  rowCompareAndSet: load("row_compare_and_set"),
  tableDump: loadPacked("table_dump"),
  tableWrite: load("table_write"),
} as const satisfies Record<string, Script>;

/** One change in the words of the script that queues it: key, number of fields or -1, fields. */
export type StateChange = readonly string[];

export function stateChange({ key, op, fieldValues = [] }: ChangeInput): StateChange {
  if (op === "DEL") return [key, "-1"];
  const words = [key, String(fieldCount(fieldValues))];
  pushFlat(words, fieldValues);
  return words;
}

/** Queues changes of a state table; the number of keys that were not yet pending. */
export async function writeState(
  store: Store,
  names: TableNames,
  changes: readonly StateChange[],
): Promise<Result<number, StoreError>> {
  const args: string[] = [WAKE_UP];
  for (const change of changes) for (const word of change) args.push(word);
  const keys = [names.channel, names.keySet, names.delSet, names.tempPrefix];
  return mapOk(await store.run(SCRIPTS.producerStateTableWrite, keys, args), Number);
}

export async function clearState(store: Store, names: TableNames): Promise<Result<void, StoreError>> {
  const args = [`${escapeGlob(names.tempPrefix)}*`];
  return mapOk(await store.run(SCRIPTS.producerStateTableClear, [names.keySet, names.delSet], args), () => undefined);
}

/** What making a table equal to a view took. */
export interface AppliedView {
  readonly queued: number;
  /** Of those, how many delete or replace the old row. */
  readonly replaced: number;
}

export async function applyStateView(
  store: Store,
  names: TableNames,
  view: ReadonlyMap<string, ReadonlyMap<string, string>>,
): Promise<Result<AppliedView, StoreError>> {
  const args: string[] = [WAKE_UP, `${escapeGlob(names.tempPrefix)}*`, `${escapeGlob(names.prefix)}*`];
  for (const [key, fields] of view) {
    args.push(key, String(fields.size));
    for (const [field, value] of fields) args.push(field, value);
  }
  const keys = [names.channel, names.keySet, names.delSet, names.tempPrefix, names.prefix];
  return mapOk(await store.run(SCRIPTS.producerStateTableApplyView, keys, args), (reply) => {
    const [queued, replaced] = reply as readonly [number, number];
    return { queued, replaced };
  });
}

/** Takes at most `batch` pending changes; `take` gets key and fields of each, without fields for a delete. */
export async function popState<T>(
  store: Store,
  names: TableNames,
  batch: number,
  take: (key: string, fieldValues: FieldValues) => T,
): Promise<Result<T[], StoreError>> {
  const keys = [names.keySet, names.delSet, names.tempPrefix, names.prefix];
  return mapOk(await store.run(SCRIPTS.consumerStateTablePops, keys, [String(batch)]), (reply) => eachRow(reply, take));
}

/** An entry of a ProducerTable's queue. */
export interface QueueEntry {
  readonly key: string;
  /** `S` or `D` and the op. */
  readonly opstring: string;
  /** JSON. */
  readonly value: string;
}

/** Appends to a queue; its length afterwards, in entries. */
export async function enqueue(
  store: Store,
  names: TableNames,
  entries: readonly QueueEntry[],
): Promise<Result<number, StoreError>> {
  const args: string[] = [WAKE_UP];
  for (const { key, value, opstring } of entries) args.push(key, value, opstring);
  const reply = await store.run(SCRIPTS.producerTableEnqueue, [names.queue, names.channel], args);
  return mapOk(reply, (length) => Math.floor(Number(length) / 3));
}

/** An entry that a pop dropped, because it would have spoiled its neighbours. */
export interface BadEntry {
  readonly detail: string;
  readonly key: string;
  readonly opstring: string;
  readonly value: string;
}

export interface PoppedQueue<T> {
  readonly entries: readonly T[];
  readonly bad: readonly BadEntry[];
}

/** Takes at most `batch` entries of a queue, oldest first. `rows` is the table's name behind the reader's prefix. */
export async function popQueue<T>(
  store: Store,
  { queue, rows, batch, modify }: { queue: string; rows: string; batch: number; modify: boolean },
  take: (key: string, op: string, fieldValues: FieldValues) => T,
): Promise<Result<PoppedQueue<T>, StoreError>> {
  const args = [String(batch), modify ? "1" : "0"];
  return mapOk(await store.run(SCRIPTS.consumerTablePops, [queue, rows], args), (reply) => {
    const entries: T[] = [];
    const bad: BadEntry[] = [];
    for (const item of reply as readonly (readonly string[])[]) {
      const [detail = "", key = "", op = "", value = ""] = item;
      if (detail === "") entries.push(take(key, op, pairsOf(item, 3)));
      else bad.push({ detail, key, opstring: op, value });
    }
    return { entries, bad };
  });
}

/** All rows whose keys begin with `prefix`; `take` gets the rest of the row's key. */
export async function dumpRows<T>(
  store: Store,
  prefix: string,
  take: (key: string, fieldValues: FieldValues) => T,
): Promise<Result<T[], StoreError>> {
  return mapOk(await store.run(SCRIPTS.tableDump, [], [`${escapeGlob(prefix)}*`]), (reply) =>
    eachRow(reply, (row, fieldValues) => take(row.slice(prefix.length), fieldValues)),
  );
}

/** One row to write: `replace` deletes the old row first, `merge` keeps its fields, `exact` removes stale ones last. */
export interface RowWrite {
  readonly row: string;
  readonly mode: "replace" | "merge" | "exact";
  /** Without fields the row is deleted, unless merged. */
  readonly fields: FieldsInput;
}

export async function writeRows(store: Store, writes: readonly RowWrite[]): Promise<Result<void, StoreError>> {
  const keys: string[] = [];
  const args: string[] = [];
  for (const { row, mode, fields } of writes) {
    keys.push(row);
    args.push(mode, String(fieldCount(fields)));
    pushFlat(args, fields);
  }
  return mapOk(await store.run(SCRIPTS.tableWrite, keys, args), () => undefined);
}

/** A write that goes through only if the row is still what its writer saw. */
export interface RowSwap {
  /** Redis key of the row. */
  readonly row: string;
  /** Every field that the writer saw; empty: there was no such row. Absent: whatever it holds. */
  readonly seen?: FieldsInput;
  /** What the row becomes; empty: it is deleted. Absent: it stays as it is, and only the answer is kept. */
  readonly fields?: FieldsInput;
  /** The request behind it: a repeat with the same key writes nothing and gets the first one's answer. */
  readonly request: {
    /** Redis key of the kept answer. */
    readonly key: string;
    /** Redis key of the list that bounds them, newest first. */
    readonly list: string;
    /** The oldest answers beyond this number are forgotten. */
    readonly max: number;
    /** What was asked, to tell a repeat from another request under the same key. */
    readonly asked: string;
    readonly answer: string;
  };
}

/** What became of a `RowSwap`. */
export type SwapOutcome =
  | { readonly kind: "written" }
  /** The row is not what was seen: nothing was written, nothing kept. */
  | { readonly kind: "changed" }
  /** The request was answered before: what it asked then, and its answer. Nothing was written. */
  | { readonly kind: "answered"; readonly asked: string; readonly answer: string };

/** Compares and sets a row, and keeps the answer to the request, in one atomic step. */
export async function compareAndSetRow(store: Store, swap: RowSwap): Promise<Result<SwapOutcome, StoreError>> {
  const { row, seen, fields, request } = swap;
  const args: string[] = [request.asked, request.answer, String(request.max)];
  for (const part of [seen, fields]) {
    args.push(part === undefined ? "-1" : String(fieldCount(part)));
    if (part !== undefined) pushFlat(args, part);
  }
  const reply = await store.run(SCRIPTS.rowCompareAndSet, [row, request.key, request.list], args);
  return mapOk(reply, (words) => {
    const [kind, asked = "", answer = ""] = words as readonly [SwapOutcome["kind"], string?, string?];
    return kind === "answered" ? { kind, asked, answer } : { kind };
  });
}

function eachRow<T>(reply: Reply, take: (key: string, fieldValues: FieldValues) => T): T[] {
  const items = reply as readonly Reply[];
  const rows: T[] = [];
  for (let i = 0; i + 1 < items.length; i += 2) {
    rows.push(take(items[i] as string, pairsOf(items[i + 1] as readonly string[])));
  }
  return rows;
}
