import { err, ok, type Result } from "@tandem/base";
import { type Command, describeStoreError, type Fields, type Reply, type Store, type StoreError } from "@tandem/swss";
import { actorOfKey, LEDGER_TABLE, MEMORY_FIELD, MEMORY_TABLE } from "./ledger.js";
import { parseRowRef } from "./row-ref.js";

/** What an earlier process has left in STATE_DB for one actor. */
export interface Inheritance {
  readonly ledger: Fields;
  readonly memory: string | undefined;
  /** Own rows as they are in Redis, by reference. */
  readonly ownRows: ReadonlyMap<string, Fields>;
}

/** One actor that an earlier process of the slot knew. */
export interface Heir extends Inheritance {
  readonly type: string;
  readonly id: string;
}

/** Keys per SCAN round trip. */
const SCAN_COUNT = 500;

/** Reads what earlier processes of a slot have left in STATE_DB, by `<type>/<id>`. */
export async function readInheritance(store: Store, slot: string): Promise<Result<ReadonlyMap<string, Heir>, string>> {
  const heirs = new Map<
    string,
    { type: string; id: string; ledger: Fields; memory: string | undefined; ownRows: Map<string, Fields> }
  >();
  const heirOf = (key: string) => {
    const actor = actorOfKey(slot, key);
    if (actor === undefined) return undefined;
    const name = `${actor.type}/${actor.id}`;
    const heir = heirs.get(name) ?? { ...actor, ledger: {}, memory: undefined, ownRows: new Map<string, Fields>() };
    heirs.set(name, heir);
    return heir;
  };
  for (const table of [LEDGER_TABLE, MEMORY_TABLE]) {
    const keys = await scan(store, `${table}|${slot}|*`);
    if (!keys.ok) return err(describeStoreError(keys.error));
    const rows = await readRows(store, keys.value);
    if (!rows.ok) return err(describeStoreError(rows.error));
    // What is no hash is nothing of ours, and would stand in the way of what is.
    const blocking = keys.value.filter((_, i) => rows.value[i] === undefined);
    if (blocking.length > 0) await store.command(["DEL", ...blocking]);
    for (const [i, key] of keys.value.entries()) {
      const heir = heirOf(key);
      if (heir === undefined) continue;
      if (table === LEDGER_TABLE) heir.ledger = rows.value[i] ?? {};
      else heir.memory = rows.value[i]?.[MEMORY_FIELD] ?? "";
    }
  }
  const own: { readonly rows: Map<string, Fields>; readonly text: string; readonly key: string }[] = [];
  for (const { ledger, ownRows } of heirs.values()) {
    for (const text of Object.keys(ledger)) {
      const ref = parseRowRef(text);
      if (ref?.db === "STATE_DB") own.push({ rows: ownRows, text, key: `${ref.tableName}|${ref.key}` });
    }
  }
  const rows = await readRows(
    store,
    own.map(({ key }) => key),
  );
  if (!rows.ok) return err(describeStoreError(rows.error));
  for (const [i, { rows: target, text }] of own.entries()) {
    const fields = rows.value[i];
    if (fields !== undefined) target.set(text, fields);
  }
  return ok(heirs);
}

async function scan(store: Store, pattern: string): Promise<Result<readonly string[], StoreError>> {
  const keys = new Set<string>();
  let cursor = "0";
  do {
    const reply = await store.command(["SCAN", cursor, "MATCH", pattern, "COUNT", String(SCAN_COUNT)]);
    if (!reply.ok) return reply;
    const [next, found] = reply.value as readonly [string, readonly string[]];
    for (const key of found) keys.add(key);
    cursor = next;
  } while (cursor !== "0");
  return ok([...keys]);
}

/** The hashes of several keys; `undefined` for those that are absent or no hashes. */
export async function readRows(
  store: Store,
  keys: readonly string[],
): Promise<Result<readonly (Fields | undefined)[], StoreError>> {
  if (keys.length === 0) return ok([]);
  const commands: Command[] = keys.map((key) => ["HGETALL", key]);
  const replies = await store.pipeline(commands);
  if (!replies.ok) return replies;
  return ok(replies.value.map((reply) => (reply.ok ? fieldsOf(reply.value) : undefined)));
}

/** A reply that is the same object again (the memory Redis gives it while a hash is unchanged) is not taken apart again. */
const TAKEN_APART = new WeakMap<readonly string[], Fields>();

function fieldsOf(reply: Reply): Fields | undefined {
  const flat = reply as readonly string[];
  if (flat.length === 0) return undefined;
  const known = TAKEN_APART.get(flat);
  if (known !== undefined) return known;
  const fields: Record<string, string> = {};
  TAKEN_APART.set(flat, fields);
  for (let i = 0; i + 1 < flat.length; i += 2) fields[flat[i] as string] = flat[i + 1] as string;
  return fields;
}
