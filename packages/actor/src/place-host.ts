import type { Clock, CrashPoint, Random } from "@tandem/base";
import type { EdgeRuntime, ServicePath } from "@tandem/swbus/edge";
import type { AnyTable, Fields, Store } from "@tandem/swss";
import type { TableFeed } from "./bridge/table-feed.js";
import type { Outbox } from "./outbox.js";
import type { RowRef } from "./row-ref.js";
import type { RuntimeEvent } from "./runtime-event.js";
import type { StepRecords } from "./step-records.js";
import type { RuntimeTallies } from "./tallies.js";
import type { Trace } from "./trace.js";

/** What a runtime gives to each of its places. */
export interface PlaceHost {
  readonly slot: string;
  readonly edge: EdgeRuntime;
  readonly clock: Clock;
  readonly random: Random;
  readonly crashPoint: CrashPoint;
  readonly outbox: Outbox;
  /** STATE_DB of the host: own rows, memory and ledger. */
  readonly state: Store;
  readonly records: StepRecords;
  readonly tallies: RuntimeTallies;
  readonly emit: (event: RuntimeEvent) => void;
  readonly feed: (table: AnyTable) => TableFeed;
  /** Whether the runtime writes the row itself. Throws for a row of a table that is neither its own nor a sink's. */
  readonly isOwn: (ref: RowRef) => boolean;
  /** Whether `isOwn` has an answer. */
  readonly canWrite: (ref: RowRef) => boolean;
  readonly bridgePath: (ref: RowRef) => ServicePath;
  readonly actorPath: (type: string, id: string) => ServicePath;
  /** A change of a row that arrived as a message. Fails with one line for the sender. */
  readonly feedRow: (source: ServicePath, messageKey: string, row: IncomingRow) => string | undefined;
  /** What the sink holds of the row is somebody else's now: the next Set of it is written, equal or not. */
  readonly sinkLeft: (ref: RowRef) => void;
  /** A trace of something that this process begins by itself. */
  readonly newTrace: (cause: string) => Trace;
  /** Everything behind a container's databases has started anew. */
  readonly sinkEpoch: (container: string, epoch: number) => void;
  /** The place has stepped, or one of its rows was acknowledged: what it stands for may be another. */
  readonly moved: () => void;
  /** The place has nothing left to do. */
  readonly retired: (type: string, id: string) => void;
  /** Resolves when STATE_DB may work again, or the runtime ends. */
  readonly pauseForStore: (attempt: number) => Promise<void>;
  readonly closed: () => boolean;
}

export interface IncomingRow {
  readonly key: string;
  /** `undefined` for a deleted row. */
  readonly fields: Fields | undefined;
}
