import type { AnyTable } from "@tandem/swss";
import { arbitraryRow } from "@tandem/swss/testing/arbitrary";
import fc from "fast-check";
import { expect, test } from "vitest";
import { DashHaGlobalConfig } from "../schema/dash-ha-global-config.js";
import { DashHaScope } from "../schema/dash-ha-scope.js";
import { DashHaScopeConfig } from "../schema/dash-ha-scope-config.js";
import { DashHaScopeState } from "../schema/dash-ha-scope-state.js";
import { DashHaSet } from "../schema/dash-ha-set.js";
import { DashHaSetConfig } from "../schema/dash-ha-set-config.js";
import { Dpu } from "../schema/dpu.js";
import { DashBfdProbeState, DpuDashHaScopeState } from "../schema/dpu-reports.js";
import { DpuState } from "../schema/dpu-state.js";
import { LoopbackInterface } from "../schema/loopback-interface.js";
import { RemoteDpu } from "../schema/remote-dpu.js";
import { Vdpu } from "../schema/vdpu.js";
import { VnetRouteTunnel } from "../schema/vnet-route-tunnel.js";
import { ActorWorld } from "../testing/actor-world.js";
import { Example, settings } from "../testing/example.js";
import { hamgrdActors } from "./hamgrd-actors.js";

const KEYS: readonly (readonly [AnyTable, readonly string[]])[] = [
  [LoopbackInterface, ["Loopback0", "Loopback0|10.0.0.1/32", "Loopback0|2001:db8::1/128", "x"]],
  [Dpu, ["sw0_dpu0", "sw1_dpu0", "d"]],
  [RemoteDpu, ["sw1_dpu0", "sw0_dpu0"]],
  [Vdpu, ["vdpu0", "vdpu1"]],
  [DashHaGlobalConfig, ["global", "x"]],
  [DpuState, ["DPU0", "dpu0", "DPU", "x"]],
  [DashBfdProbeState, ["dash_ha", "x"]],
  [DashHaSetConfig, ["haset0", ""]],
  [DashHaScopeConfig, ["vdpu0:haset0", "vdpu1:haset0", "vdpu0:other"]],
  [DpuDashHaScopeState, ["haset0", "other"]],
];

/** Values that make rows meet each other, beside random ones. */
const MEETING = {
  dpu_id: ["0", "1"],
  vdpu_ids: ["vdpu0,vdpu1", "vdpu1,vdpu0", "vdpu0"],
  main_dpu_ids: ["sw0_dpu0", "sw1_dpu0", "sw0_dpu0,sw1_dpu0"],
  ha_set_id: ["haset0"],
  version: ["1", "2", "x"],
  approved_pending_operation_ids: ["00000000-0000-4000-8000-000000000001"],
  aggregation: ["any", "all", "quorum:2"],
};

const tables = new Map(KEYS.map(([table]) => [table.id, table]));

/** Tables by id, so that a counterexample can be read. */
type ChangeOf = readonly [table: string, key: string, fields: Readonly<Record<string, string>> | undefined];
const exampleRows = [...Example.rows(0), ...Example.rows(1)].map(
  ([table, key, fields]): ChangeOf => [table.id, key, fields],
);

const change: fc.Arbitrary<ChangeOf> = fc.oneof(
  fc
    .integer({ min: 0, max: KEYS.length - 1 })
    .map((i) => KEYS[i] as (typeof KEYS)[number])
    .chain(([table, keys]) => fc.tuple(fc.constant(table.id), fc.constantFrom(...keys), fieldsOf(table))),
  fc.constantFrom(...exampleRows),
);

function apply(world: ActorWorld, [id, key, fields]: ChangeOf): void {
  const table = tables.get(id) as AnyTable;
  if (fields === undefined) world.del(table, key);
  else world.set(table, key, fields);
}

