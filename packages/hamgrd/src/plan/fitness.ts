import { isDead, isKnown, isMoving, isOwner, type KnownSide, type SideView, unknownLine } from "./pair-view.js";

/** hamgrd gives a sign of life each minute; after this long what its row says may be long past. */
const SILENT_MAX_MS = 180_000;

/** Why a side is no healthy owner, and what makes it a doubtful one. */
export interface Fitness {
  readonly against: readonly string[];
  readonly doubts: readonly string[];
}

/**
 * Whether `side` can own the pair alone once `leaving` is out of service. A side that owns already must be healthy; one
 * that is to take over must be a synchronised standby besides. Where `leaving` is dead already, nothing is taken away:
 * whatever keeps traffic from `side` does so now as well.
 */
export function fitnessToOwn(side: SideView, leaving: SideView): Fitness {
  if (isDead(leaving))
    return { against: [], doubts: isOwner(side) ? besideDead(side, leaving) : ["nobody owns the pair now"] };
  if (!isKnown(side)) return { against: [unknownLine(side)], doubts: [] };
  const { state, vdpu } = side;
  const against: string[] = [];
  const doubts: string[] = [];
  const takesOver = isOwner(leaving);
  if (takesOver ? state.haState !== "standby" : !isOwner(side)) {
    against.push(
      takesOver
        ? `${vdpu} is ${state.haState}, no standby that could take over`
        : `${vdpu} is ${state.haState}, no owner`,
    );
  } else if (takesOver && leaving.state.haState !== "active") {
    against.push(
      `${leaving.vdpu} is ${leaving.state.haState}: it does not keep ${vdpu} in step, so flows would be lost`,
    );
  }
  against.push(...staleness(side));
  for (const plane of state.planesWrong) against.push(`${vdpu}: ${plane}`);
  if (state.desired === "dead") against.push(`${vdpu} is itself wanted dead`);
  if (state.disabled === true) against.push(`${vdpu} is disabled`);
  if (state.pending.some(({ type }) => type === "brainsplit_recover"))
    against.push(`${vdpu} has noticed a split brain`);
  against.push(...unsteered(side));
  const lacking = isKnown(leaving) ? leaving.state.bfd.filter((npu) => !state.bfd.includes(npu)) : [];
  if (state.bfd.length > 0 && lacking.length > 0) {
    doubts.push(`${lacking.join(", ")}: a BFD session to ${leaving.vdpu}, and none to ${vdpu}`);
  }
  // Of the switches of the pair it is known that they probe both sides.
  for (const { on, npu } of [side, leaving]) {
    if (npu === undefined || !isKnown(leaving) || [state, leaving.state].some(({ bfd }) => bfd.includes(npu))) continue;
    doubts.push(
      `${on} (${npu}) has a BFD session to neither side: it may send traffic to ${leaving.vdpu} all the same`,
    );
  }
  if (state.pending.some(({ type }) => type === "flow_reconcile")) {
    doubts.push(`${vdpu} still waits for the approval of a flow_reconcile`);
  }
  return { against, doubts };
}

/** What is doubtful of an owner whose peer is dead. */
function besideDead(owner: KnownSide, { on, npu }: SideView): readonly string[] {
  const { vdpu, state } = owner;
  const apart = npu !== undefined && state.bfd.length > 0 && !state.bfd.includes(npu);
  return [
    ...unsteered(owner),
    ...(apart ? [`${on} (${npu}) has no BFD session to ${vdpu}: the sides may not reach each other`] : []),
  ];
}

/** Why switches send a side no traffic. */
function unsteered({ vdpu, pinned, state }: KnownSide): readonly string[] {
  return [
    ...(pinned === "down" ? [`${vdpu} is pinned down: switches send it no traffic`] : []),
    ...(state.bfd.length === 0 ? [`no switch has a BFD session to ${vdpu}: none would send it traffic`] : []),
  ];
}

/** What stands in the way of any operation on a side that is in service. */
export function obstacles(side: SideView): readonly string[] {
  if (!isKnown(side)) return [unknownLine(side)];
  const { vdpu, state, pinned } = side;
  return [
    ...staleness(side),
    ...(state.owner === "switch" ? [`${vdpu} has the owner switch, which hamgrd refuses`] : []),
    ...(isMoving(state) ? [`${vdpu} is ${state.haState}: wait until it is through`] : []),
    ...(pinned === "up" && !isDead(side) ? [`${vdpu} is pinned up: switches would go on sending it traffic`] : []),
  ];
}

function staleness({ vdpu, state: { silentMs } }: KnownSide): readonly string[] {
  if (silentMs === undefined || silentMs <= SILENT_MAX_MS) return [];
  return [`what is known of ${vdpu} is ${Math.floor(silentMs / 60_000)} minutes old: is its hamgrd running?`];
}
