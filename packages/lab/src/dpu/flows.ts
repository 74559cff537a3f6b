/** Flows that a DPU keeps for one scope at most; a new flow beyond is dropped. */
export const FLOWS_MAX = 4096;

/** What a DPU remembers of one flow. */
export interface Flow {
  readonly id: string;
  /** Version of the policy that decided, drawn by the decider. */
  readonly decidedBy: string;
  /** Learnt from the peer and not simulated again here. */
  readonly learnt: boolean;
}

/** The flows of one scope. Immutable. */
export type FlowTable = ReadonlyMap<string, Flow>;

export const NO_FLOWS: FlowTable = new Map();

/** `undefined` when the table is full. */
export function addFlow(flows: FlowTable, flow: Flow): FlowTable | undefined {
  if (flows.size >= FLOWS_MAX && !flows.has(flow.id)) return undefined;
  return new Map(flows).set(flow.id, flow);
}

/** One flow arrives by inline sync. A full table leaves it out, as hardware does. */
export function learnFlow(flows: FlowTable, flow: Flow): FlowTable {
  return addFlow(flows, { ...flow, learnt: true }) ?? flows;
}

/** A bulk sync replaces what was there: it is a perfect sync. */
export function learnFlows(flows: readonly Flow[]): FlowTable {
  return new Map(flows.slice(0, FLOWS_MAX).map((flow) => [flow.id, { ...flow, learnt: true }]));
}

/** Learnt flows are simulated against this side's own policy; from here on they are its own. */
export function resimulate(flows: FlowTable, decidedBy: string): FlowTable {
  return new Map([...flows].map(([id, flow]) => [id, flow.learnt ? { id, decidedBy, learnt: false } : flow]));
}

/** Whether two tables hold the same flows with the same decisions. */
export function sameFlows(a: FlowTable, b: FlowTable): boolean {
  if (a.size !== b.size) return false;
  for (const [id, flow] of a) if (b.get(id)?.decidedBy !== flow.decidedBy) return false;
  return true;
}
