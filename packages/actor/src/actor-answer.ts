import type { Json, Millis } from "@tandem/base";
import type { Problem } from "./define-actor.js";
import type { OutboxEntry } from "./outbox-core.js";
import type { Place } from "./place.js";

/** What one actor says when it is asked. Ages and times left in milliseconds. */
export interface ActorAnswer {
  readonly type: string;
  readonly id: string;
  readonly incarnation: number;
  /** False while the rows of a deleted one are being removed. */
  readonly exists: boolean;
  readonly reason: string;
  /** Wall-clock time of its last step. */
  readonly decidedAt: Millis | null;
  readonly waits: readonly WaitAnswer[];
  readonly problems: readonly Problem[];
  readonly rows: readonly RowAnswer[];
  readonly inputs: {
    /** Rows that it reads and that are there, `<DB>|<TABLE>|<key>`. */
    readonly rows: readonly string[];
    /** Whose state it wants, and whether they have said anything yet. */
    readonly states: readonly { readonly name: string; readonly known: boolean }[];
    /** Who told it something without being asked. */
    readonly told: readonly string[];
  };
  /** The state that went out to those who registered; `null` for none. */
  readonly state: Json;
  /** Messages to others that are not acknowledged. */
  readonly messages: readonly {
    readonly to: string;
    readonly key: string;
    readonly age: number;
    readonly refusal: string;
  }[];
  readonly crashes: number;
  readonly crashesTotal: number;
  readonly lastError: string | null;
}

export interface WaitAnswer {
  readonly for: string;
  readonly age: number;
  /** `null` for what somebody outside decides. */
  readonly left: number | null;
  /** Its deadline has passed. */
  readonly stuck: boolean;
  /** What happens at the deadline, or is happening since. */
  readonly then: string;
}

export interface RowAnswer {
  /** `<DB>|<TABLE>|<key>`. */
  readonly row: string;
  /**
   * `acknowledged`: it stands where it belongs. `sent`: on its way. `queued`: it goes out after what stands before it.
   * `deleting`: nothing stands for it any more. `kept`: left as it is, while something is missing.
   */
  readonly state: "acknowledged" | "sent" | "queued" | "deleting" | "kept";
  /** Since it was acknowledged or sent; `null` when neither. */
  readonly age: number | null;
  /** The last answer of whoever should write it. */
  readonly refusal: string;
}

/** `outbox` is that of all actors; `now` is monotonic. */
export function answerActor(place: Place, outbox: readonly OutboxEntry[], now: Millis): ActorAnswer {
  const status = place.status();
  const messages = outbox
    .filter(({ source, purpose }) => purpose !== "row" && source.equals(place.path))
    .map(({ destination, key, createdAt, refusal }) => ({
      to: destination.toString(),
      key,
      age: now - createdAt,
      refusal: refusal?.text ?? "",
    }));
  return {
    type: status.type,
    id: status.id,
    incarnation: status.incarnation,
    exists: status.exists,
    reason: status.reason,
    decidedAt: place.decidedAt ?? null,
    waits: status.waits.map(({ for: what, since, began, deadline, stuck, then }) => ({
      for: what,
      age: now - began,
      left: deadline === undefined ? null : since + deadline - now,
      stuck,
      then,
    })),
    problems: status.problems,
    rows: answerRows(place, now),
    inputs: {
      rows: [...new Set([...place.ownRows, ...presentRows(place)])].sort(),
      states: place.wants.list(),
      told: place.tellers,
    },
    state: place.publisher?.released ?? null,
    messages,
    crashes: status.crashes,
    crashesTotal: status.crashesTotal,
    lastError: status.lastError ?? null,
  };
}

function* presentRows(place: Place): Iterable<string> {
  for (const { feed, key } of place.reads.present()) yield `${feed.table.id}|${key}`;
}

function answerRows(place: Place, now: Millis): readonly RowAnswer[] {
  const flights = new Map(place.sender.flights.map((flight) => [flight.ref.text, flight]));
  const standing = new Set(place.derivedRows);
  const names = new Set([...standing, ...place.book.rows.keys()]);
  return [...names].map((row): RowAnswer => {
    const flight = flights.get(row);
    const known = place.book.rows.get(row);
    const stands = standing.has(row);
    const refusal = flight?.refusal?.text ?? "";
    if (flight !== undefined) return { row, state: stands ? "sent" : "deleting", age: now - flight.since, refusal };
    if (!stands) return { row, state: place.keeps(row) ? "kept" : "deleting", age: null, refusal };
    const acked = known?.acked !== undefined || known?.once !== undefined;
    return acked
      ? { row, state: "acknowledged", age: now - (known?.ackedAt ?? now), refusal }
      : { row, state: "queued", age: null, refusal };
  });
}
