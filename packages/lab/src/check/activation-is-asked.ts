import { isPending, isServing } from "../dpu/ha-state.js";
import type { Always } from "./invariant.js";
import { isTrue } from "./row-fields.js";
import { endsScope, STATE_SIGHTS } from "./state-book.js";

/** How a serving state may be entered without an activation. */
const GOES_ON: Readonly<Record<string, readonly string[]>> = {
  active: ["standalone"],
  standalone: ["active", "standby", "switching_to_standalone"],
};

export const activationIsAsked: Always = {
  id: "activation-is-asked",
  text: "A DPU that does not serve begins to only from the pending state of that role, and after a row told it to during that visit.",
  when: "always",
  sees: STATE_SIGHTS,
  start(view) {
    /** DPUs that wait for activation; whether they were told to go on. */
    const asked = new Map<string, boolean>();
    for (const dpu of view.topology.dpus) if (isPending(view.haState(dpu))) asked.set(dpu.name, false);
    return {
      observe(seen) {
        if (seen.kind === "told" && isTrue(seen.fields?.["activate_role_requested"]) && asked.has(seen.dpu.name)) {
          asked.set(seen.dpu.name, true);
        }
        if (endsScope(seen)) asked.delete(seen.dpu.name);
        if (seen.kind !== "state") return [];
        const { dpu, from, to } = seen;
        const wasAsked = asked.get(dpu.name) === true;
        asked.delete(dpu.name);
        if (isPending(to)) asked.set(dpu.name, false);
        if (!isServing(to) || GOES_ON[to]?.includes(from)) return [];
        if (from !== `pending_${to}_activation`) return [`${dpu.name} went from ${from} to ${to}`];
        return wasAsked ? [] : [`${dpu.name} became ${to}, and no row had told it to`];
      },
    };
  },
};
