import type { RuntimeEvent } from "@tandem/actor";
import type { Metrics } from "@tandem/daemon";
import type { EdgeCounts } from "@tandem/swbus/edge";
import { type HamgrdEvent, placeOf } from "./hamgrd-event.js";
import type { Slot } from "./slot.js";

const MESSAGES = {
  local: "Messages that actors handed to each other within the process, since its slots run.",
  sent: "Messages sent to swbusd, since its slots run.",
  received: "Messages that came from swbusd, since its slots run.",
} as const satisfies Record<keyof EdgeCounts, string>;

/** Publishes how many messages the slots of a process exchange, summed. */
export function publishMessages(metrics: Metrics, slots: Iterable<Pick<Slot, "messages">>): void {
  const all = [...slots];
  for (const way of ["local", "sent", "received"] as const) {
    const sum = (): number => all.reduce((total, { messages }) => total + (messages?.[way] ?? 0), 0);
    metrics.gaugeOf({ name: `tandem_hamgrd_messages_${way}`, help: MESSAGES[way] }, sum);
  }
}

/** Counts what a hamgrd tells. */
export function countEvents(metrics: Metrics): (event: HamgrdEvent) => void {
  const rows = metrics.counter({
    name: "tandem_hamgrd_bad_rows_total",
    help: "Input rows that were refused; the last good row stays.",
    labels: ["slot", "table"],
  });
  const badNow = metrics.gauge({
    name: "tandem_hamgrd_bad_rows",
    help: "Input rows that are refused now.",
    labels: ["slot", "table"],
  });
  const lost = metrics.gauge({
    name: "tandem_hamgrd_redis_lost",
    help: "1 while a Redis does not answer.",
    labels: ["slot"],
  });
  const unknown = metrics.counter({
    name: "tandem_hamgrd_unknown_fields_total",
    help: "Fields of input rows that no schema knows; they are ignored.",
    labels: ["slot", "table"],
  });
  const crashes = metrics.counter({
    name: "tandem_hamgrd_actor_crashes_total",
    help: "Actors that ended by a bug and were started again from their rows.",
    labels: ["slot", "type"],
  });
  const problems = metrics.gauge({
    name: "tandem_hamgrd_problems",
    help: "Input that is refused or doubtful now.",
    labels: ["slot", "actor", "severity"],
  });
  const stuck = metrics.gauge({
    name: "tandem_hamgrd_stuck_waits",
    help: "Waits that have lasted longer than their deadline.",
    labels: ["slot", "type"],
  });
  const actors = metrics.gauge({ name: "tandem_hamgrd_actors", help: "Actors that exist.", labels: ["slot", "type"] });
  const drift = metrics.counter({
    name: "tandem_hamgrd_drift_total",
    help: "Rows that a database did not hold as written, and that were written again.",
    labels: ["slot"],
  });
  const failures = metrics.counter({
    name: "tandem_hamgrd_events_total",
    help: "Everything else that was told, by kind.",
    labels: ["slot", "kind"],
  });

  /** Keys of bad rows by slot and table: as many as the input tables hold. */
  const bad = new Map<string, Set<string>>();
  const badRow = (slot: string, table: string, key: string, isBad: boolean): void => {
    const name = `${slot} ${table}`;
    const keys = bad.get(name) ?? new Set<string>();
    bad.set(name, keys);
    if (isBad) keys.add(key);
    else keys.delete(key);
    badNow.with({ slot, table }).set(keys.size);
  };

  const countRuntime = (slot: string, event: RuntimeEvent): void => {
    switch (event.kind) {
      case "badRow":
        rows.with({ slot, table: `${event.error.db}|${event.error.table}` }).inc();
        badRow(slot, `${event.error.db}|${event.error.table}`, event.key, true);
        return;
      case "goodRow":
        badRow(slot, event.table, event.key, false);
        return;
      case "unknownFields":
        unknown.with({ slot, table: event.table }).inc(event.fields.length);
        return;
      case "spawned":
        if (event.incarnation === 1) actors.with({ slot, type: typeOf(event.actor) }).inc();
        return;
      case "retired":
        actors.with({ slot, type: typeOf(event.actor) }).inc(-1);
        return;
      case "crashed":
        crashes.with({ slot, type: typeOf(event.actor) }).inc();
        return;
      case "problems":
        for (const severity of ["warning", "refused"] as const) {
          const count = event.problems.filter((problem) => problem.severity === severity).length;
          problems.with({ slot, actor: event.actor, severity }).set(count);
        }
        return;
      case "stuck":
        stuck.with({ slot, type: typeOf(event.actor) }).inc();
        return;
      case "unstuck":
        stuck.with({ slot, type: typeOf(event.actor) }).inc(-1);
        return;
      case "drift":
        drift.with({ slot }).inc();
        return;
      default:
        failures.with({ slot, kind: event.kind }).inc();
    }
  };

  return (event) => {
    switch (event.kind) {
      case "runtime":
        countRuntime(String(event.slot), event.event);
        return;
      case "table":
        countRuntime(slotOf(event.container), event.event);
        return;
      case "databaseLost":
      case "databaseBack":
        lost.with({ slot: slotOf(event.container) }).set(event.kind === "databaseLost" ? 1 : 0);
        failures.with({ slot: slotOf(event.container), kind: event.kind }).inc();
        return;
      case "edge":
        failures.with({ slot: String(event.slot), kind: `edge.${event.event.kind}` }).inc();
        return;
      default:
        failures.with({ slot: String(event.slot), kind: event.kind }).inc();
    }
  };
}

/** The label `slot`: `switch` for what all slots share. */
function slotOf(container: string): string {
  return placeOf(container).replace(/^dpu/, "");
}

/** `dpu` of `dpu/sw0_dpu0`. */
function typeOf(actor: string): string {
  return actor.slice(0, actor.indexOf("/"));
}
