import { expect, test } from "vitest";
import { DpuBfdSession } from "../schema/bfd-session.js";
import { DashHaGlobalConfig } from "../schema/dash-ha-global-config.js";
import { Dpu } from "../schema/dpu.js";
import { DashBfdProbeState } from "../schema/dpu-reports.js";
import { DpuResetInfo } from "../schema/dpu-reset-info.js";
import { DpuState } from "../schema/dpu-state.js";
import { NeighResolve } from "../schema/neigh-resolve.js";
import { RemoteDpu } from "../schema/remote-dpu.js";
import { Vdpu } from "../schema/vdpu.js";
import { settings } from "../testing/example.js";
import { fixture, nextRow, startFixture } from "../testing/fixture.js";
import { dpuActor } from "./dpu.js";
import { vdpuActor } from "./vdpu.js";

const NAME = fixture.dpu(0, 0);

test("a managed DPU through the runtime: neighbour, registration, health, reset mark, end", async () => {
  await using hamgrd = await startFixture([dpuActor(settings({ bfdMode: "ha-set" }))]);
  await hamgrd.update(DpuState, "DPU0", fixture.planes("up"));
  await hamgrd.write(Dpu, NAME, fixture.dpuRow(0, 0));
  await hamgrd.write(DashHaGlobalConfig, "global", fixture.global);
  expect(await nextRow(hamgrd, NeighResolve)).toEqual({
    key: NAME,
    row: "Vlan55:18.0.0.0",
    fields: { mac: "00:00:00:00:00:00" },
  });

  const vdpu = hamgrd.service("vdpu", "test-vdpu");
  await vdpu.send(hamgrd.actor("dpu", NAME), "DPUStateRegister|test-vdpu", { active: true });
  const first = await vdpu.next();
  expect(first.key).toBe(`DPUStateUpdate|${NAME}`);
  const { state: _state, midplane_ipv4: _mid, ...row } = fixture.dpuRow(0, 0);
  expect(first.data).toEqual({
    ...row,
    state: "up",
    midplane_ipv4: "127.0.0.1",
    dpu_id: 0,
    orchagent_zmq_port: 8100,
    swbus_port: 23606,
    remote_dpu: false,
    is_managed: true,
    dpu_name: NAME,
    up: true,
    npu_ipv4: "10.0.0.0",
    dpu_pmon_state: fixture.planes("up"),
  });

  const probes = {
    v4_bfd_up_sessions: "10.0.1.0",
    v4_bfd_up_sessions_timestamp: "Wed Jun 12 11:45:30 PM UTC 2024",
    v6_bfd_up_sessions: "",
    v6_bfd_up_sessions_timestamp: "Wed Jun 12 11:45:30 PM UTC 2024",
  };
  await hamgrd.update(DashBfdProbeState, "dash_ha", probes);
  expect((await vdpu.next()).data).toMatchObject({ up: true, dpu_bfd_state: probes });
  await hamgrd.update(DashBfdProbeState, "dash_ha", { ...probes, v4_bfd_up_sessions: "" });
  expect((await vdpu.next()).data).toMatchObject({ up: true, dpu_bfd_state: { v4_bfd_up_sessions: "" } });

  await hamgrd.update(DpuState, "DPU0", fixture.planes("down"));
  expect((await vdpu.next()).data).toMatchObject({ up: false, dpu_pmon_state: fixture.planes("down") });
  expect(await hamgrd.row(DpuResetInfo, "DPU0")).toMatchObject({
    reset_status: "true",
    dpu_id: NAME,
    vdpu_id: "vdpu0",
  });
  await hamgrd.update(DpuState, "DPU0", fixture.planes("up"));
  expect((await vdpu.next()).data).toMatchObject({ up: true });

  await hamgrd.remove(Dpu, NAME);
  expect((await vdpu.next()).data).toMatchObject({ up: false, gone: true });
  expect(await nextRow(hamgrd, NeighResolve)).toEqual({ key: NAME, row: "Vlan55:18.0.0.0", fields: undefined });
  await hamgrd.rest();
  expect(hamgrd.runtime.actors()).toEqual([]);
  expect(await hamgrd.row(DpuResetInfo, "DPU0")).toBeUndefined();
});

