import { expect, test } from "vitest";
import type { VdpuActorState } from "../ports/vdpu-port.js";
import { DashHaScope } from "../schema/dash-ha-scope.js";
import { DashHaScopeConfig } from "../schema/dash-ha-scope-config.js";
import { DashHaScopeState } from "../schema/dash-ha-scope-state.js";
import { DashHaSet } from "../schema/dash-ha-set.js";
import { Dpu } from "../schema/dpu.js";
import { DpuState } from "../schema/dpu-state.js";
import { RemoteDpu } from "../schema/remote-dpu.js";
import { Vdpu } from "../schema/vdpu.js";
import { VnetRouteTunnel } from "../schema/vnet-route-tunnel.js";
import { Example } from "../testing/example.js";
import type { HamgrdSettings } from "./settings.js";

const ROUTE = "Vnet_55:3.2.1.0";
const LOCAL = Example.rows(0)[1]?.[2] as Readonly<Record<string, string>>;
const DOWN = { dpu_midplane_link_state: "down", dpu_control_plane_state: "down", dpu_data_plane_state: "down" };

const published = (world: Example, id = "vdpu0"): VdpuActorState =>
  world.derived("vdpu", id)?.publish as VdpuActorState;

/** vdpu0 stands for the managed DPU and a second one of this switch, whose state only another hamgrd knows. */
function pair(fields: Readonly<Record<string, string>> = {}): Example {
  const world = Example.steady();
  world.set(Dpu, "sw0_dpu1", { ...LOCAL, dpu_id: "1", pa_ipv4: "18.0.202.2", swbus_port: "23607" });
  world.set(Vdpu, "vdpu0", { main_dpu_ids: "sw0_dpu1,sw0_dpu0", ...fields });
  return world;
}

test("a vDPU of one DPU mirrors it, and names no members", () => {
  const world = Example.steady();
  expect(published(world)).toEqual({ up: true, dpu: world.derived("dpu", "sw0_dpu0")?.publish });
  world.planes(DOWN);
  expect(published(world)).toMatchObject({ up: false, dpu: { up: false } });
});

test("a vDPU without any known member says what it waits for", () => {
  const world = new Example();
  world.set(Vdpu, "vdpu0", { main_dpu_ids: "a, b" });
  expect(published(world)).toBeUndefined();
  expect(world.waits("vdpu", "vdpu0")).toEqual(["the state of DPU a", "the state of DPU b"]);
  world.set(RemoteDpu, "b", { pa_ipv4: "1.1.1.1", npu_ipv4: "2.2.2.2", dpu_id: "0", swbus_port: "1" });
  expect(published(world)).toMatchObject({ up: false, dpu: { dpu_name: "b" } });
  expect(world.waits("vdpu", "vdpu0")).toEqual(["the state of DPU a"]);
});

test("first-up: the first member that is up stands for it; members are listed as configured", () => {
  const world = pair();
  expect(published(world)).toMatchObject({ up: true, dpu: { dpu_name: "sw0_dpu0" } });
  expect(published(world).members?.map(({ dpu_name }) => dpu_name)).toEqual(["sw0_dpu1", "sw0_dpu0"]);
  expect(world.row(DashHaSet, "haset0")?.["local_ip"]).toBe("18.0.202.1");
});

test("none up: the first known member stands for it, and if that is not ours the scope lies dormant", () => {
  const world = pair();
  expect(world.keys(DashHaScope)).toEqual(["haset0"]);
  world.planes(DOWN);
  expect(published(world)).toMatchObject({ up: false, dpu: { dpu_name: "sw0_dpu1", is_managed: false } });
  expect(world.keys(DashHaScope)).toEqual([]);
  expect(world.keys(DashHaSet)).toEqual([]);
  expect(world.derived("ha-scope", "vdpu0:haset0")?.reason).toContain("dormant");
  world.planes({ dpu_midplane_link_time: "Tue Jun 11 10:00:00 AM UTC 2024" });
  expect(world.keys(DashHaScope)).toEqual(["haset0"]);
});

const UP = { dpu_midplane_link_state: "up", dpu_control_plane_state: "up", dpu_data_plane_state: "up" };

/** The hamgrds of both slots of a switch whose two DPUs are one vDPU; both read the same rows. */
function bothSlots(part: Partial<HamgrdSettings> = {}, selection = "first-up"): readonly [Example, Example] {
  const worlds = [0, 1].map((slot) => Example.steady({ ...part, slot }));
  for (const world of worlds) {
    world.set(Dpu, "sw0_dpu1", { ...LOCAL, dpu_id: "1", pa_ipv4: "18.0.202.2", swbus_port: "23607" });
    world.set(DpuState, "DPU1", UP);
    world.set(Vdpu, "vdpu0", { main_dpu_ids: "sw0_dpu0,sw0_dpu1", selection });
  }
  return worlds as unknown as readonly [Example, Example];
}

const serves = (world: Example): boolean => world.keys(DashHaScope).length > 0;

