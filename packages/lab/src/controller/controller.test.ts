import { millis, seconds, unwrap } from "@tandem/base";
import { DashHaScopeConfig, DashHaSetConfig } from "@tandem/hamgrd";
import type { Fields } from "@tandem/swss";
import { expect, test } from "vitest";
import { DeviceWorld } from "../testing/device-world.js";
import type { DpuPlace, HaSetPlace, SwitchPlace } from "../topology.js";
import { Controller, type ControllerOptions } from "./controller.js";

/** A controller over the databases of two switches; the test plays hamgrd and pmon. */
class ControllerWorld implements AsyncDisposable {
  readonly world = new DeviceWorld();
  readonly controller: Controller;
  readonly set = this.world.topology.haSets[0] as HaSetPlace;
  readonly left: DpuPlace = this.set.dpus[0];
  readonly sw = this.world.topology.switches[0] as SwitchPlace;

  constructor(options: Partial<ControllerOptions> = {}) {
    const { topology, clock } = this.world;
    this.controller = unwrap(
      Controller.start({
        topology,
        clock,
        stores: (sw) => this.world.stores(sw),
        onWarning: (text) => this.world.warnings.push(text),
        ...options,
      }),
    );
    for (const pmon of this.world.devices.pmons) {
      for (const dpu of this.world.devices.dpus) {
        for (const plane of ["midplane_link", "control_plane", "data_plane"] as const) pmon.setPlane(dpu, plane, true);
      }
    }
  }

  /** Both sides created and reported dead, so that nothing is held. */
  async created(): Promise<void> {
    await this.world.clock.advance(millis(100));
    await this.world.run(this.controller.createSet(this.set));
    for (const dpu of this.set.dpus) await this.report(dpu, { local_ha_state: "dead" });
  }

  /** The row of hamgrd about one side. */
  async report(dpu: DpuPlace, fields: Fields): Promise<void> {
    const sw = this.world.topology.switches[dpu.switchIndex] as SwitchPlace;
    const state = { state: "up", time: "0" };
    const planes = ["midplane", "control_plane", "data_plane"].flatMap((plane) => [
      `local_vdpu_${plane}_state`,
      state.state,
      `local_vdpu_${plane}_state_last_updated_time_in_ms`,
      state.time,
    ]);
    const bfd = ["v4", "v6"].flatMap((family) => [
      `local_vdpu_up_bfd_sessions_${family}`,
      "",
      `local_vdpu_up_bfd_sessions_${family}_update_time_in_ms`,
      "0",
    ]);
    await this.command(sw, "STATE_DB", [
      "HSET",
      `DASH_HA_SCOPE_STATE|${dpu.vdpuId}|${this.set.id}`,
      ...["creation_time_in_ms", "1", "last_heartbeat_time_in_ms", "1", "local_ip", "1.1.1.1", "peer_ip", "1.1.1.2"],
      ...planes,
      ...bfd,
      ...Object.entries(fields).flat(),
    ]);
  }

  async command(sw: SwitchPlace, db: string, command: readonly [string, ...string[]]): Promise<void> {
    unwrap(await this.world.run(this.world.store(sw, db).command(command)));
    await this.world.clock.advance(millis(10));
  }

  async scope(dpu: DpuPlace) {
    const sw = this.world.topology.switches[dpu.switchIndex] as SwitchPlace;
    const row = await this.world.row(sw, "APPL_DB", `DASH_HA_SCOPE_CONFIG_TABLE:${dpu.vdpuId}:${this.set.id}`);
    return row["pb"] === undefined ? undefined : unwrap(DashHaScopeConfig.decode(row));
  }

  async haSet(sw: SwitchPlace) {
    const row = await this.world.row(sw, "APPL_DB", `DASH_HA_SET_CONFIG_TABLE:${this.set.id}`);
    return row["pb"] === undefined ? undefined : unwrap(DashHaSetConfig.decode(row));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.world.run(Promise.resolve(this.controller[Symbol.asyncDispose]()));
    await this.world[Symbol.asyncDispose]();
  }
}

