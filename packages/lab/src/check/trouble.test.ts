import { type Millis, millis } from "@tandem/base";
import { expect, test } from "vitest";
import { type DpuPlace, planTopology } from "../topology.js";
import { dpusNamed, TROUBLES, Troubles } from "./trouble.js";

const topology = planTopology({ switches: 4, dpusPerSwitch: 2 });
const dpu = (name: string): DpuPlace => topology.dpus.find((place) => place.name === name) as DpuPlace;
const at = (ms: number): Millis => millis(ms);
const namesOf = (...words: string[]): readonly string[] => dpusNamed(topology, words).map(({ name }) => name);

test("nothing is fair at a DPU until all that stood there has ended", () => {
  const troubles = new Troubles();
  const first = troubles.begin("link", [dpu("sw0_dpu0"), dpu("sw1_dpu0")]);
  const second = troubles.begin("link", [dpu("sw0_dpu0")]);
  expect(troubles.fairSince(dpu("sw1_dpu0"), ["link"])).toBeUndefined();
  expect(troubles.fairSince(dpu("sw1_dpu0"), ["row", "config"])).toBe(0);
  expect(troubles.fairSince(dpu("sw0_dpu1"), TROUBLES)).toBe(0);
  first(at(10));
  first(at(15));
  expect(troubles.fairSince(dpu("sw0_dpu0"), TROUBLES)).toBeUndefined();
  second(at(20));
  expect(troubles.fairSince(dpu("sw0_dpu0"), TROUBLES)).toBe(20);
  expect(troubles.fairSince(dpu("sw1_dpu0"), TROUBLES)).toBe(10);
});

test("a fault concerns what its words name, and everybody when they name nobody", () => {
  expect(namesOf("sw0_dpu1", "up")).toEqual(["sw0_dpu1"]);
  expect(namesOf("sw0_dpu1.hamgrd", "7")).toEqual(["sw0_dpu1"]);
  expect(namesOf("haset1-0")).toEqual(["sw2_dpu0", "sw3_dpu0"]);
  expect(namesOf("sw0,sw3")).toEqual(["sw0_dpu0", "sw0_dpu1", "sw3_dpu0", "sw3_dpu1"]);
  expect(namesOf("3600000")).toHaveLength(8);
});
