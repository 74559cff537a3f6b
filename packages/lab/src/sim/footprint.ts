import { DATABASES_DEFAULT } from "@tandem/swss";
import type { Cluster } from "../cluster/cluster.js";
import type { SimulatedCluster } from "../cluster/simulated-cluster.js";

/** What a cluster at rest takes up. It must not grow with what has happened. */
export interface Footprint {
  /** Keys of every Redis, as `<owner> <database> <key>`. */
  readonly keys: ReadonlySet<string>;
  /** Timers that wait. */
  readonly timers: number;
  /** Connections to every Redis. */
  readonly connections: number;
}

const IDS = [...new Set(Object.values(DATABASES_DEFAULT).map(({ id }) => id))];

/** Rows that mark what has happened, one for each DPU; whoever handles resets deletes them. */
const MARKS = /\bDPU_RESET_INFO\|/;

export function footprintOf(host: SimulatedCluster): Footprint {
  const owners = host.topology.switches.flatMap((sw) => [sw, ...sw.dpus]);
  const keys = owners.flatMap((owner) =>
    IDS.flatMap((id) => [...host.redis(owner).dump(id).keys()].map((key) => `${owner.name} ${id} ${key}`)),
  );
  return {
    keys: new Set(keys.filter((key) => !MARKS.test(key))),
    timers: host.clock.pending,
    connections: owners.reduce((sum, owner) => sum + host.redis(owner).clients, 0),
  };
}

/** What `found` takes up beyond `calm`, one line each. */
export function growthBeyond(calm: Footprint, found: Footprint): readonly string[] {
  const grown = [...found.keys].filter((key) => !calm.keys.has(key)).map((key) => `a key more: ${key}`);
  if (found.timers > calm.timers) grown.push(`${found.timers} timers wait; in a calm run ${calm.timers}`);
  if (found.connections > calm.connections) {
    grown.push(`${found.connections} connections to Redis; in a calm run ${calm.connections}`);
  }
  return grown;
}

/** Keys that still name an HA set, anywhere. */
export function keysOfSets(cluster: Cluster, host: SimulatedCluster): readonly string[] {
  const ids = cluster.topology.haSets.map(({ id }) => id);
  return [...footprintOf(host).keys].filter((key) => ids.some((id) => key.includes(id)));
}
