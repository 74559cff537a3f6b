import { invariant, noCrash } from "@tandem/base";
import type { AnyTable } from "@tandem/swss";
import { ProducerBridge } from "./bridge/producer.js";
import type { RowWriter } from "./bridge/row-writer.js";
import type { RowRef } from "./row-ref.js";
import type { RuntimeEvent } from "./runtime-event.js";
import type { RuntimeOptions } from "./runtime-options.js";

/** What the runtime does when what a sink holds is not known any more. */
export interface SinksHost {
  readonly emit: (event: RuntimeEvent) => void;
  /** Every row of these tables goes out again. */
  readonly doubt: (select: (ref: RowRef) => boolean) => void;
  /** Everything behind a container's databases has started anew, other than for the first time. */
  readonly refresh: (container: string) => void;
}

/** The bridges towards the tables that actors of one runtime write. */
export class Sinks implements Disposable {
  readonly #bridges = new Map<string, ProducerBridge>();
  readonly #container: string;
  readonly #host: SinksHost;
  /** The epoch of the DPU that an actor has reported last. */
  #epoch: number | undefined;

  constructor(options: Pick<RuntimeOptions, "edge" | "clock" | "crashPoint" | "sinks" | "container">, host: SinksHost) {
    const { edge, clock, crashPoint = noCrash, sinks, container } = options;
    this.#container = container;
    this.#host = host;
    for (const { table, writer } of sinks) {
      const onReset = (cause: string): void => {
        host.emit({ kind: "sinkEpoch", sinks: [table.id], cause });
        host.doubt((ref) => ref.tableId === table.id);
        // Who listens behind a connection that came anew may have started anew too, its databases emptied without an event.
        if (isDpuDatabase(table.db)) host.refresh(container);
      };
      const bridge = new ProducerBridge({ edge, table, clock, crashPoint, onReset });
      this.#bridges.set(table.id, bridge);
      if (writer !== undefined) bridge.connect(writer, "start");
    }
  }

  has(tableId: string): boolean {
    return this.#bridges.has(tableId);
  }

  /** The bridge of a table; `undefined` when it is no sink's. */
  get(tableId: string): ProducerBridge | undefined {
    return this.#bridges.get(tableId);
  }

  /** The bridge of a row that is known to be a sink's. */
  of({ tableId }: Pick<RowRef, "tableId">): ProducerBridge {
    const bridge = this.#bridges.get(tableId);
    invariant(bridge !== undefined, `no sink ${tableId} was declared`);
    return bridge;
  }

  connect(table: AnyTable, writer: RowWriter | undefined, cause: string): void {
    this.of({ tableId: table.id }).connect(writer, cause);
  }

  /**
   * An actor has reported an epoch of a DPU: another one than before empties what its sinks are thought to hold. A lower
   * one too: whoever reports it has begun to count anew, and nobody has watched the DPU in between.
   */
  reported(container: string, epoch: number): void {
    if (container !== this.#container) return;
    const known = this.#epoch;
    if (epoch === known) return;
    this.#epoch = epoch;
    if (known === undefined) return;
    const sinks = [...this.#bridges.values()].filter(({ table }) => isDpuDatabase(table.db));
    for (const bridge of sinks) bridge.doubt();
    this.#host.emit({
      kind: "sinkEpoch",
      sinks: sinks.map(({ table }) => table.id),
      cause: `${container} has started anew`,
    });
    this.#host.doubt(({ db }) => isDpuDatabase(db));
    this.#host.refresh(container);
  }

  [Symbol.dispose](): void {
    for (const bridge of this.#bridges.values()) bridge[Symbol.dispose]();
  }
}

/** Databases of the DPU that belongs to a slot; all others are the host's. */
export function isDpuDatabase(db: string): boolean {
  return db.startsWith("DPU_");
}
