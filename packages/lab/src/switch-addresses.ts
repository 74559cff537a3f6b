import type { ProcessCluster } from "./cluster/process-cluster.js";
import type { SwitchAddresses } from "./lab-event.js";
import type { SwitchPlace } from "./topology.js";

/** How other tools reach a switch of a lab that runs. */
export function switchAddresses(host: ProcessCluster, sw: SwitchPlace): SwitchAddresses {
  const socket = (name: string): string => `${host.folder}/${sw.name}/${name}.sock`;
  return {
    name: sw.name,
    redis: `${sw.npu}:${sw.redisPort}`,
    redisSocket: socket("redis"),
    databaseConfig: host.databaseConfig(sw),
    dpus: sw.dpus.map((dpu) => ({
      name: dpu.name,
      redisSocket: socket(`dpu${dpu.slot}`),
      swbusd: `${sw.npu}:${dpu.swbusPort}`,
      swbusdConfig: host.busConfig(sw, dpu),
      orchagent: `${dpu.midplane}:${dpu.zmqPort}`,
    })),
    metrics: host.daemons
      .filter((daemon) => daemon.sw === sw)
      .map((daemon) => ({ daemon: daemon.name, url: `http://127.0.0.1:${host.metricsPort(daemon)}/metrics` })),
  };
}
