import { type Millis, seconds } from "@tandem/base";
import type { Fields } from "@tandem/swss";
import { expect, test } from "vitest";
import type { RedisOwner } from "../cluster/cluster-host.js";
import type { RowChange } from "../cluster/observer.js";
import { WatchedCluster } from "../testing/watched-cluster.js";
import type { DpuPlace } from "../topology.js";
import { leaveAsUpstream } from "./database-faults.js";

/** Fields of a reported row that an upstream hamgrd always writes in the DPU-driven mode. */
const ALWAYS = [
  ...["creation_time_in_ms", "last_heartbeat_time_in_ms", "vip_v4", "local_ip", "peer_ip"],
  ...["midplane", "control_plane", "data_plane"].flatMap((plane) => [
    `local_vdpu_${plane}_state`,
    `local_vdpu_${plane}_state_last_updated_time_in_ms`,
  ]),
  ...["v4", "v6"].flatMap((family) => [
    `local_vdpu_up_bfd_sessions_${family}`,
    `local_vdpu_up_bfd_sessions_${family}_update_time_in_ms`,
  ]),
];
/** And those that it writes once there is a cause. */
const SOMETIMES = [
  ...["version", "vip_v6", "local_ha_state", "local_ha_state_last_updated_time_in_ms"],
  ...["local_ha_state_last_updated_reason", "local_target_asic_ha_state", "local_acked_asic_ha_state"],
  ...["local_target_term", "local_acked_term", "pending_operation_ids", "pending_operation_types"],
  "pending_operation_list_last_updated_time_in_ms",
];

const LIMIT: Millis = seconds(60);

/** A pair whose standby waits for an approval that nobody gives. */
async function waitingPair(): Promise<{ readonly world: WatchedCluster; readonly waiting: DpuPlace }> {
  const world = await WatchedCluster.start();
  const { controller, topology } = world.cluster;
  const waiting = topology.dpus[1] as DpuPlace;
  await world.run(controller.setApprovals("manual"));
  await world.run(controller.disable(waiting.vdpuId));
  await world.cluster.until("dead", () => world.cluster.haState(waiting) === "dead", LIMIT);
  await world.run(controller.enable(waiting.vdpuId));
  await world.cluster.until("pending", () => controller.pending(waiting.vdpuId).length > 0, LIMIT);
  await world.pass(seconds(5));
  return { world, waiting };
}

/** For how long rows were away, each time: a row that is written whole goes and comes in one transaction. */
function goneFor(changes: readonly RowChange[]): readonly number[] {
  return changes.flatMap(({ fields, at, owner, table, key }, i) => {
    if (fields !== undefined || table === "TANDEM_LEDGER") return [];
    const back = changes
      .slice(i + 1)
      .find((later) => later.owner === owner && later.table === table && later.key === key && later.fields);
    return [(back?.at ?? Number.POSITIVE_INFINITY) - at];
  });
}

const STATE = "DASH_HA_SCOPE_STATE";

function reported(world: WatchedCluster, dpu: DpuPlace): Fields {
  const sw = world.cluster.topology.switches[dpu.switchIndex] as RedisOwner;
  return [...world.cluster.rows(sw, "STATE_DB", STATE).values()][0] ?? {};
}

test("a slot that is taken over from upstream: no row goes or changes, and a pending operation keeps its id", async () => {
  const { world, waiting } = await waitingPair();
  await using _world = world;
  const { cluster, host } = world;
  const before = world.outputs();
  const [id] = cluster.controller.pending(waiting.vdpuId).map((operation) => operation.id);
  const from = cluster.observer.changes.length;
  for (const dpu of cluster.topology.dpus) {
    const daemon = world.daemon(`${dpu.name}.hamgrd`);
    await world.run(host.stopDaemon(daemon));
    await world.run(leaveAsUpstream(host, dpu));
    await world.run(host.startDaemon(daemon));
  }
  await world.pass(seconds(70));
  expect(world.changes(before)).toEqual([
    expect.stringMatching(/^sw0 DASH_HA_SCOPE_STATE .* creation_time_in_ms: \d{13} -> \d{13}$/),
    expect.stringMatching(/^sw1 DASH_HA_SCOPE_STATE .* creation_time_in_ms: \d{13} -> \d{13}$/),
  ]);
  expect(goneFor(cluster.observer.changes.slice(from)).filter((duration) => duration > 0)).toEqual([]);
  expect(reported(world, waiting)["pending_operation_ids"]).toBe(id);
  await world.run(cluster.controller.approveIds(waiting.vdpuId, [id as string]));
  await cluster.until("standby", () => cluster.haState(waiting) === "standby", LIMIT);
});

test("what a stopped hamgrd leaves is what an upstream one writes: every field, and none beside", async () => {
  const { world } = await waitingPair();
  await using _world = world;
  const { cluster, host } = world;
  const before = world.outputs();
  for (const dpu of cluster.topology.dpus) await world.run(host.stopDaemon(world.daemon(`${dpu.name}.hamgrd`)));
  await world.pass(seconds(5));
  expect(world.changes(before)).toEqual([]);
  for (const dpu of cluster.topology.dpus) {
    const names = Object.keys(reported(world, dpu));
    expect(names).toEqual(expect.arrayContaining(ALWAYS));
    expect(names.filter((name) => ![...ALWAYS, ...SOMETIMES].includes(name))).toEqual([]);
    const lists = ["pending_operation_ids", "pending_operation_types"].map((name) => reported(world, dpu)[name] ?? "");
    expect(lists[0]?.split(",").length).toBe(lists[1]?.split(",").length);
  }
});
