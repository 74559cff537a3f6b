import type { Cluster } from "../../cluster/cluster.js";
import type { Wipe } from "../../dpu/wipe.js";
import { type DpuPlace, pairOf, switchOf } from "../../topology.js";
import { type Calm, SWEEP_LIMIT, settled } from "./pair.js";

/** How one step of a DPU's restart is recognised. */
interface RestartStep {
  readonly name: string;
  readonly reached: (cluster: Cluster, dpu: DpuPlace) => boolean;
}

/** The sixteen steps of the restart of a DPU, in order; the DPU boots at the seventh. */
export const RESTART_STEPS: readonly RestartStep[] = [
  { name: "1 the DPU shuts down", reached: (cluster, dpu) => !cluster.devices.dpu(dpu).powered },
  { name: "2 pmon writes it down", reached: (cluster, dpu) => plane(cluster, dpu, "midplane_link") === "down" },
  { name: "3 the controller sees it", reached: (cluster, dpu) => isGone(cluster, dpu) },
  { name: "4 the controller deletes scope and set", reached: (cluster, dpu) => configs(cluster, dpu) === 0 },
  { name: "5 hamgrd deletes the DPU's rows", reached: (cluster, dpu) => dpuRows(cluster, dpu) === 0 },
  { name: "6 hamgrd deletes its report", reached: (cluster, dpu) => report(cluster, dpu) === undefined },
  { name: "7 the DPU boots", reached: () => true },
  { name: "8 DPU_APPL_DB is emptied", reached: (cluster, dpu) => cluster.devices.dpu(dpu).powered },
  { name: "9 DPU_STATE_DB is emptied", reached: (cluster, dpu) => cluster.devices.dpu(dpu).powered },
  { name: "10 pmon writes it up", reached: (cluster, dpu) => plane(cluster, dpu, "control_plane") === "up" },
  { name: "11 the controller sees it", reached: (cluster, dpu) => !isGone(cluster, dpu) },
  { name: "12 the controller creates set and scope", reached: (cluster, dpu) => configs(cluster, dpu) === 2 },
  { name: "13 hamgrd writes the DPU's rows", reached: (cluster, dpu) => dpuRows(cluster, dpu) === 2 },
  { name: "14 DashHaOrch takes them", reached: (cluster, dpu) => cluster.haState(dpu) !== undefined },
  {
    name: "15 DashHaOrch reports",
    reached: (cluster, dpu) => cluster.rows(dpu, "DPU_STATE_DB", "DASH_HA_SCOPE_STATE_TABLE").size > 0,
  },
  { name: "16 hamgrd reports", reached: (cluster, dpu) => report(cluster, dpu)?.["local_ha_state"] === "connecting" },
];

const BOOT = 6;

/**
 * Restarts a DPU, and restarts it again as soon as step `step` (from 0) is reached. What is still missing afterwards:
 * nothing, when the pair is a pair again as it was `calm`.
 */
export async function restartTwice(
  cluster: Cluster,
  dpu: DpuPlace,
  step: number,
  wipe: Wipe,
  calm: Calm,
): Promise<readonly string[]> {
  const { host } = cluster;
  const device = cluster.devices.dpu(dpu);
  const reach = async (last: number): Promise<void> => {
    for (const { name, reached } of RESTART_STEPS.slice(0, last + 1)) {
      await cluster.until(name, () => reached(cluster, dpu), SWEEP_LIMIT);
    }
  };
  await host.run("shutdown", device.powerOff(), SWEEP_LIMIT);
  if (step < BOOT) {
    await reach(step);
    // Down already: it tries to boot, and falls again.
    await host.run("boot", device.powerOn(wipe), SWEEP_LIMIT);
    await host.run("shutdown", device.powerOff(), SWEEP_LIMIT);
  } else {
    await reach(BOOT - 1);
    const booted = device.powerOn(wipe);
    for (const { name, reached } of RESTART_STEPS.slice(BOOT, step + 1)) {
      await cluster.until(name, () => reached(cluster, dpu), SWEEP_LIMIT);
    }
    await host.run("shutdown", device.powerOff(), SWEEP_LIMIT);
    await host.run("the first boot", booted, SWEEP_LIMIT);
  }
  await host.run("boot", device.powerOn(wipe), SWEEP_LIMIT);
  return settled(cluster, calm.watch, calm.rows);
}

function plane(cluster: Cluster, dpu: DpuPlace, name: string): string | undefined {
  const row = cluster.rows(switchOf(cluster.topology, dpu), "CHASSIS_STATE_DB", "DPU_STATE").get(`DPU${dpu.slot}`);
  return row?.[`dpu_${name}_state`];
}

function isGone({ controller }: Cluster, dpu: DpuPlace): boolean {
  return controller.plan.dpus.get(dpu.name)?.gone === true;
}

/** Config rows of its side that stand on its switch: set and scope. */
function configs(cluster: Cluster, dpu: DpuPlace): number {
  const sw = switchOf(cluster.topology, dpu);
  const set = setOf(cluster, dpu);
  const rows = [
    cluster.rows(sw, "APPL_DB", "DASH_HA_SET_CONFIG_TABLE").get(set),
    cluster.rows(sw, "APPL_DB", "DASH_HA_SCOPE_CONFIG_TABLE").get(`${dpu.vdpuId}:${set}`),
  ];
  return rows.filter((row) => row !== undefined).length;
}

/** Rows of set and scope that its switch holds for the DPU. */
function dpuRows(cluster: Cluster, dpu: DpuPlace): number {
  const of = (table: string): number => cluster.rows(dpu, "DPU_APPL_DB", table).size;
  return of("DASH_HA_SET_TABLE") + of("DASH_HA_SCOPE_TABLE");
}

function report(cluster: Cluster, dpu: DpuPlace): Readonly<Record<string, string>> | undefined {
  const rows = cluster.rows(switchOf(cluster.topology, dpu), "STATE_DB", "DASH_HA_SCOPE_STATE");
  return rows.get(`${dpu.vdpuId}|${setOf(cluster, dpu)}`);
}

function setOf({ topology }: Cluster, dpu: DpuPlace): string {
  return pairOf(topology, dpu)?.set.id ?? "";
}
