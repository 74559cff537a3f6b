import { type ActorDefinition, defineActor, type Inputs, type Problem, stands, type Wait } from "@tandem/actor";
import { seconds } from "@tandem/base";
import { type DpuActorState, dpuPort } from "../ports/dpu-port.js";
import { type VdpuActorState, vdpuPort } from "../ports/vdpu-port.js";
import type { Aggregation } from "../schema/codecs.js";
import { Members } from "../schema/members.js";
import { Vdpu, type VdpuRow } from "../schema/vdpu.js";

/** The member that a `sticky` vDPU holds on to. */
interface VdpuMemory {
  readonly current: string;
}

const INITIAL: VdpuMemory = { current: "" };

/** One virtual DPU: stands for its members by the row's aggregation and selection. docs/actors.md, "vdpu". */
export const vdpuActor: ActorDefinition<VdpuMemory, VdpuActorState> = defineActor<VdpuMemory, VdpuActorState>({
  type: "vdpu",
  rows: [Vdpu],
  publishes: vdpuPort,
  farewell: (last) => ({ ...last, up: false, gone: true }),
  wants: (inputs) => (inputs.row(Vdpu)?.main_dpu_ids ?? []).map((id) => ({ port: dpuPort, id })),
  remember: {
    initial: INITIAL,
    fold(memory, _change, inputs) {
      const row = inputs.row(Vdpu);
      if (row?.selection !== "sticky") return memory;
      const chosen = choose(knownMembers(inputs, row), memory.current);
      return chosen === undefined || chosen.dpu_name === memory.current ? memory : { current: chosen.dpu_name };
    },
    encode: ({ current }) => ({ current }),
    decode(data) {
      const members = Members.of(data);
      const current = members.ok ? members.value.maybeText("current") : undefined;
      return current === undefined ? undefined : { current };
    },
  },
  derive(inputs) {
    const row = inputs.row(Vdpu);
    if (row === undefined) return stands({ reason: "no row" });
    const members = knownMembers(inputs, row);
    const waits = unknownMembers(inputs, row);
    const dpu = choose(members, row.selection === "sticky" ? inputs.memory.current : "");
    if (dpu === undefined) return stands({ waits, reason: `waits for ${waits[0]?.for}` });
    const present = members.filter((member) => member.gone !== true);
    const ups = present.filter((member) => member.up).length;
    const up = ups > 0 && ups >= neededUp(row.aggregation, row.main_dpu_ids.length);
    const several = row.main_dpu_ids.length > 1;
    const places = new Set(members.map((member) => (member.remote_dpu ? member.npu_ipv4 : "")));
    return stands({
      problems: places.size > 1 ? [APART] : [],
      publish: {
        up,
        dpu,
        ...(several && { members }),
        ...(several && row.selection === "balanced" && { balanced: true }),
        ...(present.length === 0 && { gone: true }),
      },
      waits,
      reason: `${up ? "up" : "not up"}: ${ups} of ${row.main_dpu_ids.length} members up, ${dpu.dpu_name} stands for it`,
    });
  },
});

const APART: Problem = {
  code: "membersApart",
  severity: "warning",
  text: "its members are DPUs of several switches, whose health is not known to each other; each switch uses its own",
};

/** Each configured member once, in configured order, as far as it has a state. */
function knownMembers(inputs: Inputs<VdpuMemory>, row: VdpuRow): readonly DpuActorState[] {
  return [...new Set(row.main_dpu_ids)].map((id) => inputs.state(dpuPort, id)).filter((state) => state !== undefined);
}

function unknownMembers(inputs: Inputs<VdpuMemory>, row: VdpuRow): readonly Wait[] {
  return [...new Set(row.main_dpu_ids)]
    .filter((id) => inputs.state(dpuPort, id) === undefined)
    .map((id) => ({
      for: `the state of DPU ${id}`,
      deadline: seconds(10),
      then: "go on asking for it; it counts as down",
    }));
}

/** The current one while it is up, else the first that is up, else the first that still exists, else the first. */
function choose(members: readonly DpuActorState[], current: string): DpuActorState | undefined {
  const held = members.find((member) => member.dpu_name === current);
  if (held?.up) return held;
  return members.find((member) => member.up) ?? members.find((member) => member.gone !== true) ?? members[0];
}

function neededUp(aggregation: Aggregation, members: number): number {
  if (aggregation === "any") return 1;
  return aggregation === "all" ? members : aggregation.quorum;
}
