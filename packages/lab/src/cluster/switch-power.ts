import type { SwitchPlace } from "../topology.js";
import type { Cluster } from "./cluster.js";
import { DAEMON_KINDS, type DaemonPlace } from "./cluster-host.js";

/** A switch loses power: daemons, databases, forwarding and DPUs go at once, and nobody says farewell. */
export async function powerOffSwitch({ host, devices }: Cluster, sw: SwitchPlace): Promise<void> {
  devices.npu(sw).reset();
  await Promise.all([
    ...host.daemons.filter((daemon) => daemon.sw === sw).map((daemon) => host.killDaemon(daemon)),
    ...[sw, ...sw.dpus].map((owner) => host.killRedis(owner)),
    ...sw.dpus.map((dpu) => devices.dpu(dpu).powerOff()),
  ]);
}

/** It boots: databases are empty but for CONFIG_DB, which is loaded from its file; then daemons and DPUs start. */
export async function powerOnSwitch(cluster: Cluster, sw: SwitchPlace): Promise<void> {
  const { host, devices } = cluster;
  await Promise.all([sw, ...sw.dpus].map((owner) => host.startRedis(owner, { empty: true })));
  await cluster.configure(sw);
  const daemons = async (): Promise<void> => {
    for (const kind of DAEMON_KINDS) {
      await Promise.all(daemonsOf(cluster, sw, kind).map((daemon) => host.startDaemon(daemon)));
    }
  };
  await Promise.all([daemons(), ...sw.dpus.map((dpu) => devices.dpu(dpu).powerOn())]);
}

function daemonsOf({ host }: Cluster, sw: SwitchPlace, kind: DaemonPlace["kind"]): readonly DaemonPlace[] {
  return host.daemons.filter((daemon) => daemon.sw === sw && daemon.kind === kind);
}