function fieldsOf(table: AnyTable): fc.Arbitrary<Readonly<Record<string, string>> | undefined> {
  const meeting = Object.entries(MEETING).filter(([name]) => Object.hasOwn(table.fields, name));
  const overrides = fc.record(Object.fromEntries(meeting.map(([name, values]) => [name, fc.constantFrom(...values)])));
  const random = fc
    .tuple(arbitraryRow(table), overrides)
    .map(([row, over]) => ({ ...table.encodePlain(row as never), ...over }));
  const broken = fc.dictionary(fc.constantFrom(...Object.keys(table.fields), "pb", "json", "x"), fc.string(), {
    maxKeys: 5,
  });
  return fc.oneof(
    { weight: 6, arbitrary: random },
    { weight: 1, arbitrary: broken },
    { weight: 2, arbitrary: fc.constant(undefined) },
  );
}

const actorSettings = fc.record({
  slot: fc.constantFrom(0, 1),
  bfdMode: fc.constantFrom("cluster" as const, "ha-set" as const),
  vnetMode: fc.constantFrom("all-switches" as const, "participants" as const),
  upNeedsBfd: fc.boolean(),
  bfdIpv6: fc.boolean(),
  restoreOnRise: fc.boolean(),
});

/** Many runs as several tests, each short on a busy machine too. Part 1 has the seed that a failure prints. */
function inParts(name: string, parts: number, numRuns: number, check: (run: fc.Parameters<unknown>) => void): void {
  const seed = fc.readConfigureGlobal().seed ?? 1;
  for (let part = 0; part < parts; part++) {
    test(`${name}, part ${part + 1}`, { timeout: 240_000 }, () =>
      check({ numRuns: numRuns / parts, seed: seed + part }),
    );
  }
}

inParts("whatever rows come, nobody throws, all come to rest, and what is written can be read", 8, 400, (run) =>
  fc.assert(
    fc.property(actorSettings, fc.array(change, { minLength: 5, maxLength: 30 }), (chosen, changes) => {
      const world = new ActorWorld(hamgrdActors(settings(chosen)));
      for (const one of changes) {
        apply(world, one);
        world.pass(700);
      }
      world.restart();
      for (const { table, key, fields } of world.writes) {
        if (fields === undefined) continue;
        expect(table.decode(fields), `${table.name} ${JSON.stringify(fields)}`).toMatchObject({ ok: true });
        expect(table.parseKey(key).ok, `${table.name} ${key}`).toBe(true);
      }
      const routes = world.writes.filter(({ table, fields }) => table === VnetRouteTunnel && fields !== undefined);
      for (const { fields } of routes) {
        const count = (name: string): number => (fields?.[name] === "" ? 0 : (fields?.[name]?.split(",").length ?? 0));
        expect(count("endpoint_monitor")).toBe(count("endpoint"));
        expect([0, count("endpoint_monitor")]).toContain(count("pinned_state"));
      }
    }),
    run,
  ),
);

inParts("when all configs and DPUs are deleted, no row of ours is left", 4, 200, (run) =>
  fc.assert(
    fc.property(actorSettings, fc.array(change, { minLength: 5, maxLength: 25 }), (chosen, changes) => {
      const world = new ActorWorld(hamgrdActors(settings(chosen)));
      for (const one of [...exampleRows, ...changes]) apply(world, one);
      for (const table of [DashHaScopeConfig, DashHaSetConfig, Vdpu, Dpu, RemoteDpu]) {
        for (const key of world.keys(table)) world.del(table, key);
      }
      const inputs = new Set(KEYS.map(([table]) => table.id));
      expect(Object.keys(world.dump()).filter((row) => !inputs.has(row.split("|").slice(0, 2).join("|")))).toEqual([]);
    }),
    run,
  ),
);

test("every actor that stands for nothing yet says what it waits for, or why it never will", () => {
  fc.assert(
    fc.property(fc.shuffledSubarray([...Example.rows(0)]), (rows) => {
      const world = new Example();
      for (const [table, key, fields] of rows) world.set(table, key, fields);
      for (const [type, id, table] of [
        ["ha-set", "haset0", DashHaSet],
        ["ha-scope", "vdpu0:haset0", DashHaScope],
      ] as const) {
        const derived = world.derived(type, id);
        if (derived === undefined || world.keys(table).length > 0) continue;
        expect(derived.waits.length + derived.problems.length).toBeGreaterThan(0);
        for (const wait of derived.waits) expect(wait.deadline).toBeGreaterThan(0);
      }
    }),
  );
});

