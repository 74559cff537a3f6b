export { hamgrdActors } from "./actors/hamgrd-actors.js";
export { addressesOf, type NpuAddresses } from "./actors/npu-addresses.js";
export { type BfdMode, type HamgrdSettings, SETTINGS_DEFAULT, type VnetMode } from "./actors/settings.js";
export { ALERTS, type Alert } from "./alerts/alerts.js";
export {
  type Expression,
  evaluate,
  formatExpression,
  metricsOf,
  parseSamples,
  type SampleValue,
  type Scrape,
} from "./alerts/expression.js";
export { formatAlertsPage, formatRules } from "./alerts/format-alerts.js";
export { describeHamgrdEvent, type HamgrdEvent, severityOf } from "./daemon/hamgrd-event.js";
export { countEvents } from "./daemon/hamgrd-metrics.js";
export { type HamgrdSurroundings, publishHamgrd } from "./daemon/publish-hamgrd.js";
export { MissingDatabaseError } from "./daemon/sinks.js";
export type { ProcessFacts, Slot, SlotState } from "./daemon/slot.js";
export { type Hamgrd, type HamgrdOptions, startHamgrd } from "./daemon/start-hamgrd.js";
export { type DifferentStep, describeReplay, type ReplayReport, replayFlight } from "./flight/replay-flight.js";
export type {
  Operation,
  OperationPlan,
  PlanAction,
  PlannedRow,
  PlanStep,
  SideGoal,
  Verdict,
} from "./plan/operation-plan.js";
export type { PairView, SideState, SideView, UnknownState } from "./plan/pair-view.js";
export { type PlanOptions, planOperation } from "./plan/plan-operation.js";
export { readSide } from "./plan/read-side.js";
export { type BfdState, type DpuActorState, dpuPort, type PmonState } from "./ports/dpu-port.js";
export { type HaOwner, type HaScopeActorState, haScopeTell } from "./ports/ha-scope-tell.js";
export { type HaSetActorState, haSetPort } from "./ports/ha-set-port.js";
export { type VdpuActorState, vdpuPort } from "./ports/vdpu-port.js";
export { type AskError, HamgrdQuestions } from "./questions/ask-hamgrd.js";
export type { RecordsPage } from "./questions/records.js";
export { DPU_TABLES_OF_ONE, type RepairAnswer, TABLES_OF_HAMGRD } from "./questions/standing.js";
export type {
  HamgrdStatus,
  StatusChange,
  StatusCrash,
  StatusProblem,
  StatusWait,
} from "./questions/status.js";
export { TABLES } from "./schema/all-tables.js";
export {
  BfdSoftwareSession,
  DpuBfdSession,
  type DpuBfdSessionRow,
  NpuBfdSession,
  NpuBfdSessionState,
} from "./schema/bfd-session.js";
export {
  type Aggregation,
  type DesiredHaState,
  dpuKeyCodec,
  type PinnedState,
  type PlaneState,
} from "./schema/codecs.js";
export {
  Counters,
  DpuCounters,
  ENI_STATS,
  FlexCounterGroup,
  HA_SET_STATS,
  NAME_MAPS,
  type NameMap,
} from "./schema/counters.js";
export { DashHaGlobalConfig, type DashHaGlobalConfigRow } from "./schema/dash-ha-global-config.js";
export { DashHaScope, type DashHaScopeRow, HA_ROLES, type HaRole } from "./schema/dash-ha-scope.js";
export { DashHaScopeConfig, type DashHaScopeConfigRow } from "./schema/dash-ha-scope-config.js";
export {
  DashHaScopeState,
  type DashHaScopeStateRow,
  OPERATION_TYPES,
  type OperationType,
} from "./schema/dash-ha-scope-state.js";
export { DashHaSet, type DashHaSetRow } from "./schema/dash-ha-set.js";
export { DashHaSetConfig, type DashHaSetConfigRow } from "./schema/dash-ha-set-config.js";
export { DeviceMetadata } from "./schema/device-metadata.js";
export { Dpu, type DpuRow } from "./schema/dpu.js";
export {
  DashBfdProbeState,
  type DashBfdProbeStateRow,
  DpuDashHaScopeState,
  type DpuDashHaScopeStateRow,
  DpuDashHaSetState,
} from "./schema/dpu-reports.js";
export { DpuResetInfo, type DpuResetInfoRow } from "./schema/dpu-reset-info.js";
export { DpuState, type DpuStateRow, SystemHealthInfo, VdpuState } from "./schema/dpu-state.js";
export {
  AclRule,
  AclRuleState,
  AclTable,
  AclTableState,
  AclTableType,
  DashEni,
  DashEniForward,
  DashEniPlacement,
} from "./schema/eni.js";
export { DashFlowDumpFilter, DashFlowSyncSession, DashFlowSyncSessionState } from "./schema/flow-sync.js";
export type { DpuName, HaScopeId, HaSetId, OperationId, VdpuId } from "./schema/ids.js";
export { LoopbackInterface } from "./schema/loopback-interface.js";
export { NeighResolve } from "./schema/neigh-resolve.js";
export {
  ChassisModule,
  ChassisModuleInfo,
  ChassisModuleTable,
  DhcpServerIpv4,
  DhcpServerIpv4Port,
  Feature,
  MidPlaneBridge,
  PcieDetachInfo,
  Vip,
  Vnet,
  VxlanTunnel,
} from "./schema/platform.js";
export { RemoteDpu, type RemoteDpuRow } from "./schema/remote-dpu.js";
export { DashHaScopeResult, DashHaSetResult } from "./schema/results.js";
export { formatTimestamp } from "./schema/timestamp.js";
export { Vdpu, type VdpuRow } from "./schema/vdpu.js";
export {
  VnetMonitor,
  VnetMonitorState,
  VnetRouteTunnel,
  type VnetRouteTunnelRow,
  VnetRouteTunnelState,
} from "./schema/vnet-route-tunnel.js";
