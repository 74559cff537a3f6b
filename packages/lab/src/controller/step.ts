import { unreachable } from "@tandem/base";
import type { DesiredHaState, OperationType } from "@tandem/hamgrd";
import { HA_STATES } from "../dpu/ha-state.js";
import type { DpuPlace, HaSetPlace } from "../topology.js";
import { APPROVED_MAX, type ApprovalMode, type Plan, type PlanEvent } from "./plan.js";

type SetPlan = Plan["sets"] extends ReadonlyMap<string, infer T> ? T : never;
type ScopePlan = Plan["scopes"] extends ReadonlyMap<string, infer T> ? T : never;
type DpuPlan = Plan["dpus"] extends ReadonlyMap<string, infer T> ? T : never;

/** One step of the SDN controller. Total: what names an unknown set, side or DPU changes nothing. */
export function stepPlan(plan: Plan, event: PlanEvent): Plan {
  const next = take(plan, event);
  return next === plan ? plan : healSplitBrains(next);
}

function take(plan: Plan, event: PlanEvent): Plan {
  switch (event.kind) {
    case "createSet":
      return createSet(plan, event.place, event.owner);
    case "removeSet":
      return removeSet(plan, event.setId);
    case "members":
      return setMembers(plan, event.setId, event.dpus);
    case "removeScope": {
      const scopes = new Map(plan.scopes);
      return scopes.delete(event.vdpu) ? { ...plan, scopes } : plan;
    }
    case "pin":
      return withSet(plan, event.setId, (set) => ({ ...set, pinned: pinned(set, event.vdpu, event.state) }));
    case "prefer":
      return withSet(plan, event.setId, (set) => ({ ...set, preferred: event.preferred }));
    case "intend":
      return withScope(plan, event.vdpu, (scope) => ({ ...scope, intent: { ...scope.intent, ...event.intent } }));
    case "rule":
      return approveAutomatically({ ...plan, rules: [...plan.rules, event.rule] });
    case "approve": {
      const wanted = event.type;
      const ids = (plan.scopes.get(event.vdpu)?.pending ?? [])
        .filter(({ type }) => wanted === undefined || type === wanted)
        .map(({ id }) => id);
      return approve(plan, event.vdpu, ids);
    }
    case "approveIds":
      return approve(plan, event.vdpu, event.ids);
    case "restart":
      return restart(plan, event.vdpu);
    case "help":
      return { ...plan, helpsRestart: event.helps };
    case "planes":
      return onDpu(plan, event.dpu, { planesUp: event.up });
    case "reset":
      return onDpu(plan, event.dpu, { resetStatus: event.status });
    case "reported": {
      const { state, pending } = event;
      return approveAutomatically(
        touchScope(plan, event.vdpu, (scope) => {
          const sees = scope.split || pending.some(({ type }) => type === "brainsplit_recover");
          const split = sees && (state === "standalone" || isOdd(state));
          const next = { ...scope, reported: state, pending, split };
          return scope.held && state === "dead" ? bump({ ...next, held: false }) : next;
        }),
      );
    }
    case "holdExpired":
      return withScope(plan, event.vdpu, (scope) => ({ ...scope, held: false }));
    case "settled":
      return returned(plan, event.dpus);
    default:
      return unreachable(event);
  }
}

/** A report of no state, or of a word that is none, ends nothing: what is odd for a while comes back as it was. */
function isOdd(state: string | undefined): boolean {
  return state !== undefined && !STATES.has(state);
}

const STATES: ReadonlySet<string> = new Set(HA_STATES);

function createSet(plan: Plan, place: HaSetPlace, owner: "dpu" | "switch"): Plan {
  const set: SetPlan = {
    place,
    version: 1,
    preferred: [place.dpus[0].vdpuId],
    pinned: place.dpus.map(() => "none" as const),
  };
  const scopes = new Map(plan.scopes);
  for (const [i, dpu] of place.dpus.entries()) {
    scopes.set(dpu.vdpuId, newScope(dpu, place.id, owner, i === 0 ? "active" : "unspecified"));
  }
  return { ...plan, sets: new Map(plan.sets).set(place.id, set), scopes };
}

function newScope(dpu: DpuPlace, setId: string, owner: ScopePlan["owner"], desired: DesiredHaState): ScopePlan {
  return {
    ...{ dpu, setId, version: 1, owner },
    intent: { desired, disabled: true },
    approved: [],
    pending: [],
    reported: undefined,
    split: false,
    held: true,
  };
}

function setMembers(plan: Plan, setId: string, dpus: HaSetPlace["dpus"]): Plan {
  const owner = [...plan.scopes.values()].find((scope) => scope.setId === setId)?.owner ?? "dpu";
  const members = dpus.map((dpu) => dpu.vdpuId);
  const scopes = new Map([...plan.scopes].filter(([vdpu, scope]) => scope.setId !== setId || members.includes(vdpu)));
  const next = withSet(plan, setId, (set) => ({
    ...set,
    place: { ...set.place, dpus },
    preferred: set.preferred.filter((vdpu) => members.includes(vdpu)),
    pinned: dpus.map((dpu) => set.pinned[set.place.dpus.indexOf(dpu)] ?? "none"),
  }));
  if (next === plan) return plan;
  for (const dpu of dpus) {
    if (scopes.get(dpu.vdpuId)?.setId !== setId) scopes.set(dpu.vdpuId, newScope(dpu, setId, owner, "unspecified"));
  }
  return { ...next, scopes };
}

function removeSet(plan: Plan, setId: string): Plan {
  const sets = new Map(plan.sets);
  sets.delete(setId);
  const scopes = new Map([...plan.scopes].filter(([, scope]) => scope.setId !== setId));
  return { ...plan, sets, scopes };
}

