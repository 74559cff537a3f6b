import type { TestHarness } from "@tandem/actor/testing";
import { millis, minutes, seconds } from "@tandem/base";
import type { AnyTable, Fields } from "@tandem/swss";
import { expect, test } from "vitest";
import { DashHaGlobalConfig } from "../schema/dash-ha-global-config.js";
import { DashHaScopeConfig } from "../schema/dash-ha-scope-config.js";
import { DashHaScopeState } from "../schema/dash-ha-scope-state.js";
import { DashHaSetConfig } from "../schema/dash-ha-set-config.js";
import { Dpu } from "../schema/dpu.js";
import { DashBfdProbeState, DpuDashHaScopeState } from "../schema/dpu-reports.js";
import { DpuState } from "../schema/dpu-state.js";
import { LoopbackInterface } from "../schema/loopback-interface.js";
import { RemoteDpu } from "../schema/remote-dpu.js";
import { Vdpu } from "../schema/vdpu.js";
import { Example, settings } from "../testing/example.js";
import { startFixture } from "../testing/fixture.js";
import { hamgrdActors } from "./hamgrd-actors.js";

const SCOPE = "vdpu0:haset0";
const REPORT = { last_updated_time: "1", ha_role: "active", ha_state: "active", ha_term: "1" };
const PENDING = { ...REPORT, ha_state: "pending_active_activation", activate_role_pending: "true" };
const UP = { ...Example.SCOPE, version: "2", disabled: "false" };

/** Rows of switch 0 without those of some tables. */
function rowsWithout(...tables: readonly AnyTable[]): ReturnType<typeof Example.rows> {
  return Example.rows(0).filter(([table]) => !tables.includes(table));
}

interface Case {
  /** What is waited for, as the actor says it. */
  readonly wait: RegExp;
  readonly actor: string;
  /** Milliseconds; `undefined` when an operator decides. */
  readonly deadline: number | undefined;
  readonly rows: ReturnType<typeof Example.rows>;
  /** What happens after the rows. */
  readonly then?: (hamgrd: TestHarness) => Promise<void>;
}

/** Time passes until what has happened is handled. */
const soon = async (hamgrd: TestHarness): Promise<void> => void (await hamgrd.clock.advance(millis(100)));

const report = async (hamgrd: TestHarness, fields: Fields): Promise<void> => {
  await hamgrd.write(DpuDashHaScopeState, "haset0", fields);
  await soon(hamgrd);
};

/** The operation that waits is approved. */
async function approve(hamgrd: TestHarness): Promise<void> {
  await report(hamgrd, PENDING);
  const state = await hamgrd.row(DashHaScopeState, "vdpu0|haset0");
  const id = state?.["pending_operation_ids"] ?? "";
  expect(id).not.toBe("");
  await hamgrd.update(DashHaScopeConfig, SCOPE, { ...UP, approved_pending_operation_ids: id });
  await soon(hamgrd);
}

