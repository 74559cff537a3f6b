import type { ActorStatus } from "@tandem/actor";
import { err, type Json, ok, type Result } from "@tandem/base";

/** What one slot of a hamgrd says of itself. Times are milliseconds. */
export interface HamgrdStatus {
  readonly version: string;
  readonly slot: number;
  readonly pid: number;
  /** Its wall clock. */
  readonly now: number;
  readonly started: number;
  /** Where it writes its records; empty when it does not. */
  readonly records: string;
  readonly settings: Readonly<Record<string, string | boolean>>;
  readonly actors: number;
  readonly waits: readonly StatusWait[];
  readonly problems: readonly StatusProblem[];
  /** Rows that it refuses, a line each. */
  readonly bad_rows: readonly string[];
  /** Tables that it has not been able to read yet. */
  readonly unread: readonly string[];
  readonly under_way: readonly StatusChange[];
  readonly crashes: readonly StatusCrash[];
}

export interface StatusWait {
  readonly actor: string;
  readonly for: string;
  readonly since_ms: number;
  /** 0 when somebody outside decides how long it takes. */
  readonly deadline_ms: number;
  readonly stuck: boolean;
  readonly then: string;
}

export interface StatusProblem {
  readonly actor: string;
  readonly severity: "warning" | "refused";
  readonly text: string;
}

/** A change of a row that is not acknowledged. */
export interface StatusChange {
  readonly actor: string;
  readonly row: string;
  readonly since_ms: number;
  readonly refusal: string;
}

export interface StatusCrash {
  readonly actor: string;
  /** In a row; 0 when it runs again. */
  readonly in_a_row: number;
  readonly error: string;
}

/** The part of the answer that actors give; `monotonic` is now. */
export function actorsStatus(
  actors: readonly ActorStatus[],
  monotonic: number,
): Pick<HamgrdStatus, "actors" | "waits" | "problems" | "under_way" | "crashes"> {
  const nameOf = ({ type, id }: ActorStatus): string => `${type}/${id}`;
  return {
    actors: actors.length,
    waits: actors.flatMap((actor) =>
      actor.waits.map((wait) => ({
        actor: nameOf(actor),
        for: wait.for,
        since_ms: Math.round(monotonic - wait.since),
        deadline_ms: wait.deadline ?? 0,
        stuck: wait.stuck,
        then: wait.then,
      })),
    ),
    problems: actors.flatMap((actor) =>
      actor.problems.map(({ severity, text }) => ({ actor: nameOf(actor), severity, text })),
    ),
    under_way: actors.flatMap((actor) =>
      actor.pending.map(({ row, since, refusal }) => ({
        actor: nameOf(actor),
        row,
        since_ms: Math.round(monotonic - since),
        refusal,
      })),
    ),
    crashes: actors
      .filter(({ crashesTotal }) => crashesTotal > 0)
      .map((actor) => ({ actor: nameOf(actor), in_a_row: actor.crashes, error: actor.lastError ?? "" })),
  };
}

/** Reads an answer of this or another version: what it lacks is empty. Fails for what is no status at all. */
export function readStatus(answer: Json): Result<HamgrdStatus, string> {
  const status = answer as Partial<HamgrdStatus> | null;
  if (typeof status !== "object" || typeof status?.version !== "string" || typeof status.now !== "number") {
    return err("the answer is no status of a hamgrd");
  }
  const { version, now, slot = 0, pid = 0, started = now, records = "", settings = {}, actors = 0 } = status;
  const { waits = [], problems = [], bad_rows = [], unread = [], under_way = [], crashes = [] } = status;
  const lists = { waits, problems, bad_rows, unread, under_way, crashes };
  return ok({ version, now, slot, pid, started, records, settings, actors, ...lists });
}
