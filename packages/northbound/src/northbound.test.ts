import assert from "node:assert/strict";
import { minutes, seconds, seededRandom, sleep, unwrap } from "@tandem/base";
import { VirtualClock } from "@tandem/base/testing";
import { DashHaScopeConfig, type DashHaScopeConfigRow } from "@tandem/hamgrd";
import { recordOf, type Store, type Stores, Table, untilConnected } from "@tandem/swss";
import { MemoryRedis, MemoryStores } from "@tandem/swss/testing";
import { test } from "vitest";
import { type Policies, parsePolicies } from "./core/auto-approve.js";
import { Northbound, type NorthboundEvent } from "./northbound.js";

const G = "8dda84ea-fdb4-4edd-b88c-55fc96d02a6f";
const AT_1 = { kind: "version", version: "1" } as const;
const STATE = {
  ...{ creation_time_in_ms: "0", last_heartbeat_time_in_ms: "0", local_ip: "18.0.202.1", peer_ip: "18.1.202.1" },
  ...{ local_vdpu_midplane_state: "up", local_vdpu_midplane_state_last_updated_time_in_ms: "0" },
  ...{ local_vdpu_control_plane_state: "up", local_vdpu_control_plane_state_last_updated_time_in_ms: "0" },
  ...{ local_vdpu_data_plane_state: "up", local_vdpu_data_plane_state_last_updated_time_in_ms: "0" },
  ...{ local_vdpu_up_bfd_sessions_v4: "", local_vdpu_up_bfd_sessions_v4_update_time_in_ms: "0" },
  ...{ local_vdpu_up_bfd_sessions_v6: "", local_vdpu_up_bfd_sessions_v6_update_time_in_ms: "0" },
};

/** A switch's rows in memory, and an API over them that can be killed and started again. */
class World {
  readonly clock = new VirtualClock();
  readonly events: NorthboundEvent[] = [];
  readonly #redis = new MemoryRedis({ clock: this.clock, random: seededRandom(1) });
  readonly #own = this.#stores();
  #process: Stores | undefined;
  northbound!: Northbound;

