import { err, mapOk, ok, type Result, unreachable } from "@tandem/base";
import {
  DashHaScopeConfig,
  type DashHaScopeConfigRow,
  DashHaSetConfig,
  type DashHaSetConfigRow,
  type DesiredHaState,
  type OperationId,
  type OperationType,
  type PinnedState,
} from "@tandem/hamgrd";
import type { RowError } from "@tandem/swss";
import type { Refusal } from "./answer.js";
import { numberOf, VERSION_MAX } from "./version.js";

/** What the caller takes the row to be: absent, or of a version. */
export type Expected = { readonly kind: "absent" } | { readonly kind: "version"; readonly version: string };

/** A new HA set, in the words of the row. */
export interface SetInput {
  readonly vip_v4?: string;
  readonly vip_v6?: string;
  readonly vdpu_ids: readonly string[];
  readonly scope?: string;
  readonly preferred_vdpu_id?: readonly string[];
  readonly pinned_vdpu_bfd_probe_states?: readonly string[];
  readonly preferred_standalone_vdpu_index?: number;
}

/** A new HA scope, in the words of the row. */
export interface ScopeInput {
  readonly ha_set_id: string;
  readonly owner?: string;
  readonly disabled?: boolean;
  readonly desired_ha_state?: string;
}

/** One change of an HA set's config row. */
export type SetMutation =
  | { readonly kind: "createSet"; readonly set: string; readonly input: SetInput }
  /** Pins of the vDPUs that are named; the others stay. */
  | { readonly kind: "pin"; readonly set: string; readonly pins: Readonly<Record<string, PinnedState>> }
  | { readonly kind: "deleteSet"; readonly set: string };

/** One change of an HA scope's config row. */
export type ScopeMutation = { readonly vdpu: string; readonly scope: string } & (
  | { readonly kind: "createScope"; readonly input: ScopeInput }
  | { readonly kind: "intend"; readonly desired?: DesiredHaState; readonly disabled?: boolean }
  | { readonly kind: "approve"; readonly id: string; readonly type: OperationType }
  | { readonly kind: "deleteScope" }
);

export type Mutation = SetMutation | ScopeMutation;

/** What a table's row was found to be; `undefined`: there is none. */
export type Found<R> = Result<R, RowError> | undefined;

/** A decision to write. Without a row it is to be deleted; `same` when the row says already what was asked for. */
export interface Change<R> {
  readonly row: R | undefined;
  readonly same: boolean;
}

/** An operation that waits for approval. */
export interface Pending {
  readonly id: string;
  readonly type: OperationType;
}

/** Approved ids that stay listed in a row; the oldest go. They have been consumed long since. */
const APPROVED_MAX = 16;

export function nameOfSet(set: string): string {
  return `HA set ${set}`;
}

export function nameOfScope({ vdpu, scope }: { readonly vdpu: string; readonly scope: string }): string {
  return `HA scope ${vdpu}:${scope}`;
}

/** What a mutation makes of a set's row. */
export function changeSet(
  mutation: SetMutation,
  expected: Expected,
  found: Found<DashHaSetConfigRow>,
): Result<Change<DashHaSetConfigRow>, Refusal> {
  const what = nameOfSet(mutation.set);
  if (mutation.kind === "createSet") return created(what, expected, found, newSet(mutation.input));
  const row = present(what, expected, found);
  if (!row.ok) return row;
  switch (mutation.kind) {
    case "deleteSet":
      return ok({ row: undefined, same: false });
    case "pin":
      return pin(what, row.value, mutation.pins);
    default:
      return unreachable(mutation);
  }
}

/** What a mutation makes of a scope's row; `pending` is what the scope's state row lists. */
export function changeScope(
  mutation: ScopeMutation,
  expected: Expected,
  found: Found<DashHaScopeConfigRow>,
  pending: readonly Pending[],
): Result<Change<DashHaScopeConfigRow>, Refusal> {
  const what = nameOfScope(mutation);
  if (mutation.kind === "createScope") return created(what, expected, found, newScope(mutation.input));
  const row = present(what, expected, found, mutation.kind === "approve");
  if (!row.ok) return row;
  switch (mutation.kind) {
    case "deleteScope":
      return ok({ row: undefined, same: false });
    case "intend": {
      const { desired = row.value.desired_ha_state, disabled = row.value.disabled } = mutation;
      return next(what, row.value, { ...row.value, desired_ha_state: desired, disabled });
    }
    case "approve":
      return approve(mutation.id, mutation.type, expected, what, row.value, pending);
    default:
      return unreachable(mutation);
  }
}

