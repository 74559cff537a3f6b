import { allOk, type Clock, ok, type Result, seconds, type Timer, within } from "@tandem/base";
import {
  type Command,
  describeStoreError,
  type Reply,
  type Store,
  type StoreError,
  untilConnected,
} from "@tandem/swss";
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
  let last: Reading | undefined;
  return {
    async read() {
      if (!store.connected) await within(clock, CONNECT_GRACE, untilConnected(store));
      const { changes } = store;
      if (changes !== undefined && changes === last?.changes) return last.reading;
      const read = await readReplies(store);
      if (!read.ok) return { kind: "waiting", reason: describeStoreError(read.error), faults: [] };
      const replies = [...read.value.listed, ...read.value.rows];
      if (last !== undefined && sameReplies(last.replies, replies)) {
        last = { ...last, changes };
        return last.reading;
      }
      const reading = configFromRows(rowsOf(read.value, store.db.separator), slot, good);
      good = reading.good;
      last = { changes, replies, reading };
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

/** What was read last: nothing is taken apart again while it has not changed. */
interface Reading {
  /** `Store.changes` before it was read. */
  readonly changes: number | undefined;
  readonly replies: readonly Reply[];
  readonly reading: ReturnType<typeof configFromRows>;
}

/** What the database holds: the keys of each table, and the rows at `keys`. */
interface Replies {
  readonly listed: readonly Reply[];
  readonly keys: readonly (readonly string[])[];
  readonly rowKeys: readonly string[];
  readonly rows: readonly Reply[];
}

async function readReplies(store: Store): Promise<Result<Replies, StoreError>> {
  const { separator } = store.db;
  const answered = await store.pipeline(TABLES.map((table): Command => ["KEYS", `${table}${separator}*`]));
  const listed = answered.ok ? allOk(answered.value) : answered;
  if (!listed.ok) return listed;
  const keys = listed.value.map((reply) => texts(reply).sort());
  const rowKeys = keys.flatMap((list, table) => (TABLES[table] === "LOOPBACK_INTERFACE" ? [] : list));
  const read = await store.pipeline(rowKeys.map((key): Command => ["HGETALL", key]));
  if (!read.ok) return read;
  // A key that is no hash reads as a row without fields, which is then refused by name.
  return ok({ listed: listed.value, keys, rowKeys, rows: read.value.map((reply) => (reply.ok ? reply.value : [])) });
}

function rowsOf({ keys, rowKeys, rows: replies }: Replies, separator: string): ConfigRows {
  const rows = new Map<string, Row>();
  for (const [i, reply] of replies.entries()) {
    const flat = texts(reply);
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
    metadata: table("DEVICE_METADATA").get("localhost") ?? new Map(),
    loopbacks: (keys[1] as readonly string[]).map((key) => key.slice(`LOOPBACK_INTERFACE${separator}`.length)),
    dpus: table("DPU"),
    remoteDpus: table("REMOTE_DPU"),
    vdpus: table("VDPU"),
  };
}

/** Whether a poll found everything as it was: then nothing is taken apart again. */
function sameReplies(before: readonly Reply[], now: readonly Reply[]): boolean {
  return before.length === now.length && before.every((reply, i) => sameReply(reply, now[i] as Reply));
}

function sameReply(a: Reply, b: Reply): boolean {
  if (a === b) return true;
  return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, i) => item === b[i]);
}

function texts(reply: unknown): string[] {
  return Array.isArray(reply) ? reply.filter((item): item is string => typeof item === "string") : [];
}
