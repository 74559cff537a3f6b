import {
  type ActorDefinition,
  type Derived,
  defineActor,
  type Inputs,
  type Problem,
  type Read,
  type StandingRow,
  standingRow,
  stands,
  type Wait,
} from "@tandem/actor";
import { minutes } from "@tandem/base";
import type { AnyTable } from "@tandem/swss";
import { type BfdState, type DpuActorState, dpuPort } from "../ports/dpu-port.js";
import { DpuBfdSession } from "../schema/bfd-session.js";
import { sessionListCodec } from "../schema/codecs.js";
import { DashHaGlobalConfig, type DashHaGlobalConfigRow } from "../schema/dash-ha-global-config.js";
import { Dpu, type DpuRow } from "../schema/dpu.js";
import { DashBfdProbeState } from "../schema/dpu-reports.js";
import { DpuResetInfo } from "../schema/dpu-reset-info.js";
import { DpuState } from "../schema/dpu-state.js";
import type { DpuName } from "../schema/ids.js";
import { LoopbackInterface } from "../schema/loopback-interface.js";
import { NeighResolve } from "../schema/neigh-resolve.js";
import { RemoteDpu, type RemoteDpuRow } from "../schema/remote-dpu.js";
import { Vdpu } from "../schema/vdpu.js";
import { HOLD_READS } from "./bfd-hold.js";
import { bfdRows, distinct } from "./bfd-rows.js";
import { type DpuMemory, isSlotKey, rememberDpu } from "./dpu-memory.js";
import { globalConfig } from "./global-config.js";
import { dpusOfSlot, managedDpu, sharedDpus } from "./managed-dpu.js";
import { type NpuAddresses, npuAddresses } from "./npu-addresses.js";
import { allUp, explicitlyDown, pmonOf } from "./planes.js";
import { readable } from "./readable.js";
import type { HamgrdSettings } from "./settings.js";
import { snapshotWaits, WAIT_CONFIG } from "./waits.js";

type DpuInputs = Inputs<DpuMemory>;

/** Tables of rows that a managed DPU stands for. */
const WRITES: readonly AnyTable[] = [NeighResolve, DpuBfdSession, DpuResetInfo];

/**
 * One DPU of the cluster, local or remote: tells its vDPUs where it is and how it does. The one that this hamgrd
 * manages also stands for the rows around the DPU itself. docs/actors.md, "dpu".
 */
export function dpuActor(settings: HamgrdSettings): ActorDefinition<DpuMemory, DpuActorState> {
  const { slot } = settings;
  const ofSlot = (key: string): boolean => isSlotKey(slot, key);
  const managed = (inputs: DpuInputs): boolean =>
    inputs.row(Dpu)?.dpu_id === slot && managedHere(inputs, slot) === inputs.id;
  const mine = (inputs: DpuInputs) => (vdpuId: string) =>
    inputs.read(Vdpu, vdpuId)?.main_dpu_ids.includes(inputs.id as DpuName) ?? false;
  const tables: readonly Read[] = [
    { table: LoopbackInterface },
    { table: Dpu },
    { table: Vdpu },
    { table: DashHaGlobalConfig },
    { table: DashBfdProbeState },
    { table: DpuState, where: ofSlot },
    ...(settings.bfdMode === "cluster" ? [{ table: RemoteDpu }, ...HOLD_READS] : []),
  ];
  // Which member stands for a vDPU of several depends on the planes of all: every slot of the switch must say the same.
  const readsOf = ({ dpu_id }: DpuRow): readonly Read[] => {
    const planes: Read = { table: DpuState, where: (key) => isSlotKey(dpu_id, key) };
    return dpu_id === slot ? tables : [{ table: LoopbackInterface }, { table: Vdpu }, planes];
  };
  return defineActor<DpuMemory, DpuActorState>({
    type: "dpu",
    rows: [Dpu, RemoteDpu],
    publishes: dpuPort,
    farewell: (last) => ({ ...last, up: false, gone: true }),
    remember: rememberDpu(slot, managed, isShared, mine),
    reads(inputs) {
      const row = inputs.row(Dpu);
      return row === undefined ? [] : readsOf(row);
    },
    derive(inputs) {
      const local = inputs.row(Dpu);
      const remote = inputs.row(RemoteDpu);
      if (local === undefined)
        return remote === undefined ? stands({ reason: "no row" }) : standsRemote(inputs.id, remote);
      const problems: Problem[] = [];
      if (remote !== undefined) problems.push(bothTables(inputs.id));
      const needs = ({ table }: Read): boolean =>
        local.dpu_id === slot ? !ofDpu(table) : table !== DpuState || isShared(inputs);
      // What the DPU's own databases say can be done without for a while, and is remembered over a restart.
      const unread = snapshotWaits(inputs, readsOf(local).filter(needs));
      const npu = npuAddresses(inputs);
      const waits = [...unread];
      if (unread.length === 0 && npu.v4 === undefined && npu.v6 === undefined) waits.push(NO_LOOPBACK);
      if (waits.length > 0) return stands({ waits, problems, keeps: WRITES, reason: `waits for ${waits[0]?.for}` });
      if (local.dpu_id === slot) problems.push(...sameSlot(inputs, slot));
      if (!managed(inputs)) {
        const planes = local.dpu_id !== slot && isShared(inputs) ? inputs.memory.watch.planes : undefined;
        const publish: DpuActorState = {
          ...localState(inputs.id, local, npu, false),
          ...(planes !== undefined && { up: allUp(planes), dpu_pmon_state: pmonOf(planes) }),
        };
        return stands({ publish, problems, reason: `belongs to the hamgrd of slot ${local.dpu_id}` });
      }
      const derived = standsManaged(inputs, local, npu, problems, settings);
      const late = snapshotWaits(
        inputs,
        tables.filter(({ table }) => ofDpu(table)),
      );
      return late.length === 0 ? derived : { ...derived, waits: [...derived.waits, ...late] };
    },
  });
}

