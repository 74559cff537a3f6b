import assert from "node:assert/strict";
import { seconds } from "@tandem/base";
import type { DatabaseName, Fields } from "@tandem/swss";
import type { RedisOwner } from "../cluster/cluster-host.js";
import { WatchedCluster } from "./watched-cluster.js";

/** One way to spoil a row. */
export interface BadRow {
  readonly what: string;
  /** The good row → the bad one. */
  readonly spoil: (good: Fields) => Fields;
  /** What hamgrd says of it: field, what was expected, what was found. */
  readonly says: string;
  /** What the slot's swbusd says of it, where it reads the row too. */
  readonly swbusdSays?: string;
}

/** The bad rows of one input table; `key` names a row that stands in a running pair. */
export interface BadTable {
  readonly db: DatabaseName;
  readonly table: string;
  readonly key: string;
  /** On the first switch, or on its DPU. */
  readonly on: "switch" | "dpu";
  readonly rows: readonly BadRow[];
}

/** A row with other fields; `undefined` takes one away. */
export const but =
  (changes: Readonly<Record<string, string | undefined>>) =>
  (good: Fields): Fields => {
    const row: Record<string, string> = {};
    for (const [name, value] of Object.entries({ ...good, ...changes })) if (value !== undefined) row[name] = value;
    return row;
  };

/** As `decodeText` shows the bytes `ff fe`, which are no UTF-8. */
export const NOT_UTF8 = "\udcff\udcfe";

const HAMGRD = "sw0_dpu0.hamgrd";
const SWBUSD = "sw0_dpu0.swbusd";
/** Longer than the rereads of all configuration. */
const WHILE = seconds(12);
/** Longer than what stands from before a restart is kept for want of input. */
const COLD_WHILE = seconds(45);

/** A test, for a test runner to run. */
export interface BadRowTest {
  readonly name: string;
  readonly run: () => Promise<void>;
}

/** The tests of one table. */
export function badTableTests(bad: BadTable): readonly BadRowTest[] {
  return [
    { name: `${bad.table}: a bad row is one error and changes nothing; mended, it is taken`, run: () => warm(bad) },
    {
      name: `${bad.table}: a hamgrd that starts on a bad row keeps what stands, and goes on when it is mended`,
      run: () => cold(bad),
    },
    { name: `${bad.table}: unknown fields are ignored and counted`, run: () => unknownFields(bad) },
  ];
}

/** A pair in service, one row of it spoilt: one error, one count, nothing else changes; mended, it is taken again. */
async function warm(bad: BadTable): Promise<void> {
  await using world = await WatchedCluster.start();
  const good = await read(world, bad);
  const before = world.outputs();
  for (const row of bad.rows) {
    const counted = await counts(world, bad);
    await put(world, bad, row.spoil(good));
    await world.pass(WHILE);
    equal(row, world.lines(HAMGRD), [lineOf(bad, row)]);
    equal(row, world.lines(SWBUSD), row.swbusdSays === undefined ? [] : [row.swbusdSays]);
    equal(row, await counts(world, bad), { refusals: counted.refusals + 1, badNow: 1 });
    equal(row, world.changes(before), []);

    await put(world, bad, good);
    await world.pass(WHILE);
    equal(row, (await counts(world, bad)).badNow, 0);
    equal(row, world.changes(before), []);
    equal(row, world.said, []);
  }
  assert.equal(crashes(world), 0);
}

/** The hamgrd has never seen the row when it was good. */
async function cold(bad: BadTable): Promise<void> {
  await using world = await WatchedCluster.start();
  const daemon = world.daemon(HAMGRD);
  const good = await read(world, bad);
  const before = world.outputs();
  for (const row of bad.rows) {
    await world.host.killDaemon(daemon);
    await put(world, bad, row.spoil(good));
    await world.restart(daemon);
    await world.pass(COLD_WHILE);
    const line = lineOf(bad, row);
    equal(
      row,
      world.lines(HAMGRD).filter((text) => text === line),
      [line],
    );
    equal(row, world.changes(before), []);

    await put(world, bad, good);
    await world.pass(WHILE);
    equal(row, world.changes(before), []);
  }
  assert.equal(crashes(world), 0);
}

async function unknownFields(bad: BadTable): Promise<void> {
  await using world = await WatchedCluster.start();
  const before = world.outputs();
  const labels = { slot: bad.on === "switch" ? "switch" : "0", table: `${bad.db}|${bad.table}` };
  const counted = (): Promise<number | undefined> =>
    world.metrics(HAMGRD).value("tandem_hamgrd_unknown_fields_total", labels);
  assert.equal(await counted(), undefined);
  await put(world, bad, { ...(await read(world, bad)), colour: "blue", "": NOT_UTF8 });
  await world.pass(WHILE);
  assert.equal(await counted(), 2);
  assert.deepEqual(world.changes(before), []);
  assert.deepEqual(world.said, []);
}

function lineOf({ db, table, key, on }: BadTable, { says }: BadRow): string {
  const place = on === "switch" ? "switch" : "dpu0";
  return `error: ${place}: ${db} ${table} ${JSON.stringify(key)}: ${says}; the last good row stays`;
}

function ownerOf(world: WatchedCluster, { on }: BadTable): RedisOwner {
  return on === "switch" ? world.sw0 : world.dpu0;
}

async function read(world: WatchedCluster, bad: BadTable): Promise<Fields> {
  const row = await world.get(ownerOf(world, bad), bad.db, bad.table, bad.key);
  assert(row !== undefined, `${bad.table} has no row ${bad.key}`);
  return row;
}

function put(world: WatchedCluster, bad: BadTable, fields: Fields): Promise<void> {
  return world.put(ownerOf(world, bad), bad.db, bad.table, bad.key, fields);
}

async function counts(world: WatchedCluster, { db, table, on }: BadTable) {
  const labels = { slot: on === "switch" ? "switch" : "0", table: `${db}|${table}` };
  const metrics = world.metrics(HAMGRD);
  return {
    refusals: (await metrics.value("tandem_hamgrd_bad_rows_total", labels)) ?? 0,
    badNow: (await metrics.value("tandem_hamgrd_bad_rows", labels)) ?? 0,
  };
}

function crashes(world: WatchedCluster): number {
  return world.hamgrdEvents.filter((event) => event.kind === "runtime" && event.event.kind === "crashed").length;
}

/** Equal, and whose failure it is when not. */
function equal(row: BadRow, actual: unknown, expected: unknown): void {
  assert.deepEqual({ of: row.what, is: actual }, { of: row.what, is: expected });
}
