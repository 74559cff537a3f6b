import type { Fields } from "@tandem/swss";
import type { Heir } from "./inheritance.js";
import type { Place } from "./place.js";
import { rowRef } from "./row-ref.js";

/** A row as an actor stands for it now. */
export interface ReportedRow {
  /** `<DB>|<TABLE>|<key>`. */
  readonly row: string;
  /** `<type>/<id>`. */
  readonly actor: string;
  readonly fields: Fields;
  /** Fields filled with the time of writing: they are nothing to compare. */
  readonly stamps: readonly string[];
  /** It marks an edge and is never repaired: others clear it. */
  readonly once: boolean;
  /** Its newest form is not acknowledged yet. */
  readonly underWay: boolean;
  /** What its sink answered last while it is under way; empty when nothing. */
  readonly refusal: string;
}

/** A row that an actor may have written and does not stand for. */
export interface KeptRow {
  readonly row: string;
  readonly actor: string;
  readonly why: "is being deleted" | "is kept until its actor can decide";
}

/** What one runtime stands for, for comparison with what databases hold. */
export interface StandingReport {
  readonly rows: readonly ReportedRow[];
  readonly kept: readonly KeptRow[];
}

/** `heirs` are actors of an earlier process that have not come up again: what their ledgers name is kept. */
export function standingReport(
  places: Iterable<Place>,
  heirs: Iterable<readonly [name: string, heir: Heir]>,
): StandingReport {
  const rows: ReportedRow[] = [];
  const kept: KeptRow[] = [];
  for (const place of places) {
    const flights = new Map(place.sender.flights.map((flight) => [flight.ref.text, flight]));
    const standing = new Set<string>();
    for (const { table, key, fields, stamps = [], once } of place.standing) {
      const ref = rowRef(table, key);
      if (standing.has(ref.text)) continue;
      standing.add(ref.text);
      rows.push({
        row: ref.text,
        actor: place.name,
        fields,
        stamps,
        once: once !== undefined,
        underWay: place.book.rows.get(ref.text)?.acked === undefined,
        refusal: flights.get(ref.text)?.refusal?.text ?? "",
      });
    }
    for (const row of place.book.rows.keys()) {
      if (standing.has(row)) continue;
      const why = flights.get(row)?.op === "del" ? "is being deleted" : "is kept until its actor can decide";
      kept.push({ row, actor: place.name, why });
    }
  }
  for (const [actor, { ledger }] of heirs) {
    for (const row of Object.keys(ledger)) kept.push({ row, actor, why: "is kept until its actor can decide" });
  }
  return { rows, kept };
}
