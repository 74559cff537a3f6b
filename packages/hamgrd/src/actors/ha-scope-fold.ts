import type { Change, Draw, Inputs } from "@tandem/actor";
import { millis } from "@tandem/base";
import type { Fields } from "@tandem/swss";
import { haSetPort } from "../ports/ha-set-port.js";
import { vdpuPort } from "../ports/vdpu-port.js";
import { DashHaScope } from "../schema/dash-ha-scope.js";
import { DashHaScopeConfig, type DashHaScopeConfigRow } from "../schema/dash-ha-scope-config.js";
import { DashHaScopeState } from "../schema/dash-ha-scope-state.js";
import { DpuDashHaScopeState, type DpuDashHaScopeStateRow } from "../schema/dpu-reports.js";
import { goesDown } from "./bfd-hold.js";
import type { DpuReport, HaScopeMemory, Operation } from "./ha-scope-memory.js";
import {
  approve,
  askAgain,
  DPU_OPERATIONS,
  followFlags,
  forgetApproved,
  launchAnew,
  noteAsked,
  samePending,
  spendActivation,
} from "./operations.js";
import { planesOfPmon, watchPlanes } from "./planes.js";
import { readable } from "./readable.js";

type HaScopeInputs = Inputs<HaScopeMemory>;

/** Names of waits whose deadline changes what is remembered. */
export const STALE_WAIT = "a state of the scope from the DPU since its restart";
export const BFD_WAIT = "the DPU's BFD rows to be withdrawn";
export const LAUNCH_WAIT = "another state of the scope from the DPU since it is wanted up again";

/** Id of an HA scope's actor: the key of its config row. */
export function scopeIds(id: string): { readonly vdpuId: string; readonly scopeId: string } {
  const at = id.indexOf(":");
  return { vdpuId: id.slice(0, at), scopeId: id.slice(at + 1) };
}

/** The config that is in force: the last one that was not refused. */
export function acceptedConfig(memory: HaScopeMemory): DashHaScopeConfigRow | undefined {
  if (memory.accepted === undefined) return undefined;
  const row = DashHaScopeConfig.decode(memory.accepted);
  return row.ok ? row.value : undefined;
}

/** The DPU's report when it is of the present boot. */
export function freshReport({ report, watch }: HaScopeMemory): DpuDashHaScopeStateRow | undefined {
  if (report?.row === undefined || report.boots !== watch.boots) return undefined;
  const row = DpuDashHaScopeState.decode(report.row);
  return row.ok ? row.value : undefined;
}

/** One thing after another, each from what was remembered before it. */
export function foldHaScope(memory: HaScopeMemory, change: Change, inputs: HaScopeInputs, draw: Draw): HaScopeMemory {
  const steps = [accept, watch, adopt, noteReport, follow, noteCreation, noteDeadlines] as const;
  return steps.reduce((next, step) => step(next, change, inputs, draw), memory);
}

