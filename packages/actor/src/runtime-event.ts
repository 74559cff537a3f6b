import type { Millis } from "@tandem/base";
import { describeRowError, type RowError } from "@tandem/swss";
import type { Problem } from "./define-actor.js";

/** What logs, metrics and `doctor` hear from a runtime. `actor` is `<type>/<id>`. */
export type RuntimeEvent =
  | { readonly kind: "badRow"; readonly key: string; readonly error: RowError }
  /** A row that was bad is good again, or gone. */
  | { readonly kind: "goodRow"; readonly table: string; readonly key: string }
  | { readonly kind: "unknownFields"; readonly table: string; readonly key: string; readonly fields: readonly string[] }
  /** A message that its port does not take. The last good state stays. */
  | { readonly kind: "badMessage"; readonly actor: string; readonly source: string; readonly key: string }
  | { readonly kind: "spawned"; readonly actor: string; readonly incarnation: number }
  | { readonly kind: "retired"; readonly actor: string }
  | {
      readonly kind: "crashed";
      readonly actor: string;
      readonly detail: string;
      readonly crashes: number;
      readonly restartIn: Millis;
    }
  | { readonly kind: "problems"; readonly actor: string; readonly problems: readonly Problem[] }
  /** A wait has lasted longer than its deadline. */
  | {
      readonly kind: "stuck";
      readonly actor: string;
      readonly wait: string;
      /** How long it has lasted. */
      readonly waited: Millis;
      /** What happens now. */
      readonly then: string;
    }
  /** A wait that was stuck is over. */
  | { readonly kind: "unstuck"; readonly actor: string; readonly wait: string }
  /** Redis does not hold what an actor stands for; the row is written again. */
  | { readonly kind: "drift"; readonly actor: string; readonly row: string; readonly repairs: number }
  | { readonly kind: "sinkEpoch"; readonly sinks: readonly string[]; readonly cause: string }
  /** A ledger of an actor that does not exist any more: its rows are deleted. */
  | { readonly kind: "orphan"; readonly actor: string; readonly rows: number }
  /** A ledger names a row that no sink of this runtime writes, or says it in words of another version. It stays. */
  | { readonly kind: "foreignLedger"; readonly actor: string; readonly row: string }
  /** A database refuses; what waits for it is tried again. A lost connection is told by whoever opened the stores. */
  | { readonly kind: "storeFailed"; readonly where: string; readonly detail: string }
  /** An actor steps more often than it should need to; its steps are spread out. */
  | { readonly kind: "busy"; readonly actor: string; readonly limit: number }
  /** More input than an actor took: changes of one key were merged. */
  | { readonly kind: "mailboxMerged"; readonly actor: string; readonly limit: number };

/** One line for an operator: where, what, what happens now. */
export function describeRuntimeEvent(event: RuntimeEvent): string {
  switch (event.kind) {
    case "badRow":
      return describeRowError(event.error, event.key);
    case "goodRow":
      return `${event.table} ${JSON.stringify(event.key)}: is good again`;
    case "unknownFields":
      return `${event.table} ${JSON.stringify(event.key)}: unknown fields ${event.fields.join(", ")}; they are ignored`;
    case "badMessage":
      return `${event.actor}: message ${JSON.stringify(event.key)} of ${event.source} is not understood; the last good state stays`;
    case "spawned":
      return `${event.actor}: started, incarnation ${event.incarnation}`;
    case "retired":
      return `${event.actor}: gone, with all its rows`;
    case "crashed":
      return `${event.actor}: crashed (${event.detail}), ${event.crashes} in a row; its rows stay, restart in ${Math.round(event.restartIn)} ms`;
    case "problems":
      return event.problems.length === 0
        ? `${event.actor}: no problems any more`
        : `${event.actor}: ${event.problems.map(({ severity, text }) => `${severity}: ${text}`).join("; ")}`;
    case "stuck":
      return `${event.actor}: still waits for ${event.wait}, since ${shortDuration(event.waited)}; now: ${event.then}`;
    case "unstuck":
      return `${event.actor}: no longer waits for ${event.wait}`;
    case "drift":
      return `${event.actor}: ${event.row} is not as written; written again (${event.repairs} times in a row)`;
    case "sinkEpoch":
      return `${event.sinks.join(", ")}: ${event.cause}; all rows are written again`;
    case "orphan":
      return `${event.actor}: does not exist any more; its ${event.rows} rows are deleted`;
    case "foreignLedger":
      return `${event.actor}: its ledger names ${event.row}, which nothing here writes; the entry stays`;
    case "storeFailed":
      return `${event.where}: ${event.detail}; tried again until it works`;
    case "busy":
      return `${event.actor}: takes more than ${event.limit} steps a second; further ones wait 10 ms each`;
    case "mailboxMerged":
      return `${event.actor}: ${event.limit} changes wait; further ones of the same key are merged`;
  }
}

/** `480 ms`, `3.2 s`, `75 s`. */
function shortDuration(duration: Millis): string {
  if (duration < 1000) return `${Math.round(duration)} ms`;
  return `${duration < 10_000 ? (duration / 1000).toFixed(1).replace(/\.0$/, "") : Math.round(duration / 1000)} s`;
}