test("a set goes to every switch, a scope to the switch of its DPU, disabled at first", async () => {
  await using lab = new ControllerWorld();
  await lab.created();
  for (const sw of lab.world.topology.switches) {
    expect(await lab.haSet(sw)).toMatchObject({
      vip_v4: lab.set.vip,
      vdpu_ids: ["vdpu0-0", "vdpu1-0"],
      scope: "dpu",
      preferred_vdpu_id: ["vdpu0-0"],
      pinned_vdpu_bfd_probe_states: ["none", "none"],
    });
  }
  expect(await lab.scope(lab.left)).toMatchObject({ disabled: true, owner: "dpu", desired_ha_state: "active" });
  await lab.world.run(lab.controller.enable("vdpu0-0"));
  expect(await lab.scope(lab.left)).toMatchObject({ disabled: false });
  expect(await lab.scope(lab.set.dpus[1])).toMatchObject({ disabled: true, desired_ha_state: "unspecified" });
});

test("an enabled scope is written disabled until its DPU reports dead, or for ten seconds", async () => {
  await using lab = new ControllerWorld();
  await lab.world.clock.advance(millis(100));
  await lab.world.run(lab.controller.createSet(lab.set));
  await lab.world.run(lab.controller.enable("vdpu0-0"));
  expect(await lab.scope(lab.left)).toMatchObject({ disabled: true });
  await lab.world.clock.advance(seconds(10));
  expect(await lab.scope(lab.left)).toMatchObject({ disabled: false });
});

test("ten seconds in which a database refuses the disabled scope do not count", async () => {
  await using lab = new ControllerWorld();
  await lab.world.clock.advance(millis(100));
  await lab.world.run(lab.controller.createSet(lab.set));
  await lab.world.run(lab.controller.enable("vdpu0-0"));
  await lab.world.clock.advance(seconds(10));
  expect(await lab.scope(lab.left)).toMatchObject({ disabled: false });
  lab.world.redis.get(lab.sw.name)?.suffer("unsaved");
  void lab.controller.restart("vdpu0-0");
  await lab.world.clock.advance(seconds(15));
  lab.world.redis.get(lab.sw.name)?.suffer(undefined);
  await lab.world.clock.advance(seconds(1));
  expect(await lab.scope(lab.left)).toMatchObject({ disabled: true });
  await lab.world.clock.advance(seconds(20));
  expect(await lab.scope(lab.left)).toMatchObject({ disabled: false });
});

test("operations are approved as the last rule that fits says", async () => {
  await using lab = new ControllerWorld();
  await lab.created();
  await lab.world.run(lab.controller.setApprovals("manual", { vdpu: "vdpu0-0", type: "flow_reconcile" }));
  await lab.report(lab.left, {
    pending_operation_ids: "id-1,id-2",
    pending_operation_types: "activate_role,flow_reconcile",
  });
  expect((await lab.scope(lab.left))?.approved_pending_operation_ids).toEqual(["id-1"]);
  expect(lab.controller.pending("vdpu0-0").map(({ type }) => type)).toEqual(["activate_role", "flow_reconcile"]);
  await lab.world.run(lab.controller.approve("vdpu0-0", "flow_reconcile"));
  expect((await lab.scope(lab.left))?.approved_pending_operation_ids).toEqual(["id-1", "id-2"]);
  const version = (await lab.scope(lab.left))?.version;
  await lab.report(lab.left, { pending_operation_ids: "", pending_operation_types: "" });
  await lab.world.run(lab.controller.replay());
  expect((await lab.scope(lab.left))?.version).toBe(version);
});

