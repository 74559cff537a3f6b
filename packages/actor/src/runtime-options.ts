import type { Clock, CrashPoint, Json, Random } from "@tandem/base";
import type { EdgeRuntime } from "@tandem/swbus/edge";
import type { AnyTable, Stores } from "@tandem/swss";
import type { RowWriter } from "./bridge/row-writer.js";
import type { TableHub } from "./bridge/table-hub.js";
import type { AnyActor } from "./define-actor.js";
import type { RuntimeEvent } from "./runtime-event.js";
import type { StepRecords } from "./step-records.js";

/**
 * A table that actors write through a producer bridge at `<base>/swss-common-bridge/<DB>|<TABLE>`. Rows of every other
 * table must belong to STATE_DB: the runtime writes those itself, together with memory and ledger.
 */
export interface Sink {
  readonly table: AnyTable;
  /**
   * Who writes; `undefined` while it cannot be said yet (the address comes from a row that is not there). Rows then
   * wait, visibly, until `ActorRuntime.connectSink` names one.
   */
  readonly writer: RowWriter | undefined;
}

/**
 * One runtime per slot:
 *
 * ```ts
 * await using runtime = createRuntime({
 *   slot: "dpu0", container: "dpu0",
 *   edge, stores, clock: systemClock, random: systemRandom,
 *   actors: [dpuActor, vdpuActor, haSetActor, haScopeActor],
 *   sinks: [
 *     { table: VnetRouteTunnel, writer: producerStateWriter(new ProducerStateTable(applDb, VnetRouteTunnel.name)) },
 *     { table: BfdSession, writer: undefined }, // later: runtime.connectSink(BfdSession, zmqWriter(…))
 *   ],
 *   onEvent: (event) => log(describeRuntimeEvent(event)),
 * });
 * await runtime.start(signal);
 * ```
 */
export interface RuntimeOptions {
  /** Names ledger and memory rows in STATE_DB (`TANDEM_LEDGER|<slot>|…`); unique among the runtimes of a switch. */
  readonly slot: string;
  /** Container of the slot's DPU databases, e.g. `dpu0`. Tables of databases named `DPU_…` live there. */
  readonly container: string;
  /** Its base path is where actors live: `<base>/<type>/<id>`. */
  readonly edge: EdgeRuntime;
  readonly stores: Stores;
  readonly clock: Clock;
  readonly random: Random;
  readonly actors: readonly AnyActor[];
  readonly sinks: readonly Sink[];
  readonly crashPoint?: CrashPoint;
  /** Input tables, shared when one process hosts several slots; its own when absent. */
  readonly hub?: TableHub;
  /** Step records, shared by the runtimes of a process; its own ring when absent. */
  readonly records?: StepRecords;
  /**
   * One trace in this many goes along, as member `trace`, with messages to other processes; none when absent.
   * What another process has sent goes on without being counted.
   */
  readonly traceEvery?: number;
  /** What `actors` were made from, for whoever takes recorded steps again. */
  readonly about?: Json;
  /** Everything that logs and metrics need. Must not throw. */
  readonly onEvent?: (event: RuntimeEvent) => void;
}
