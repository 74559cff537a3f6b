import type { FakeService, TestHarness } from "@tandem/actor/testing";
import { type Json, millis } from "@tandem/base";
import type { Fields } from "@tandem/swss";
import { expect, test } from "vitest";
import { DashHaScope } from "../schema/dash-ha-scope.js";
import { DashHaScopeConfig } from "../schema/dash-ha-scope-config.js";
import { DashHaScopeState } from "../schema/dash-ha-scope-state.js";
import { DpuDashHaScopeState } from "../schema/dpu-reports.js";
import { settings } from "../testing/example.js";
import { fixture, nextRow, startFixture } from "../testing/fixture.js";
import { haScopeActor } from "./ha-scope.js";

const SET = fixture.haSet(0, 0);
const VDPU = fixture.vdpu(0, 0);
const ID = `${VDPU}:${SET}`;
const NPU = `${VDPU}|${SET}`;

const CONFIG = { version: "1", disabled: "true", owner: "dpu", ha_set_id: SET, desired_ha_state: "active" };
const SCOPE_ROW = {
  version: "1",
  disabled: "true",
  ha_role: "active",
  ha_term: "0",
  ha_set_id: SET,
  vip_v4: "3.2.0.0",
  vip_v6: "3:2::",
  flow_reconcile_requested: "false",
  activate_role_requested: "false",
  brainsplit_recovered: "false",
};

const HA_SET_STATE: Json = {
  ha_set: {
    version: "1",
    vip_v4: "3.2.0.0",
    vip_v6: "3:2::",
    owner: "dpu",
    scope: "dpu",
    local_npu_ip: "10.0.0.0",
    local_ip: "18.0.0.0",
    peer_ip: "18.0.1.0",
  },
  vdpu_ids: [VDPU, fixture.vdpu(1, 0)],
  pinned_vdpu_bfd_probe_states: [""],
};

const REPORT = {
  last_updated_time: "1718053542000",
  ha_role: "dead",
  ha_role_start_time: "1718053542000",
  ha_state: "dead",
  ha_state_start_time: "1718053542001",
  ha_term: "1",
};
const PENDING = { ...REPORT, ha_state: "pending_active_activation", activate_role_pending: "true" };
const ACTIVE = {
  ...REPORT,
  activate_role_pending: "false",
  brainsplit_recover_pending: "false",
  ha_role: "active",
  ha_state: "active",
  ha_term: "2",
};

interface Neighbours {
  readonly vdpu: FakeService;
  readonly set: FakeService;
}

async function start(): Promise<TestHarness> {
  return startFixture([haScopeActor(settings())]);
}

/** The scope's config, and what it says at once: two registrations, and its owner. */
async function configure(hamgrd: TestHarness, config: Fields = CONFIG): Promise<Neighbours> {
  const vdpu = hamgrd.service("vdpu", VDPU);
  const set = hamgrd.service("ha-set", SET);
  await hamgrd.write(DashHaScopeConfig, ID, config);
  expect(await vdpu.next()).toMatchObject({ key: `VDPUStateRegister|${ID}`, data: { active: true } });
  const said = [await set.next(), await set.next()].map(({ key, data }) => ({ key, data }));
  expect(said).toEqual([
    { key: `HaSetStateRegister|${ID}`, data: { active: true } },
    {
      key: `HaScopeStateUpdate|${ID}`,
      data: {
        owner: 1,
        new_state: "HA_STATE_UNSPECIFIED",
        timestamp: 0,
        term: "0",
        vdpu_id: VDPU,
        peer_vdpu_id: "",
      },
    },
  ]);
  return { vdpu, set };
}

/** Configured, and both neighbours have answered; the first row is out. */
async function running(hamgrd: TestHarness, config: Fields = CONFIG): Promise<Neighbours> {
  const neighbours = await configure(hamgrd, config);
  const me = hamgrd.actor("ha-scope", ID);
  await neighbours.vdpu.send(me, `VDPUStateUpdate|${VDPU}`, fixture.vdpuState(0, 0, "managed"));
  expect(hamgrd.bridge(DashHaScope).waiting).toEqual([]);
  await neighbours.set.send(me, `HaSetStateUpdate|${SET}`, HA_SET_STATE);
  return neighbours;
}

const npu = async (hamgrd: TestHarness): Promise<Fields> => (await hamgrd.row(DashHaScopeState, NPU)) ?? {};