test("a pending operation has one id for as long as the DPU asks for it", () => {
  const report = fc.record({
    ha_state: fc.constantFrom("dead", "pending_active_activation", "active", "standalone"),
    activate_role_pending: fc.constantFrom("true", "false"),
    flow_reconcile_pending: fc.constantFrom("true", "false"),
  });
  fc.assert(
    fc.property(fc.array(fc.tuple(report, fc.boolean()), { maxLength: 12 }), (reports) => {
      const world = Example.steady();
      world.scope({ version: "2", disabled: "false" });
      let before: Readonly<Record<string, string>> = {};
      const lived = new Set<string>();
      for (const [fields, restart] of reports) {
        world.report(fields);
        if (restart) world.restart();
        const row = world.row(DashHaScopeState, "vdpu0|haset0") ?? {};
        const ids = (row["pending_operation_ids"] ?? "").split(",").filter(Boolean);
        const types = (row["pending_operation_types"] ?? "").split(",").filter(Boolean);
        const now = Object.fromEntries(types.map((type, i) => [type, ids[i] as string]));
        expect(types.slice().sort()).toEqual(
          [
            fields.activate_role_pending === "true" ? "activate_role" : "",
            fields.flow_reconcile_pending === "true" ? "flow_reconcile" : "",
          ].filter(Boolean),
        );
        for (const [type, id] of Object.entries(now)) {
          if (before[type] !== undefined) expect(id).toBe(before[type]);
          else expect(lived.has(id)).toBe(false);
          lived.add(id);
        }
        before = now;
      }
    }),
  );
});

test("whatever is repeated or replayed, an approval is one row with the request, and none once it is taken", () => {
  const waiting = { ha_state: "pending_active_activation", activate_role_pending: "true" };
  const taken = { ha_state: "active", ha_role: "active", activate_role_pending: "false" };
  type Act = (world: Example, id: string) => void;
  const acts: Readonly<Record<string, Act>> = {
    approve: (world, id) => world.scope({ version: "3", disabled: "false", approved_pending_operation_ids: id }),
    "older config": (world) => world.scope({ version: "2", disabled: "false" }),
    "other config": (world, id) =>
      world.scope({ version: "4", disabled: "false", approved_pending_operation_ids: `${id},of-old` }),
    "report again": (world) => world.report(waiting),
    probes: (world) => world.set(DashBfdProbeState, "dash_ha", { v4_bfd_up_sessions: "10.0.0.1" }),
    "no probes": (world) => world.set(DashBfdProbeState, "dash_ha", {}),
    vip: (world) => world.haSet({ vip_v4: "3.2.1.9" }),
    "vip back": (world) => world.haSet({}),
    restart: (world) => world.restart(),
  };
  const names = fc.array(fc.constantFrom(...Object.keys(acts)), { maxLength: 12 });
  fc.assert(
    fc.property(names, names, (before, after) => {
      const world = Example.steady();
      world.scope({ version: "2", disabled: "false" });
      world.report(waiting);
      const id = world.row(DashHaScopeState, "vdpu0|haset0")?.["pending_operation_ids"] ?? "";
      const requests = () =>
        world.writes.filter(
          ({ table, fields }) => table === DashHaScope && fields?.["activate_role_requested"] === "true",
        ).length;
      for (const name of before) acts[name]?.(world, id);
      const approved = before.some((name) => name === "approve" || name === "other config");
      expect(requests()).toBe(approved ? 1 : 0);
      world.report(taken);
      for (const name of after) acts[name]?.(world, id);
      expect(requests()).toBe(approved ? 1 : 0);
    }),
    { numRuns: 100 },
  );
}, 120_000);
