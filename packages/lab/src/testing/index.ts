export { Cluster } from "../cluster/cluster.js";
export { daemonOf } from "../cluster/cluster-host.js";
export { ProcessCluster, type ProcessClusterOptions } from "../cluster/process-cluster.js";
export type { DpuPlace, HaSetPlace, SwitchPlace } from "../topology.js";
export { missingForProcesses, REDIS_SERVER, TANDEM } from "./tandem-command.js";
