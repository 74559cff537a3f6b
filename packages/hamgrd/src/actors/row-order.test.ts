import { randomBelow, seededRandom, shuffled } from "@tandem/base";
import { longTest } from "@tandem/base/testing";
import type { Fields } from "@tandem/swss";
import { expect, test } from "vitest";
import { DpuDashHaScopeState } from "../schema/dpu-reports.js";
import { DpuState } from "../schema/dpu-state.js";
import { LoopbackInterface } from "../schema/loopback-interface.js";
import { Example, type InputRow } from "../testing/example.js";

/** Tables whose rows do not come from who configures the pair. */
const GIVEN = [LoopbackInterface, DpuState] as const;
const rows = Example.rows(0);
const given = rows.filter(([table]) => GIVEN.some(({ id }) => id === table.id));
/** DPU, REMOTE_DPU, two VDPUs, global config, probes, set and scope. */
const configs = rows.filter((row) => !given.includes(row));
const report: InputRow = [
  DpuDashHaScopeState,
  "haset0",
  {
    last_updated_time: "1718053542",
    ha_role: "dead",
    ha_role_start_time: "1718053542",
    ha_state: "pending_active_activation",
    ha_state_start_time: "1718053542",
    ha_term: "1",
    activate_role_pending: "true",
  },
];

/** When things were first written, which differs from order to order where time passes. */
const STAMPS =
  /^(creation|last_heartbeat|pending_operation_list_last_updated|local_vdpu_up_bfd.*)_?(update_)?time_in_ms$/;

/** Every row in the end, once all waits are over. */
function end(order: readonly InputRow[], between: () => number = () => 0): Record<string, Fields> {
  const world = new Example();
  const from = world.now;
  for (const [table, key, fields] of order) {
    world.set(table, key, fields);
    const pause = between();
    if (pause > 0) world.pass(pause);
  }
  world.pass(20_000 - (world.now - from));
  return Object.fromEntries(
    Object.entries(world.dump()).map(([row, fields]) => [
      row,
      Object.fromEntries(Object.entries(fields).filter(([name]) => !STAMPS.test(name))),
    ]),
  );
}

function* permutations<T>(items: readonly T[]): Generator<readonly T[]> {
  if (items.length === 0) yield [];
  for (const [i, item] of items.entries()) {
    for (const rest of permutations([...items.slice(0, i), ...items.slice(i + 1)])) yield [item, ...rest];
  }
}

const expected = end(rows);

/** Writes the last `count` configuring rows in every order. Returns how many orders there are. */
function everyOrder(count: number): number {
  const first = configs.slice(0, configs.length - count);
  let orders = 0;
  for (const order of permutations(configs.slice(-count))) {
    orders += 1;
    const found = end([...given, ...first, ...order]);
    if (JSON.stringify(found) !== JSON.stringify(expected)) {
      expect({ order: order.map(([table, key]) => `${table.name} ${key}`), found }).toEqual({ found: expected });
    }
  }
  return orders;
}

test("six rows come in every order, and lead to the same rows", { timeout: 600_000 }, () => {
  expect(everyOrder(6)).toBe(720);
});

test("seven rows come in every order, and lead to the same rows", { timeout: 1_200_000 }, (t) => {
  longTest(t);
  expect(everyOrder(7)).toBe(5040);
});

test("all rows come in 1,000 orders, with pauses between them, and lead to the same rows", { timeout: 600_000 }, () => {
  const all = [...rows, report];
  const whole = end(all);
  const operations = "STATE_DB|DASH_HA_SCOPE_STATE|vdpu0|haset0";
  expect(whole[operations]?.["pending_operation_types"]).toBe("activate_role");
  for (let seed = 1; seed <= 1000; seed++) {
    const random = seededRandom(seed);
    const found = end(shuffled(random, all), () => (random.next() < 0.3 ? randomBelow(random, 1500) : 0));
    expect({ seed, found }).toEqual({ seed, found: whole });
  }
});
