import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { unwrap } from "@tandem/base";
import { needs, runScenario } from "@tandem/base/testing";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { Cluster } from "../cluster/cluster.js";
import { ProcessCluster } from "../cluster/process-cluster.js";
import { loadStory } from "../story/load-story.js";
import { Narrator } from "../story/narrator.js";
import { missingForProcesses, REDIS_SERVER, TANDEM } from "../testing/tandem-command.js";

const STORY = "1-clean-launch";
const SCOPE = "vdpu0-0:haset0-0";
const LIMIT = { timeout: 300_000 };

const missing = missingForProcesses();
let host: ProcessCluster;
let cluster: Cluster;

beforeEach((context) => needs(context, missing === "", missing));

beforeAll(async () => {
  if (missing !== "") return;
  vi.stubEnv("UPDATE", undefined);
  const story = loadStory(STORY);
  const { switches, dpus: dpusPerSwitch } = story.size;
  host = await ProcessCluster.create({
    ...{ switches, dpusPerSwitch, redisServer: REDIS_SERVER, tandem: TANDEM },
    path: process.env["PATH"] ?? "",
  });
  cluster = await Cluster.start(host);
  await runScenario(story.path, new Narrator(cluster, STORY).run);
  // A vDPU whose DPU does not exist: it is stuck by the time that the last tests look.
  const sw = present(cluster.topology.switches[0]);
  const configDb = unwrap(host.stores(sw).open({ db: "CONFIG_DB" }), "CONFIG_DB");
  unwrap(await configDb.command(["HSET", "VDPU|vdpu9", "main_dpu_ids", "sw9_dpu9"]), "VDPU");
}, 300_000);

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("it is not there");
  return value;
}

afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
}, 60_000);

