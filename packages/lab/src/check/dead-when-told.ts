import { millis } from "@tandem/base";
import type { Always } from "./invariant.js";
import { Overdue } from "./overdue.js";
import { isTrue } from "./row-fields.js";
import { endsScope, STATE_SIGHTS } from "./state-book.js";

/** orchagent takes a row's role before its admin state, and both at once. */
const AT_ONCE = millis(10);

interface Told {
  readonly why: "disabled" | "role dead";
  /** The row that disabled the scope also lifted the role dead that had kept an enabled one down. */
  readonly passesOn: boolean;
}

export const deadWhenTold: Always = {
  id: "dead-when-told",
  text: "A scope that is disabled, or whose role is dead, does not come up, whatever restarts: it leaves dead only after a row that wants it up. One row that disables it and lifts role dead leads it through its launch and back at once.",
  when: "always",
  sees: STATE_SIGHTS,
  start() {
    /** DPUs that were last told to stay down. */
    const down = new Map<string, Told>();
    /** DPUs that left dead, and are back there as soon as they have taken the whole row. */
    const passing = new Overdue(AT_ONCE);
    return {
      observe(seen) {
        if (endsScope(seen)) {
          down.delete(seen.dpu.name);
          passing.ended(seen.dpu.name);
        }
        if (seen.kind === "told" && seen.fields !== undefined) {
          const { fields, dpu } = seen;
          const isDead = fields["ha_role"] === "dead";
          const before = down.get(dpu.name);
          if (isTrue(fields["disabled"])) {
            const passesOn = !isDead && (before?.why === "role dead" || before?.passesOn === true);
            down.set(dpu.name, { why: "disabled", passesOn });
          } else if (isDead) down.set(dpu.name, { why: "role dead", passesOn: false });
          else down.delete(dpu.name);
        }
        if (seen.kind !== "state") return [];
        const { dpu, from, to, at } = seen;
        if (to === "dead") passing.ended(dpu.name);
        const told = from === "dead" ? down.get(dpu.name) : undefined;
        if (told === undefined) return [];
        const text = `${dpu.name} became ${to}, though told ${told.why}`;
        if (!told.passesOn) return [text];
        down.set(dpu.name, { ...told, passesOn: false });
        passing.goesOn(dpu.name, at, text);
        return [];
      },
      due: () => passing.due(),
      expire: (now) => passing.expire(now),
    };
  },
};
