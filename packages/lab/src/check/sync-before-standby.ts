import type { Always } from "./invariant.js";

export const syncBeforeStandby: Always = {
  id: "sync-before-standby",
  text: "A DPU asks to become standby only when it holds the flows of the side that leads.",
  when: "always",
  sees: ["state"],
  start: (view) => ({
    observe(seen) {
      if (seen.kind !== "state" || seen.to !== "pending_standby_activation") return [];
      const scope = view.core(seen.dpu)?.scopes.values().next().value;
      // A step may lead further at once; only where it stands can be looked at.
      const { machine } = scope ?? {};
      if (machine?.state !== "pending_standby_activation" || machine.synced) return [];
      return [`${seen.dpu.name} is ready to be standby without the flows of its peer`];
    },
  }),
};
