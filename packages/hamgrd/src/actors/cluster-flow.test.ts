import { TestHarness, type World } from "@tandem/actor/testing";
import { millis, pick, seededRandom } from "@tandem/base";
import type { AnyTable, Fields } from "@tandem/swss";
import { expect, test } from "vitest";
import { DPU_SINKS, SWITCH_SINKS } from "../daemon/sinks.js";
import { DpuBfdSession } from "../schema/bfd-session.js";
import { DashHaGlobalConfig } from "../schema/dash-ha-global-config.js";
import { DashHaScope } from "../schema/dash-ha-scope.js";
import { DashHaScopeConfig } from "../schema/dash-ha-scope-config.js";
import { DashHaScopeState } from "../schema/dash-ha-scope-state.js";
import { DashHaSet } from "../schema/dash-ha-set.js";
import { DashHaSetConfig } from "../schema/dash-ha-set-config.js";
import { Dpu } from "../schema/dpu.js";
import { DpuDashHaScopeState } from "../schema/dpu-reports.js";
import { DpuResetInfo } from "../schema/dpu-reset-info.js";
import { DpuState } from "../schema/dpu-state.js";
import { LoopbackInterface } from "../schema/loopback-interface.js";
import { NeighResolve } from "../schema/neigh-resolve.js";
import { RemoteDpu } from "../schema/remote-dpu.js";
import { Vdpu } from "../schema/vdpu.js";
import { VnetRouteTunnel } from "../schema/vnet-route-tunnel.js";
import { Example, type InputRow, settings } from "../testing/example.js";
import { hamgrdActors } from "./hamgrd-actors.js";

/** All four actors on databases in memory. */
function startAll(world?: World): Promise<TestHarness> {
  return TestHarness.start({
    actors: hamgrdActors(settings()),
    sinks: [
      ...DPU_SINKS.map((table) => ({ table, kind: "table" as const })),
      ...SWITCH_SINKS.map((table) => ({ table, kind: "producerState" as const })),
    ],
    ...(world !== undefined && { world }),
  });
}

const OUTPUT: readonly (readonly [AnyTable, string])[] = [
  [NeighResolve, "Vlan55:18.0.202.1"],
  [DpuBfdSession, "default:default:10.0.0.1"],
  [DpuBfdSession, "default:default:10.1.0.1"],
  [DashHaSet, "haset0"],
  [VnetRouteTunnel, "Vnet_55:3.2.1.0"],
  [DashHaScope, "haset0"],
  [DashHaScopeState, "vdpu0|haset0"],
];

async function output(hamgrd: TestHarness): Promise<Record<string, Fields | undefined>> {
  const rows: Record<string, Fields | undefined> = {};
  for (const [table, key] of OUTPUT) {
    const row = await hamgrd.row(table, key);
    const { creation_time_in_ms: _created, last_heartbeat_time_in_ms: _beat, ...rest } = row ?? {};
    rows[`${table.name} ${key}`] = row === undefined ? undefined : rest;
  }
  return rows;
}

/** What the derivations alone come to. */
function expected(world: Example): Record<string, Fields | undefined> {
  return Object.fromEntries(
    OUTPUT.map(([table, key]) => {
      const { creation_time_in_ms: _created, last_heartbeat_time_in_ms: _beat, ...rest } = world.row(table, key) ?? {};
      return [`${table.name} ${key}`, rest];
    }),
  );
}

async function put(hamgrd: TestHarness, rows: readonly InputRow[]): Promise<void> {
  for (const [table, key, fields] of rows) await hamgrd.update(table, key, fields);
}

test("the worked example through the runtime, from several orders of arrival", async () => {
  const wanted = expected(Example.steady());
  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
    const random = seededRandom(seed);
    const left = [...Example.rows(0)];
    await using hamgrd = await startAll();
    while (left.length > 0) {
      const row = pick(random, left);
      left.splice(left.indexOf(row), 1);
      await put(hamgrd, [row]);
      if (random.next() < 0.3) await hamgrd.clock.advance(millis(100));
    }
    await hamgrd.clock.advance(millis(1000));
    await hamgrd.rest();
    expect(await output(hamgrd), `seed ${seed}`).toEqual(wanted);
  }
});