test("BFD rows of a managed DPU in mode cluster: made, withdrawn on a fall, made again, gone with the DPU", async () => {
  await using hamgrd = await startFixture([dpuActor(settings())]);
  hamgrd.bridge(NeighResolve).autoAck = true;
  await hamgrd.write(Dpu, NAME, fixture.dpuRow(0, 0));
  await hamgrd.write(RemoteDpu, fixture.dpu(1, 0), fixture.remoteDpuRow(1, 0));
  await hamgrd.update(DpuState, "DPU0", fixture.planes("up"));
  await hamgrd.write(DashHaGlobalConfig, "global", fixture.global);
  const fields = {
    tx_interval: "1000",
    rx_interval: "1000",
    multiplier: "3",
    multihop: "true",
    shutdown: "false",
    local_addr: "18.0.0.0",
    type: "passive",
  };
  const made = [
    { key: NAME, row: "default:default:10.0.0.0", fields },
    { key: NAME, row: "default:default:10.0.1.0", fields },
  ];
  const two = async () => [await nextRow(hamgrd, DpuBfdSession), await nextRow(hamgrd, DpuBfdSession)];
  const gone = made.map((row) => ({ ...row, fields: undefined })).reverse();
  expect(await two()).toEqual(made);
  await hamgrd.update(DpuState, "DPU0", fixture.planes("down"));
  expect(await two()).toEqual(gone);
  await hamgrd.update(DpuState, "DPU0", fixture.planes("up"));
  expect(await two()).toEqual(made);
  await hamgrd.remove(Dpu, NAME);
  expect(await two()).toEqual(gone);
  await hamgrd.rest();
});

test("a remote DPU: its addresses, never up, no row", async () => {
  await using hamgrd = await startFixture([dpuActor(settings())]);
  const name = fixture.dpu(1, 0);
  await hamgrd.write(RemoteDpu, name, fixture.remoteDpuRow(1, 0));
  const vdpu = hamgrd.service("vdpu", "test-vdpu");
  await vdpu.send(hamgrd.actor("dpu", name), "DPUStateRegister|test-vdpu", { active: true });
  expect((await vdpu.next()).data).toEqual({
    remote_dpu: true,
    is_managed: false,
    dpu_name: name,
    up: false,
    npu_ipv4: "10.0.1.0",
    pa_ipv4: "18.0.1.0",
    dpu_id: 0,
    orchagent_zmq_port: 0,
    swbus_port: 23606,
  });
  await hamgrd.remove(RemoteDpu, name);
  expect((await vdpu.next()).data).toMatchObject({ gone: true });
  await hamgrd.rest();
  expect(hamgrd.runtime.actors()).toEqual([]);
});

test("a vDPU: registers with its DPU, answers a registration once it knows, mirrors, deregisters at its end", async () => {
  await using hamgrd = await startFixture([vdpuActor]);
  const id = fixture.vdpu(0, 0);
  const dpu = hamgrd.service("dpu", NAME);
  await hamgrd.write(Vdpu, id, { main_dpu_ids: NAME });
  expect(await dpu.next()).toMatchObject({ key: `DPUStateRegister|${id}`, data: { active: true } });
  const set = hamgrd.service("ha-set", "test-set");
  await set.send(hamgrd.actor("vdpu", id), "VDPUStateRegister|test-set", { active: true });
  for (const up of [true, false, true]) {
    const { dpu: state } = fixture.vdpuState(0, 0, "managed", up) as { readonly dpu: object };
    await dpu.send(hamgrd.actor("vdpu", id), `DPUStateUpdate|${NAME}`, state as never);
    expect(await set.next()).toMatchObject({ key: `VDPUStateUpdate|${id}`, data: { up, dpu: state } });
  }
  await hamgrd.remove(Vdpu, id);
  expect((await set.next()).data).toMatchObject({ up: false, gone: true });
  expect(await dpu.next()).toMatchObject({ key: `DPUStateRegister|${id}`, data: { active: false } });
  await hamgrd.rest();
  expect(hamgrd.runtime.actors()).toEqual([]);
});
