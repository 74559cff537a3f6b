import { millis, seconds } from "@tandem/base";
import type { Cluster } from "../../cluster/cluster.js";
import type { InvariantWatch } from "../../cluster/invariant-watch.js";
import { finalRows } from "../../sim/final-rows.js";

/** How long anything may take, in virtual or real time. */
export const SWEEP_LIMIT = seconds(120);

/** Programs and enables every pair; does not wait until they serve. */
export async function program({ controller, topology }: Cluster): Promise<void> {
  for (const set of topology.haSets) await controller.createSet(set);
  for (const set of topology.haSets) for (const { vdpuId } of set.dpus) await controller.enable(vdpuId);
}

/** Deletes every pair, until no row of it is left. */
export async function removeAll(cluster: Cluster): Promise<void> {
  const { host, controller, topology } = cluster;
  const work = async (): Promise<void> => {
    for (const set of topology.haSets) await controller.removeSet(set.id);
  };
  await host.run("removal", work(), SWEEP_LIMIT);
  const gone = (): boolean =>
    topology.dpus.every(
      (dpu) =>
        cluster.haState(dpu) === undefined &&
        cluster.rows(dpu, "DPU_APPL_DB", "DASH_HA_SET_TABLE").size === 0 &&
        cluster.rows(dpu, "DPU_STATE_DB", "DASH_HA_SCOPE_STATE_TABLE").size === 0,
    ) && topology.switches.every((sw) => cluster.rows(sw, "STATE_DB", "DASH_HA_SCOPE_STATE").size === 0);
  await cluster.until("removal", gone, SWEEP_LIMIT);
}

/** What is not yet as it must be in a cluster at rest; empty when all is well. */
export function missing(cluster: Cluster, watch: InvariantWatch, expected?: string): readonly string[] {
  const { topology, devices } = cluster;
  const problems: string[] = [];
  for (const { id, dpus } of topology.haSets) {
    const states = dpus.map((dpu) => cluster.haState(dpu) ?? "off");
    if ([...states].sort().join() !== "active,standby") problems.push(`${id}: ${states.join(", ")}`);
    for (const dpu of dpus) {
      const up = devices.bfd.upSessions(devices.dpu(dpu)).length;
      if (up !== topology.switches.length) problems.push(`${dpu.name}: ${up} BFD sessions`);
    }
  }
  problems.push(...watch.violations, ...watch.atRest());
  if (problems.length === 0 && expected !== undefined) problems.push(...difference(expected, finalRows(cluster)));
  return problems;
}

/** What is still missing once it has had its time: nothing, if all is well. */
export async function settled(cluster: Cluster, watch: InvariantWatch, expected?: string): Promise<readonly string[]> {
  await cluster.reaches(() => missing(cluster, watch, expected).length === 0, SWEEP_LIMIT);
  return missing(cluster, watch, expected);
}

/** A cluster before anything was broken: what is followed on it, and its rows. */
export interface Calm {
  readonly watch: InvariantWatch;
  readonly rows: string;
}

/** Launches every pair without a fault. */
export async function launched(cluster: Cluster, watch: InvariantWatch): Promise<Calm> {
  await cluster.host.run("programming", program(cluster), SWEEP_LIMIT);
  const problems = await settled(cluster, watch);
  if (problems.length > 0) throw new Error(`launch: ${problems.join("; ")}`);
  // A last report may still be under way.
  const later = new Promise<void>((resolve) => void cluster.host.clock.setTimer(millis(3000), resolve));
  await cluster.host.run("rest", later, SWEEP_LIMIT);
  return { watch, rows: finalRows(cluster) };
}

function difference(expected: string, found: string): readonly string[] {
  const [want, got] = [expected.split("\n"), found.split("\n")];
  return [
    ...want.filter((line) => !got.includes(line)).map((line) => `missing: ${line}`),
    ...got.filter((line) => !want.includes(line)).map((line) => `too much: ${line}`),
  ];
}
