import type { Millis } from "@tandem/base";
import type { Cluster } from "../../cluster/cluster.js";
import { DAEMON_KINDS, daemonOf } from "../../cluster/cluster-host.js";
import type { HaState } from "../../dpu/ha-state.js";
import { type DpuPlace, type HaSetPlace, switchOf } from "../../topology.js";
import { type Calm, program, removeAll, SWEEP_LIMIT, settled } from "./pair.js";

/** How one stage of a launch is recognised. */
interface LaunchStage {
  readonly name: string;
  readonly reached: (cluster: Cluster, set: HaSetPlace) => boolean;
}

const inState =
  (state: HaState) =>
  (cluster: Cluster, { dpus: [first] }: HaSetPlace): boolean =>
    cluster.haState(first) === state;

/** The stages of the launch of a pair, seen from the side that becomes active, in order. */
export const LAUNCH_STAGES: readonly LaunchStage[] = [
  { name: "nothing is programmed", reached: () => true },
  {
    name: "the set is programmed",
    reached: (cluster, { id, dpus: [first] }) =>
      cluster.rows(switchOf(cluster.topology, first), "APPL_DB", "DASH_HA_SET_CONFIG_TABLE").has(id),
  },
  {
    name: "the DPU has a set",
    reached: (cluster, { id, dpus: [first] }) => cluster.rows(first, "DPU_APPL_DB", "DASH_HA_SET_TABLE").has(id),
  },
  {
    name: "the DPU has a scope",
    reached: (cluster, { id, dpus: [first] }) => cluster.rows(first, "DPU_APPL_DB", "DASH_HA_SCOPE_TABLE").has(id),
  },
  { name: "dead is reported", reached: (cluster, set) => reported(cluster, set)?.["local_ha_state"] !== undefined },
  { name: "connecting", reached: inState("connecting") },
  { name: "initializing", reached: inState("initializing_to_active") },
  { name: "waiting for approval", reached: inState("pending_active_activation") },
  {
    name: "the operation is visible",
    reached: (cluster, set) => reported(cluster, set)?.["pending_operation_types"] === "activate_role",
  },
  { name: "active", reached: inState("active") },
  {
    name: "active is reported",
    reached: (cluster, set) => reported(cluster, set)?.["local_ha_state"] === "active",
  },
];

/** What can be killed of a DPU's side, by name. */
export const VICTIMS = [...DAEMON_KINDS, "redis of the switch", "redis of the DPU"] as const;
export type Victim = (typeof VICTIMS)[number];

/**
 * Launches the first pair anew, kills `victim` of one side at `stage`, and starts it again after `outage`. What is
 * still missing afterwards: nothing, when the pair serves as it was `calm`.
 */
export async function launchWithKill(
  cluster: Cluster,
  kill: { readonly stage: LaunchStage; readonly victim: Victim; readonly dpu: DpuPlace; readonly outage: Millis },
  calm: Calm,
): Promise<readonly string[]> {
  const { host, topology } = cluster;
  const [set] = topology.haSets;
  if (set === undefined) throw new Error("a launch needs a pair");
  await removeAll(cluster);
  const launching = program(cluster);
  await cluster.until(kill.stage.name, () => kill.stage.reached(cluster, set), SWEEP_LIMIT);
  const [end, begin] = switchesOf(cluster, kill.victim, kill.dpu);
  const away = async (): Promise<void> => {
    await end();
    await new Promise<void>((resolve) => void host.clock.setTimer(kill.outage, resolve));
    await begin();
  };
  await host.run(`restart of ${kill.victim}`, away(), SWEEP_LIMIT);
  await host.run("programming", launching, SWEEP_LIMIT);
  return settled(cluster, calm.watch, calm.rows);
}

function switchesOf(
  { host, topology }: Cluster,
  victim: Victim,
  dpu: DpuPlace,
): readonly [end: () => Promise<void>, begin: () => Promise<void>] {
  if (victim === "swbusd" || victim === "hamgrd") {
    const daemon = daemonOf(host, victim, dpu);
    return [() => host.killDaemon(daemon), () => host.startDaemon(daemon)];
  }
  const owner = victim === "redis of the DPU" ? dpu : switchOf(topology, dpu);
  return [() => host.killRedis(owner), () => host.startRedis(owner)];
}

function reported(cluster: Cluster, { id, dpus: [first] }: HaSetPlace): Readonly<Record<string, string>> | undefined {
  const rows = cluster.rows(switchOf(cluster.topology, first), "STATE_DB", "DASH_HA_SCOPE_STATE");
  return rows.get(`${first.vdpuId}|${id}`);
}
