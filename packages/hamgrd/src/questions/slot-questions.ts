import type { ActorRuntime, TableHub } from "@tandem/actor";
import { type Clock, type Json, millis, ok, seconds, sleep, VERSION } from "@tandem/base";
import { describeRowError } from "@tandem/swss";
import type { HamgrdSettings } from "../actors/settings.js";
import type { Answerer } from "./serve-questions.js";
import { type RepairAnswer, readRows, TABLES_OF_HAMGRD } from "./standing.js";
import { actorsStatus, type HamgrdStatus } from "./status.js";

/** What the answers of a slot are taken from. */
export interface SlotFacts {
  readonly runtime: ActorRuntime;
  readonly hub: TableHub;
  readonly clock: Clock;
  readonly settings: HamgrdSettings;
  readonly pid: number;
  /** File of the slot's records; empty when there is none. */
  readonly records: string;
}

/** How long a repair waits until what it set in motion is acknowledged. */
const SETTLE_WITHIN = seconds(3);
const LOOK_AGAIN = millis(20);

/** The questions of `tandem drift`, `doctor`, `why`, `timeline` and `flight`. */
export function slotQuestions(facts: SlotFacts): Readonly<Record<string, Answerer>> {
  const started = facts.clock.now();
  return {
    status: () => ok(status(facts, started) as unknown as Json),
    standing: () => ok(facts.runtime.standing() as unknown as Json),
    actors: (args) => ok(facts.runtime.answer("actors", args)),
    records: (args) => ok(facts.runtime.answer("records", args)),
    repair: async (args) => {
      const rewrite = readRows(args["rewrite"]);
      if (!rewrite.ok) return rewrite;
      const discard = readRows(args["discard"]);
      if (!discard.ok) return discard;
      return ok((await repair(facts, rewrite.value, discard.value)) as unknown as Json);
    },
  };
}

function status({ runtime, hub, clock, settings, pid, records }: SlotFacts, started: number): HamgrdStatus {
  const { slot, ...rest } = settings;
  const feeds = hub.feeds();
  return {
    version: VERSION,
    slot,
    pid,
    now: clock.now(),
    started,
    records,
    settings: { ...rest },
    ...actorsStatus(runtime.actors(), clock.monotonic()),
    bad_rows: feeds.flatMap((feed) => [...feed.bad].map(([key, error]) => describeRowError(error, key))),
    unread: feeds.filter(({ loaded }) => !loaded).map(({ table }) => table.id),
  };
}

async function repair(
  { runtime, clock }: SlotFacts,
  rewrite: readonly string[],
  discard: readonly string[],
): Promise<RepairAnswer> {
  const rewritten = rewrite.filter((row) => runtime.rewrite(row));
  const discarded: string[] = [];
  const refused = rewrite
    .filter((row) => !rewritten.includes(row))
    .map((row) => `${row}: nobody stands for it any more`);
  for (const row of discard) {
    const done = await runtime.discard(row, TABLES_OF_HAMGRD);
    if (done.ok) discarded.push(row);
    else refused.push(done.error);
  }
  const until = clock.monotonic() + SETTLE_WITHIN;
  while (!runtime.settled && clock.monotonic() < until) await sleep(clock, LOOK_AGAIN);
  return { rewritten, discarded, refused, settled: runtime.settled };
}
