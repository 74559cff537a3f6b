import { LEDGER_TABLE, parseRowRef } from "@tandem/actor";
import { err, type Millis, ok, type Result, seconds } from "@tandem/base";
import { DashHaScopeConfig, DashHaSetConfig, TABLES_OF_HAMGRD } from "@tandem/hamgrd";
import { getActorState } from "@tandem/swbus/edge";
import { describeStoreError, type Fields, type Store, Table } from "@tandem/swss";
import { type Failure, failed, type Io } from "../io.js";
import { type OpenStores, openStores } from "../stores.js";
import { downReason, readSlots, SlotSessions, type SwitchAccess, type SwitchSlot } from "../switch-slots.js";
import { TableReader } from "../tables.js";
import { containerOf, type DriftView, type FoundTable, type SlotView } from "./compare.js";
import { type ActorName, dumpedRows } from "./dumped-rows.js";

/** How long each actor of another build may take. */
const DUMP_WITHIN: Millis = seconds(2);

/** Keys per SCAN round trip. */
const SCAN_COUNT = 500;

/** What is asked and read once. */
export class DriftGatherer implements AsyncDisposable {
  readonly #reader: TableReader;
  readonly #stores: OpenStores;
  readonly #sessions: SlotSessions;

  private constructor(reader: TableReader, stores: OpenStores, access: SwitchAccess, io: Io) {
    this.#reader = reader;
    this.#stores = stores;
    this.#sessions = new SlotSessions(access, io);
  }

  static async open(access: SwitchAccess, io: Io): Promise<Result<DriftGatherer, Failure>> {
    const reader = await TableReader.open(access.dbConfig, io);
    if (!reader.ok) return reader;
    const stores = await openStores(access.dbConfig);
    return stores.ok ? ok(new DriftGatherer(reader.value, stores.value, access, io)) : stores;
  }

  /** What hamgrds stand for, then what databases hold. Fails when a database of the switch itself cannot be read. */
  async look(): Promise<Result<DriftView, Failure>> {
    const slots = await readSlots(this.#reader);
    if (!slots.ok) return slots;
    if (slots.value.length === 0) return err(failed("CONFIG_DB has no DPU row with a dpu_id: no hamgrd to ask"));
    const views = await Promise.all(slots.value.map((slot) => this.#ask(slot)));
    const tables = await this.#tables(views);
    if (!tables.ok) return tables;
    const ledgers = await this.#ledgers();
    return ledgers.ok ? ok({ ...tables.value, ledgers: ledgers.value }) : ledgers;
  }

  session(slot: number): ReturnType<SlotSessions["open"]> {
    return this.#sessions.open(slot);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sessions[Symbol.asyncDispose]();
    await this.#stores[Symbol.asyncDispose]();
    await this.#reader[Symbol.asyncDispose]();
  }

  async #ask({ slot, dpu, planes }: SwitchSlot): Promise<SlotView> {
    const down = downReason(planes);
    const view = { slot, dpu, ...(down !== undefined && { down }) };
    const opened = await this.#sessions.open(slot);
    if (!opened.ok) return { ...view, standing: { kind: "unknown", why: opened.error.text } };
    const report = await opened.value.questions.standing(opened.value.node);
    if (report.ok) return { ...view, standing: { kind: "told", report: report.value } };
    if (report.error.kind !== "foreign") return { ...view, standing: { kind: "unknown", why: report.error.text } };
    const { client, node } = opened.value;
    const hamgrd = node.swbusdPath.withService("hamgrd", "0");
    const ask = (type: string, id: string) => getActorState(client, hamgrd.withResource(type, id), DUMP_WITHIN);
    const rows = await dumpedRows(await this.#actors(dpu), ask);
    return { ...view, standing: { kind: "dumped", report: { rows, kept: [] } } };
  }

  /** The actors that write rows, of a hamgrd that does not list its own: by the rows that make them. */
  async #actors(dpu: string): Promise<readonly ActorName[]> {
    const [sets, scopes] = await Promise.all([
      this.#reader.rows(DashHaSetConfig),
      this.#reader.rows(DashHaScopeConfig),
    ]);
    const named = (type: string, rows: typeof sets): readonly ActorName[] =>
      rows.ok ? rows.value.map(({ key }) => ({ type, id: key.join(":") })) : [];
    return [{ type: "dpu", id: dpu }, ...named("ha-set", sets), ...named("ha-scope", scopes)];
  }

  /** Every table that a row stands in, or that only hamgrds write. A DPU whose Redis does not answer is unknown. */
  async #tables(slots: readonly SlotView[]): Promise<Result<Omit<DriftView, "ledgers">, Failure>> {
    const views: SlotView[] = [];
    const tables = new Map<string, FoundTable>();
    for (const view of slots) {
      const rows = view.standing.kind !== "unknown" ? view.standing.report.rows.map(({ row }) => row) : [];
      const own = TABLES_OF_HAMGRD.map(({ id }) => `${id}|`);
      const ids = [...new Set([...rows, ...own].flatMap((row) => parseRowRef(row)?.tableId ?? []))];
      let unread: string | undefined;
      for (const id of ids) {
        const [db = "", table = ""] = id.split("|");
        const container = containerOf(db, view.slot);
        if (tables.has(`${container}/${id}`) || (container !== "" && view.down !== undefined)) continue;
        const read = await this.#table(container, db, table);
        if (read.ok) tables.set(`${container}/${id}`, read.value);
        else if (container === "") return read;
        else unread = "message" in read.error ? read.error.message : "not read";
      }
      views.push(unread === undefined ? view : { ...view, standing: { kind: "unknown", why: unread } });
    }
    return ok({ slots: views, tables: [...tables.values()] });
  }

  async #table(container: string, db: string, name: string): Promise<Result<FoundTable, Failure>> {
    const store = await this.#stores.open(db, container);
    if (!store.ok) return store;
    const content = await new Table(store.value, name).getContent();
    if (!content.ok) return err(failed(describeStoreError(content.error)));
    const pending = await store.value.command(["SMEMBERS", `${name}_KEY_SET`]);
    return ok({
      container,
      db,
      table: name,
      rows: new Map(
        content.value.map(({ key, fieldValues }): [string, Fields] => [key, Object.fromEntries(fieldValues)]),
      ),
      pending: new Set(pending.ok ? (pending.value as readonly string[]) : []),
    });
  }

  async #ledgers(): Promise<Result<DriftView["ledgers"], Failure>> {
    const store = await this.#stores.open("STATE_DB");
    if (!store.ok) return store;
    const ledgers = new Map<string, readonly string[]>();
    for (const key of await scan(store.value, `${LEDGER_TABLE}|*`)) {
      const slot = key.split("|")[1] ?? "";
      const names = await store.value.command(["HKEYS", key]);
      if (names.ok) ledgers.set(slot, [...(ledgers.get(slot) ?? []), ...(names.value as readonly string[])]);
    }
    return ok(ledgers);
  }
}

/** Keys of a pattern; as far as the store answers. */
async function scan(store: Store, pattern: string): Promise<readonly string[]> {
  const keys = new Set<string>();
  let cursor = "0";
  do {
    const reply = await store.command(["SCAN", cursor, "MATCH", pattern, "COUNT", String(SCAN_COUNT)]);
    if (!reply.ok) break;
    const [next, found] = reply.value as readonly [string, readonly string[]];
    for (const key of found) keys.add(key);
    cursor = next;
  } while (cursor !== "0");
  return [...keys];
}
