import type { DashHaScopeConfigRow, DashHaSetConfigRow, HaSetId, OperationId, VdpuId } from "@tandem/hamgrd";
import type { Topology } from "../topology.js";
import type { Plan, WantedRow } from "./plan.js";
import { isGone } from "./step.js";

/**
 * Every config row that the plan wants, in the order in which rows are created: sets before scopes. A set is wanted on
 * all switches, without those whose DPU of the set is gone; a scope on the switch of its DPU.
 */
export function wantedRows(plan: Plan, topology: Topology): readonly WantedRow[] {
  const rows: WantedRow[] = [];
  for (const [key, set] of plan.sets) {
    const row = setRow(set);
    for (const sw of topology.switches) {
      if (set.place.dpus.some((dpu) => dpu.switchIndex === sw.index && isGone(plan, dpu))) continue;
      rows.push({ switchIndex: sw.index, table: "DASH_HA_SET_CONFIG_TABLE", key, row });
    }
  }
  for (const [vdpu, scope] of plan.scopes) {
    if (isGone(plan, scope.dpu)) continue;
    const { switchIndex } = scope.dpu;
    const key = `${vdpu}:${scope.setId}`;
    rows.push({ switchIndex, table: "DASH_HA_SCOPE_CONFIG_TABLE", key, row: scopeRow(scope) });
  }
  return rows;
}

/** What a plan wants on one switch, in the order of `wantedRows`. */
export interface SwitchRows {
  readonly rows: readonly WantedRow[];
  /** Their `rowName`s, in the same order, and as a set. */
  readonly names: readonly string[];
  readonly wanted: ReadonlySet<string>;
}

/** By index, for each switch of the topology. */
export function rowsBySwitch(plan: Plan, topology: Topology): ReadonlyMap<number, SwitchRows> {
  const bySwitch = new Map<number, WantedRow[]>(topology.switches.map(({ index }) => [index, []]));
  for (const row of wantedRows(plan, topology)) bySwitch.get(row.switchIndex)?.push(row);
  return new Map(
    [...bySwitch].map(([index, rows]) => {
      const names = rows.map(rowName);
      return [index, { rows, names, wanted: new Set(names) }];
    }),
  );
}

type SetPlan = Plan["sets"] extends ReadonlyMap<string, infer T> ? T : never;
type ScopePlan = Plan["scopes"] extends ReadonlyMap<string, infer T> ? T : never;

/** A part of a plan never changes, so the row that follows from it is made once. */
const setRow = once(
  (set: SetPlan): DashHaSetConfigRow => ({
    version: String(set.version),
    vip_v4: set.place.vip,
    vip_v6: set.place.vipV6,
    vdpu_ids: set.place.dpus.map((dpu) => dpu.vdpuId as VdpuId),
    scope: "dpu",
    pinned_vdpu_bfd_probe_states: set.pinned,
    preferred_vdpu_id: set.preferred,
    preferred_standalone_vdpu_index: 0,
  }),
);

const scopeRow = once(
  (scope: ScopePlan): DashHaScopeConfigRow => ({
    version: String(scope.version),
    disabled: scope.intent.disabled || scope.held,
    owner: scope.owner,
    ha_set_id: scope.setId as HaSetId,
    desired_ha_state: scope.intent.desired,
    approved_pending_operation_ids: scope.approved.map((id) => id as OperationId),
  }),
);

function once<P extends object, R>(make: (part: P) => R): (part: P) => R {
  const made = new WeakMap<P, R>();
  return (part) => {
    const known = made.get(part) ?? make(part);
    made.set(part, known);
    return known;
  };
}

/** Identifies a row within the cluster. */
export function rowName(row: Pick<WantedRow, "switchIndex" | "table" | "key">): string {
  return `${row.switchIndex} ${row.table} ${row.key}`;
}