/** Whether a vDPU of several members names this DPU. */
function isShared(inputs: DpuInputs): boolean {
  return sharedDpus(inputs.all(Vdpu)).has(inputs.id);
}

const ofDpu = (table: AnyTable): boolean => table.db.startsWith("DPU_");

const NO_LOOPBACK: Wait = {
  for: "an address of Loopback0",
  deadline: minutes(1),
  then: "go on waiting for LOOPBACK_INTERFACE|Loopback0|<address>",
};

function managedHere(inputs: DpuInputs, slot: number): string | undefined {
  return managedDpu(slot, inputs.all(Dpu), inputs.all(Vdpu));
}

/** Told by each row that is not managed although its slot is ours. */
function sameSlot(inputs: DpuInputs, slot: number): readonly Problem[] {
  const managed = managedHere(inputs, slot);
  if (managed === inputs.id) return [];
  const keys = dpusOfSlot(slot, inputs.all(Dpu)).join(" and ");
  const text = `CONFIG_DB DPU: ${keys} all have dpu_id ${slot}, expected one; ${managed} is managed, ${inputs.id} is not`;
  return [{ code: "duplicateSlot", severity: "refused", text }];
}

function bothTables(id: string): Problem {
  return {
    code: "bothLocalAndRemote",
    severity: "refused",
    text: `CONFIG_DB has ${id} in DPU and in REMOTE_DPU; the DPU row counts`,
  };
}

function standsRemote(id: string, row: RemoteDpuRow): Derived<DpuActorState> {
  return stands({
    publish: {
      remote_dpu: true,
      is_managed: false,
      dpu_name: id,
      up: false,
      npu_ipv4: row.npu_ipv4,
      ...(row.npu_ipv6 !== undefined && { npu_ipv6: row.npu_ipv6 }),
      pa_ipv4: row.pa_ipv4,
      ...(row.pa_ipv6 !== undefined && { pa_ipv6: row.pa_ipv6 }),
      dpu_id: row.dpu_id,
      orchagent_zmq_port: 0,
      swbus_port: row.swbus_port,
    },
    reason: `behind ${row.npu_ipv4}`,
  });
}

function localState(id: string, row: DpuRow, npu: NpuAddresses, isManaged: boolean): DpuActorState {
  return {
    remote_dpu: false,
    is_managed: isManaged,
    dpu_name: id,
    up: false,
    ...(row.state !== undefined && { state: row.state }),
    npu_ipv4: npu.v4 ?? "",
    ...(npu.v6 !== undefined && { npu_ipv6: npu.v6 }),
    ...(row.vip_ipv4 !== undefined && { vip_ipv4: row.vip_ipv4 }),
    ...(row.vip_ipv6 !== undefined && { vip_ipv6: row.vip_ipv6 }),
    pa_ipv4: row.pa_ipv4,
    ...(row.pa_ipv6 !== undefined && { pa_ipv6: row.pa_ipv6 }),
    dpu_id: row.dpu_id,
    ...(row.vdpu_id !== undefined && { vdpu_id: row.vdpu_id }),
    orchagent_zmq_port: row.orchagent_zmq_port,
    swbus_port: row.swbus_port,
    midplane_ipv4: row.midplane_ipv4,
  };
}

