import type { Change, Inputs, Remember } from "@tandem/actor";
import { type HaOwner, haScopeTell } from "../ports/ha-scope-tell.js";
import { vdpuPort } from "../ports/vdpu-port.js";
import { DashHaSetConfig } from "../schema/dash-ha-set-config.js";
import type { VdpuId } from "../schema/ids.js";
import { Members } from "../schema/members.js";
import { nextHold } from "./bfd-hold.js";

/** What an HA set's actor remembers. */
export interface HaSetMemory {
  /** Last owner that a scope told; it outlives the scope, so that a restart changes no row. */
  readonly owner: HaOwner;
  /** No scope has told an owner in time: the set is written without. */
  readonly graceOver: boolean;
  /** BFD rows are held back: the scope goes down. Only where this actor writes them. */
  readonly held: boolean;
}

/** Name of the wait for an owner. */
export const OWNER_WAIT = "the owner, which the HA scope tells";

const INITIAL: HaSetMemory = { owner: "unspecified", graceOver: false, held: false };

/** What the living scopes of this set say; one that is driven by the DPU decides. */
function toldOwner(inputs: Inputs<HaSetMemory>): HaOwner {
  const owners = [...inputs.told(haScopeTell).values()].map(({ owner }) => owner);
  if (owners.includes("dpu")) return "dpu";
  return owners.includes("switch") ? "switch" : "unspecified";
}

export function rememberHaSet(withBfd: boolean): Remember<HaSetMemory> {
  return {
    initial: INITIAL,
    fold(memory: HaSetMemory, change: Change, inputs: Inputs<HaSetMemory>): HaSetMemory {
      const told = toldOwner(inputs);
      const owner = told === "unspecified" ? memory.owner : told;
      const graceOver = memory.graceOver || (change.kind === "deadline" && change.wait === OWNER_WAIT);
      const isMine = (id: string): boolean =>
        (inputs.row(DashHaSetConfig)?.vdpu_ids.includes(id as VdpuId) ?? false) &&
        inputs.state(vdpuPort, id)?.dpu.is_managed === true;
      const held = withBfd && nextHold(memory.held, inputs, isMine);
      const same = owner === memory.owner && graceOver === memory.graceOver && held === memory.held;
      return same ? memory : { owner, graceOver, held };
    },
    encode: ({ owner, graceOver, held }) => ({ owner, graceOver, held }),
    decode(data) {
      const members = Members.of(data);
      if (!members.ok) return undefined;
      const m = members.value;
      const owner = m.text("owner");
      const memory = { graceOver: m.bool("graceOver"), held: m.bool("held") };
      if (m.failure !== undefined) return undefined;
      return owner === "dpu" || owner === "switch" || owner === "unspecified" ? { ...memory, owner } : undefined;
    },
  };
}
