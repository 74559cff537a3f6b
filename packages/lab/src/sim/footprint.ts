import { millis } from "@tandem/base";
import { DATABASES_DEFAULT } from "@tandem/swss";
import type { Cluster } from "../cluster/cluster.js";
import type { RedisOwner } from "../cluster/cluster-host.js";
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

/** Between two looks: longer than whatever polls set in motion. */
const LOOK_EVERY = millis(170);

/** Looks several times, a moment apart: what comes and goes with a poll is not taken up. */
export async function footprintOf(host: SimulatedCluster): Promise<Footprint> {
  let { timers, connections } = lookAt(host);
  for (let i = 0; i < 2; i++) {
    await host.clock.advance(LOOK_EVERY);
    const again = lookAt(host);
    timers = Math.min(timers, again.timers);
    connections = Math.min(connections, again.connections);
  }
  return { keys: new Set(keysOf(host).filter((key) => !MARKS.test(key))), timers, connections };
}

function ownersOf({ topology }: SimulatedCluster): readonly RedisOwner[] {
  return topology.switches.flatMap((sw) => [sw, ...sw.dpus]);
}

function lookAt(host: SimulatedCluster): Pick<Footprint, "timers" | "connections"> {
  return { timers: host.clock.pending, connections: connectionsOf(host) };
}

/** Connections to every Redis. */
export function connectionsOf(host: SimulatedCluster): number {
  return ownersOf(host).reduce((sum, owner) => sum + host.redis(owner).clients, 0);
}

function keysOf(host: SimulatedCluster): readonly string[] {
  return ownersOf(host).flatMap((owner) =>
    IDS.flatMap((id) => [...host.redis(owner).dump(id).keys()].map((key) => `${owner.name} ${id} ${key}`)),
  );
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
  return keysOf(host).filter((key) => ids.some((id) => key.includes(id)));
}
