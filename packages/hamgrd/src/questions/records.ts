import type { ActorAnswer, StepSummary } from "@tandem/actor";
import { err, type Json, ok, type Result } from "@tandem/base";

/** One page of what a hamgrd has recorded. */
export interface RecordsPage {
  /** Its path on the bus. */
  readonly process: string;
  readonly slot: string;
  /** Wall-clock time of its first step. */
  readonly boot: number | null;
  /** Number of the oldest step that it keeps. */
  readonly first: number;
  /** `after` of the next page; `null` on the last one. */
  readonly next: number | null;
  /** Steps to be read, oldest first; empty in a page of a flight. */
  readonly records: readonly StepSummary[];
  /** A page of a flight: what its actors were made from, values by id, and steps that name them. */
  readonly about: Json;
  readonly values: { readonly [id: string]: Json };
  readonly steps: readonly Json[];
}

type Members = { readonly [member: string]: Json | undefined };

function membersOf(answer: Json | undefined): Members | undefined {
  return typeof answer === "object" && answer !== null && !Array.isArray(answer) ? (answer as Members) : undefined;
}

/** Members of actors are taken as they are: both ends are of one version, or the reader sees what it misses. */
export function readActors(answer: Json): Result<readonly ActorAnswer[], string> {
  const actors = membersOf(answer)?.["actors"];
  if (!Array.isArray(actors)) return err("expected a list of actors");
  const lists = ["waits", "problems", "rows", "messages"];
  const isActor = (actor: Json): boolean => {
    const members = membersOf(actor);
    return (
      members !== undefined &&
      typeof members["type"] === "string" &&
      typeof members["id"] === "string" &&
      membersOf(members["inputs"]) !== undefined &&
      lists.every((name) => Array.isArray(members[name]))
    );
  };
  return actors.every(isActor) ? ok(actors as unknown as readonly ActorAnswer[]) : err("expected actors in the list");
}

export function readPage(answer: Json): Result<RecordsPage, string> {
  const page = membersOf(answer);
  const { process, slot, boot, first, next, records, about, values, steps } = page ?? {};
  if (typeof process !== "string" || typeof slot !== "string") return err("expected the process that recorded");
  if (next !== null && typeof next !== "number") return err("expected the number of the next page");
  return ok({
    process,
    slot,
    boot: typeof boot === "number" ? boot : null,
    first: typeof first === "number" ? first : 0,
    next,
    records: Array.isArray(records) ? (records as unknown as readonly StepSummary[]) : [],
    about: about ?? null,
    values: (membersOf(values) ?? {}) as RecordsPage["values"],
    steps: Array.isArray(steps) ? steps : [],
  });
}
