import { type Clock, seconds, type Timer, within } from "@tandem/base";
import { type Command, describeStoreError, type Store, type StoreError, untilConnected } from "@tandem/swss";
import type { ConfigSource } from "./config.js";
import { type ConfigRows, configFromRows, type GoodRows, NO_GOOD_ROWS, type Row } from "./config-from-rows.js";
import { watchKeyEvents } from "./watch-key-events.js";

const TABLES = ["DEVICE_METADATA", "LOOPBACK_INTERFACE", "DPU", "REMOTE_DPU", "VDPU"] as const;

/** Rows are read again this often, in case key events are off or were missed. */
const POLL = seconds(5);

/** A connection that is just being made is waited for this long before it counts as missing. */
const CONNECT_GRACE = seconds(1);

/** Configuration of the swbusd for one DPU slot, from the switch's CONFIG_DB. */
export function dbConfig(store: Store, slot: number, clock: Clock): ConfigSource {
  let good: GoodRows = NO_GOOD_ROWS;
  return {
    async read() {
      await within(clock, CONNECT_GRACE, untilConnected(store));
      const rows = await readRows(store);
      if (rows.kind === "failed") return { kind: "waiting", reason: describeStoreError(rows.error), faults: [] };
      const reading = configFromRows(rows.rows, slot, good);
      good = reading.good;
      return reading;
    },
    watch: (changed) => watchRows(store, clock, changed),
  };
}

function watchRows(store: Store, clock: Clock, changed: () => void): () => void {
  let timer: Timer;
  const poll = (): void => {
    timer = clock.setTimer(POLL, () => {
      changed();
      poll();
    });
  };
  poll();
  const unwatch = watchKeyEvents(
    store,
    TABLES.map((table) => `${table}${store.db.separator}*`),
    changed,
  );
  return () => {
    timer.cancel();
    unwatch();
  };
}

type RowsRead =
  | { readonly kind: "rows"; readonly rows: ConfigRows }
  | { readonly kind: "failed"; readonly error: StoreError };

async function readRows(store: Store): Promise<RowsRead> {
  const { separator } = store.db;
  const listed = await store.pipeline(TABLES.map((table): Command => ["KEYS", `${table}${separator}*`]));
  if (!listed.ok) return { kind: "failed", error: listed.error };
  const keys: string[][] = [];
  for (const reply of listed.value) {
    if (!reply.ok) return { kind: "failed", error: reply.error };
    keys.push(texts(reply.value).sort());
  }
  const rowKeys = keys.flatMap((list, table) => (TABLES[table] === "LOOPBACK_INTERFACE" ? [] : list));
  const read = await store.pipeline(rowKeys.map((key): Command => ["HGETALL", key]));
  if (!read.ok) return { kind: "failed", error: read.error };
  const rows = new Map<string, Row>();
  for (const [i, reply] of read.value.entries()) {
    // A key that is no hash reads as a row without fields, which is then refused by name.
    const flat = reply.ok ? texts(reply.value) : [];
    const row = new Map<string, string>();
    for (let f = 0; f + 1 < flat.length; f += 2) row.set(flat[f] as string, flat[f + 1] as string);
    rows.set(rowKeys[i] as string, row);
  }
  const table = (name: (typeof TABLES)[number]): ReadonlyMap<string, Row> => {
    const prefix = `${name}${separator}`;
    return new Map(
      [...rows].flatMap(([key, row]) => (key.startsWith(prefix) ? [[key.slice(prefix.length), row]] : [])),
    );
  };
  return {
    kind: "rows",
    rows: {
      metadata: table("DEVICE_METADATA").get("localhost") ?? new Map(),
      loopbacks: (keys[1] as string[]).map((key) => key.slice(`LOOPBACK_INTERFACE${separator}`.length)),
      dpus: table("DPU"),
      remoteDpus: table("REMOTE_DPU"),
      vdpus: table("VDPU"),
    },
  };
}

function texts(reply: unknown): string[] {
  return Array.isArray(reply) ? reply.filter((item): item is string => typeof item === "string") : [];
}
