import type { StepSummary } from "@tandem/actor";

/** What a step was the first to decide: changes of rows that were on their way already are not told again. */
export function newlyDone({ did, rows }: StepSummary): readonly string[] {
  const decided = new Set(rows.map(({ op, row }) => `${op} ${row}`));
  return did.filter((line) => !/^(?:set|del) /.test(line) || decided.has(line));
}

/** A row is written again because its time has come, or an acknowledgement is noted: nothing is decided. */
export function isRoutine({ saw }: StepSummary): boolean {
  return saw.length > 0 && saw.every((line) => line === "deadline: refresh" || line.endsWith(" written"));
}

/** Steps that decided something: they did something new, or gave another reason than the step of the actor before. */
export function tellingSteps(steps: readonly StepSummary[]): readonly StepSummary[] {
  const reasons = new Map<string, string>();
  return steps.filter((step) => {
    const before = reasons.get(step.actor);
    reasons.set(step.actor, step.reason);
    const refreshed = step.saw.includes("deadline: refresh") && isRoutine(step);
    return step.reason !== before || (newlyDone(step).length > 0 && !refreshed);
  });
}
