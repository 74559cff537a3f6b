import type { ActorRuntime, ActorStatus } from "@tandem/actor";
import type { Clock } from "@tandem/base";
import type { Metrics } from "@tandem/daemon";
import { DpuTally } from "./dpu-tally.js";
import { RowTally } from "./row-tally.js";
import { ScopeTally } from "./scope-tally.js";
import type { Hamgrd } from "./start-hamgrd.js";

const BFD_ROWS = "DPU_APPL_DB|BFD_SESSION_TABLE|";

/** Everything that is read off a running hamgrd when somebody scrapes, and what is counted of its records. */
export function measureHamgrd(metrics: Metrics, hamgrd: Hamgrd, clock: Clock): Disposable {
  const { records, hub, slots } = hamgrd;
  const now = (): ReturnType<Clock["monotonic"]> => clock.monotonic();
  const rows = new RowTally(metrics);
  const scopes = new ScopeTally(metrics, hub, now);
  const dpus = new DpuTally(metrics, hub, [...slots.keys()], now);
  const stops = [
    records.onRecord((record) => rows.recorded(record)),
    records.onAcknowledged((row, by) => {
      rows.acknowledged(row, by);
      scopes.acknowledged(row, by);
    }),
  ];
  readRuntimes(metrics, () =>
    [...slots].flatMap(([slot, { runtime }]) => (runtime === undefined ? [] : [[String(slot), runtime] as const])),
  );
  readHaSets(metrics, clock, () =>
    [...slots].flatMap(([slot, { runtime }]) =>
      (runtime?.actors() ?? []).flatMap((actor) => (actor.type === "ha-set" ? [[String(slot), actor] as const] : [])),
    ),
  );
  return {
    [Symbol.dispose]() {
      for (const stop of stops) stop();
      dpus[Symbol.dispose]();
    },
  };
}

/** What a process was told, and what it could not write down. */
export function countSettings(metrics: Metrics, lost: () => ReadonlyMap<number, number>, pendingLimit: number): void {
  metrics.readAtScrape(
    {
      ...{ name: "tandem_hamgrd_record_lines_lost_total", type: "counter", labels: ["slot"] },
      help: "Lines that are missing in the record file: the disk was full or slow.",
    },
    (put) => {
      for (const [slot, lines] of lost()) put(lines, { slot: String(slot) });
    },
  );
  metrics.readAtScrape(
    {
      ...{ name: "tandem_hamgrd_pending_operation_limit_seconds", type: "gauge", labels: ["slot"] },
      help: "How long an operation may wait for its approval (--pending-alarm).",
    },
    (put) => {
      for (const slot of lost().keys()) put(pendingLimit, { slot: String(slot) });
    },
  );
}

type Runtimes = () => readonly (readonly [slot: string, runtime: ActorRuntime])[];

function readRuntimes(metrics: Metrics, runtimes: Runtimes): void {
  for (const direction of ["in", "out"] as const) {
    metrics.readAtScrape(
      {
        ...{ name: `tandem_hamgrd_messages_${direction}_total`, type: "counter", labels: ["slot", "type", "key"] },
        help: `Messages ${direction === "in" ? "taken" : "sent for the first time"}, by actor type and prefix of the message key.`,
      },
      (put) => {
        for (const [slot, { tallies }] of runtimes()) {
          tallies.messages(direction, (type, key, count) => put(count, { slot, type, key }));
        }
      },
    );
  }
  const each = (name: string, type: "counter" | "gauge", help: string, read: (runtime: ActorRuntime) => number): void =>
    metrics.readAtScrape({ name, type, help, labels: ["slot"] }, (put) => {
      for (const [slot, runtime] of runtimes()) put(read(runtime), { slot });
    });
  each(
    "tandem_hamgrd_resends_total",
    "counter",
    "Messages sent again for want of an answer.",
    ({ tallies }) => tallies.resends,
  );
  metrics.readAtScrape(
    {
      ...{ name: "tandem_hamgrd_messages_dropped_total", type: "counter", labels: ["slot", "reason"] },
      help: "Messages that went no further: repeats, and those without room, which come again.",
    },
    (put) => {
      for (const [slot, { tallies }] of runtimes()) {
        put(tallies.repeats, { slot, reason: "repeat" });
        put(tallies.turnedAway, { slot, reason: "noRoom" });
      }
    },
  );
  each(
    "tandem_hamgrd_messages_not_understood_total",
    "counter",
    "Messages that no actor understood; acknowledged and dropped.",
    ({ tallies }) => tallies.notUnderstood,
  );
  each(
    "tandem_hamgrd_registrations",
    "gauge",
    "Registrations for states that stand.",
    (runtime) => runtime.registrations,
  );
  each("tandem_hamgrd_bfd_sessions_wanted", "gauge", "BFD rows that actors stand for.", (runtime) =>
    bfd(runtime, false),
  );
  each("tandem_hamgrd_bfd_sessions_written", "gauge", "Those among them that are acknowledged.", (runtime) =>
    bfd(runtime, true),
  );
}

function bfd(runtime: ActorRuntime, written: boolean): number {
  let count = 0;
  for (const { rows, pending } of runtime.actors()) {
    const under = new Set(written ? pending.map(({ row }) => row) : []);
    for (const row of rows) if (row.startsWith(BFD_ROWS) && !under.has(row)) count += 1;
  }
  return count;
}

function readHaSets(
  metrics: Metrics,
  clock: Clock,
  sets: () => readonly (readonly [slot: string, actor: ActorStatus])[],
): void {
  metrics.readAtScrape(
    {
      ...{ name: "tandem_hamgrd_ha_sets", type: "gauge", labels: ["slot", "ready"] },
      help: "HA sets that have, or lack, what their rows are made from.",
    },
    (put) => {
      for (const [slot, { waits }] of sets()) put(1, { slot, ready: String(waits.length === 0) });
    },
  );
  metrics.readAtScrape(
    {
      ...{ name: "tandem_hamgrd_ha_set_missing_seconds", type: "gauge", labels: ["slot", "set", "missing"] },
      help: "Since when an HA set waits for an input, by what is missing; no series for what is there.",
    },
    (put) => {
      for (const [slot, { id, waits }] of sets()) {
        for (const wait of waits) put((clock.monotonic() - wait.began) / 1000, { slot, set: id, missing: wait.for });
      }
    },
  );
}
