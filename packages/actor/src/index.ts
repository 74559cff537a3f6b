export type { ActorAnswer, RowAnswer, WaitAnswer } from "./actor-answer.js";
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
export { type FlightPart, readFlight } from "./flight-file.js";
export {
  FLIGHT_SCHEMA,
  type FlightProcess,
  flightClosing,
  flightOf,
  flightOpening,
  flightProcessLine,
  flightStepLines,
  sealFlight,
} from "./flight-lines.js";
export type { FlightAnswer, FlightInputs, FlightOutcome, FlightStep, ValueId } from "./flight-step.js";
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
export {
  type RecordingProcess,
  type RowSummary,
  type StepSummary,
  summarizeRow,
  summarizeStep,
  type TraceSummary,
} from "./record-pages.js";
export { BadFlightError, type ReplayDifference, type ReplayWorld, replayStep } from "./replay-step.js";
export { parseRowRef, type RowRef } from "./row-ref.js";
export { type ActorRuntime, createRuntime } from "./runtime.js";
export { describeRuntimeEvent, type RuntimeEvent } from "./runtime-event.js";
export type { RuntimeOptions, Sink } from "./runtime-options.js";
export type { KeptRow, ReportedRow, StandingReport } from "./standing-report.js";
export type { About, Asked, Outcome, StepInputs } from "./step-inputs.js";
export { RECORDS_LIMIT, type RowMoment, type RowOwner, type StepRecord, StepRecords } from "./step-records.js";
export { type Count, RuntimeTallies } from "./tallies.js";
export type { Trace, TraceHop } from "./trace.js";
export type { StandingWait } from "./wait-book.js";
