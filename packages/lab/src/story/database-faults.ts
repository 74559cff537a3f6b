import { unwrap } from "@tandem/base";
import { type Store, Table, untilConnected } from "@tandem/swss";
import type { Cluster } from "../cluster/cluster.js";
import type { ClusterHost } from "../cluster/cluster-host.js";
import { type DpuPlace, pairOf, type SwitchPlace, switchOf } from "../topology.js";

/** A cluster whose observer has to be told of what makes no key events. */
type FlushedCluster = Pick<Cluster, "host" | "observer">;

async function open(host: ClusterHost, dpu: DpuPlace, db: string): Promise<Store> {
  const stores = host.stores(switchOf(host.topology, dpu));
  const store = unwrap(stores.open({ db, container: `dpu${dpu.slot}` }), `${dpu.name} ${db}`);
  await untilConnected(store);
  return store;
}

/** Empties the databases that the switch holds for a DPU. FLUSHDB makes no key events. */
export async function flushDatabases({ host, observer }: FlushedCluster, dpu: DpuPlace): Promise<void> {
  for (const db of ["DPU_APPL_DB", "DPU_STATE_DB"]) {
    unwrap(await (await open(host, dpu, db)).command(["FLUSHDB"]), `flush ${db}`);
    observer.flushed(dpu, db);
  }
}

/** Rows as an earlier incarnation of the DPU would have left them: active, with everything pending. */
export async function writeStaleRows(host: ClusterHost, dpu: DpuPlace): Promise<void> {
  const scope = pairOf(host.topology, dpu)?.set.id ?? "haset";
  const table = new Table(await open(host, dpu, "DPU_STATE_DB"), "DASH_HA_SCOPE_STATE_TABLE");
  const stale = {
    last_updated_time: "1700000000",
    ha_role: "active",
    ha_role_start_time: "1700000000",
    ha_state: "active",
    ha_state_start_time: "1700000000",
    ha_term: "7",
    activate_role_pending: "true",
    flow_reconcile_pending: "true",
    brainsplit_recover_pending: "true",
  };
  unwrap(await table.set(scope, stale), `stale ${scope}`);
}

/**
 * What hamgrd has left becomes what an upstream hamgrd in its place would have left: the reported rows without a time of
 * creation or a heartbeat, and neither memory nor ledger. Rows for DPUs and routes are the same in both.
 */
export async function leaveAsUpstream(host: ClusterHost, dpu: DpuPlace): Promise<void> {
  const store = unwrap(host.stores(switchOf(host.topology, dpu)).open({ db: "STATE_DB" }), "STATE_DB");
  await untilConnected(store);
  const keysOf = async (pattern: string): Promise<readonly string[]> =>
    unwrap(await store.command(["KEYS", pattern]), pattern) as readonly string[];
  for (const table of ["TANDEM_MEMORY", "TANDEM_LEDGER"]) {
    for (const key of await keysOf(`${table}|dpu${dpu.slot}|*`)) unwrap(await store.command(["DEL", key]), key);
  }
  for (const key of await keysOf(`DASH_HA_SCOPE_STATE|${dpu.vdpuId}|*`)) {
    const zero = ["creation_time_in_ms", "0", "last_heartbeat_time_in_ms", "0"];
    unwrap(await store.command(["HSET", key, ...zero]), key);
  }
}

/** Deletes a row of the switch's APPL_DB, as an SDN controller does. */
export async function deleteRow(host: ClusterHost, sw: SwitchPlace, table: string, key: string): Promise<void> {
  const store = unwrap(host.stores(sw).open({ db: "APPL_DB" }), `${sw.name} APPL_DB`);
  await untilConnected(store);
  unwrap(await new Table(store, table).del(key), `delete ${table} ${key}`);
}
