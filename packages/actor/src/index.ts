export type { ActorStatus } from "./actor-status.js";
export type { RowChange, RowCopy, RowWriter } from "./bridge/row-writer.js";
export { producerStateWriter, tableWriter, zmqWriter } from "./bridge/row-writers.js";
export { TableHub, type TableHubOptions, type TablePlace } from "./bridge/table-hub.js";
export {
  type ActorDefinition,
  type AnyActor,
  type AnyStatePort,
  type AnyTellPort,
  type Change,
  type Derived,
  type Draw,
  defineActor,
  type Inputs,
  type Problem,
  type Read,
  type Remember,
  type StandingRow,
  type StatePort,
  standingRow,
  stands,
  type Tell,
  type TellPort,
  type Wait,
  type Want,
} from "./define-actor.js";
export { LEDGER_TABLE } from "./ledger.js";
export {
  definePlainActor,
  type PlainActor,
  type PlainContext,
  type PlainDefinition,
  type PlainMessage,
} from "./plain/define-plain-actor.js";
export { type IncomingEntry, IncomingTable } from "./plain/incoming-table.js";
export { InternalTables } from "./plain/internal-tables.js";
export { PlainRuntime, type PlainRuntimeOptions } from "./plain/plain-runtime.js";
export { parseRowRef, type RowRef } from "./row-ref.js";
export { type ActorRuntime, createRuntime } from "./runtime.js";
export { describeRuntimeEvent, type RuntimeEvent } from "./runtime-event.js";
export type { RuntimeOptions, Sink } from "./runtime-options.js";
export type { KeptRow, ReportedRow, StandingReport } from "./standing-report.js";
export { type StepRecord, StepRecords } from "./step-records.js";
export type { StandingWait } from "./wait-book.js";
