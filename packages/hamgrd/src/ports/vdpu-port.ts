import type { StatePort } from "@tandem/actor";
import type { Json } from "@tandem/base";
import { Members } from "../schema/members.js";
import { type DpuActorState, decodeDpuState, encodeDpuState } from "./dpu-port.js";

/** One side of an HA set. */
export interface VdpuActorState {
  readonly up: boolean;
  /** The member that stands for the vDPU. */
  readonly dpu: DpuActorState;
  /** All members that are known, in configured order; left out for a vDPU of one DPU. */
  readonly members?: readonly DpuActorState[];
  /** Traffic goes to every member that is up; sent only then. */
  readonly balanced?: true;
  /** Its row is deleted, or the rows of all its DPUs are; sent only then, with what was known last. */
  readonly gone?: true;
}

function decodeMembers(data: Json): readonly DpuActorState[] | undefined {
  if (!Array.isArray(data)) return undefined;
  const members = (data as readonly Json[]).map(decodeDpuState);
  return members.every((member) => member !== undefined) ? members : undefined;
}

/** A vDPU's state, for HA sets and HA scopes. */
export const vdpuPort: StatePort<VdpuActorState> = {
  provider: "vdpu",
  register: "VDPUStateRegister",
  update: "VDPUStateUpdate",
  decode(data) {
    const parsed = Members.of(data);
    if (!parsed.ok) return undefined;
    const m = parsed.value;
    const up = m.bool("up");
    const dpu = m.maybe("dpu", "a DPU's state", decodeDpuState);
    const members = m.maybe("members", "a list of DPU states", decodeMembers);
    const balanced = m.bool("balanced", false);
    const gone = m.bool("gone", false);
    if (m.failure !== undefined || dpu === undefined) return undefined;
    return {
      up,
      dpu,
      ...(members !== undefined && { members }),
      ...(balanced && { balanced }),
      ...(gone && { gone }),
    };
  },
  encode: ({ dpu, members, ...plain }) => ({
    ...plain,
    dpu: encodeDpuState(dpu),
    ...(members !== undefined && { members: members.map(encodeDpuState) }),
  }),
};
