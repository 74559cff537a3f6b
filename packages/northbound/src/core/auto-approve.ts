import { err, type Millis, millis, ok, type Result, seconds } from "@tandem/base";
import { OPERATION_TYPES, type OperationType } from "@tandem/hamgrd";
import type { Pending } from "./mutation.js";

/** What becomes of operations of one type without anybody being asked. */
export type Policy =
  | { readonly kind: "allow" }
  /** Never approved automatically; the same as no policy, said aloud. */
  | { readonly kind: "deny" }
  | { readonly kind: "after"; readonly delay: Millis };

/** Without an entry a type waits for somebody. */
export type Policies = ReadonlyMap<OperationType, Policy>;

/** Longest delay: an approval that is to come after more than a day is forgotten by everybody. */
const SECONDS_MAX = 86_400;

/** `activate_role=allow`, `flow_reconcile=after:30`; one of a type. */
export function parsePolicies(flag: string, texts: readonly string[]): Result<Policies, string> {
  const policies = new Map<OperationType, Policy>();
  for (const text of texts) {
    const [name = "", word = ""] = text.split("=", 2);
    const type = OPERATION_TYPES.find((candidate) => candidate === name);
    const delay = /^after:(\d{1,5})$/.exec(word)?.[1];
    const policy: Policy | undefined =
      word === "allow" || word === "deny"
        ? { kind: word }
        : delay !== undefined && Number(delay) <= SECONDS_MAX
          ? { kind: "after", delay: seconds(Number(delay)) }
          : undefined;
    if (type === undefined || policy === undefined) {
      return err(
        `${flag} ${text}: expected TYPE=allow, TYPE=deny or TYPE=after:SECONDS, TYPE being one of ${OPERATION_TYPES.join(", ")}`,
      );
    }
    if (policies.has(type)) return err(`${flag} ${text}: ${type} is named twice`);
    policies.set(type, policy);
  }
  return ok(policies);
}

/** An operation and since when it is known to wait. */
export interface Waiting extends Pending {
  readonly vdpu: string;
  readonly scope: string;
  readonly since: Millis;
}

/** Which operations are to be approved now, and when to look again. */
export function dueApprovals(
  policies: Policies,
  waiting: readonly Waiting[],
  now: Millis,
): { readonly due: readonly Waiting[]; readonly next: Millis | undefined } {
  const due: Waiting[] = [];
  let next: Millis | undefined;
  for (const operation of waiting) {
    const policy = policies.get(operation.type);
    if (policy === undefined || policy.kind === "deny") continue;
    const at = policy.kind === "allow" ? operation.since : millis(operation.since + policy.delay);
    if (at <= now) due.push(operation);
    else next = next === undefined || at < next ? at : next;
  }
  return { due, next };
}