interface Run {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `tandem` with these words on the databases of the first switch. */
function tandem(...words: readonly string[]): Promise<Run> {
  const [command, ...args] = TANDEM;
  const sw = present(cluster.topology.switches[0]);
  const env = { ...process.env, NO_COLOR: "1", TZ: "UTC" };
  return new Promise((resolve) => {
    const all = [...args, ...words, "--db-config", host.databaseConfig(sw)];
    execFile(command, all, { env }, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

function wide(text: string): readonly string[] {
  return text.split("\n").filter((line) => [...line].length > 100);
}

test("why a scope: state, waits, rows, last decisions, and what its peer says", LIMIT, async () => {
  const { exitCode, stdout, stderr } = await tandem("why", SCOPE);
  expect({ exitCode, stderr, wide: wide(stdout) }).toEqual({ exitCode: 0, stderr: "", wide: [] });
  expect(stdout).toMatch(
    /^HA scope vdpu0-0:haset0-0, in the hamgrd of sw0-dpu0\n {2}state {5}asks for active; the DPU is active, for /,
  );
  expect(stdout).toMatch(/^ {2}waits {5}for nothing$/m);
  expect(stdout).toMatch(/^ {2}rows {6}DPU_APPL_DB DASH_HA_SCOPE_TABLE:haset0-0 +acknowledged \d/m);
  expect(stdout).toMatch(/^ {2}decided {3}\d\d:\d\d:\d\d asks for active; the DPU is /m);
  expect(stdout).toMatch(/^ {22}because DPU_STATE_DB DASH_HA_SCOPE_STATE_TABLE\|haset0-0 /m);
  expect(stdout).toMatch(/^ {2}peer {6}vdpu1-0:haset0-0 on sw1-dpu0: asks for standby; the DPU is standby$/m);
});

test("names are taken loosely; the scope of the other switch is asked there", LIMIT, async () => {
  for (const [name, first] of [
    ["sw0_dpu0", "DPU sw0_dpu0, in the hamgrd of sw0-dpu0"],
    ["vdpu0-0", "vDPU vdpu0-0, in the hamgrd of sw0-dpu0"],
    ["haset0-0", "HA set haset0-0, in the hamgrd of sw0-dpu0"],
    ["vdpu1-0 haset0-0", "HA scope vdpu1-0:haset0-0, in the hamgrd of sw1-dpu0"],
  ] as const) {
    expect((await tandem("why", name)).stdout.split("\n")[0]).toBe(first);
  }
  expect(await tandem("why", "dpu0")).toMatchObject({
    exitCode: 1,
    stdout: "",
    stderr: expect.stringMatching(/^tandem why: dpu0 can be DPU sw0_dpu0, DPU sw1_dpu0, .*; say which\n$/),
  });
  expect((await tandem("why", "nobody")).stderr).toMatch(
    /^tandem why: nothing here is called nobody; there are DPU sw0_dpu0, /,
  );
});

test("why a row: who stands for it and why; of one that is absent who does not", LIMIT, async () => {
  const there = await tandem("why", "VNET_ROUTE_TUNNEL_TABLE", "Vnet_55:3.2.0.0");
  expect(there).toMatchObject({ exitCode: 0, stderr: "" });
  expect(there.stdout).toMatch(/^APPL_DB VNET_ROUTE_TUNNEL_TABLE:Vnet_55:3\.2\.0\.0 is there\n {2}holds {5}endpoint=/);
  expect(there.stdout).toMatch(/^ {2}written {3}by HA set haset0-0, in the hamgrd of sw0-dpu0: acknowledged /m);
  const absent = await tandem("why", "VNET_ROUTE_TUNNEL_TABLE:Vnet_55:3.2.9.9");
  expect(absent.stdout).toContain("is not there\n  written   no actor here stands for it\n");
  expect(absent.stdout).toContain("HA set haset0-0 (sw0-dpu0) does not: ");
  const input = await tandem("why", "CHASSIS_STATE_DB", "DPU_STATE|DPU0", "--json");
  expect(JSON.parse(input.stdout)).toMatchObject({
    schema: "tandem.why.v1",
    row: { isInput: true, fields: { id: "0" }, readBy: [{ actor: "dpu/sw0_dpu0" }] },
  });
});

test(
  "timeline: a change of the DPU's state, over actors to the rows that it leads to, on both switches",
  LIMIT,
  async () => {
    const { exitCode, stdout, stderr } = await tandem("timeline", "--since", "1h", "--last", "1000", "--json");
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    const { schema, traces } = JSON.parse(stdout);
    expect(schema).toBe("tandem.timeline.v1");
    const whole = traces.find(
      (trace: { cause: string; events: { name: string; acked?: boolean }[] }) =>
        trace.cause === "DPU_STATE_DB|DASH_HA_SCOPE_STATE_TABLE|haset0-0" &&
        trace.events.some(
          ({ name, acked }) => name.startsWith("set DPU_APPL_DB|DASH_HA_SCOPE_TABLE|") && acked === true,
        ),
    );
    expect(whole).toBeDefined();
    const { total, ...parts } = whole.stages;
    expect(Object.values<number>(parts).reduce((sum, part) => sum + part, 0)).toBeCloseTo(total, 6);
    const processes = new Set(traces.flatMap((trace: { processes: string[] }) => trace.processes));
    expect([...processes].sort()).toEqual(["region-a.cluster-a.sw0-dpu0", "region-a.cluster-a.sw1-dpu0"]);
    const text = await tandem("timeline", "haset0-0", "--since", "1h", "--local");
    expect(text.stdout).toMatch(/ ms = detect \d+\.\d \+ deliver \d+\.\d \+ decide /);
    expect(wide(text.stdout)).toEqual([]);
    expect(await tandem("timeline", "--since", "soon")).toMatchObject({ exitCode: 2 });
  },
);

test("a flight of the real story comes out the same when every step is taken again", LIMIT, async () => {
  const file = join(host.folder, "story.flight");
  const exported = await tandem("flight", "export", file);
  expect(exported).toMatchObject({ exitCode: 0, stderr: "" });
  const [command, ...args] = TANDEM;
  const replay = (path: string): Promise<Run> =>
    new Promise((resolve) => {
      execFile(command, [...args, "flight", "replay", path], (error, stdout, stderr) => {
        resolve({ exitCode: error === null ? 0 : Number(error.code), stdout, stderr });
      });
    });
  expect(await replay(file)).toEqual({
    exitCode: 0,
    stdout: expect.stringMatching(/^\d+ steps of 1 process taken again, all as recorded\n$/),
    stderr: "",
  });
  expect(await tandem("flight", "export", file)).toMatchObject({
    exitCode: 1,
    stderr: `tandem flight export: ${file} exists already; name a new file\n`,
  });
  const shown = await tandem("timeline", "--from", file, "--last", "3");
  expect(shown).toMatchObject({ exitCode: 0, stderr: "", stdout: expect.stringContaining(" sw0-dpu0 ") });
  expect(readFileSync(file, "utf8").split("\n")[0]).toMatch(/^\{"schema":"tandem\.flight\.v1","exported":"/);
});

test("SIGUSR2 leaves a flight beside the record files, which replays", LIMIT, async ({ signal }) => {
  const hamgrd = host.processes.find(({ name }) => name === "sw0_dpu0.hamgrd");
  const told = hamgrd?.untilLine(/hamgrd-dpu0\.asked\.flight: the last steps of slot 0 are written there/, signal);
  process.kill(hamgrd?.pid ?? 0, "SIGUSR2");
  const path = /info: (\S+\.flight): /.exec((await told) ?? "")?.[1] ?? "";
  const [command, ...args] = TANDEM;
  const replayed = await new Promise<string>((resolve) => {
    execFile(command, [...args, "sim", "--replay", path], (_error, stdout, stderr) => resolve(stdout + stderr));
  });
  expect(replayed).toMatch(/^\d+ steps of 1 process taken again, all as recorded\n$/);
});

test("what is stuck stands below show ha, in why, and in the log", LIMIT, async ({ signal }) => {
  const hamgrd = present(host.processes.find(({ name }) => name === "sw0_dpu0.hamgrd"));
  const words = /still waits for the state of DPU sw9_dpu9, since \d+ s; now: go on asking for it; it counts as down/;
  expect(await hamgrd.untilLine(/vdpu\/vdpu9: still waits for the state of /, signal)).toMatch(words);
  const shown = await tandem("show", "ha");
  expect(shown).toMatchObject({ exitCode: 0, stderr: "" });
  expect(shown.stdout).toMatch(/\n\nstuck: vDPU vdpu9 waits for the state of DPU sw9_dpu9, since \d+ s, /);
  expect((await tandem("why", "vdpu9")).stdout).toMatch(/^ {2}waits {5}STUCK for the state of DPU sw9_dpu9, since /m);
});

test("with hamgrd dead, why says so and answers from databases and record files", LIMIT, async () => {
  const hamgrd = present(host.daemons.find(({ name }) => name === "sw0_dpu0.hamgrd"));
  await host.killDaemon(hamgrd);
  const { exitCode, stdout } = await tandem("why", SCOPE, "--from", host.logFolder);
  expect(exitCode).toBe(0);
  expect(wide(stdout)).toEqual([]);
  expect(stdout).toContain("no hamgrd answers for it; this is what the databases hold\n");
  expect(stdout).toContain("  APPL_DB DASH_HA_SCOPE_CONFIG_TABLE:vdpu0-0:haset0-0\n");
  expect(stdout).toMatch(/^ {2}recorded {2}\d\d:\d\d:\d\d asks for active; the DPU is /m);
  expect(stdout).toMatch(/^ {2}silent {4}the hamgrd of region-a\.cluster-a\.sw0-dpu0: /m);
  const { stderr } = await tandem("show", "ha");
  expect(stderr).toContain(
    "warning: whether anything is stuck is unknown: the hamgrd of region-a.cluster-a.sw0-dpu0: ",
  );
  await host.startDaemon(hamgrd);
});