function sameFields(a: Fields | undefined, b: Fields | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

function accept(memory: HaScopeMemory, _change: Change, inputs: HaScopeInputs): HaScopeMemory {
  const row = inputs.row(DashHaScopeConfig);
  if (row === undefined || row.owner === "switch") return memory;
  const accepted = DashHaScopeConfig.encodePlain(row);
  return sameFields(accepted, memory.accepted) ? memory : { ...memory, accepted };
}

function isManaged(inputs: HaScopeInputs): boolean {
  return inputs.state(vdpuPort, scopeIds(inputs.id).vdpuId)?.dpu.is_managed === true;
}

function watch(memory: HaScopeMemory, _change: Change, inputs: HaScopeInputs, draw: Draw): HaScopeMemory {
  const vdpu = inputs.state(vdpuPort, scopeIds(inputs.id).vdpuId);
  if (vdpu?.dpu.is_managed !== true || vdpu.dpu.dpu_pmon_state === undefined) return memory;
  const next = watchPlanes(memory.watch, planesOfPmon(vdpu.dpu.dpu_pmon_state), draw.now());
  if (next === memory.watch) return memory;
  const isSameBoot = next.boots === memory.watch.boots && next.falls === memory.watch.falls;
  const operations = isSameBoot ? memory.operations : forgetApproved(memory.operations);
  return { ...memory, watch: next, operations };
}

/**
 * A state row that another build of hamgrd has left: its pending ids live on, so that an approval under way still
 * counts, and so does its time of creation. Of several ids of one type, which a restart of another build makes, the one
 * that is approved lives on, else the first. Rows that Tandem wrote are in its memory already.
 */
function adopt(memory: HaScopeMemory, _change: Change, inputs: HaScopeInputs, draw: Draw): HaScopeMemory {
  if (memory.adopted || !inputs.loaded(DashHaScopeState)) return memory;
  const { vdpuId, scopeId } = scopeIds(inputs.id);
  const key = `${vdpuId}|${scopeId}`;
  const row = inputs.read(DashHaScopeState, key);
  const isOurs = inputs.written(DashHaScopeState, key) !== undefined || memory.createdAt !== undefined;
  if (row === undefined || isOurs) return { ...memory, adopted: true };
  const types = row.pending_operation_types ?? [];
  const approved = new Set(acceptedConfig(memory)?.approved_pending_operation_ids);
  const operations: Operation[] = [];
  for (const [i, id] of (row.pending_operation_ids ?? []).entries()) {
    const type = DPU_OPERATIONS.find((operation) => operation.type === types[i])?.type;
    const known = operations.findIndex((operation) => operation.type === type);
    if (type === undefined || (known >= 0 && !approved.has(id))) continue;
    if (known < 0) operations.push({ type, id });
    else operations[known] = { type, id };
  }
  const { creation_time_in_ms: created, pending_operation_list_last_updated_time_in_ms: stamp } = row;
  const listed = stamp !== undefined ? millis(stamp) : types.length > 0 ? draw.now() : undefined;
  return {
    ...memory,
    adopted: true,
    operations,
    ...(created > 0 && { createdAt: millis(created) }),
    ...(listed !== undefined && { listedAt: listed }),
  };
}

function noteReport(memory: HaScopeMemory, _change: Change, inputs: HaScopeInputs, draw: Draw): HaScopeMemory {
  if (!isManaged(inputs) || !readable(inputs, DpuDashHaScopeState)) return memory;
  const row = inputs.read(DpuDashHaScopeState, scopeIds(inputs.id).scopeId);
  if (row === undefined && memory.report === undefined) return memory;
  const fields = row === undefined ? undefined : DpuDashHaScopeState.encodePlain(row);
  if (memory.report !== undefined && sameFields(fields, memory.report.row)) return memory;
  const seen = { boots: memory.watch.boots, at: draw.now() };
  const report: DpuReport = fields === undefined ? seen : { ...seen, row: fields };
  return { ...memory, report };
}

function follow(memory: HaScopeMemory, change: Change, inputs: HaScopeInputs, draw: Draw): HaScopeMemory {
  const config = acceptedConfig(memory);
  if (config === undefined || !memory.adopted) return memory;
  const { scopeId } = scopeIds(inputs.id);
  const isGoingDown = goesDown(config);
  const report = freshReport(memory);
  const isOverdue = change.kind === "deadline" && change.wait === LAUNCH_WAIT;
  let operations = isGoingDown ? memory.operations : launchAnew(memory.operations, visitOf(report), isOverdue);
  operations = followFlags(operations, report, draw);
  operations = approve(operations, config.approved_pending_operation_ids);
  if (isGoingDown) operations = spendActivation(operations);
  if (change.kind === "written" && change.table.id === DashHaScope.id && change.key === scopeId) {
    operations = noteAsked(operations, inputs.written(DashHaScope, scopeId), draw.now());
  }
  if (change.kind === "deadline") operations = askAgain(operations, change.wait);
  if (operations === memory.operations) return memory;
  const listed = samePending(memory.operations, operations) ? {} : { listedAt: draw.now() };
  return { ...memory, operations, ...listed };
}

/** Names the DPU's visit to a state, for comparison: it differs when the state was entered anew. */
function visitOf(report: DpuDashHaScopeStateRow | undefined): string {
  return `${report?.ha_state ?? "unknown"} ${report?.ha_state_start_time ?? ""}`;
}

function noteCreation(memory: HaScopeMemory, _change: Change, inputs: HaScopeInputs, draw: Draw): HaScopeMemory {
  if (memory.createdAt !== undefined || !memory.adopted || !isManaged(inputs)) return memory;
  const config = acceptedConfig(memory);
  if (config === undefined || inputs.state(haSetPort, config.ha_set_id) === undefined) return memory;
  return { ...memory, createdAt: draw.now() };
}

function noteDeadlines(memory: HaScopeMemory, change: Change): HaScopeMemory {
  const config = acceptedConfig(memory);
  if (memory.bfdOverdue && (config === undefined || !goesDown(config))) return { ...memory, bfdOverdue: false };
  if (change.kind !== "deadline") return memory;
  if (change.wait === BFD_WAIT) return { ...memory, bfdOverdue: true };
  if (change.wait !== STALE_WAIT || memory.report === undefined) return memory;
  return { ...memory, report: { ...memory.report, boots: memory.watch.boots } };
}
