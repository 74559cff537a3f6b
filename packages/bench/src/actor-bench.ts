import { defineActor, type StatePort, standingRow, stands } from "@tandem/actor";
import { TestHarness } from "@tandem/actor/testing";
import { seconds, unwrap } from "@tandem/base";
import { defineTable, type Store, t, untilConnected } from "@tandem/swss";
import { type Bench, type BenchRun, figureOf, inTurn, rateOf } from "./bench-run.js";
import type { Figure } from "./figure.js";

const ACTORS = 64;
const CHANGES = 20_000;

const name = { name: t.text({ doc: "Name." }) };

const SourceConfig = defineTable({
  name: "BENCH_SOURCE",
  db: "CONFIG_DB",
  spec: "benchmark",
  key: name,
  fields: { value: t.text({ doc: "What is passed on." }) },
});

const FollowerConfig = defineTable({
  name: "BENCH_FOLLOWER",
  db: "CONFIG_DB",
  spec: "benchmark",
  key: name,
  fields: { source: t.text({ doc: "Whose state is wanted." }) },
});

const FollowerState = defineTable({
  name: "BENCH_FOLLOWER_STATE",
  db: "STATE_DB",
  spec: "benchmark",
  key: name,
  fields: { value: t.text({ doc: "What the source said." }) },
});

interface Passed {
  readonly value: string;
}

const passed: StatePort<Passed> = {
  provider: "source",
  register: "SourceRegister",
  update: "SourceUpdate",
  decode: (data) => data as unknown as Passed,
  encode: ({ value }) => ({ value }),
};

/** Publishes what its row says. */
const source = defineActor<undefined, Passed>({
  type: "source",
  rows: [SourceConfig],
  publishes: passed,
  derive: (inputs) => stands({ publish: { value: inputs.row(SourceConfig)?.value ?? "" }, reason: "its row" }),
});

/** Stands for a row with what its source published. */
const follower = defineActor<undefined, never>({
  type: "follower",
  rows: [FollowerConfig],
  wants: (inputs) => {
    const row = inputs.row(FollowerConfig);
    return row === undefined ? [] : [{ port: passed, id: row.source }];
  },
  derive: (inputs) => {
    const state = inputs.state(passed, inputs.row(FollowerConfig)?.source ?? "");
    const rows = state === undefined ? [] : [standingRow(FollowerState, { name: inputs.id }, { value: state.value })];
    return stands({ rows, reason: "its source" });
  },
});

/** The actor runtime alone: databases in memory, no socket, no other process. */
export const actorBench: Bench = { name: "actor", run: measure };

async function measure(run: BenchRun): Promise<readonly Figure[]> {
  await using harness = await TestHarness.start({ actors: [source, follower] });
  const config = await opened(harness, SourceConfig);
  const state = await opened(harness, FollowerState);
  for (let i = 0; i < ACTORS; i++) {
    await harness.write(SourceConfig, `a${i}`, { value: "0" });
    await harness.write(FollowerConfig, `a${i}`, { source: `a${i}` });
  }
  await harness.rest();
  const rounds = Math.ceil((CHANGES * run.scale) / ACTORS);
  let version = 0;
  const change = async (store: Store, table: string): Promise<void> => {
    version += 1;
    const value = String(version);
    const rows = Array.from({ length: ACTORS }, (_, i) => ["HSET", `${table}${i}`, "value", value] as const);
    unwrap(await store.pipeline(rows));
  };
  const rates = await inTurn(run, {
    chain: () =>
      rateOf(run, rounds * ACTORS, async () => {
        for (let i = 0; i < rounds; i++) {
          await change(config, "BENCH_SOURCE|a");
          await harness.rest(seconds(1));
        }
      }),
    rows: () =>
      rateOf(run, rounds * ACTORS, async () => {
        for (let i = 0; i < rounds; i++) {
          await change(config, "UNWATCHED|a");
          await change(state, "UNWATCHED|a");
        }
      }),
  });
  return [
    figureOf(rates.chain, {
      what: `row → source → follower → row, ${ACTORS} pairs, in memory`,
      unit: "rows/s",
      floors: { "the same rows written in memory by nobody's decision": rates.rows },
    }),
  ];
}

async function opened(harness: TestHarness, table: { readonly db: string }): Promise<Store> {
  const store = harness.store(table as Parameters<TestHarness["store"]>[0]);
  await harness.clock.run(untilConnected(store), seconds(5));
  return store;
}