test("planned up, then down, through the runtime", async () => {
  await using hamgrd = await start();
  const { vdpu, set } = await running(hamgrd);
  expect(await nextRow(hamgrd, DashHaScope)).toEqual({ key: SET, row: SET, fields: SCOPE_ROW });
  expect(await npu(hamgrd)).toMatchObject({ version: "1", local_ip: "18.0.0.0", peer_ip: "18.0.1.0" });
  expect(await npu(hamgrd)).not.toHaveProperty("local_ha_state");

  await hamgrd.update(DpuDashHaScopeState, SET, REPORT);
  await hamgrd.rest();
  expect(await npu(hamgrd)).toMatchObject({
    local_ha_state: "dead",
    local_acked_asic_ha_state: "dead",
    local_target_asic_ha_state: "active",
    local_target_term: "1",
    local_ha_state_last_updated_reason: "dpu initiated",
  });

  await hamgrd.update(DashHaScopeConfig, ID, { ...CONFIG, version: "2", disabled: "false" });
  expect((await nextRow(hamgrd, DashHaScope)).fields).toEqual({ ...SCOPE_ROW, version: "2", disabled: "false" });
  await hamgrd.update(DpuDashHaScopeState, SET, PENDING);
  await hamgrd.rest();
  const { pending_operation_ids: id, pending_operation_types: types } = await npu(hamgrd);
  expect(types).toBe("activate_role");
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);

  const approved = { ...CONFIG, version: "3", disabled: "false", approved_pending_operation_ids: id as string };
  await hamgrd.update(DashHaScopeConfig, ID, approved);
  const requested = { ...SCOPE_ROW, version: "3", disabled: "false", activate_role_requested: "true" };
  expect((await nextRow(hamgrd, DashHaScope)).fields).toEqual(requested);
  expect(await npu(hamgrd)).toMatchObject({ pending_operation_ids: "", pending_operation_types: "" });
  await hamgrd.update(DpuDashHaScopeState, SET, ACTIVE);
  expect((await nextRow(hamgrd, DashHaScope)).fields).toEqual({ ...requested, activate_role_requested: "false" });
  expect(await npu(hamgrd)).toMatchObject({ local_ha_state: "active", local_acked_term: "2" });

  const began = hamgrd.clock.monotonic();
  await hamgrd.update(DashHaScopeConfig, ID, { ...approved, version: "4", desired_ha_state: "dead" });
  expect((await nextRow(hamgrd, DashHaScope)).fields).toMatchObject({ version: "4", ha_role: "dead" });
  // Nobody withdraws BFD rows here, so the role waits as long as it may.
  expect(hamgrd.clock.monotonic() - began).toBe(500);

  await hamgrd.remove(DashHaScopeConfig, ID);
  expect(await nextRow(hamgrd, DashHaScope)).toEqual({ key: SET, row: SET, fields: undefined });
  expect(await vdpu.next()).toMatchObject({ key: `VDPUStateRegister|${ID}`, data: { active: false } });
  const last = [await set.next(), await set.next()];
  expect(last.map(({ key }) => key).sort()).toEqual([`HaScopeStateUpdate|${ID}`, `HaSetStateRegister|${ID}`]);
  await hamgrd.rest();
  expect(await hamgrd.row(DashHaScopeState, NPU)).toBeUndefined();
  expect(hamgrd.runtime.actors()).toEqual([]);
});

test("a withdrawn BFD lets the role go at once", async () => {
  await using hamgrd = await start();
  const { vdpu } = await running(hamgrd, { ...CONFIG, disabled: "false" });
  await nextRow(hamgrd, DashHaScope);
  await hamgrd.update(DpuDashHaScopeState, SET, ACTIVE);
  await hamgrd.rest();
  const state = fixture.vdpuState(0, 0, "managed") as { readonly dpu: object };
  await hamgrd.update(DashHaScopeConfig, ID, { ...CONFIG, version: "2", disabled: "true" });
  const began = hamgrd.clock.monotonic();
  await vdpu.send(hamgrd.actor("ha-scope", ID), `VDPUStateUpdate|${VDPU}`, {
    up: true,
    dpu: { ...state.dpu, bfd_withdrawn: true },
  } as Json);
  expect((await nextRow(hamgrd, DashHaScope)).fields).toMatchObject({ disabled: "true" });
  expect(hamgrd.clock.monotonic() - began).toBeLessThan(100);
});

test("brain split: approved once, answered once", async () => {
  await using hamgrd = await start();
  await running(hamgrd, { ...CONFIG, disabled: "false" });
  await nextRow(hamgrd, DashHaScope);
  await hamgrd.update(DpuDashHaScopeState, SET, {
    ...ACTIVE,
    ha_state: "standalone",
    brainsplit_recover_pending: "true",
  });
  await hamgrd.rest();
  const { pending_operation_ids: id, pending_operation_types: types } = await npu(hamgrd);
  expect(types).toBe("brainsplit_recover");
  await hamgrd.update(DashHaScopeConfig, ID, {
    ...CONFIG,
    version: "2",
    disabled: "false",
    approved_pending_operation_ids: id as string,
  });
  expect((await nextRow(hamgrd, DashHaScope)).fields).toMatchObject({ brainsplit_recovered: "true" });
  expect(await npu(hamgrd)).toMatchObject({ pending_operation_ids: "", pending_operation_types: "" });
  await hamgrd.update(DpuDashHaScopeState, SET, { ...ACTIVE, ha_state: "standalone" });
  expect((await nextRow(hamgrd, DashHaScope)).fields).toMatchObject({ brainsplit_recovered: "false" });
});