function pinned(set: SetPlan, vdpu: string, state: SetPlan["pinned"][number]): SetPlan["pinned"] {
  return set.place.dpus.map((dpu, i) => (dpu.vdpuId === vdpu ? state : (set.pinned[i] ?? "none")));
}

/** A change that the row shows: its version goes up. */
function withSet(plan: Plan, id: string, change: (set: SetPlan) => SetPlan): Plan {
  const set = plan.sets.get(id);
  if (set === undefined) return plan;
  return { ...plan, sets: new Map(plan.sets).set(id, { ...change(set), version: set.version + 1 }) };
}

function withScope(plan: Plan, vdpu: string, change: (scope: ScopePlan) => ScopePlan): Plan {
  return touchScope(plan, vdpu, (scope) => bump(change(scope)));
}

function touchScope(plan: Plan, vdpu: string, change: (scope: ScopePlan) => ScopePlan): Plan {
  const scope = plan.scopes.get(vdpu);
  return scope === undefined ? plan : { ...plan, scopes: new Map(plan.scopes).set(vdpu, change(scope)) };
}

function bump(scope: ScopePlan): ScopePlan {
  return { ...scope, version: scope.version + 1 };
}

function approve(plan: Plan, vdpu: string, ids: readonly string[]): Plan {
  const known = plan.scopes.get(vdpu)?.approved ?? [];
  const fresh = ids.filter((id) => !known.includes(id));
  if (fresh.length === 0) return plan;
  return withScope(plan, vdpu, (scope) => ({
    ...scope,
    approved: [...scope.approved, ...fresh].slice(-APPROVED_MAX),
  }));
}

function modeOf(plan: Plan, vdpu: string, type: OperationType): ApprovalMode {
  const rule = plan.rules.findLast(
    (candidate) =>
      (candidate.vdpu === undefined || candidate.vdpu === vdpu) &&
      (candidate.type === undefined || candidate.type === type),
  );
  return rule?.mode ?? plan.defaultMode;
}

function approveAutomatically(plan: Plan): Plan {
  let next = plan;
  for (const [vdpu, scope] of plan.scopes) {
    const due = scope.pending.filter(
      ({ id, type }) => !scope.approved.includes(id) && modeOf(plan, vdpu, type) === "auto",
    );
    next = approve(
      next,
      vdpu,
      due.map(({ id }) => id),
    );
  }
  return next;
}

/** HA of one side off and on again: whatever it knew of its peer is over, and what its peer knew of it. */
function restart(plan: Plan, vdpu: string): Plan {
  const setId = plan.scopes.get(vdpu)?.setId;
  const next = withScope(plan, vdpu, (scope) => ({ ...scope, held: true, reported: undefined }));
  const scopes = [...next.scopes].map(([id, scope]): [string, ScopePlan] => [
    id,
    scope.setId === setId && scope.split ? { ...scope, split: false } : scope,
  ]);
  return { ...next, scopes: new Map(scopes) };
}

/**
 * Where both sides of a set stand alone, the one that is not preferred is restarted once it knows: the second one where both
 * are, or none. Looked at after each change, whichever comes last; and again when a restart did not come about.
 */
function healSplitBrains(plan: Plan): Plan {
  if (!plan.healsSplitBrain) return plan;
  let next = plan;
  for (const { place, preferred } of plan.sets.values()) {
    const sides = place.dpus.flatMap(({ vdpuId }) => plan.scopes.get(vdpuId) ?? []);
    if (sides.length < 2 || !sides.every(({ reported, held }) => reported === "standalone" && !held)) continue;
    const yields = sides.findLast(({ dpu }) => !preferred.includes(dpu.vdpuId)) ?? sides.at(-1);
    if (yields?.split !== true || modeOf(plan, yields.dpu.vdpuId, "brainsplit_recover") !== "auto") continue;
    next = restart(next, yields.dpu.vdpuId);
  }
  return next;
}

/**
 * A DPU whose midplane or control plane is down is gone, and so is one whose restart was only noticed by
 * DPU_RESET_INFO. "DPU Restart – solution for database out of sync", steps 3 and 4.
 */
function onDpu(plan: Plan, name: string, seen: Partial<Pick<DpuPlan, "planesUp" | "resetStatus">>): Plan {
  const before = plan.dpus.get(name) ?? { planesUp: true, resetStatus: false, gone: false };
  const now = { ...before, ...seen };
  const gone = plan.helpsRestart && (before.gone || !now.planesUp || now.resetStatus);
  return { ...plan, dpus: new Map(plan.dpus).set(name, { ...now, gone }) };
}

/** Steps 11 and 12: what was deleted is created again once the DPU is up, each scope disabled first. */
function returned(plan: Plan, dpus: readonly string[]): Plan {
  let next = plan;
  for (const name of dpus) {
    const dpu = plan.dpus.get(name);
    if (dpu === undefined || !dpu.gone || !dpu.planesUp) continue;
    next = { ...next, dpus: new Map(next.dpus).set(name, { ...dpu, gone: false, resetStatus: false }) };
    for (const [vdpu, scope] of plan.scopes) {
      if (scope.dpu.name !== name) continue;
      next = withScope(next, vdpu, (old) => ({
        ...old,
        ...{ held: true, approved: [], pending: [], reported: undefined, split: false },
      }));
    }
  }
  return next;
}

/** Whether rows of that DPU's side are to be absent from its switch. */
export function isGone(plan: Plan, dpu: DpuPlace): boolean {
  return plan.dpus.get(dpu.name)?.gone ?? false;
}
