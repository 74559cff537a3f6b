import type { Draw } from "@tandem/actor";
import type { Millis } from "@tandem/base";
import type { Fields } from "@tandem/swss";
import type { OperationType } from "../schema/dash-ha-scope-state.js";
import type { DpuDashHaScopeStateRow } from "../schema/dpu-reports.js";
import type { OperationId } from "../schema/ids.js";
import { isShown, type Operation } from "./ha-scope-memory.js";

/** Types that the DPU asks for, in the order in which ids are drawn: its flag, and the field that answers it. */
export const DPU_OPERATIONS = [
  { type: "activate_role", pending: "activate_role_pending", request: "activate_role_requested" },
  { type: "brainsplit_recover", pending: "brainsplit_recover_pending", request: "brainsplit_recovered" },
  { type: "flow_reconcile", pending: "flow_reconcile_pending", request: "flow_reconcile_requested" },
] as const satisfies readonly {
  readonly type: OperationType;
  readonly pending: keyof DpuDashHaScopeStateRow;
  readonly request: string;
}[];

export type RequestField = (typeof DPU_OPERATIONS)[number]["request"];

export function requestField(type: OperationType): RequestField | undefined {
  return DPU_OPERATIONS.find((operation) => operation.type === type)?.request;
}

/**
 * Name of the wait for the DPU's answer; it differs by attempt, so that each has a deadline of its own, which counts from
 * when the DPU was sent the request: a row that waits for its queue to have room is not asked for again.
 */
export function answerWait({ type, approved }: Operation): string {
  const attempt = `(request ${approved?.attempt ?? 0})`;
  return approved?.asked === undefined
    ? `the DPU to be asked to take ${type} ${attempt}`
    : `the DPU to take ${type} ${attempt}`;
}

/**
 * Level against list: an operation is opened for each flag that stands without one, and goes when its flag falls.
 * Without a report of the present boot nothing is known, and nothing changes.
 */
export function followFlags(
  operations: readonly Operation[],
  report: DpuDashHaScopeStateRow | undefined,
  draw: Draw,
): readonly Operation[] {
  if (report === undefined) return operations;
  const kept = operations.filter(({ type }) => {
    const known = DPU_OPERATIONS.find((operation) => operation.type === type);
    return known !== undefined && report[known.pending];
  });
  const opened = DPU_OPERATIONS.filter(
    ({ type, pending }) => report[pending] && !operations.some((operation) => operation.type === type),
  ).map(({ type }): Operation => ({ type, id: draw.uuid() as OperationId }));
  return kept.length === operations.length && opened.length === 0 ? operations : [...kept, ...opened];
}

/** Approves what the config lists. Ids that are not pending (any more) mean nothing: configs keep listing old ones. */
export function approve(operations: readonly Operation[], approved: readonly string[]): readonly Operation[] {
  const isNew = (operation: Operation): boolean => isShown(operation) && approved.includes(operation.id);
  if (!operations.some(isNew)) return operations;
  return operations.map((operation) => (isNew(operation) ? { ...operation, approved: { attempt: 1 } } : operation));
}

/** The DPU has gone down or started anew: what was approved, or is in doubt, is of the boot before. */
export function forgetApproved(operations: readonly Operation[]): readonly Operation[] {
  const kept = operations.filter(isShown);
  return kept.length === operations.length ? operations : kept;
}

/**
 * The scope is told to go down, which ends its launch: an approval of what the DPU waited for, given before or given later
 * by somebody who saw it, must not activate the scope after the next one, whatever the DPU had done when it reported last.
 */
export function spendActivation(operations: readonly Operation[]): readonly Operation[] {
  const ends = ({ type, spent }: Operation): boolean => type === "activate_role" && spent === undefined;
  if (!operations.some(ends)) return operations;
  return operations.map((operation) => (ends(operation) ? { ...operation, spent: true } : operation));
}

/**
 * The scope is wanted up: what its DPU waits for from now on is another operation than what was spent before. A flag that
 * still stands may be of before, or the DPU has never gone down: it is doubted until the DPU reports another state than
 * `reported`, or until that was waited for long enough.
 */
export function launchAnew(
  operations: readonly Operation[],
  reported: string,
  isOverdue: boolean,
): readonly Operation[] {
  if (operations.every(({ spent, doubted }) => spent === undefined && doubted === undefined)) return operations;
  return operations.flatMap((operation): readonly Operation[] => {
    const { type, id, spent, doubted } = operation;
    if (spent !== undefined) return [{ type, id, doubted: reported }];
    return doubted === undefined || (doubted === reported && !isOverdue) ? [operation] : [];
  });
}

/** A row went out: the requests that it carries are asked. */
export function noteAsked(
  operations: readonly Operation[],
  written: Fields | undefined,
  now: Millis,
): readonly Operation[] {
  return changeApproved(operations, ({ type, approved }) => {
    const field = requestField(type);
    if (approved.asked !== undefined || field === undefined || written?.[field] !== "true") return approved;
    return { ...approved, asked: now, row: written };
  });
}

/** The DPU has not answered in time: ask once more. */
export function askAgain(operations: readonly Operation[], wait: string): readonly Operation[] {
  return changeApproved(operations, (operation) =>
    operation.approved.asked !== undefined && answerWait(operation) === wait
      ? { attempt: operation.approved.attempt + 1 }
      : operation.approved,
  );
}

type Approved = Operation & { readonly approved: NonNullable<Operation["approved"]> };

function changeApproved(
  operations: readonly Operation[],
  change: (operation: Approved) => Approved["approved"],
): readonly Operation[] {
  let changed = false;
  const next = operations.map((operation) => {
    if (operation.approved === undefined) return operation;
    const approved = change(operation as Approved);
    changed ||= approved !== operation.approved;
    return approved === operation.approved ? operation : { ...operation, approved };
  });
  return changed ? next : operations;
}

/** Whether the list that waits for approval is the same. */
export function samePending(a: readonly Operation[], b: readonly Operation[]): boolean {
  const ids = (list: readonly Operation[]): string =>
    list
      .filter(isShown)
      .map(({ id }) => id)
      .join();
  return a === b || ids(a) === ids(b);
}