test("a DPU that goes down loses its rows, and gets them back disabled first when it is up again", async () => {
  await using lab = new ControllerWorld();
  await lab.created();
  await lab.world.run(lab.controller.enable("vdpu0-0"));
  const dpu = lab.world.dpu(lab.left);
  const pmon = lab.world.devices.pmon(lab.sw);
  pmon.setPlane(dpu, "control_plane", false);
  await lab.command(lab.sw, "STATE_DB", ["HSET", "DPU_RESET_INFO|DPU0", "reset_status", "true", "timestamp", "1"]);
  await lab.world.clock.advance(millis(50));
  expect(await lab.scope(lab.left)).toBeUndefined();
  expect(await lab.haSet(lab.sw)).toBeUndefined();
  expect(await lab.haSet(lab.world.topology.switches[1] as SwitchPlace)).toBeDefined();
  pmon.setPlane(dpu, "data_plane", false);
  await lab.world.clock.advance(seconds(60));
  expect(await lab.scope(lab.left)).toBeUndefined();

  pmon.setPlane(dpu, "control_plane", true);
  await lab.report(lab.left, { local_ha_state: "connecting" });
  await lab.world.clock.advance(millis(50));
  expect(await lab.haSet(lab.sw)).toBeDefined();
  expect(await lab.scope(lab.left)).toMatchObject({ disabled: true, approved_pending_operation_ids: [] });
  expect(await lab.world.row(lab.sw, "STATE_DB", "DPU_RESET_INFO|DPU0")).toMatchObject({ reset_status: "false" });
  await lab.report(lab.left, { local_ha_state: "dead" });
  expect(await lab.scope(lab.left)).toMatchObject({ disabled: false });
});

test("a restart that only DPU_RESET_INFO tells of is handled too", async () => {
  await using lab = new ControllerWorld();
  await lab.created();
  const before = Number((await lab.scope(lab.left))?.version);
  await lab.command(lab.sw, "STATE_DB", ["HSET", "DPU_RESET_INFO|DPU0", "reset_status", "true", "timestamp", "1"]);
  await lab.world.clock.advance(millis(50));
  expect(Number((await lab.scope(lab.left))?.version)).toBeGreaterThan(before);
  expect(await lab.world.row(lab.sw, "STATE_DB", "DPU_RESET_INFO|DPU0")).toMatchObject({ reset_status: "false" });
});

test("without help with restarts, rows stay whatever pmon says", async () => {
  await using lab = new ControllerWorld({ helpsRestart: false });
  await lab.created();
  lab.world.devices.pmon(lab.sw).setPlane(lab.world.dpu(lab.left), "midplane_link", false);
  await lab.world.clock.advance(seconds(1));
  expect(await lab.scope(lab.left)).toBeDefined();
});

const SPLIT = { local_ha_state: "standalone", pending_operation_types: "brainsplit_recover" };
const HEALED = { local_ha_state: "dead", pending_operation_ids: "", pending_operation_types: "" };

test("a split brain restarts HA on the side that is not preferred", async () => {
  await using lab = new ControllerWorld();
  await lab.created();
  const right = lab.set.dpus[1];
  for (const { vdpuId } of lab.set.dpus) await lab.world.run(lab.controller.enable(vdpuId));
  for (const dpu of lab.set.dpus) await lab.report(dpu, { ...SPLIT, pending_operation_ids: `id-${dpu.slot}` });
  expect(await lab.scope(lab.left)).toMatchObject({ disabled: false });
  expect(await lab.scope(right)).toMatchObject({ disabled: true });
  await lab.report(right, HEALED);
  expect(await lab.scope(right)).toMatchObject({ disabled: false });
});

for (const odd of ["unknown", "excited"]) {
  test(`a split brain whose report is ${odd} for a while is healed all the same`, async () => {
    await using lab = new ControllerWorld();
    await lab.created();
    const right = lab.set.dpus[1];
    for (const { vdpuId } of lab.set.dpus) await lab.world.run(lab.controller.enable(vdpuId));
    await lab.report(right, { ...SPLIT, pending_operation_ids: "id-1" });
    await lab.report(right, { local_ha_state: odd, pending_operation_ids: "", pending_operation_types: "" });
    await lab.report(lab.left, { ...SPLIT, pending_operation_ids: "id-0" });
    expect(await lab.scope(right)).toMatchObject({ disabled: false });
    await lab.report(right, { local_ha_state: "standalone" });
    expect(await lab.scope(right)).toMatchObject({ disabled: true });
  });
}

