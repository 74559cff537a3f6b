import { describeStoreError, type StoreError } from "./store.js";

/** A change that was not written, because it would reach readers as something else or spoil its neighbours. */
export interface InvalidChange {
  readonly kind: "invalidChange";
  readonly db: string;
  readonly table: string;
  readonly key: string;
  /** What was expected, and what was found. */
  readonly detail: string;
}

/** Why a write of a table did not happen. After `disconnected` it may have happened. */
export type WriteError = StoreError | InvalidChange;

/** Redis does not publish the key events that subscribers live from. */
export interface KeyspaceEventsOff {
  readonly kind: "keyspaceEventsOff";
  readonly db: string;
  /** The setting `notify-keyspace-events` as found. */
  readonly found: string;
}

/** Why a reader has nothing to hand out. */
export type ReadError = StoreError | KeyspaceEventsOff;

/** What a reader reports through `onError` while it goes on. */
export type ReaderError =
  | ReadError
  /** Another program queued an entry that no reader can take; its neighbours were kept. */
  | {
      readonly kind: "badEntry";
      readonly db: string;
      readonly table: string;
      readonly key: string;
      readonly detail: string;
      readonly entry: string;
    }
  | { readonly kind: "badPayload"; readonly channel: string; readonly detail: string; readonly payload: string }
  /** The queue of received messages was full; the oldest was dropped. */
  | { readonly kind: "overflow"; readonly channel: string; readonly limit: number };

/** One line for an operator. */
export function describeTableError(error: ReaderError | InvalidChange): string {
  switch (error.kind) {
    case "invalidChange":
      return `${error.db} ${error.table} ${JSON.stringify(error.key)}: ${error.detail}; it was not written`;
    case "keyspaceEventsOff":
      return `${error.db}: notify-keyspace-events is ${JSON.stringify(error.found)}, subscribers need "KEA"; nothing is read until it is set (CONFIG SET notify-keyspace-events KEA)`;
    case "badEntry":
      return `${error.db} ${error.table} ${JSON.stringify(error.key)}: ${error.detail}: ${error.entry}; the entry is dropped`;
    case "badPayload":
      return `${error.channel}: ${error.detail}: ${error.payload}; the notification is dropped`;
    case "overflow":
      return `${error.channel}: ${error.limit} notifications wait already; the oldest is dropped`;
    default:
      return describeStoreError(error);
  }
}
