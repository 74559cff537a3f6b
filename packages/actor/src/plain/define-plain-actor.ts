import type { Json, Millis, Result } from "@tandem/base";
import type { ServicePath } from "@tandem/swbus/edge";
import type { IncomingTable } from "./incoming-table.js";
import type { InternalTables } from "./internal-tables.js";

/** What the handlers of a plain actor see and do. */
export interface PlainContext {
  readonly path: ServicePath;
  /** The newest message of each key. */
  readonly incoming: IncomingTable;
  /** Rows of its own: written when a handler succeeds, put back when it fails. */
  readonly internal: InternalTables;
  /**
   * Goes out when this handler has succeeded and its rows are written; dropped when it fails. Only the newest message
   * of a key and destination is delivered when an older one has not been acknowledged yet.
   */
  send(to: ServicePath, key: string, data: Json): void;
  /** The same after a delay, on the clock. What a failing handler drops is its own; `stop` drops what is not due. */
  sendAfter(delay: Millis, to: ServicePath, key: string, data: Json): void;
  /** The actor ends when everything that it sent is acknowledged. Messages until then are acknowledged and ignored. */
  stop(): void;
}

export interface PlainMessage {
  readonly key: string;
  readonly data: Json;
  readonly source: ServicePath;
}

/** One life of a plain actor. Handlers run one at a time. A failure rolls back; an exception also starts a new life. */
export interface PlainActor {
  /** Adds internal tables, sends first messages. */
  readonly init?: (context: PlainContext) => Promise<void> | void;
  /** The sender was acknowledged before; a failure is recorded at the message and goes nowhere. */
  readonly handle: (
    context: PlainContext,
    message: PlainMessage,
  ) => Promise<Result<void, string> | undefined> | Result<void, string> | undefined;
}

/** An actor coded as a message handler: for bridges and tests. Everything else is better declared (`defineActor`). */
export interface PlainDefinition {
  /** Resource type in its service path. */
  readonly type: string;
  /** Called for each life. */
  readonly create: (id: string) => PlainActor;
}

/** Checks types at the place of declaration. */
export function definePlainActor(definition: PlainDefinition): PlainDefinition {
  return definition;
}