for (const upNeedsBfd of [false, true])
  test(`exactly one slot serves a vDPU of two DPUs, upNeedsBfd ${upNeedsBfd}; when its DPU fails the other takes over`, () => {
    const both = bothSlots({ upNeedsBfd });
    const all = (slot: number, planes: Readonly<Record<string, string>>) => {
      for (const world of both) world.set(DpuState, `DPU${slot}`, planes);
    };
    const [first, second] = both;
    expect(both.map(serves)).toEqual([true, false]);
    expect(second.row(VnetRouteTunnel, ROUTE)).toBeUndefined();

    all(0, DOWN);
    expect(both.map(serves)).toEqual([false, true]);
    expect(first.keys(DashHaSet)).toEqual([]);
    // One row of the switch, whoever writes it: the slot that lets go does not take it from the one that takes over.
    expect(first.keys(DashHaScopeState)).toEqual(["vdpu0|haset0"]);
    expect(second.row(DashHaScopeState, "vdpu0|haset0")).toMatchObject({ local_ip: "18.0.202.2" });
    expect(second.row(VnetRouteTunnel, ROUTE)).toMatchObject({ endpoint: "18.0.202.2,10.1.0.1" });
    expect(published(first).members?.map(({ up }) => up)).toEqual([false, true]);

    all(1, DOWN);
    expect(both.map(serves)).toEqual([true, false]);
    all(1, UP);
    expect(both.map(serves)).toEqual([false, true]);
    all(0, UP);
    expect(both.map(serves)).toEqual([true, false]);
    for (const world of both) world.del(DashHaScopeConfig, "vdpu0:haset0");
    expect(both.flatMap((world) => world.keys(DashHaScopeState))).toEqual([]);
  });

test("sticky: both slots hold on to the same member", () => {
  const both = bothSlots({}, "sticky");
  for (const planes of [DOWN, UP]) {
    for (const world of both) world.set(DpuState, "DPU0", planes);
    expect(both.map(serves)).toEqual([false, true]);
  }
});

test("a DPU of another slot that shares no vDPU is published as upstream does: not up, without planes", () => {
  const [first] = bothSlots();
  first.set(Vdpu, "vdpu0", { main_dpu_ids: "sw0_dpu1" });
  expect(published(first)).toEqual({
    up: false,
    dpu: expect.not.objectContaining({ dpu_pmon_state: expect.anything() }),
  });
});

test("members on several switches are reported: nobody knows the health of all of them", () => {
  const world = Example.steady();
  world.set(Vdpu, "vdpu0", { main_dpu_ids: "sw0_dpu0,sw1_dpu0" });
  expect(world.problems("vdpu", "vdpu0")).toEqual(["membersApart"]);
  expect(published(world)).toMatchObject({ up: true, dpu: { dpu_name: "sw0_dpu0" } });
});

test("aggregation: any, all, and a quorum", () => {
  for (const [aggregation, up] of [
    ["any", true],
    ["all", false],
    ["quorum:1", true],
    ["quorum:2", false],
  ] as const) {
    expect(published(pair({ aggregation })).up, aggregation).toBe(up);
  }
});

test("sticky holds on to its member while that is up, over a restart too", () => {
  const world = Example.steady();
  world.set(Dpu, "sw0_dpu1", { ...LOCAL, dpu_id: "1", pa_ipv4: "18.0.202.2", swbus_port: "23607" });
  world.set(Vdpu, "vdpu0", { main_dpu_ids: "sw0_dpu0", selection: "sticky" });
  world.set(Vdpu, "vdpu0", { main_dpu_ids: "sw0_dpu1,sw0_dpu0", selection: "sticky" });
  expect(published(world).dpu.dpu_name).toBe("sw0_dpu0");
  expect(world.memory("vdpu", "vdpu0")).toEqual({ current: "sw0_dpu0" });
  world.restart();
  expect(published(world).dpu.dpu_name).toBe("sw0_dpu0");
  world.planes(DOWN);
  expect(published(world).dpu.dpu_name).toBe("sw0_dpu1");
});

test("balanced: the route goes to every member that is up, each with its side's pin", () => {
  const world = pair({ selection: "balanced" });
  world.haSet({ pinned_vdpu_bfd_probe_states: "up,down" });
  expect(published(world).balanced).toBe(true);
  expect(world.row(VnetRouteTunnel, ROUTE)).toMatchObject({
    endpoint: "18.0.202.1,10.1.0.1",
    pinned_state: "up,down",
  });
  world.planes(DOWN);
  expect(world.row(VnetRouteTunnel, ROUTE)?.["endpoint"]).toBe("18.0.202.1,10.1.0.1");
});

test("members that are deleted count as down; when all are, the vDPU is gone", () => {
  const world = pair();
  world.del(Dpu, "sw0_dpu1");
  expect(published(world)).toMatchObject({ up: true, dpu: { dpu_name: "sw0_dpu0" } });
  world.del(Dpu, "sw0_dpu0");
  expect(published(world)).toMatchObject({ up: false, gone: true });
});

test("an empty list of members is refused, and the last good one stays", () => {
  const world = Example.steady();
  world.set(Vdpu, "vdpu0", { main_dpu_ids: " , " });
  world.set(Vdpu, "vdpu0", { main_dpu_ids: "sw0_dpu0", aggregation: "quorum:0" });
  expect(world.refused).toEqual(["VDPU vdpu0: main_dpu_ids", "VDPU vdpu0: aggregation"]);
  expect(published(world).up).toBe(true);
});
