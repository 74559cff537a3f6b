import { unreachable } from "@tandem/base";
import type { DesiredHaState } from "../schema/codecs.js";
import { fitnessToOwn, obstacles } from "./fitness.js";
import type { Operation, OperationPlan, Verdict } from "./operation-plan.js";
import { isDead, isKnown, isOwner, type PairView, type SideView, sidesOf, unknownLine } from "./pair-view.js";
import { PlanSteps } from "./plan-steps.js";

export interface PlanOptions {
  /** Plans also what leaves no healthy owner; its reasons become risks. */
  readonly force: boolean;
}

const NO_LOSS = "no packet is lost: BFD moves it before the role does, and the peer tunnels what is under way";

/**
 * What an operation on a pair comes to: who writes what in which order, what the DPUs then do, who owns afterwards, and
 * the risk. Pure; nothing is written. What would leave the pair without a healthy owner is refused unless forced.
 */
export function planOperation(
  operation: Operation,
  pair: PairView,
  options: PlanOptions = { force: false },
): OperationPlan {
  switch (operation.kind) {
    case "switchover":
      return planSwitchover(pair, options);
    case "shutdown":
      return onSide(pair, operation.vdpu, (side, peer) => planShutdown(pair, side, peer, options));
    case "restart":
      return onSide(pair, operation.vdpu, (side, peer) => planRestart(pair, side, peer, options));
    case "remove": {
      const { vdpu } = operation;
      if (vdpu === undefined) return planRemoveSet(pair, options);
      return onSide(pair, vdpu, (side, peer) => planRemoveSide(pair, side, peer, options));
    }
    default:
      return unreachable(operation);
  }
}

function planSwitchover(pair: PairView, options: PlanOptions): OperationPlan {
  const [left, right] = pair.sides;
  const owner = [left, right].find(isOwner);
  if (owner === undefined) {
    const unknown = pair.sides.filter((side) => !isKnown(side)).map(unknownLine);
    return verdict(pair, "refused", [...unknown, "nobody is known to own the pair: there is nothing to switch over"]);
  }
  const other = owner === left ? right : left;
  const steps = new PlanSteps(pair);
  leave(steps, owner, other);
  comeBack(steps, owner, other);
  return judged(pair, { leaving: owner, staying: other, steps, options, ownerAfter: other.vdpu });
}

function planShutdown(pair: PairView, side: SideView, peer: SideView, options: PlanOptions): OperationPlan {
  if (isDead(side) && isKnown(side) && side.state.desired === "dead") {
    return verdict(pair, "nothing to do", [`${side.vdpu} is dead, and wanted so`]);
  }
  const steps = new PlanSteps(pair);
  leave(steps, side, peer);
  return judged(pair, { leaving: side, staying: peer, steps, options, ownerAfter: peer.vdpu, alone: true });
}

function planRestart(pair: PairView, side: SideView, peer: SideView, options: PlanOptions): OperationPlan {
  const steps = new PlanSteps(pair);
  if (!isDead(side)) leave(steps, side, peer);
  steps.disable(side);
  steps.enable(side);
  comeBack(steps, side, peer);
  return judged(pair, { leaving: side, staying: peer, steps, options, ownerAfter: peer.vdpu });
}

function planRemoveSide(pair: PairView, side: SideView, peer: SideView, options: PlanOptions): OperationPlan {
  const steps = new PlanSteps(pair);
  if (!isDead(side)) leave(steps, side, peer);
  steps.deleteScope(side);
  return judged(pair, { leaving: side, staying: peer, steps, options, ownerAfter: peer.vdpu, alone: true });
}

