import { err, mapOk, ok, type Result } from "@tandem/base";
import { type FieldsInput, pushFlat } from "./field-values.js";
import { enqueue, type QueueEntry } from "./scripts.js";
import type { Store, StoreError } from "./store.js";
import type { InvalidChange, WriteError } from "./table-error.js";
import { type TableNames, tableNames } from "./table-names.js";
import { TurnBatch } from "./turn-batch.js";

/** Ops after which a consumer writes or deletes the row. */
const ROW_OPS = ["set", "SET", "create", "remove", "DEL"] as const;
/** Ops whose fields are rows of their own. */
const BULK_OPS = ["bulkset", "bulkcreate", "bulkremove"] as const;
/** Ops that pass through and leave rows alone. */
const QUIET_OPS = [
  "flush",
  "flushresponse",
  "get",
  "bulkget",
  "getresponse",
  "notify",
  "get_stats",
  "clear_stats",
  "attribute_capability_query",
  "attribute_capability_response",
  "attr_enum_values_capability_query",
  "attr_enum_values_capability_response",
  "object_type_get_availability_query",
  "object_type_get_availability_response",
  "stats_capability_query",
  "stats_capability_response",
  "stats_st_capability_query",
  "stats_st_capability_response",
  "link_event_damping_config_set",
] as const;

/** What a consumer that writes rows understands. */
export type QueueOp = (typeof ROW_OPS)[number] | (typeof BULK_OPS)[number] | (typeof QUIET_OPS)[number];

const KNOWN_OPS: ReadonlySet<string> = new Set([...ROW_OPS, ...BULK_OPS, ...QUIET_OPS]);

/** Which ops a `ProducerTable` lets pass. */
export interface ProducerTableOptions {
  /** Ops beyond those that a row-writing consumer understands, for consumers that leave rows alone. */
  readonly extraOps?: readonly string[];
}

/** One entry to queue. `class` says whether it sets or deletes, whatever the op is called. */
export interface QueueChange {
  readonly class: "S" | "D";
  readonly key: string;
  readonly op: string;
  readonly fields?: FieldsInput;
}

/** Entries of one script call. */
const ENTRIES_PER_CALL = 256;

/**
 * Queues entries that a consumer takes in order, each exactly once as written. Nothing merges: the queue is as long as
 * its consumer is behind. Single entries of one turn of the event loop go out together, in order and at its end: they
 * share a call, and its failure.
 *
 * One malformed entry makes an upstream consumer lose up to 127 others, so everything is checked before it is queued.
 */
export class ProducerTable {
  readonly store: Store;
  readonly name: string;
  readonly #names: TableNames;
  readonly #ops: ReadonlySet<string>;
  readonly #turn: TurnBatch<QueueEntry, Result<number, StoreError>>;

  constructor(store: Store, name: string, options: ProducerTableOptions = {}) {
    this.store = store;
    this.name = name;
    this.#names = tableNames(store.db, name);
    this.#ops = options.extraOps === undefined ? KNOWN_OPS : new Set([...KNOWN_OPS, ...options.extraOps]);
    this.#turn = new TurnBatch(ENTRIES_PER_CALL, (entries) => enqueue(store, this.#names, entries));
  }

  set(key: string, fields: FieldsInput, op: string = "SET"): Promise<Result<void, WriteError>> {
    return this.write([{ class: "S", key, op, fields }]);
  }

  del(key: string, op: string = "DEL"): Promise<Result<void, WriteError>> {
    return this.write([{ class: "D", key, op }]);
  }

  /** Entries in order, each with its own wake-up, as upstream's consumer counts them. An invalid one stops all. */
  async write(changes: readonly QueueChange[]): Promise<Result<void, WriteError>> {
    const entries: QueueEntry[] = [];
    for (const change of changes) {
      const entry = this.#entry(change);
      if (typeof entry === "string") return err(this.#invalid(change.key, entry));
      entries.push(entry);
    }
    const [first] = entries;
    if (first === undefined) return ok();
    if (entries.length === 1) return mapOk(await this.#turn.add(first), () => undefined);
    this.#turn.flush();
    const calls: Promise<Result<number, StoreError>>[] = [];
    for (let i = 0; i < entries.length; i += ENTRIES_PER_CALL) {
      calls.push(enqueue(this.store, this.#names, entries.slice(i, i + ENTRIES_PER_CALL)));
    }
    const queued = await Promise.all(calls);
    return queued.find((result) => !result.ok) ?? ok();
  }

  /** Entries that no consumer has taken yet. */
  async count(): Promise<Result<number, StoreError>> {
    this.#turn.flush();
    return mapOk(await this.store.command(["LLEN", this.#names.queue]), (length) => Math.floor(Number(length) / 3));
  }

  /** The entry, or what is wrong with the change. */
  #entry({ class: kind, key, op, fields }: QueueChange): QueueEntry | string {
    if (!this.#ops.has(op)) return `an op that consumers know was expected, found ${JSON.stringify(op)}`;
    if (isBulk(op) && !key.includes(":")) return `a key TYPE:count was expected for ${op}`;
    if (kind === "D") return { key, value: "{}", opstring: `D${op}` };
    const list: string[] = [];
    pushFlat(list, fields ?? []);
    const value = JSON.stringify(list);
    // Lone surrogates are the only thing that is escaped with these letters.
    if (value.includes("\\ud")) {
      const binary = list.findIndex((text) => !text.isWellFormed());
      if (binary >= 0) return `UTF-8 was expected in ${describeElement(list, binary)}`;
    }
    if (op === "bulkset" || op === "bulkcreate") {
      const wrong = list.findIndex((text, i) => i % 2 === 1 && !isAttributeList(text));
      if (wrong >= 0) return `name=value pieces joined by | were expected in ${describeElement(list, wrong)}`;
    }
    return { key, value, opstring: `S${op}` };
  }

  #invalid(key: string, detail: string): InvalidChange {
    return { kind: "invalidChange", db: this.store.db.name, table: this.name, key, detail };
  }
}

function isBulk(op: string): boolean {
  return (BULK_OPS as readonly string[]).includes(op);
}

function isAttributeList(text: string): boolean {
  return text.split("|").every((piece) => piece === "" || piece.includes("="));
}

function describeElement(list: readonly string[], i: number): string {
  return i % 2 === 0 ? `field ${i / 2 + 1}` : `the value of field ${JSON.stringify(list[i - 1])}`;
}
