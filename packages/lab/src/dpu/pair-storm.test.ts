import { millis, pick, type Random, randomBelow, seconds, seededRandom } from "@tandem/base";
import { longTest } from "@tandem/base/testing";
import { expect, test } from "vitest";
import { DpuPair, HA_SET, SIDES, type SideName } from "../testing/dpu-pair.js";
import { PairInvariants } from "../testing/pair-invariants.js";
import { sameFlows } from "./flows.js";

const TIMINGS = { connectTimeout: seconds(5), convergence: seconds(2), switching: seconds(20) };
const ROLES = ["active", "standby", "standalone", "dead"] as const;

/** Everything that configuration, people and the weather may do to a pair. */
function storm(pair: DpuPair, watch: PairInvariants, random: Random): void {
  const side = pick(random, SIDES);
  switch (randomBelow(random, 12)) {
    case 0:
      pair.cut();
      return;
    case 1:
    case 2:
      pair.heal();
      return;
    case 3:
      pair.powerOff(side);
      watch.poweredOff(side);
      return;
    case 4:
      bringUp(pair, side, random);
      return;
    case 5:
      pair.programScope(side, { disabled: randomBelow(random, 3) === 0 });
      return;
    case 6:
      pair.programScope(side, { role: pick(random, ROLES) });
      return;
    case 7:
      pair.deleteScope(side);
      return;
    case 8:
      for (let i = 0; i < 3; i++) pair.packet(side, `flow${randomBelow(random, 20)}`);
      return;
    default:
      approve(pair, watch, side);
  }
}

function bringUp(pair: DpuPair, side: SideName, random: Random): void {
  pair.powerOn(side);
  pair.programSet(side);
  pair.programScope(side, { role: pick(random, ["active", "standby"]), disabled: false });
}

function approve(pair: DpuPair, watch: PairInvariants, side: SideName): void {
  watch.reconciling(side);
  pair.approve(side);
}

for (let seed = 1; seed <= 150; seed++) {
  test(`a stormy pair keeps its invariants and recovers, seed ${seed}`, () => weather(seed));
}

test("3000 more stormy pairs keep their invariants and recover", (context) => {
  longTest(context);
  for (let seed = 151; seed <= 3150; seed++) weather(seed);
}, 3_600_000);

function weather(seed: number): void {
  const random = seededRandom(seed);
  const watch = new PairInvariants();
  const pair = new DpuPair({ timings: TIMINGS, random, afterStep: (now) => watch.check(now) });
  for (const side of SIDES) bringUp(pair, side, random);
  for (let i = 0; i < 150; i++) {
    storm(pair, watch, random);
    pair.advance(millis(pick(random, [0, 1, 10, 300, 2000, 6000])));
  }

  // Fair weather: everything is on, enabled and approved.
  pair.heal();
  for (const side of SIDES) {
    pair.powerOn(side);
    pair.programSet(side);
    pair.programScope(side, { role: side === "a" ? "active" : "standby", disabled: false });
  }
  const calm = (): void => {
    for (let i = 0; i < 400; i++) {
      pair.advance(millis(100));
      for (const side of SIDES) approve(pair, watch, side);
    }
  };
  calm();
  if (SIDES.every((side) => pair.state(side) === "standalone")) {
    pair.programScope("b", { disabled: true });
    pair.advance(millis(100));
    pair.programScope("b", { disabled: false });
    calm();
  }
  expect(watch.violations).toEqual([]);
  expect(SIDES.map((side) => pair.state(side)).sort()).toEqual(["active", "standby"]);
  const [a, b] = SIDES.map((side) => pair.core(side)?.scopes.get(HA_SET)?.flows);
  expect(a !== undefined && b !== undefined && sameFlows(a, b)).toBe(true);
  const before = pair.records.filter((record) => record.kind === "transition").length;
  calm();
  expect(pair.records.filter((record) => record.kind === "transition").length).toBe(before);
}
