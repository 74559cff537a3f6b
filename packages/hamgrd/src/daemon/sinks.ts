import { producerStateWriter, type RowWriter, zmqWriter } from "@tandem/actor";
import type { Clock } from "@tandem/base";
import {
  type AnyTable,
  ProducerStateTable,
  type Sockets,
  type Store,
  type Stores,
  type UpdaterError,
  ZmqClient,
  ZmqProducerStateTable,
} from "@tandem/swss";
import { DpuBfdSession } from "../schema/bfd-session.js";
import { DashHaScope } from "../schema/dash-ha-scope.js";
import { DashHaSet } from "../schema/dash-ha-set.js";
import { DashFlowSyncSession } from "../schema/flow-sync.js";
import { NeighResolve } from "../schema/neigh-resolve.js";
import { VnetRouteTunnel } from "../schema/vnet-route-tunnel.js";

/** Tables for the DPU: sent to its orchagent by ZMQ, with a copy in DPU_APPL_DB. smart-switch-ha-detailed-design §1. */
export const DPU_SINKS: readonly AnyTable[] = [DpuBfdSession, DashHaSet, DashHaScope, DashFlowSyncSession];

/** Tables for this switch: state tables in APPL_DB. */
export const SWITCH_SINKS: readonly AnyTable[] = [VnetRouteTunnel, NeighResolve];

/** A full socket is tried again once: the actors' own re-sends do the rest, and nothing else waits behind it. */
const ZMQ_RETRIES = 1;

/** Writers of `SWITCH_SINKS`. */
export function switchWriters(applDb: Store): ReadonlyMap<AnyTable, RowWriter> {
  return new Map(SWITCH_SINKS.map((table) => [table, producerStateWriter(new ProducerStateTable(applDb, table.name))]));
}

export interface DpuWritersOptions {
  readonly endpoint: string;
  readonly sockets: Sockets;
  /** Holds the copies. */
  readonly dpuApplDb: Store;
  readonly clock: Clock;
  /** Off: rows go out again neither when orchagent comes back nor when their copy is missing. */
  readonly restore: boolean;
  /** The copies of a table cannot be written; what the DPU hears is not concerned. */
  readonly onCopyError: (table: AnyTable, error: UpdaterError) => void;
}

/** One connection to a DPU's orchagent, and the writers of `DPU_SINKS` on it. */
export class DpuWriters implements AsyncDisposable {
  readonly endpoint: string;
  readonly writers: ReadonlyMap<AnyTable, RowWriter>;
  readonly #client: ZmqClient;
  readonly #tables: readonly ZmqProducerStateTable[];

  constructor({ endpoint, sockets, dpuApplDb, clock, restore, onCopyError }: DpuWritersOptions) {
    this.endpoint = endpoint;
    this.#client = new ZmqClient(sockets, endpoint, { clock, retries: ZMQ_RETRIES });
    const tables = DPU_SINKS.map((table) => {
      const onError = (error: UpdaterError): void => onCopyError(table, error);
      return new ZmqProducerStateTable(dpuApplDb, table.name, this.#client, { updater: { clock, onError } });
    });
    this.#tables = tables;
    const writer = (table: ZmqProducerStateTable): RowWriter => {
      const restoring = zmqWriter(table, this.#client, dpuApplDb);
      return restore ? restoring : { ...restoring, copy: undefined, onReset: () => () => {} };
    };
    this.writers = new Map(DPU_SINKS.map((table, i) => [table, writer(tables[i] as ZmqProducerStateTable)]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#tables.map((table) => table[Symbol.asyncDispose]()));
    await this.#client[Symbol.asyncDispose]();
  }
}

/** A database that the configuration must have; its absence is a mistake of the configuration. */
export function openStore(stores: Stores, db: string, container = ""): Store {
  const store = stores.open({ db, container });
  if (store.ok) return store.value;
  const where = container === "" ? db : `${db} of ${container}`;
  const detail =
    store.error.kind === "badConfig"
      ? `${store.error.path}: ${store.error.detail}`
      : `there are ${store.error.known.join(", ") || "none"}`;
  throw new MissingDatabaseError(`${where} is not in the database configuration: ${detail}`);
}

/** The database configuration lacks what a hamgrd cannot do without. */
export class MissingDatabaseError extends Error {
  override readonly name = "MissingDatabaseError";
}
