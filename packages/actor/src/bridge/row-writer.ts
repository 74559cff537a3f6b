import type { Result } from "@tandem/base";
import type { Fields, Store } from "@tandem/swss";

/** One change of one row, as a producer bridge hands it on. */
export interface RowChange {
  readonly key: string;
  readonly op: "SET" | "DEL";
  /** The whole row. */
  readonly fieldValues?: Fields;
}

/** Where written rows can be read back: their copy in Redis. */
export interface RowCopy {
  readonly store: Store;
  /** Table name. */
  readonly table: string;
  /** Set of keys that are written but not yet visible as rows (state tables, until they are popped). */
  readonly pendingSet?: string;
  /** Whether rows are written whose copy is still to come; nothing can be concluded from the copy meanwhile. */
  readonly isBehind?: () => boolean;
}

/** How a producer bridge writes. A DEL followed by a SET of one key leaves exactly the fields of the SET. */
export interface RowWriter {
  /** `undefined` when nothing can be read back; the audit then skips the table. */
  readonly copy: RowCopy | undefined;
  /** Whether a SET keeps fields of the row that it does not name. The bridge then sends a DEL before it where needed. */
  readonly merges: boolean;
  /** A change is acknowledged when it is queued: what was acknowledged gets lost when its connection breaks, deletes too. */
  readonly queues?: true;
  /** Changes in order. Fails with one line for an operator; the changes may or may not have been applied. */
  write(changes: readonly RowChange[]): Promise<Result<void, string>>;
  /** Called when what was written may have been lost on the way (a reconnect). Returns the unsubscriber. */
  onReset(listener: () => void): () => void;
}