const ALL_DOWN = {
  dpu_midplane_link_state: "down",
  dpu_midplane_link_time: "Tue Jun 11 10:00:00 AM UTC 2024",
  dpu_control_plane_state: "down",
  dpu_control_plane_time: "Tue Jun 11 10:00:00 AM UTC 2024",
  dpu_data_plane_state: "down",
};
const ALL_BACK = {
  dpu_midplane_link_state: "up",
  dpu_midplane_link_time: "Tue Jun 11 10:05:00 AM UTC 2024",
  dpu_control_plane_state: "up",
  dpu_control_plane_time: "Tue Jun 11 10:06:00 AM UTC 2024",
  dpu_data_plane_state: "up",
};
const REPORT = { ha_role: "active", ha_state: "active", ha_term: "2", activate_role_pending: "false" };

/** Enabled and active. */
async function active(): Promise<TestHarness> {
  const hamgrd = await startAll();
  await put(hamgrd, Example.rows(0));
  await hamgrd.update(DashHaScopeConfig, "vdpu0:haset0", { version: "2", disabled: "false" });
  await hamgrd.update(DpuDashHaScopeState, "haset0", REPORT);
  await hamgrd.rest();
  return hamgrd;
}

for (const flush of ["keys", "database", "nothing"] as const)
  test(`a DPU restarts without the controller's help, its databases emptied by ${flush}`, async () => {
    await using hamgrd = await active();
    const before = await output(hamgrd);
    await hamgrd.update(DpuState, "DPU0", ALL_DOWN);
    await hamgrd.rest();
    expect(await hamgrd.row(DpuResetInfo, "DPU0")).toMatchObject({ reset_status: "true", dpu_id: "sw0_dpu0" });
    expect(await hamgrd.row(DpuBfdSession, "default:default:10.0.0.1")).toBeUndefined();
    expect(await hamgrd.row(DashHaScopeState, "vdpu0|haset0")).toMatchObject({ local_vdpu_midplane_state: "down" });

    if (flush === "database") {
      for (const table of [DashHaSet, DpuDashHaScopeState]) await hamgrd.store(table).command(["FLUSHDB"]);
    } else if (flush === "keys") {
      for (const [table, key] of [
        [DashHaScope, "haset0"],
        [DashHaSet, "haset0"],
        [DpuDashHaScopeState, "haset0"],
      ] as const)
        await hamgrd.remove(table, key);
    }
    await hamgrd.update(DpuState, "DPU0", ALL_BACK);
    await hamgrd.rest();
    expect(await hamgrd.row(DashHaScopeState, "vdpu0|haset0")).toMatchObject({ local_acked_asic_ha_state: "unknown" });
    await hamgrd.update(DpuDashHaScopeState, "haset0", { ...REPORT, ha_state: "dead", ha_role: "dead" });
    await hamgrd.rest();
    expect(await hamgrd.row(DashHaScopeState, "vdpu0|haset0")).toMatchObject({ local_ha_state: "dead" });
    await hamgrd.update(DpuDashHaScopeState, "haset0", REPORT);
    await hamgrd.rest();
    const changed = ["local_vdpu_midplane_state", "local_vdpu_control_plane_state"].map(
      (name) => `${name}_last_updated_time_in_ms`,
    );
    const without = (rows: Record<string, Fields | undefined>): Record<string, Fields | undefined> => {
      const state = Object.fromEntries(
        Object.entries(rows["DASH_HA_SCOPE_STATE vdpu0|haset0"] ?? {}).filter(([name]) => !changed.includes(name)),
      );
      return { ...rows, "DASH_HA_SCOPE_STATE vdpu0|haset0": state };
    };
    expect(without(await output(hamgrd))).toEqual(without(before));
  });

