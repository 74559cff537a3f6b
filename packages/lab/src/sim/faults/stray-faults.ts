import { millis, sleep, unwrap } from "@tandem/base";
import { type Fields, Table, untilConnected } from "@tandem/swss";
import { pairOf, type SwitchPlace, switchOf } from "../../topology.js";
import { defineFault } from "../fault.js";
import { aSide } from "../fault-params.js";
import { RETRY_AFTER, TRIES_MAX } from "../row-tools.js";
import type { SimWorld } from "../sim-world.js";

const CONFIGS = "DASH_HA_SCOPE_CONFIG_TABLE";

/** Of each world, the last stray row: what takes it away comes after what wrote it, however long that took. */
const last = new WeakMap<SimWorld, Promise<void>>();

/** Writes or deletes a stray row, after the one before. */
function put(world: SimWorld, sw: SwitchPlace, key: string, fields: Fields | undefined): Promise<void> {
  const done = (last.get(world) ?? Promise.resolve()).then(() => write(world, sw, key, fields));
  last.set(world, done);
  return done;
}

/** Writes or deletes a config row on one switch, however long its Redis is away or takes none. */
async function write(world: SimWorld, sw: SwitchPlace, key: string, fields: Fields | undefined): Promise<void> {
  const store = unwrap(world.host.stores(sw).open({ db: "APPL_DB" }), `${sw.name} APPL_DB`);
  const table = new Table(store, CONFIGS);
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    await untilConnected(store);
    const done = await (fields === undefined ? table.del(key) : table.set(key, fields));
    if (done.ok) return;
    await sleep(world.host.clock, RETRY_AFTER);
  }
}

/** Rows where nobody expects them. */
export const STRAY_FAULTS = [
  defineFault({
    name: "stray-scope",
    doc: "the scope config of one side stands on its peer's switch too, where no DPU serves it",
    params: { dpu: aSide },
    lasts: [millis(10), millis(60_000)],
    text: ({ dpu }) => `the scope config of ${dpu.name} stands on its peer's switch too`,
    begin: (world, { dpu }) => {
      const { topology } = world.cluster;
      const pair = pairOf(topology, dpu);
      const key = `${dpu.vdpuId}:${pair?.set.id}`;
      const config = world.cluster.rows(switchOf(topology, dpu), "APPL_DB", CONFIGS).get(key);
      if (pair === undefined || config === undefined) return undefined;
      return put(world, switchOf(topology, pair.peer), key, config);
    },
    end: (world, { dpu }) => {
      const { topology } = world.cluster;
      const pair = pairOf(topology, dpu);
      if (pair === undefined) return undefined;
      return put(world, switchOf(topology, pair.peer), `${dpu.vdpuId}:${pair.set.id}`, undefined);
    },
  }),
];