test("a request that the DPU does not take is sent again after the interval, unchanged", async () => {
  await using hamgrd = await start();
  await running(hamgrd, { ...CONFIG, disabled: "false" });
  await nextRow(hamgrd, DashHaScope);
  await hamgrd.update(DpuDashHaScopeState, SET, PENDING);
  await hamgrd.rest();
  const { pending_operation_ids: id } = await npu(hamgrd);
  await hamgrd.update(DashHaScopeConfig, ID, {
    ...CONFIG,
    version: "2",
    disabled: "false",
    approved_pending_operation_ids: id as string,
  });
  const first = await nextRow(hamgrd, DashHaScope);
  const began = hamgrd.clock.monotonic();
  expect(await nextRow(hamgrd, DashHaScope)).toEqual(first);
  expect(hamgrd.clock.monotonic() - began).toBeGreaterThanOrEqual(1900);
  await hamgrd.update(DpuDashHaScopeState, SET, ACTIVE);
  expect((await nextRow(hamgrd, DashHaScope)).fields).toMatchObject({ activate_role_requested: "false" });
  await hamgrd.clock.advance(millis(10_000));
  expect(hamgrd.bridge(DashHaScope).waiting).toEqual([]);
});

test("a restart at any step keeps ids and rows, and approves nothing twice", async () => {
  const steps: readonly ((hamgrd: TestHarness, id: string) => Promise<void>)[] = [
    (hamgrd) => hamgrd.update(DpuDashHaScopeState, SET, REPORT),
    (hamgrd) => hamgrd.update(DashHaScopeConfig, ID, { ...CONFIG, version: "2", disabled: "false" }),
    (hamgrd) => hamgrd.update(DpuDashHaScopeState, SET, PENDING),
    (hamgrd, id) =>
      hamgrd.update(DashHaScopeConfig, ID, {
        ...CONFIG,
        version: "3",
        disabled: "false",
        approved_pending_operation_ids: id,
      }),
    (hamgrd) => hamgrd.update(DpuDashHaScopeState, SET, ACTIVE),
  ];
  for (let killed = 0; killed < steps.length; killed++) {
    const tables = async (hamgrd: TestHarness): Promise<readonly (Fields | undefined)[]> => [
      await hamgrd.row(DashHaScope, SET),
      await hamgrd.row(DashHaScopeState, NPU),
    ];
    let hamgrd = await startFixture([haScopeActor(settings())], { fakes: false });
    const answer = async (): Promise<void> => {
      const me = hamgrd.actor("ha-scope", ID);
      const vdpu = hamgrd.service("vdpu", VDPU);
      const set = hamgrd.service("ha-set", SET);
      vdpu.autoAck = true;
      set.autoAck = true;
      await vdpu.send(me, `VDPUStateUpdate|${VDPU}`, fixture.vdpuState(0, 0, "managed"));
      await set.send(me, `HaSetStateUpdate|${SET}`, HA_SET_STATE);
      await hamgrd.rest();
    };
    await hamgrd.write(DashHaScopeConfig, ID, CONFIG);
    await answer();
    let id = "";
    for (const [i, step] of steps.entries()) {
      await step(hamgrd, id);
      await hamgrd.rest();
      const ids = (await npu(hamgrd))["pending_operation_ids"] ?? "";
      if (ids !== "") {
        if (id !== "") expect(ids).toBe(id);
        id = ids;
      }
      if (i !== killed) continue;
      const before = await tables(hamgrd);
      const world = hamgrd.kill();
      hamgrd = await startFixture([haScopeActor(settings())], { fakes: false, world });
      await answer();
      expect(await tables(hamgrd), `killed after step ${i}`).toEqual(before);
    }
    expect(await tables(hamgrd)).toMatchObject([
      { version: "3", activate_role_requested: "false" },
      { local_ha_state: "active", pending_operation_ids: "" },
    ]);
    hamgrd.kill();
  }
});

test("an HA scope's key needs both parts: without them the creator refuses, and serves the next", async () => {
  await using hamgrd = await start();
  const bridge = hamgrd.bridge(DashHaScopeConfig);
  const bad = await bridge.sendRow(hamgrd.actor("ha-scope", "nocolon"), DashHaScopeConfig, "nocolon", CONFIG);
  expect(bad.text).toContain("Failed to create actor");
  const dead = await bridge.sendRow(hamgrd.actor("ha-scope", ID), DashHaScopeConfig, ID, undefined);
  expect(dead.text).toContain("won't create actor for DEL");
  const good = await bridge.sendRow(hamgrd.actor("ha-scope", ID), DashHaScopeConfig, ID, {
    json: JSON.stringify({ version: "1", disabled: true, owner: 1, ha_set_id: SET, desired_ha_state: 2 }),
  });
  expect(good.text).toBe("");
  expect(await hamgrd.service("vdpu", VDPU).next()).toMatchObject({ key: `VDPUStateRegister|${ID}` });
});
