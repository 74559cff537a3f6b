import { mapOk, ok, type Result } from "@tandem/base";
import {
  describeStoreError,
  describeTableError,
  type ProducerStateTable,
  type Store,
  type Table,
  type ZmqClient,
  type ZmqProducerStateTable,
} from "@tandem/swss";
import type { RowChange, RowWriter } from "./row-writer.js";

/** Writes through Redis, for a consumer that pops (`ProducerStateTable` / `ConsumerStateTable`). */
export function producerStateWriter(table: ProducerStateTable): RowWriter {
  return {
    copy: { store: table.store, table: table.name, pendingSet: `${table.name}_KEY_SET` },
    merges: true,
    write: async (changes) => {
      const written = await table.write(changes);
      return written.ok
        ? ok()
        : failure(
            written.error.kind === "invalidChange"
              ? describeTableError(written.error)
              : describeStoreError(written.error),
          );
    },
    onReset: (listener) => table.store.onConnect(listener),
  };
}

/**
 * Writes by ZMQ. Acknowledged when the socket has queued it, so everything counts as lost when the socket reconnects.
 * `copy` is the store in which `table` keeps its copy; absent when it keeps none. Give the client few retries: while it
 * tries one message again, the bridge waits, and the actors' own re-sends do the same work.
 */
export function zmqWriter(table: ZmqProducerStateTable, client: ZmqClient, copy: Store | undefined): RowWriter {
  return {
    copy: copy && { store: copy, table: table.name, isBehind: () => table.unwritten > 0 },
    merges: false,
    queues: true,
    write: async (changes) => {
      const sent = await table.send(
        changes.map(({ key, op, fieldValues = {} }) => ({ key, op, fieldValues: Object.entries(fieldValues) })),
      );
      if (sent.ok) return ok();
      const { error } = sent;
      return failure(error.kind === "invalidChange" ? describeTableError(error) : `${client.endpoint}: ${error.kind}`);
    },
    onReset: (listener) => client.onConnect(listener),
  };
}

/** Writes rows directly; readers see key events. */
export function tableWriter(table: Table): RowWriter {
  return {
    copy: { store: table.store, table: table.name },
    merges: true,
    write: async (changes) => {
      const results = await Promise.all(changes.map((change) => writeDirect(table, change)));
      return results.find((result) => !result.ok) ?? ok();
    },
    onReset: (listener) => table.store.onConnect(listener),
  };
}

/** Calls that are not awaited one by one keep their order and share round trips. */
async function writeDirect(table: Table, { key, op, fieldValues = {} }: RowChange): Promise<Result<void, string>> {
  const written = await (op === "DEL" ? table.del(key) : table.set(key, fieldValues));
  return written.ok ? mapOk(written, () => undefined) : failure(describeStoreError(written.error));
}

function failure(detail: string): Result<void, string> {
  return { ok: false, error: detail };
}