function standsManaged(
  inputs: DpuInputs,
  row: DpuRow,
  npu: NpuAddresses,
  problems: readonly Problem[],
  settings: HamgrdSettings,
): Derived<DpuActorState> {
  const { watch, held } = inputs.memory;
  const { planes } = watch;
  const config = globalConfig(inputs);
  const isDown = explicitlyDown(planes);
  const withBfd = settings.bfdMode === "cluster" && !isDown && !held;
  const waits: Wait[] = [];
  const keeps: AnyTable[] = [];
  const rows: StandingRow[] = [];
  if (config === undefined) {
    waits.push(WAIT_CONFIG);
    keeps.push(NeighResolve, ...(withBfd ? [DpuBfdSession] : []));
  } else {
    rows.push(...neighbour(config, row));
    // The switch of a remote DPU whose row cannot be read is not one that has gone.
    if (withBfd && inputs.hidesRow(RemoteDpu)) keeps.push(DpuBfdSession);
    if (withBfd) rows.push(...clusterBfdRows(inputs, config, row, npu, settings));
  }
  if (planes === undefined) waits.push(NO_REPORT);
  if (watch.falls > 0) rows.push(resetRow(inputs.id as DpuName, row, watch.falls, watch.fellAt));

  const bfd = probesOf(inputs.memory);
  const someBfd = (bfd?.v4_bfd_up_sessions.length ?? 0) + (bfd?.v6_bfd_up_sessions.length ?? 0) > 0;
  // Sessions are up to the member that stands for a vDPU alone, so they cannot decide which one that is.
  const up = planes !== undefined && allUp(planes) && (someBfd || !settings.upNeedsBfd || isShared(inputs));
  const publish: DpuActorState = {
    ...localState(inputs.id, row, npu, true),
    up,
    ...(planes !== undefined && { dpu_pmon_state: pmonOf(planes) }),
    ...(bfd !== undefined && { dpu_bfd_state: bfd }),
    ...(settings.bfdMode === "cluster" && held && { bfd_withdrawn: true }),
  };
  const missing = missingRows(inputs, settings.slot);
  const why = isDown ? "pmon reports it down" : held ? "its scope goes down" : planes === undefined ? "no report" : "";
  return stands({
    rows,
    keeps,
    publish,
    waits,
    problems: [...problems, ...missing],
    reason: `${up ? "up" : "not up"}${why === "" ? "" : `: ${why}`}`,
    ...(settings.restoreOnRise && { sinkEpoch: { container: `dpu${settings.slot}`, epoch: watch.boots } }),
  });
}

/** Rows that the DPU's own actor reads for all: without them it goes on, and says so. */
function missingRows(inputs: DpuInputs, slot: number): readonly Problem[] {
  const missing = (code: string, text: string): Problem => ({ code, severity: "warning", text });
  const problems: Problem[] = [];
  if (globalConfig(inputs) === undefined && !inputs.hidesRow(DashHaGlobalConfig)) {
    problems.push(missing("noGlobalConfig", "CONFIG_DB DASH_HA_GLOBAL_CONFIG has no row; what stands stays"));
  }
  const { watch, probes } = inputs.memory;
  if (watch.planes !== undefined && inputs.all(DpuState).size === 0 && readable(inputs, DpuState)) {
    const text = `CHASSIS_STATE_DB DPU_STATE has no row of slot ${slot} any more; the DPU counts as not up`;
    problems.push(missing("reportGone", text));
  }
  if (probes !== undefined && inputs.all(DashBfdProbeState).size === 0 && readable(inputs, DashBfdProbeState)) {
    const text = "DPU_STATE_DB DASH_BFD_PROBE_STATE has no row any more; no BFD session counts as up";
    problems.push(missing("probesGone", text));
  }
  return problems;
}

const NO_REPORT: Wait = {
  for: "pmon's first report",
  deadline: minutes(1),
  then: "go on: the DPU counts as not up, its BFD rows stand",
};

function neighbour(config: DashHaGlobalConfigRow, row: DpuRow): readonly StandingRow[] {
  if (config.dpu_vlan === undefined || config.dpu_vlan === "") return [];
  return [standingRow(NeighResolve, { interface: config.dpu_vlan, ip: row.pa_ipv4 }, { mac: "00:00:00:00:00:00" })];
}

/** One row per switch of the cluster, our own included. */
function clusterBfdRows(
  inputs: DpuInputs,
  config: DashHaGlobalConfigRow,
  row: DpuRow,
  npu: NpuAddresses,
  settings: HamgrdSettings,
): readonly StandingRow[] {
  const others = [...inputs.all(RemoteDpu).values()];
  const rows = bfdRows(config, row.pa_ipv4, distinct([npu.v4, ...others.map((other) => other.npu_ipv4)]));
  if (!settings.bfdIpv6 || row.pa_ipv6 === undefined) return rows;
  return [...rows, ...bfdRows(config, row.pa_ipv6, distinct([npu.v6, ...others.map((other) => other.npu_ipv6)]))];
}

function resetRow(id: DpuName, row: DpuRow, falls: number, at: number): StandingRow {
  return standingRow(
    DpuResetInfo,
    { slot: row.dpu_id },
    { reset_status: true, timestamp: at, dpu_id: id, ...(row.vdpu_id !== undefined && { vdpu_id: row.vdpu_id }) },
    { once: String(falls) },
  );
}

function probesOf({ probes }: DpuMemory): BfdState | undefined {
  if (probes === undefined) return undefined;
  const list = (text: string): readonly string[] => {
    const parsed = sessionListCodec.parse(text);
    return parsed.ok ? parsed.value : [];
  };
  return {
    v4_bfd_up_sessions: list(probes.v4.sessions),
    v4_bfd_up_sessions_timestamp: probes.v4.time,
    v6_bfd_up_sessions: list(probes.v6.sessions),
    v6_bfd_up_sessions_timestamp: probes.v6.time,
  };
}