for (const preferred of [["vdpu0-0", "vdpu1-0"], []])
  test(`a split brain restarts HA on the second side alone where ${preferred.length} are preferred`, async () => {
    await using lab = new ControllerWorld();
    await lab.created();
    const right = lab.set.dpus[1];
    for (const { vdpuId } of lab.set.dpus) await lab.world.run(lab.controller.enable(vdpuId));
    await lab.world.run(lab.controller.prefer(lab.set.id, preferred));
    for (const dpu of lab.set.dpus) await lab.report(dpu, { ...SPLIT, pending_operation_ids: `id-${dpu.slot}` });
    expect(await lab.scope(lab.left)).toMatchObject({ disabled: false });
    expect(await lab.scope(right)).toMatchObject({ disabled: true });
  });

test("a split brain that one side reported before another one was preferred is healed once", async () => {
  await using lab = new ControllerWorld();
  await lab.created();
  const right = lab.set.dpus[1];
  for (const { vdpuId } of lab.set.dpus) await lab.world.run(lab.controller.enable(vdpuId));
  await lab.report(lab.left, { ...SPLIT, pending_operation_ids: "id-0" });
  await lab.report(lab.left, { pending_operation_ids: "", pending_operation_types: "" });
  await lab.world.run(lab.controller.prefer(lab.set.id, ["vdpu1-0"]));
  expect(await lab.scope(lab.left)).toMatchObject({ disabled: false });
  await lab.report(right, { ...SPLIT, pending_operation_ids: "id-1" });
  expect(await lab.scope(lab.left)).toMatchObject({ disabled: true });
  await lab.world.run(lab.controller.prefer(lab.set.id, ["vdpu0-0"]));
  await lab.report(lab.left, HEALED);
  expect(await lab.scope(lab.left)).toMatchObject({ disabled: false });
  expect(await lab.scope(right)).toMatchObject({ disabled: false });
});

test("a split brain waits while a person decides about it", async () => {
  await using lab = new ControllerWorld();
  await lab.created();
  const right = lab.set.dpus[1];
  for (const { vdpuId } of lab.set.dpus) await lab.world.run(lab.controller.enable(vdpuId));
  await lab.world.run(lab.controller.setApprovals("manual"));
  for (const dpu of lab.set.dpus) await lab.report(dpu, { ...SPLIT, pending_operation_ids: `id-${dpu.slot}` });
  expect(await lab.scope(right)).toMatchObject({ disabled: false, approved_pending_operation_ids: [] });
  await lab.world.run(lab.controller.setApprovals("auto"));
  expect(await lab.scope(right)).toMatchObject({ disabled: true });
});

test("pins and preference change the set's row on every switch", async () => {
  await using lab = new ControllerWorld();
  await lab.created();
  await lab.world.run(lab.controller.pin(lab.set.id, "vdpu1-0", "up"));
  await lab.world.run(lab.controller.prefer(lab.set.id, ["vdpu1-0"]));
  for (const sw of lab.world.topology.switches) {
    expect(await lab.haSet(sw)).toMatchObject({
      version: "3",
      pinned_vdpu_bfd_probe_states: ["none", "up"],
      preferred_vdpu_id: ["vdpu1-0"],
    });
  }
});

test("rows wait for a database that is away", async () => {
  await using lab = new ControllerWorld();
  await lab.created();
  lab.world.redis.get("sw0")?.kill();
  const enabled = lab.controller.enable("vdpu0-0");
  await lab.world.clock.advance(seconds(1));
  lab.world.redis.get("sw0")?.restart({ keep: true });
  await lab.world.run(enabled);
  expect(await lab.scope(lab.left)).toMatchObject({ disabled: false });
});