  static async start(policies: Policies = new Map()): Promise<World> {
    const world = new World();
    await world.run(world.#prepare());
    await world.restart(policies);
    return world;
  }

  /** What the API's process held is gone; the next one finds the rows. */
  async restart(policies: Policies = new Map()): Promise<void> {
    (this.#process as MemoryStores | undefined)?.abandon();
    const stores = this.#stores();
    this.#process = stores;
    const observer = (event: NorthboundEvent): void => void this.events.push(event);
    this.northbound = unwrap(
      Northbound.open({ stores, clock: this.clock, random: seededRandom(this.events.length), policies, observer }),
    );
    await this.run(this.northbound.loaded);
  }

  run<T>(work: Promise<T>): Promise<T> {
    return this.clock.run(work, minutes(60));
  }

  pass(time: ReturnType<typeof seconds>): Promise<void> {
    return this.run(sleep(this.clock, time));
  }

  async set(db: string, table: string, key: string, fields: Readonly<Record<string, string>>): Promise<void> {
    unwrap(await this.run(new Table(this.#open(db), table).set(key, fields)));
    await this.pass(seconds(0));
  }

  async scope(): Promise<DashHaScopeConfigRow | undefined> {
    const row = unwrap(await this.run(new Table(this.#open("APPL_DB"), DashHaScopeConfig.name).get("vdpu0:haset0")));
    return row === undefined ? undefined : unwrap(DashHaScopeConfig.decode(recordOf(row)));
  }

  planes(state: "up" | "down"): Promise<void> {
    return this.set("CHASSIS_STATE_DB", "DPU_STATE", "DPU0", {
      ...{ dpu_midplane_link_state: state, dpu_control_plane_state: state, dpu_data_plane_state: state },
    });
  }

  /** A pair whose scope is enabled, at version 1. */
  async pair(): Promise<void> {
    const set = { kind: "createSet", set: "haset0", input: { vdpu_ids: ["vdpu0", "vdpu1"] } } as const;
    const input = { ha_set_id: "haset0", disabled: false, desired_ha_state: "active" };
    const scope = { kind: "createScope", vdpu: "vdpu0", scope: "haset0", input } as const;
    for (const mutation of [set, scope]) {
      const { answer } = await this.run(this.northbound.mutate(mutation.kind, mutation, { kind: "absent" }));
      assert.equal(answer.status, 201);
    }
  }

  async reset(key = "reset", planesWithin: number = minutes(10)): Promise<{ status: number; id: string }> {
    const input = { vdpu: "vdpu0", scope: "haset0", expected: AT_1, planesWithin };
    const { answer } = await this.run(this.northbound.startReset(key, input));
    return { status: answer.status, id: String(answer.body["id"]) };
  }

  async flush(): Promise<void> {
    unwrap(await this.#open("APPL_DB").command(["FLUSHDB"]));
  }

  async #prepare(): Promise<void> {
    for (const db of ["APPL_DB", "STATE_DB", "CONFIG_DB", "CHASSIS_STATE_DB"]) await untilConnected(this.#open(db));
    const config = this.#open("CONFIG_DB");
    unwrap(await new Table(config, "VDPU").set("vdpu0", { main_dpu_ids: "sw0_dpu0" }));
    const dpu = { dpu_id: "0", pa_ipv4: "18.0.202.1", midplane_ipv4: "169.254.200.1" };
    unwrap(await new Table(config, "DPU").set("sw0_dpu0", { ...dpu, orchagent_zmq_port: "8100", swbus_port: "23606" }));
  }

  #open(db: string): Store {
    return unwrap(this.#own.open({ db }));
  }

  #stores(): MemoryStores {
    return new MemoryStores({ clock: this.clock, random: seededRandom(2), servers: [{ redis: this.#redis }] });
  }
}

test("a reset waits for the planes, survives its process, and brings the scope back enabled", async () => {
  const world = await World.start();
  await world.pair();
  await world.planes("down");
  const { status, id } = await world.reset();
  assert.equal(status, 202);
  await world.pass(seconds(1));
  assert.equal(await world.scope(), undefined);
  assert.equal(world.northbound.reset(id)?.["step"], "waitPlanes");
  await world.restart();
  await world.pass(seconds(1));
  assert.equal(world.northbound.reset(id)?.["step"], "waitPlanes");
  await world.planes("up");
  await world.pass(seconds(1));
  assert.deepEqual([(await world.scope())?.version, (await world.scope())?.disabled], ["2", true]);
  await world.set("STATE_DB", "DASH_HA_SCOPE_STATE", "vdpu0|haset0", { ...STATE, local_ha_state: "dead" });
  await world.pass(seconds(1));
  assert.deepEqual([(await world.scope())?.version, (await world.scope())?.disabled], ["3", false]);
  assert.equal(world.northbound.reset(id)?.["step"], "done");
});

test("a reset that is cancelled, or whose planes do not come, puts back what it deleted", async () => {
  for (const ending of ["cancelled", "failed"] as const) {
    const world = await World.start();
    await world.pair();
    await world.planes("down");
    const { id } = await world.reset("reset", seconds(30));
    await world.pass(seconds(1));
    assert.equal(await world.scope(), undefined);
    if (ending === "cancelled") await world.run(world.northbound.cancelReset("cancel", id));
    await world.pass(seconds(60));
    assert.equal(world.northbound.reset(id)?.["step"], ending);
    assert.equal((await world.scope())?.disabled, false);
    const { answer } = await world.run(world.northbound.cancelReset("late", id));
    assert.equal(answer.status, 410);
  }
});

test("the same reset asked for twice is one; another of that scope is refused while it goes on", async () => {
  const world = await World.start();
  await world.pair();
  await world.planes("down");
  const [first, again] = [await world.reset("key"), await world.reset("key")];
  assert.deepEqual(again, first);
  assert.equal((await world.reset("other")).status, 409);
});

test("rows that somebody else creates while a reset waits are left as they are", async () => {
  const world = await World.start();
  await world.pair();
  await world.planes("down");
  const { id } = await world.reset();
  await world.pass(seconds(1));
  const theirs = unwrap(DashHaScopeConfig.decode({ version: "40", ha_set_id: "haset0", owner: "dpu" }));
  await world.set("APPL_DB", DashHaScopeConfig.name, "vdpu0:haset0", DashHaScopeConfig.encode(theirs));
  await world.planes("up");
  await world.pass(seconds(30));
  assert.equal(world.northbound.reset(id)?.["step"], "done");
  assert.deepEqual(await world.scope(), theirs);
});

test("a policy approves after its delay, once, again where another writer dropped it, and a type without one waits for somebody", async () => {
  const world = await World.start(unwrap(parsePolicies("--auto-approve", ["activate_role=after:30"])));
  await world.pair();
  const pending = { pending_operation_ids: `${G},other`, pending_operation_types: "activate_role,flow_reconcile" };
  await world.set("STATE_DB", "DASH_HA_SCOPE_STATE", "vdpu0|haset0", { ...STATE, ...pending });
  await world.pass(seconds(29));
  assert.deepEqual((await world.scope())?.approved_pending_operation_ids, []);
  await world.pass(seconds(60));
  assert.deepEqual((await world.scope())?.approved_pending_operation_ids, [G]);
  assert.equal((await world.scope())?.version, "2");
  assert.equal(world.events.filter(({ kind }) => kind === "autoApproved").length, 1);
  const overwritten = unwrap(DashHaScopeConfig.decode({ version: "9", ha_set_id: "haset0", owner: "dpu" }));
  await world.set("APPL_DB", DashHaScopeConfig.name, "vdpu0:haset0", DashHaScopeConfig.encode(overwritten));
  await world.pass(seconds(5));
  assert.deepEqual((await world.scope())?.approved_pending_operation_ids, [G]);
});

test("a flushed database is noticed without an event of it", async () => {
  const world = await World.start();
  await world.pair();
  assert.equal(world.northbound.scopes().length, 1);
  await world.run(world.flush());
  await world.pass(seconds(15));
  assert.equal(world.northbound.scopes().length, 0);
});
