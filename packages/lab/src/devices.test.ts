import { millis, seconds } from "@tandem/base";
import { expect, test } from "vitest";
import { DeviceWorld } from "./testing/device-world.js";
import type { DpuPlace, HaSetPlace } from "./topology.js";
import { forward } from "./traffic.js";

async function launched(): Promise<{ world: DeviceWorld; set: HaSetPlace; left: DpuPlace; right: DpuPlace }> {
  const world = new DeviceWorld();
  const set = world.topology.haSets[0] as HaSetPlace;
  await world.launch(set);
  return { world, set, left: set.dpus[0], right: set.dpus[1] };
}

const states = (world: DeviceWorld): readonly (string | undefined)[] => world.devices.dpus.map((dpu) => dpu.haState());

test("a pair programmed over ZMQ serves, and its rows say so", async () => {
  const { world, set, left } = await launched();
  await using _ = world;
  expect(states(world)).toEqual(["active", "standby"]);
  const row = await world.row(left, "DPU_STATE_DB", `DASH_HA_SCOPE_STATE_TABLE|${set.id}`);
  expect(row).toMatchObject({ ha_state: "active", ha_role: "active", ha_term: "1", activate_role_pending: "false" });
  expect(await world.row(left, "DPU_STATE_DB", `DASH_HA_SET_STATE_TABLE|${set.id}`)).toMatchObject({
    dp_channel_is_alive: "up",
  });
  const npus = world.topology.switches.map((sw) => sw.npu).join(",");
  const probes = await world.row(left, "DPU_STATE_DB", "DASH_BFD_PROBE_STATE|dash_ha");
  expect(probes).toMatchObject({ v4_bfd_up_sessions: npus, v6_bfd_up_sessions: "" });
  expect(probes.v4_bfd_up_sessions_timestamp).toMatch(
    /^[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d [AP]M UTC \d{4}$/,
  );
  expect(await world.keys(left, "DPU_APPL_STATE_DB")).toEqual([
    `DASH_HA_SCOPE_TABLE|${set.id}`,
    `DASH_HA_SET_TABLE|${set.id}`,
  ]);
  expect(world.warnings).toEqual([]);
});

test("pmon follows the power of a DPU, and a midplane that is down hides the rest", async () => {
  const { world, left } = await launched();
  await using _ = world;
  const sw = world.topology.switches[0];
  if (sw === undefined) throw new Error("no switch");
  const up = await world.row(sw, "CHASSIS_STATE_DB", "DPU_STATE|DPU0");
  expect(up).toMatchObject({
    id: "0",
    dpu_midplane_link_state: "up",
    dpu_control_plane_state: "up",
    dpu_data_plane_state: "up",
  });
  await world.run(world.dpu(left).powerOff());
  await world.clock.advance(seconds(5));
  const down = await world.row(sw, "CHASSIS_STATE_DB", "DPU_STATE|DPU0");
  expect(down).toMatchObject({
    dpu_midplane_link_state: "down",
    dpu_control_plane_state: "down",
    dpu_data_plane_state: "down",
    dpu_control_plane_time: up.dpu_control_plane_time,
    dpu_control_plane_reason: "SYSTEM_READY",
  });
  expect(down.dpu_midplane_link_time).not.toBe(up.dpu_midplane_link_time);
});

test("traffic goes to the preferred DPU, and to the other when its probes are lost: tunnelled, not dropped", async () => {
  const { world, set, left, right } = await launched();
  await using _ = world;
  const { devices } = world;
  const npu = devices.npus[0];
  if (npu === undefined) throw new Error("no switch");
  const send = (flow: string) => forward(devices, npu, set.vip, set.id, flow);
  expect(send("f1")).toEqual({ kind: "delivered", by: left.name, tunnelledBy: undefined });
  devices.bfd.setLost("sw0", left.name, true);
  await world.clock.advance(millis(299));
  expect(send("f1")).toEqual({ kind: "delivered", by: left.name, tunnelledBy: undefined });
  await world.clock.advance(millis(1));
  expect(send("f1")).toEqual({ kind: "delivered", by: left.name, tunnelledBy: right.name });
  await world.clock.advance(seconds(2));
  expect(await world.row(left, "DPU_STATE_DB", "DASH_BFD_PROBE_STATE|dash_ha")).toMatchObject({
    v4_bfd_up_sessions: world.topology.switches[1]?.npu,
  });
});

test("a planned shutdown of the active side loses no packet", async () => {
  const { world, set, left, right } = await launched();
  await using _ = world;
  world.devices.traffic.start();
  await world.clock.advance(seconds(1));
  await world.programScope(set, left, { ha_role: "dead" });
  await world.clock.advance(seconds(10));
  expect(states(world)).toEqual(["dead", "standalone"]);
  expect(world.dpu(left).responders().size).toBe(0);
  expect(await world.row(right, "DPU_STATE_DB", `DASH_HA_SCOPE_STATE_TABLE|${set.id}`)).toMatchObject({
    flow_reconcile_pending: "true",
  });
  const { traffic } = world.devices;
  expect(traffic.sent).toBeGreaterThan(1000);
  expect(traffic.windows).toEqual([]);
});

test("a crash of the active side costs what the probes need to notice, and nothing after", async () => {
  const { world, left, right } = await launched();
  await using _ = world;
  const { traffic } = world.devices;
  traffic.start();
  await world.clock.advance(seconds(1));
  await world.run(world.dpu(left).powerOff());
  await world.clock.advance(seconds(10));
  expect(states(world)).toEqual([undefined, "standalone"]);
  expect(traffic.lost).toBeGreaterThan(0);
  // Until the BFD sessions notice, packets go to the dead DPU; then the standby sends them there until its own probes
  // notice: 5 × 500 ms.
  const first = traffic.windows[0];
  const last = traffic.windows.at(-1);
  if (first === undefined || last === undefined) throw new Error("no window");
  expect(last.until - first.from).toBeLessThanOrEqual(2500);
  expect(new Set(traffic.windows.map((window) => window.at))).toEqual(new Set([left.name]));
  traffic.reset();
  await world.clock.advance(seconds(5));
  expect([traffic.lost, traffic.sent]).toEqual([0, 500]);
  expect(right.name).toBe("sw1_dpu0");
});

for (const wipe of ["keys", "flush"] as const) {
  test(`a boot empties the DPU's databases (${wipe})`, async () => {
    const { world, left } = await launched();
    await using _ = world;
    const dpu = world.dpu(left);
    await world.run(dpu.powerOff());
    expect((await world.keys(left, "DPU_STATE_DB")).length).toBeGreaterThan(0);
    await world.run(dpu.powerOn(wipe));
    expect(await world.keys(left, "DPU_STATE_DB")).toEqual([]);
    expect(dpu.haState()).toBeUndefined();
  });
}

test("a boot without clean-up leaves stale rows behind", async () => {
  const { world, left, set } = await launched();
  await using _ = world;
  const dpu = world.dpu(left);
  await world.run(dpu.powerOff());
  await world.run(dpu.powerOn("none"));
  expect(await world.row(left, "DPU_STATE_DB", `DASH_HA_SCOPE_STATE_TABLE|${set.id}`)).toMatchObject({
    ha_state: "active",
  });
});

test("what is no message for orchagent is dropped with a reason, and the next one is taken", async () => {
  const { world, left, set } = await launched();
  await using _ = world;
  await world.send(left, Uint8Array.of(1, 2, 3));
  expect(world.warnings.at(-1)).toContain("sw0_dpu0: a ZMQ message ends early");
  await world.programScope(set, left, { ha_role: "acitve" });
  expect(world.warnings.at(-1)).toContain("ha_role: expected one of dead, active");
  expect(states(world)).toEqual(["active", "standby"]);
  await world.programScope(set, left, { disabled: "true" });
  expect(states(world)).toEqual(["dead", "standalone"]);
});

test("rows that a DPU reports while its database is away are written when it is back", async () => {
  const { world, left, set } = await launched();
  await using _ = world;
  world.redis.get(left.name)?.kill();
  await world.programScope(set, left, { disabled: "true" });
  await world.clock.advance(seconds(1));
  world.redis.get(left.name)?.restart({ keep: true });
  await world.clock.advance(seconds(3));
  expect(await world.row(left, "DPU_STATE_DB", `DASH_HA_SCOPE_STATE_TABLE|${set.id}`)).toMatchObject({
    ha_state: "dead",
  });
});