/** Every kind of wait that the actors of hamgrd have. */
const CASES: readonly Case[] = [
  {
    wait: /^DASH_HA_GLOBAL_CONFIG$/,
    actor: "dpu/sw0_dpu0",
    deadline: 60_000,
    rows: rowsWithout(DashHaGlobalConfig),
  },
  { wait: /^DASH_HA_GLOBAL_CONFIG$/, actor: "ha-set/haset0", deadline: 60_000, rows: rowsWithout(DashHaGlobalConfig) },
  { wait: /^an address of Loopback0$/, actor: "dpu/sw0_dpu0", deadline: 60_000, rows: rowsWithout(LoopbackInterface) },
  { wait: /^pmon's first report$/, actor: "dpu/sw0_dpu0", deadline: 60_000, rows: rowsWithout(DpuState) },
  {
    wait: /^the state of DPU sw0_dpu0$/,
    actor: "vdpu/vdpu0",
    deadline: 10_000,
    rows: rowsWithout(Dpu, DpuState, DashBfdProbeState),
  },
  { wait: /^the state of vDPU vdpu1$/, actor: "ha-set/haset0", deadline: 10_000, rows: rowsWithout(RemoteDpu) },
  { wait: /^the state of vDPU vdpu0$/, actor: `ha-scope/${SCOPE}`, deadline: 10_000, rows: rowsWithout(Vdpu) },
  {
    wait: /^the state of HA set haset0$/,
    actor: `ha-scope/${SCOPE}`,
    deadline: 10_000,
    rows: rowsWithout(DashHaSetConfig),
  },
  {
    wait: /^the owner, which the HA scope tells$/,
    actor: "ha-set/haset0",
    deadline: 500,
    rows: rowsWithout(DashHaScopeConfig),
  },
  {
    wait: /^dpu_vnet in DASH_HA_GLOBAL_CONFIG$/,
    actor: "ha-set/haset0",
    deadline: 60_000,
    rows: Example.rows(0).map(([table, key, fields]) => {
      const { dpu_vnet: _, ...rest } = fields;
      return [table, key, table === DashHaGlobalConfig ? rest : fields] as const;
    }),
  },
  {
    wait: /^the DPU to be active, standby, standalone$/,
    actor: `ha-scope/${SCOPE}`,
    deadline: 180_000,
    rows: [...rowsWithout(DashHaScopeConfig), [DashHaScopeConfig, SCOPE, UP]],
  },
  {
    wait: /^approval of activate_role /,
    actor: `ha-scope/${SCOPE}`,
    deadline: undefined,
    rows: [...rowsWithout(DashHaScopeConfig), [DashHaScopeConfig, SCOPE, UP]],
    then: (hamgrd) => report(hamgrd, PENDING),
  },
  {
    wait: /^the DPU to take activate_role/,
    actor: `ha-scope/${SCOPE}`,
    deadline: 2000,
    rows: [...rowsWithout(DashHaScopeConfig), [DashHaScopeConfig, SCOPE, UP]],
    then: approve,
  },
  {
    wait: /^the DPU's BFD rows to be withdrawn$/,
    actor: `ha-scope/${SCOPE}`,
    deadline: 500,
    rows: [...rowsWithout(DashHaScopeConfig), [DashHaScopeConfig, SCOPE, UP]],
    // A second scope of the DPU stays up, so its BFD rows do.
    then: async (hamgrd) => {
      await report(hamgrd, REPORT);
      await hamgrd.write(DashHaSetConfig, "haset9", { ...Example.SET, vip_v4: "3.2.1.9" });
      await hamgrd.write(DashHaScopeConfig, "vdpu0:haset9", { ...UP, ha_set_id: "haset9" });
      await soon(hamgrd);
      await hamgrd.update(DashHaScopeConfig, SCOPE, { ...UP, version: "3", disabled: "true" });
    },
  },
  {
    wait: /^a state of the scope from the DPU since its restart$/,
    actor: `ha-scope/${SCOPE}`,
    deadline: 30_000,
    rows: [...rowsWithout(DashHaScopeConfig), [DashHaScopeConfig, SCOPE, UP]],
    then: async (hamgrd) => {
      await report(hamgrd, REPORT);
      const planes = Example.rows(0).find(([table]) => table === DpuState)?.[2] ?? {};
      await hamgrd.write(DpuState, "DPU0", { ...planes, dpu_control_plane_state: "down" });
      await soon(hamgrd);
      await hamgrd.write(DpuState, "DPU0", planes);
    },
  },
  {
    wait: /^another state of the scope from the DPU since it is wanted up again$/,
    actor: `ha-scope/${SCOPE}`,
    deadline: 8000,
    rows: [...rowsWithout(DashHaScopeConfig), [DashHaScopeConfig, SCOPE, UP]],
    then: async (hamgrd) => {
      await report(hamgrd, PENDING);
      await hamgrd.update(DashHaScopeConfig, SCOPE, { ...UP, version: "3", disabled: "true" });
      await hamgrd.update(DashHaScopeConfig, SCOPE, { ...UP, version: "4" });
      await soon(hamgrd);
    },
  },
];

async function started({ rows, then }: Pick<Case, "rows" | "then">): Promise<TestHarness> {
  const hamgrd = await startFixture(hamgrdActors(settings()), { fakes: false });
  // The fixture's own address is not one of the example's.
  await hamgrd.remove(LoopbackInterface, "Loopback0|10.0.0.0/32");
  for (const [table, key, fields] of rows) await hamgrd.write(table, key, fields);
  await soon(hamgrd);
  await then?.(hamgrd);
  return hamgrd;
}

for (const { wait, actor, deadline, ...world } of CASES) {
  const what = `${actor} waits for ${wait.source.replace(/[\^$]/g, "")}`;
  const [type = "", id = ""] = [actor.slice(0, actor.indexOf("/")), actor.slice(actor.indexOf("/") + 1)];

  test(`${what}: ${deadline === undefined ? "never told, an operator decides" : `told once, within a second of ${deadline} ms`}`, async () => {
    await using hamgrd = await started(world);
    const standing = hamgrd.runtime.actor(type, id)?.waits.find((candidate) => wait.test(candidate.for));
    expect(standing).toMatchObject({ deadline, then: expect.stringMatching(/./) });
    const told = () =>
      hamgrd.events.filter((event) => event.kind === "stuck" && event.actor === actor && wait.test(event.wait));
    if (deadline === undefined) {
      await hamgrd.clock.advance(minutes(30));
      expect(told()).toEqual([]);
      return;
    }
    const due = (standing?.since ?? 0) + deadline;
    await hamgrd.clock.advance(millis(due - 1 - hamgrd.clock.monotonic()));
    expect(told()).toEqual([]);
    await hamgrd.clock.advance(seconds(1));
    expect(told()).toEqual([
      {
        kind: "stuck",
        actor,
        wait: expect.stringMatching(wait),
        waited: expect.closeTo(deadline, -3),
        then: standing?.then,
      },
    ]);
    await hamgrd.clock.advance(minutes(10));
    expect(told()).toHaveLength(1);
  });
}

test("every wait that the actors declare stands above", async () => {
  const { readdir, readFile } = await import("node:fs/promises");
  const folder = new URL(".", import.meta.url);
  const files = (await readdir(folder)).filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"));
  const sources = await Promise.all(files.map((name) => readFile(new URL(name, folder), "utf8")));
  const declared = sources.flatMap((source) => [...source.matchAll(/\bdeadline(?::|,)/g)]).length;
  // Those of unread tables have a test of their own; one name is declared for two waits.
  expect(declared).toBe(new Set(CASES.map(({ wait }) => wait.source)).size + UNREAD - SHARED);
});

/** `snapshotWaits`. */
const UNREAD = 1;
/** `the state of vDPU …` is declared by two actors, under one pattern each; `stateWait` serves two of them. */
const SHARED = 1;

test("a table that cannot be read is told within a second of 10 s, once", async () => {
  await using hamgrd = await started({ rows: rowsWithout(DashBfdProbeState) });
  const world = hamgrd.kill();
  world.dpuRedis.kill();
  await using next = await startFixture(hamgrdActors(settings()), { fakes: false, world });
  await next.clock.advance(seconds(15));
  const told = next.events.filter((event) => event.kind === "stuck" && /^the rows of DPU_STATE_DB /.test(event.wait));
  expect(told.map((event) => event.kind === "stuck" && `${event.actor} ${event.wait}`)).toContain(
    "dpu/sw0_dpu0 the rows of DPU_STATE_DB DASH_BFD_PROBE_STATE",
  );
  expect(new Set(told.map((event) => JSON.stringify(event))).size).toBe(told.length);
});