/** A whole pair never has an owner afterwards; where none of its sides serves, nothing is lost by that. */
function planRemoveSet(pair: PairView, options: PlanOptions): OperationPlan {
  const serving = pair.sides.filter((side) => !isDead(side));
  const steps = new PlanSteps(pair);
  // The owner last: it alone serves until then.
  const order = [...pair.sides].sort((a, b) => Number(isOwner(a)) - Number(isOwner(b)));
  for (const side of order) {
    if (serving.includes(side)) {
      steps.wantDead(side, undefined);
      steps.until([{ vdpu: side.vdpu, states: ["dead"] }]);
    }
  }
  for (const side of order) steps.deleteScope(side);
  steps.deleteSet();
  const reasons = serving.map((side) =>
    isKnown(side)
      ? `${side.vdpu} is ${side.state.haState}: the pair would have no owner, and its traffic be lost`
      : unknownLine(side),
  );
  if (reasons.length > 0 && !options.force) return verdict(pair, "refused", reasons);
  return {
    ...verdict(pair, reasons.length > 0 ? "risky" : "safe", []),
    risks: reasons,
    traffic: reasons.length > 0 ? "lost from the moment the owner dies" : "none: neither side serves",
    steps: steps.steps,
  };
}

/** The side leaves service in good order; a standby that takes over may reconcile its flows once approved. */
function leave(steps: PlanSteps, side: SideView, peer: SideView): void {
  steps.wantDead(side, peer);
  steps.until([
    { vdpu: side.vdpu, states: ["dead"] },
    { vdpu: peer.vdpu, states: ["standalone"] },
  ]);
  if (isOwner(side)) {
    steps.approve(peer, "flow_reconcile", `${peer.dpu} looks again at the flows that it learnt from ${side.dpu}`);
  }
}

/** The side returns as its peer's standby, with the wish that it had before. */
function comeBack(steps: PlanSteps, side: SideView, peer: SideView): void {
  const before = isKnown(side) ? side.state.desired : "unspecified";
  steps.wantBack(side, before === "dead" || before === "" ? "unspecified" : (before as DesiredHaState));
  steps.approve(side, "activate_role", `${side.dpu} becomes standby, ${peer.dpu} active`);
  steps.until([
    { vdpu: side.vdpu, states: ["standby"] },
    { vdpu: peer.vdpu, states: ["active"] },
  ]);
}

interface Case {
  readonly leaving: SideView;
  readonly staying: SideView;
  readonly steps: PlanSteps;
  readonly options: PlanOptions;
  readonly ownerAfter: string;
  /** Nobody backs the owner afterwards. */
  readonly alone?: boolean;
}

function judged(pair: PairView, { leaving, staying, steps, options, ownerAfter, alone }: Case): OperationPlan {
  const { against, doubts } = fitnessToOwn(staying, leaving);
  const reasons = [...obstacles(leaving), ...against];
  if (reasons.length > 0 && !options.force) return verdict(pair, "refused", reasons);
  const risks = [...reasons, ...doubts];
  return {
    ...verdict(pair, risks.length > 0 ? "risky" : "safe", []),
    risks: [
      ...risks,
      ...(alone === true ? [`nobody backs ${staying.vdpu} afterwards: if it fails, traffic is lost`] : []),
    ],
    ownerAfter: against.length > 0 ? "" : ownerAfter,
    traffic: reasons.length > 0 ? "may be lost" : isOwner(leaving) ? NO_LOSS : "no packet is lost: the owner stays",
    steps: steps.steps,
  };
}

function onSide(pair: PairView, vdpu: string, plan: (side: SideView, peer: SideView) => OperationPlan): OperationPlan {
  const sides = sidesOf(pair, vdpu);
  if (sides === undefined) return verdict(pair, "refused", [`${vdpu} is no side of ${pair.set}`]);
  return plan(...sides);
}

function verdict(pair: PairView, what: Verdict, reasons: readonly string[]): OperationPlan {
  const owner = pair.sides.find(isOwner)?.vdpu ?? "";
  const ownerAfter = what === "nothing to do" ? owner : "";
  return { verdict: what, reasons, risks: [], ownerNow: owner, ownerAfter, traffic: "", steps: [] };
}
