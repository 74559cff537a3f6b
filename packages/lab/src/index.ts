export { BFDMON_POLL, BfdProbes, type BfdProbesOptions } from "./bfd/bfd-probes.js";
export { Cluster, type ClusterOptions } from "./cluster/cluster.js";
export { type DaemonPlace, daemonOf } from "./cluster/cluster-host.js";
export { configRows } from "./cluster/config-rows.js";
export { ProcessCluster, type ProcessClusterOptions } from "./cluster/process-cluster.js";
export { Controller, type ControllerOptions } from "./controller/controller.js";
export type { ApprovalMode, ApprovalRule, PendingOperation, Plan, PlanEvent } from "./controller/plan.js";
export type { DpuCore, OrchagentKind } from "./dpu/core-types.js";
export type { Verdict } from "./dpu/data-path.js";
export { DpuFabric, type DpuFabricOptions, type FabricMember } from "./dpu/fabric.js";
export { DPU_TIMINGS, type DpuTimings, HA_STATES, type HaState, isDecider, isServing } from "./dpu/ha-state.js";
export {
  type DpuOptions,
  type DpuTransition,
  type PowerOnError,
  type SimulatedDpu,
  startDpu,
} from "./dpu/simulated-dpu.js";
export type { Wipe } from "./dpu/wipe.js";
export { type Direction, LabNetwork, type NodeName } from "./network.js";
export { type BothDown, type NextHop, nextHop } from "./npu/next-hop.js";
export { type NpuOptions, type NpuRoute, type SimulatedNpu, startNpu } from "./npu/simulated-npu.js";
export type { Plane } from "./pmon/planes.js";
export {
  PMON_TIMINGS,
  type PmonOptions,
  type PmonTimings,
  type SimulatedPmon,
  startPmon,
} from "./pmon/simulated-pmon.js";
export { parseStory, type Story } from "./story/load-story.js";
export { Narrator } from "./story/narrator.js";
export { type DpuPlace, type HaSetPlace, pairOf, type SwitchPlace, type Topology } from "./topology.js";
export { type Delivery, type Forwarding, forward, type LossWindow, Traffic, type TrafficOptions } from "./traffic.js";
