import { type Random, shuffled, unwrap } from "@tandem/base";
import { type DatabaseName, type Fields, recordOf, Table, untilConnected } from "@tandem/swss";
import type { Cluster } from "../../cluster/cluster.js";
import { configRows } from "../../cluster/config-rows.js";
import type { SwitchPlace } from "../../topology.js";
import { type Calm, SWEEP_LIMIT, settled } from "./pair.js";

/** A row as it stands in a database of the switch. */
interface InputRow {
  readonly db: DatabaseName;
  readonly table: string;
  readonly key: string;
  readonly fields: Fields;
}

/** Tables of CONFIG_DB without which a slot is not itself: they are there before it starts. */
const IDENTITY = new Set(["DEVICE_METADATA", "LOOPBACK_INTERFACE"]);

/**
 * Deletes every row that configures a switch's pairs, in one random order, and writes them again in another. What is
 * still missing afterwards: nothing, when the pair serves as it was `calm`.
 */
export async function shuffleRows(
  cluster: Cluster,
  sw: SwitchPlace,
  random: Random,
  calm: Calm,
): Promise<{ readonly order: readonly string[]; readonly missing: readonly string[] }> {
  const { host } = cluster;
  const rows = await host.run("rows", inputRows(cluster, sw), SWEEP_LIMIT);
  const order = shuffled(random, rows);
  const work = async (): Promise<void> => {
    for (const row of shuffled(random, rows)) unwrap(await (await open(cluster, sw, row)).del(row.key), row.key);
    for (const row of order) unwrap(await (await open(cluster, sw, row)).set(row.key, row.fields), row.key);
  };
  await host.run("shuffled rows", work(), SWEEP_LIMIT);
  return {
    order: order.map(({ table, key }) => `${table} ${key}`),
    missing: await settled(cluster, calm.watch, calm.rows),
  };
}

async function inputRows(cluster: Cluster, sw: SwitchPlace): Promise<readonly InputRow[]> {
  const rows: InputRow[] = configRows(cluster.topology, sw, (dpu) => cluster.host.swbusPort(sw, dpu)).filter(
    ({ table }) => !IDENTITY.has(table),
  );
  for (const table of ["DASH_HA_SET_CONFIG_TABLE", "DASH_HA_SCOPE_CONFIG_TABLE"]) {
    for (const key of cluster.rows(sw, "APPL_DB", table).keys()) {
      const row = { db: "APPL_DB", table, key } as const;
      const fields = unwrap(await (await open(cluster, sw, row)).get(key), key);
      if (fields !== undefined) rows.push({ ...row, fields: recordOf(fields) });
    }
  }
  return rows;
}

async function open(cluster: Cluster, sw: SwitchPlace, row: Pick<InputRow, "db" | "table">): Promise<Table> {
  const store = unwrap(cluster.host.stores(sw).open({ db: row.db }), row.db);
  await untilConnected(store);
  return new Table(store, row.table);
}
