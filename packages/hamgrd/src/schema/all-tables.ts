import type { AnyTable } from "@tandem/swss";
import { BfdSoftwareSession, DpuBfdSession, NpuBfdSession, NpuBfdSessionState } from "./bfd-session.js";
import { Counters, DpuCounters, FlexCounterGroup } from "./counters.js";
import { DashHaGlobalConfig } from "./dash-ha-global-config.js";
import { DashHaScope } from "./dash-ha-scope.js";
import { DashHaScopeConfig } from "./dash-ha-scope-config.js";
import { DashHaScopeState } from "./dash-ha-scope-state.js";
import { DashHaSet } from "./dash-ha-set.js";
import { DashHaSetConfig } from "./dash-ha-set-config.js";
import { DeviceMetadata } from "./device-metadata.js";
import { Dpu } from "./dpu.js";
import { DashBfdProbeState, DpuDashHaScopeState, DpuDashHaSetState } from "./dpu-reports.js";
import { DpuResetInfo } from "./dpu-reset-info.js";
import { DpuState, SystemHealthInfo, VdpuState } from "./dpu-state.js";
import {
  AclRule,
  AclRuleState,
  AclTable,
  AclTableState,
  AclTableType,
  DashEni,
  DashEniForward,
  DashEniPlacement,
} from "./eni.js";
import { DashFlowDumpFilter, DashFlowSyncSession, DashFlowSyncSessionState } from "./flow-sync.js";
import { LoopbackInterface } from "./loopback-interface.js";
import { NeighResolve } from "./neigh-resolve.js";
import {
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
} from "./platform.js";
import { RemoteDpu } from "./remote-dpu.js";
import { DashHaScopeResult, DashHaSetResult } from "./results.js";
import { Vdpu } from "./vdpu.js";
import { VnetMonitor, VnetMonitorState, VnetRouteTunnel, VnetRouteTunnelState } from "./vnet-route-tunnel.js";

/** Every table, grouped as docs/tables.md prints them: what HA reads, what it writes, what stands around. */
export const TABLES: Readonly<Record<string, readonly AnyTable[]>> = {
  "Read by hamgrd": [
    DeviceMetadata,
    LoopbackInterface,
    Dpu,
    RemoteDpu,
    Vdpu,
    DashHaGlobalConfig,
    DashHaSetConfig,
    DashHaScopeConfig,
    DpuState,
    DashBfdProbeState,
    DpuDashHaScopeState,
    DpuDashHaSetState,
  ],
  "Written by hamgrd": [
    DpuBfdSession,
    DashHaSet,
    DashHaScope,
    DashFlowSyncSession,
    VnetRouteTunnel,
    NeighResolve,
    DashHaScopeState,
    DpuResetInfo,
  ],
  "Around hamgrd": [
    DashFlowSyncSessionState,
    DashFlowDumpFilter,
    DashHaSetResult,
    DashHaScopeResult,
    DashEni,
    DashEniPlacement,
    DashEniForward,
    AclTableType,
    AclTable,
    AclRule,
    AclTableState,
    AclRuleState,
    NpuBfdSession,
    NpuBfdSessionState,
    BfdSoftwareSession,
    VnetRouteTunnelState,
    VnetMonitor,
    VnetMonitorState,
    Feature,
    ChassisModule,
    MidPlaneBridge,
    DhcpServerIpv4,
    DhcpServerIpv4Port,
    Vip,
    VxlanTunnel,
    Vnet,
    ChassisModuleInfo,
    ChassisModuleTable,
    PcieDetachInfo,
    VdpuState,
    SystemHealthInfo,
    DpuCounters,
    Counters,
    FlexCounterGroup,
  ],
};