for (const order of ["scope first", "set first"] as const)
  for (const delay of [0, 300, 5000])
    test(`a DPU restarts and the controller programs it anew, ${order}, ${delay} ms between`, async () => {
      await using hamgrd = await active();
      const before = await output(hamgrd);
      await hamgrd.update(DpuState, "DPU0", ALL_DOWN);
      const configs = [
        [DashHaScopeConfig, "vdpu0:haset0", { ...Example.SCOPE, version: "2", disabled: "false" }],
        [DashHaSetConfig, "haset0", Example.SET],
      ] as const;
      const ordered = order === "scope first" ? configs : [...configs].reverse();
      for (const [table, key] of ordered) {
        await hamgrd.remove(table, key);
        await hamgrd.clock.advance(millis(delay));
      }
      for (const table of [DashHaSet, DpuDashHaScopeState]) await hamgrd.store(table).command(["FLUSHDB"]);
      await hamgrd.update(DpuState, "DPU0", ALL_BACK);
      for (const [table, key, fields] of ordered) {
        await hamgrd.update(table, key, fields);
        await hamgrd.clock.advance(millis(delay));
      }
      await hamgrd.clock.advance(millis(1000));
      await hamgrd.rest();
      await hamgrd.update(DpuDashHaScopeState, "haset0", REPORT);
      await hamgrd.rest();
      const after = await output(hamgrd);
      for (const name of Object.keys(before)) {
        if (!name.startsWith("DASH_HA_SCOPE_STATE")) expect(after[name], name).toEqual(before[name]);
      }
      expect(after["DASH_HA_SCOPE_STATE vdpu0|haset0"]).toMatchObject({ local_ha_state: "active", version: "2" });
    });

test("a sibling slot takes a shared vDPU over and gives it back: its rows stay meanwhile, and are ours again at once", async () => {
  await using hamgrd = await active();
  const sibling = { ...Example.rows(0)[1]?.[2], dpu_id: "1", pa_ipv4: "18.0.202.2", swbus_port: "23607" } as Fields;
  await hamgrd.update(Dpu, "sw0_dpu1", sibling);
  await hamgrd.update(DpuState, "DPU1", { ...ALL_BACK });
  await hamgrd.update(Vdpu, "vdpu0", { main_dpu_ids: "sw0_dpu0,sw0_dpu1" });
  await hamgrd.rest();
  const ours = await output(hamgrd);

  await hamgrd.update(DpuState, "DPU0", ALL_DOWN);
  await hamgrd.rest();
  expect(await hamgrd.row(DashHaScope, "haset0")).toBeUndefined();
  expect(await hamgrd.row(DashHaScopeState, "vdpu0|haset0")).toBeDefined();
  // What the hamgrd of the other slot writes.
  await hamgrd.write(DashHaScopeState, "vdpu0|haset0", { local_ip: "18.0.202.2" });
  const unpopped = "_VNET_ROUTE_TUNNEL_TABLE:Vnet_55:3.2.1.0";
  await hamgrd.store(VnetRouteTunnel).command(["HSET", unpopped, "endpoint", "18.0.202.2,10.1.0.1"]);

  const from = hamgrd.clock.monotonic();
  await hamgrd.update(DpuState, "DPU0", ALL_BACK);
  await hamgrd.rest();
  expect(hamgrd.clock.monotonic() - from).toBeLessThan(1000);
  const back = await output(hamgrd);
  for (const name of [
    "VNET_ROUTE_TUNNEL_TABLE Vnet_55:3.2.1.0",
    "DASH_HA_SCOPE_TABLE haset0",
    "DASH_HA_SET_TABLE haset0",
  ])
    expect(back[name], name).toEqual(ours[name]);
  expect(back["DASH_HA_SCOPE_STATE vdpu0|haset0"]).toMatchObject({ local_ip: "18.0.202.1", version: "2" });
});

