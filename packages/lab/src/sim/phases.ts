import { seconds } from "@tandem/base";
import type { Cluster } from "../cluster/cluster.js";
import { pairOf } from "../topology.js";
import { wantedOf } from "./wanted-state.js";

/** A launch without faults takes no longer. */
export const LAUNCH_LIMIT = seconds(60);

/** Programs every pair, and waits until each serves. */
export async function launch(cluster: Cluster): Promise<void> {
  const { host, controller, topology } = cluster;
  const program = async (): Promise<void> => {
    await Promise.all(topology.haSets.map((set) => controller.createSet(set)));
    await Promise.all(topology.haSets.flatMap(({ dpus }) => dpus.map((dpu) => controller.enable(dpu.vdpuId))));
  };
  await host.run("launch", program(), LAUNCH_LIMIT);
  await cluster.until("launch", () => isServing(cluster), LAUNCH_LIMIT);
}

/** Everything that faults may have left set otherwise is as it was at the launch. */
export async function calm(cluster: Cluster): Promise<void> {
  const { controller, topology } = cluster;
  await controller.setApprovals("auto");
  for (const set of topology.haSets) {
    await controller.prefer(set.id, [set.dpus[0].vdpuId]);
    for (const dpu of set.dpus) {
      await controller.pin(set.id, dpu.vdpuId, "none");
      await controller.desire(dpu.vdpuId, wantedOf(topology, dpu));
      await controller.enable(dpu.vdpuId);
    }
  }
  await controller.replay();
}

/** Whether each pair has an active and a standby side. */
export function isServing(cluster: Cluster): boolean {
  return cluster.topology.dpus.every((dpu) => {
    const peer = pairOf(cluster.topology, dpu)?.peer;
    if (peer === undefined) return true;
    const states = [cluster.haState(dpu), cluster.haState(peer)];
    return states.includes("active") && states.includes("standby");
  });
}