test("a database that is away, or does not answer, delays rows of no other switch", async () => {
  await using lab = new ControllerWorld();
  await lab.created();
  const [left, right] = lab.set.dpus;
  for (const trouble of ["away", "stalled"]) {
    const redis = lab.world.redis.get("sw0");
    if (trouble === "away") redis?.kill();
    else redis?.suffer("stalled");
    void lab.controller.disable(left.vdpuId);
    await lab.world.clock.advance(millis(100));
    void lab.controller.enable(right.vdpuId);
    await lab.world.clock.advance(millis(100));
    expect(await lab.scope(right), trouble).toMatchObject({ disabled: false });
    if (trouble === "away") redis?.restart({ keep: true });
    else redis?.suffer(undefined);
    await lab.world.run(lab.controller.disable(right.vdpuId));
    expect(await lab.scope(left), trouble).toMatchObject({ disabled: true });
  }
});

test("removing a set removes scopes before sets, whichever was written last", async () => {
  await using lab = new ControllerWorld();
  await lab.created();
  await lab.world.run(lab.controller.enable("vdpu0-0"));
  // From here on the set's rows are the newest.
  await lab.world.run(lab.controller.pin(lab.set.id, "vdpu0-0", "up"));
  const deleted: string[] = [];
  lab.controller.onWrite(({ table, fields }) => {
    if (fields === undefined) deleted.push(table);
  });
  await lab.world.run(lab.controller.removeSet(lab.set.id));
  const [scope, set] = ["DASH_HA_SCOPE_CONFIG_TABLE", "DASH_HA_SET_CONFIG_TABLE"];
  expect(deleted).toEqual([scope, scope, set, set]);
  for (const sw of lab.world.topology.switches) {
    expect((await lab.world.keys(sw, "APPL_DB")).filter((key) => key.includes("_CONFIG_TABLE"))).toEqual([]);
  }
});

test("a new member of a set gets a scope, disabled; who leaves loses its own", async () => {
  await using lab = new ControllerWorld();
  await lab.created();
  const [left, right] = lab.set.dpus;
  await lab.world.run(lab.controller.pin(lab.set.id, left.vdpuId, "up"));
  const other: DpuPlace = { ...right, name: "sw1_dpu1", slot: 1, vdpuId: "vdpu1-1", pa: "18.1.202.2" };
  await lab.world.run(lab.controller.setMembers(lab.set.id, [left, other]));
  const set = lab.controller.plan.sets.get(lab.set.id);
  expect(set).toMatchObject({ preferred: [left.vdpuId], pinned: ["up", "none"] });
  expect(lab.controller.plan.scopes.has(right.vdpuId)).toBe(false);
  expect(await lab.scope(other)).toMatchObject({ disabled: true, desired_ha_state: "unspecified" });
  expect(await lab.scope(left)).toMatchObject({ desired_ha_state: "active" });
});

test("it ends at once while a Redis refuses its rows, without any time passing", async () => {
  await using lab = new ControllerWorld();
  await lab.created();
  const [sw] = lab.world.topology.switches;
  lab.world.redis.get(sw?.name ?? "")?.suffer("unsaved");
  void lab.controller.enable("vdpu0-0");
  await lab.world.clock.advance(millis(100));
  expect(lab.world.warnings.join()).toContain("MISCONF");
  const before = lab.world.clock.monotonic();
  await lab.controller[Symbol.asyncDispose]();
  expect(lab.world.clock.monotonic()).toBe(before);
});

test("a row that is distorted as its Redis refuses it is written as it is wanted, once it can be", async () => {
  await using lab = new ControllerWorld();
  await lab.created();
  const [table, key] = ["DASH_HA_SCOPE_CONFIG_TABLE", `${lab.left.vdpuId}:${lab.set.id}`] as const;
  const row = { switchIndex: lab.left.switchIndex, table, key };
  const before = await lab.scope(lab.left);
  const redis = lab.world.redis.get(lab.sw.name);
  redis?.suffer("full");
  await lab.world.run(lab.controller.distort(row, () => undefined));
  await lab.world.run(lab.controller.distort(row, (fields) => ({ ...fields, colour: "green" })));
  await lab.world.clock.advance(seconds(2));
  expect(await lab.world.keys(lab.sw, "APPL_DB")).not.toContain(`${table}:${key}`);
  redis?.suffer(undefined);
  await lab.world.clock.advance(seconds(2));
  expect(await lab.scope(lab.left)).toEqual(before);
});
