import type { Change, StepRecord } from "@tandem/actor";

/** One step of an actor as a line of the record file: JSON without line feeds. docs/configuration.md. */
export function formatStep(step: StepRecord): string {
  return JSON.stringify({
    actor: `${step.type}/${step.id}`,
    incarnation: step.incarnation,
    trace: step.trace,
    saw: step.changes.map(formatChange),
    reason: step.reason,
    did: step.difference,
    ...(step.waits.length > 0 && { waits: step.waits.map((wait) => wait.for) }),
    ...(step.problems.length > 0 && { problems: step.problems.map((problem) => problem.code) }),
  });
}

function formatChange(change: Change): string {
  switch (change.kind) {
    case "start":
      return change.restored ? "start, memory restored" : "start";
    case "row":
      return change.row === undefined
        ? `${change.table.id}|${change.key} is gone`
        : `${change.table.id}|${change.key} ${JSON.stringify(change.row)}`;
    case "state":
      return `${change.port.update}|${change.id}`;
    case "told":
      return `${change.port.key}|${change.id}`;
    case "written":
      return `${change.table.id}|${change.key} written`;
    case "deadline":
      return `deadline: ${change.wait}`;
  }
}