test("rows whose config was deleted while hamgrd was down are removed by the next one", async () => {
  const first = await active();
  const world = first.kill();
  await using second = await startAll(world);
  await second.rest();
  expect((await output(second))["DASH_HA_SET_TABLE haset0"]).toBeDefined();
  const again = second.kill();
  const stray = await TestHarness.start({ actors: [], sinks: [], world: again });
  await stray.remove(DashHaScopeConfig, "vdpu0:haset0");
  await stray.remove(DashHaSetConfig, "haset0");
  await using third = await startAll(stray.kill());
  await third.clock.advance(millis(2000));
  await third.rest();
  const left = await output(third);
  for (const name of ["DASH_HA_SET_TABLE haset0", "DASH_HA_SCOPE_TABLE haset0", "DASH_HA_SCOPE_STATE vdpu0|haset0"])
    expect(left[name], name).toBeUndefined();
  expect(left["BFD_SESSION_TABLE default:default:10.0.0.1"]).toBeDefined();
});

test("8 switches with 8 DPUs each: every hamgrd has all actors of the cluster, and one scope of its own", async () => {
  await using hamgrd = await startAll();
  await hamgrd.write(LoopbackInterface, "Loopback0|10.0.0.0/32", { NULL: "NULL" });
  await hamgrd.update(DashHaGlobalConfig, "global", Example.rows(0)[5]?.[2] ?? {});
  await hamgrd.update(DpuState, "DPU0", Example.rows(0)[6]?.[2] ?? {});
  for (let s = 0; s < 8; s++) {
    for (let d = 0; d < 8; d++) {
      const name = `sw${s}_dpu${d}`;
      const common = { pa_ipv4: `18.${s}.202.${d}`, dpu_id: String(d), swbus_port: String(23606 + d) };
      if (s === 0) {
        await hamgrd.update(Dpu, name, {
          ...common,
          midplane_ipv4: `169.254.200.${d + 1}`,
          orchagent_zmq_port: "8100",
        });
      } else {
        await hamgrd.update(RemoteDpu, name, { ...common, type: "cluster", npu_ipv4: `10.0.0.${s}` });
      }
      await hamgrd.update(Vdpu, `vdpu${s}-${d}`, { main_dpu_ids: name });
    }
  }
  for (let pair = 0; pair < 4; pair++) {
    for (let d = 0; d < 8; d++) {
      await hamgrd.update(DashHaSetConfig, `haset${pair}-${d}`, {
        ...Example.SET,
        vip_v4: `3.2.${pair}.${d}`,
        vdpu_ids: `vdpu${2 * pair}-${d},vdpu${2 * pair + 1}-${d}`,
        preferred_vdpu_id: `vdpu${2 * pair}-${d}`,
      });
      if (pair === 0) {
        await hamgrd.update(DashHaScopeConfig, `vdpu0-${d}:haset0-${d}`, {
          ...Example.SCOPE,
          ha_set_id: `haset0-${d}`,
        });
      }
    }
  }
  await hamgrd.clock.advance(millis(2000));
  await hamgrd.rest();
  const count = (type: string): number => hamgrd.runtime.actors().filter((actor) => actor.type === type).length;
  expect(["dpu", "vdpu", "ha-set", "ha-scope"].map(count)).toEqual([64, 64, 32, 8]);
  const dormant = hamgrd.runtime
    .actors()
    .filter(({ type, reason }) => type === "ha-scope" && reason.startsWith("dormant"));
  expect(dormant.length).toBe(7);
  const keys = await hamgrd.store(DashHaSet).command(["KEYS", "*"]);
  expect([...((keys.ok && (keys.value as readonly string[])) || [])].sort()).toEqual([
    ...Array.from({ length: 8 }, (_, s) => `BFD_SESSION_TABLE:default:default:10.0.0.${s}`),
    "DASH_HA_SCOPE_TABLE:haset0-0",
    "DASH_HA_SET_TABLE:haset0-0",
  ]);
  // Own pair and those of other switches; pairs of sibling slots are routed by their own hamgrds.
  const routes = await hamgrd.store(VnetRouteTunnel).command(["SCARD", "VNET_ROUTE_TUNNEL_TABLE_KEY_SET"]);
  expect(routes).toEqual({ ok: true, value: 25 });
});
