import type { Json } from "@tandem/base";
import type {
  DashHaScopeConfigRow,
  DashHaScopeStateRow,
  DashHaSetConfigRow,
  DpuResetInfoRow,
  DpuRow,
  DpuStateRow,
} from "@tandem/hamgrd";
import { isUp, pendingOf, planesOf } from "./events.js";

export type View = { readonly [member: string]: Json | undefined };

/** An HA set as GET gives it; `problem` tells that the row itself cannot be read, and that an older one is shown. */
export function setView(id: string, row: DashHaSetConfigRow | undefined, problem: string | undefined): View {
  return {
    ha_set_id: id,
    version: row?.version ?? null,
    config: row === undefined ? null : asJson(row),
    ...(problem !== undefined && { problem }),
  };
}

/** An HA scope with its row of state, as hamgrd writes it; `null` while there is none. */
export function scopeView(
  vdpu: string,
  scope: string,
  row: DashHaScopeConfigRow | undefined,
  state: DashHaScopeStateRow | undefined,
  problem: string | undefined,
): View {
  return {
    vdpu_id: vdpu,
    ha_scope_id: scope,
    version: row?.version ?? null,
    config: row === undefined ? null : asJson(row),
    state: state === undefined ? null : asJson(state),
    pending_operations: pendingOf(state).map(({ id, type }) => ({ id, type })),
    ...(problem !== undefined && { problem }),
  };
}

/** A DPU of this switch, with its planes and the last reset that was seen. */
export function dpuView(
  name: string,
  row: DpuRow,
  vdpus: readonly string[],
  state: DpuStateRow | undefined,
  reset: DpuResetInfoRow | undefined,
): View {
  const planes = planesOf(state);
  return {
    dpu: name,
    slot: row.dpu_id,
    vdpu_ids: vdpus,
    up: isUp(planes),
    planes: { ...planes },
    reset: reset === undefined ? null : asJson(reset),
  };
}

/** Rows hold texts, numbers, booleans and lists of them. */
function asJson(row: object): Json {
  return { ...row } as unknown as Json;
}
