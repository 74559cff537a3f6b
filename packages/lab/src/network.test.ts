import { expect, test } from "vitest";
import { LabNetwork } from "./network.js";
import { planTopology } from "./topology.js";

const network = (): LabNetwork => new LabNetwork(planTopology({ switches: 2, dpusPerSwitch: 2 }));

test("everybody reaches everybody until something is cut", () => {
  const net = network();
  expect(net.reaches("sw0_dpu0", "sw1_dpu1")).toBe(true);
  expect(net.reaches("sw0", "sw0")).toBe(true);
  expect(net.reaches("sw0", "sw7")).toBe(false);
});

test("a cut between switches separates their DPUs too, but not those of one switch", () => {
  const net = network();
  net.cut("sw0", "sw1");
  expect(net.reaches("sw0_dpu0", "sw1_dpu0")).toBe(false);
  expect(net.reaches("sw0", "sw1_dpu0")).toBe(false);
  expect(net.reaches("sw0_dpu0", "sw0_dpu1")).toBe(true);
  net.heal("sw0", "sw1");
  expect(net.reaches("sw0_dpu0", "sw1_dpu0")).toBe(true);
});

test("a cut between two that are no neighbours concerns only them", () => {
  const net = network();
  net.cut("sw0_dpu0", "sw1_dpu0");
  expect(net.reaches("sw0_dpu0", "sw1_dpu0")).toBe(false);
  expect(net.reaches("sw0_dpu0", "sw1_dpu1")).toBe(true);
  expect(net.reaches("sw0", "sw1_dpu0")).toBe(true);
});

test("a cut port takes a DPU off the network", () => {
  const net = network();
  net.cut("sw0", "sw0_dpu0");
  for (const other of ["sw0", "sw1", "sw0_dpu1", "sw1_dpu0"])
    expect(net.reachesBothWays(other, "sw0_dpu0")).toBe(false);
  expect(net.reaches("sw0_dpu1", "sw1_dpu0")).toBe(true);
});

test("one direction can be cut alone, and listeners hear of each change", () => {
  const net = network();
  let changes = 0;
  const stop = net.onChange(() => {
    changes += 1;
  });
  net.cut("sw0", "sw1", "oneWay");
  expect([net.reaches("sw0", "sw1"), net.reaches("sw1", "sw0")]).toEqual([false, true]);
  expect(net.cuts).toEqual(["sw0>sw1"]);
  net.healAll();
  stop();
  net.cut("sw0", "sw1");
  expect(changes).toBe(2);
});
