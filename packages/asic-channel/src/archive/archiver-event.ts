import { type DiskError, describeDiskError } from "@tandem/base";
import { describeStoreError, type StoreError } from "@tandem/swss";
import type { Position } from "../streams/wire.js";

/** What an operator should know of an archiver. */
export type ArchiverEvent =
  | { readonly kind: "started"; readonly position: Position; readonly repeats: boolean }
  /** Nothing can be written; the streams keep what is not archived. Told once until it can again. */
  | { readonly kind: "paused"; readonly error: DiskError }
  | { readonly kind: "resumed" }
  /** Redis refuses to be read. Told once until it does not. */
  | { readonly kind: "unread"; readonly error: StoreError }
  /** Something was said that is not in the archive; `undefined` when nobody knows how much. */
  | { readonly kind: "gap"; readonly entries: number | undefined }
  | { readonly kind: "untidy"; readonly error: DiskError };

export function describeArchiverEvent(event: ArchiverEvent): string {
  switch (event.kind) {
    case "started":
      return event.repeats
        ? `archives from ${event.position} on; what its checkpoint does not say may stand in the archive twice`
        : `archives from ${event.position} on`;
    case "paused":
      return `${describeDiskError(event.error)}; archiving pauses, the streams keep what is not archived`;
    case "resumed":
      return "archiving goes on; nothing is missing";
    case "unread":
      return `${describeStoreError(event.error)}; archiving waits`;
    case "gap":
      return event.entries === undefined
        ? "Redis has lost entries that were not archived; a line in the archive says where"
        : `${event.entries} entries were lost before they were archived; a line in the archive says where`;
    case "untidy":
      return `${describeDiskError(event.error)}; full archives stay as they are until the next one is full`;
  }
}

/** What an archiver counts. */
export interface ArchiverTally {
  lines: number;
  batches: number;
  gaps: number;
  /** Entries that are known to be missing. */
  lost: number;
  /** Entries that both streams held after the last batch. */
  retained: number;
  paused: boolean;
}

export type ArchiverError =
  | { readonly kind: "disk"; readonly error: DiskError }
  | { readonly kind: "unknownDatabase"; readonly db: string };

export function describeArchiverError(error: ArchiverError): string {
  return error.kind === "disk" ? describeDiskError(error.error) : `no database ${error.db} in the configuration`;
}