/** An id that is not pending any more is told as gone before its version is looked at: the caller cannot mend either. */
function approve(
  id: string,
  type: OperationType,
  expected: Expected,
  what: string,
  row: DashHaScopeConfigRow,
  pending: readonly Pending[],
): Result<Change<DashHaScopeConfigRow>, Refusal> {
  const approved = row.approved_pending_operation_ids.some((known) => known === id);
  const operation = pending.find((candidate) => candidate.id === id);
  if (operation === undefined) return err({ kind: "gone", id, approved });
  if (operation.type !== type) return err({ kind: "otherType", id, asked: type, type: operation.type });
  const matches = matching(what, expected, row);
  if (!matches.ok) return matches;
  if (approved) return ok({ row, same: true });
  const ids = [...row.approved_pending_operation_ids, id as OperationId].slice(-APPROVED_MAX);
  return next(what, row, { ...row, approved_pending_operation_ids: ids });
}

function pin(
  what: string,
  row: DashHaSetConfigRow,
  pins: Readonly<Record<string, PinnedState>>,
): Result<Change<DashHaSetConfigRow>, Refusal> {
  const stranger = Object.keys(pins).find((vdpu) => !row.vdpu_ids.some((id) => id === vdpu));
  if (stranger !== undefined) {
    return err({
      kind: "invalid",
      field: `pins.${stranger}`,
      expected: `a vDPU of the set: ${row.vdpu_ids.join(", ")}`,
    });
  }
  const pinned = row.vdpu_ids.map((id, i): PinnedState => {
    const asked = Object.hasOwn(pins, id) ? pins[id] : undefined;
    return asked ?? row.pinned_vdpu_bfd_probe_states[i] ?? "none";
  });
  return next(what, row, { ...row, pinned_vdpu_bfd_probe_states: pinned });
}

type Config = DashHaSetConfigRow | DashHaScopeConfigRow;

/** A row with the next version; one that says nothing new keeps its own, and need not be written. */
function next<R extends Config>(what: string, before: R, after: R): Result<Change<R>, Refusal> {
  if (JSON.stringify(before) === JSON.stringify(after)) return ok({ row: before, same: true });
  const version = numberOf(before.version) + 1;
  return version > VERSION_MAX
    ? err({ kind: "invalid", field: "version", expected: `room for one more; ${what} must be created anew` })
    : ok({ row: { ...after, version: String(version) }, same: false });
}

function created<R extends Config>(
  what: string,
  expected: Expected,
  found: Found<R>,
  row: Result<R, Refusal>,
): Result<Change<R>, Refusal> {
  if (found !== undefined) return err({ kind: "exists", what, version: found.ok ? found.value.version : "unreadable" });
  if (expected.kind === "version") return err({ kind: "notFound", what: `${what}, version ${expected.version}` });
  return mapOk(row, (value) => ({ row: value, same: false }));
}

function present<R extends Config>(
  what: string,
  expected: Expected,
  found: Found<R>,
  anyVersion = false,
): Result<R, Refusal> {
  if (found === undefined) return err({ kind: "notFound", what });
  if (!found.ok) {
    return err({ kind: "unreadable", what, detail: `${found.error.field}: expected ${found.error.expected}` });
  }
  return anyVersion ? found : matching(what, expected, found.value);
}

/** Versions are numbers: `1` and `1.0` are one. */
function matching<R extends Config>(what: string, expected: Expected, row: R): Result<R, Refusal> {
  if (expected.kind === "absent") return err({ kind: "exists", what, version: row.version });
  return numberOf(expected.version) === numberOf(row.version)
    ? ok(row)
    : err({ kind: "versionMismatch", what, expected: expected.version, version: row.version });
}

function newSet(input: SetInput): Result<DashHaSetConfigRow, Refusal> {
  const { vip_v4, vip_v6, scope = "dpu", preferred_vdpu_id = [], preferred_standalone_vdpu_index = 0 } = input;
  return read(
    DashHaSetConfig.decode({
      version: "1",
      ...(vip_v4 !== undefined && { vip_v4 }),
      ...(vip_v6 !== undefined && { vip_v6 }),
      vdpu_ids: input.vdpu_ids.join(","),
      scope,
      pinned_vdpu_bfd_probe_states: (input.pinned_vdpu_bfd_probe_states ?? input.vdpu_ids.map(() => "none")).join(","),
      preferred_vdpu_id: preferred_vdpu_id.join(","),
      preferred_standalone_vdpu_index: String(preferred_standalone_vdpu_index),
    }),
  );
}

function newScope(input: ScopeInput): Result<DashHaScopeConfigRow, Refusal> {
  const { ha_set_id, owner = "dpu", disabled = true, desired_ha_state = "unspecified" } = input;
  return read(
    DashHaScopeConfig.decode({ version: "1", ha_set_id, owner, disabled: String(disabled), desired_ha_state }),
  );
}

function read<R>(row: Result<R, RowError>): Result<R, Refusal> {
  return row.ok ? row : err({ kind: "invalid", field: row.error.field, expected: row.error.expected });
}
