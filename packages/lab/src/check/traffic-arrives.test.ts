import { expect, test } from "vitest";
import { coreWith, History } from "../testing/history.js";
import { trafficArrives } from "./traffic-arrives.js";

const serving = (): History =>
  new History(trafficArrives)
    .knows("sw0_dpu0", coreWith({}))
    .knows("sw1_dpu0", coreWith({}))
    .state("sw0_dpu0", "active")
    .state("sw1_dpu0", "standby");

test("packets that go on getting lost while a side serves are told, by switch", () => {
  expect(serving().loses("sw1", "sw1: no route").wait(20_000).violations).toEqual([
    "traffic-arrives: packets for haset0-0 at sw1 get lost at sw1: no route",
  ]);
});

test("a process that is down excuses nothing: forwarding goes on without", () => {
  const history = serving().trouble("sw0_dpu0", "process").part("sw0_dpu0", false).loses("sw1", "no route");
  expect(history.wait(20_000).violations).toHaveLength(1);
});

test("a loss that ends in time, or begins and ends again and again, is none", () => {
  const history = serving();
  for (let i = 0; i < 5; i++) history.loses("sw0", "off").wait(12_000).loses("sw0", undefined).wait(500);
  expect(history.wait(60_000).violations).toEqual([]);
});

test("nobody can deliver what no side handles, or what is broken on the way", () => {
  const dead = serving().state("sw0_dpu0", "dead").loses("sw0", "dead");
  expect(dead.wait(60_000).violations).toEqual([]);
  const broken = serving().trouble("sw0_dpu0", "link").loses("sw1", "sw0_dpu0: out of reach");
  expect(broken.wait(60_000).violations).toEqual([]);
  expect(broken.trouble("sw0_dpu0", "link", false).wait(20_000).violations).toHaveLength(1);
});

test("a route that went with its set's config comes back once hamgrd is there again", () => {
  const set = (history: History, fields: Record<string, string> | undefined): History =>
    history.row("sw0", "APPL_DB", "DASH_HA_SET_CONFIG_TABLE", "haset0-0", fields);
  const recreated = set(set(serving(), { version: "1" }).wait(5000), undefined).loses("sw0", "no route");
  const died = set(recreated.wait(1000), { version: "1" }).part("sw0_dpu0", false).wait(60_000);
  expect(died.violations).toEqual([]);
  expect(died.part("sw0_dpu0", true).wait(20_000).violations).toHaveLength(1);

  // Once packets have come by the new route, its loss is nobody else's.
  const back = set(set(serving(), { version: "1" }).wait(5000), undefined)
    .loses("sw0", "no route")
    .wait(1000);
  const lost = set(back, { version: "1" }).loses("sw0", undefined).wait(5000);
  expect(lost.part("sw0_dpu0", false).loses("sw0", "no route").wait(20_000).violations).toHaveLength(1);
});
