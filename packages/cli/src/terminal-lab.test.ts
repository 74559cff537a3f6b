import { type Millis, seconds, unwrap } from "@tandem/base";
import { needs } from "@tandem/base/testing";
import {
  Cluster,
  type DpuPlace,
  daemonOf,
  missingForProcesses,
  ProcessCluster,
  REDIS_SERVER,
  type SwitchPlace,
  TANDEM,
} from "@tandem/lab/testing";
import type { Command, Store } from "@tandem/swss";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type CliRun, runCli } from "./testing/run-cli.js";

/** Generous: the machine may be busy with everything else. */
const LIMIT: Millis = seconds(120);
const missing = missingForProcesses();

let host: ProcessCluster;
let cluster: Cluster;
let sw0: SwitchPlace;

beforeEach((context) => needs(context, missing === "", missing));

/** Two switches of two DPUs, both pairs serving; hamgrds leave what others do to a DPU's tables alone. */
beforeAll(async () => {
  if (missing !== "") return;
  host = await ProcessCluster.create({
    ...{ switches: 2, dpusPerSwitch: 2, redisServer: REDIS_SERVER, tandem: TANDEM },
    path: process.env["PATH"] ?? "",
    hamgrdFlags: ["--no-restore"],
  });
  cluster = await Cluster.start(host, { helpsRestart: false });
  sw0 = cluster.topology.switches[0] as SwitchPlace;
  const { haSets } = cluster.topology;
  for (const set of haSets) await cluster.controller.createSet(set);
  for (const set of haSets) for (const { vdpuId } of set.dpus) await cluster.controller.enable(vdpuId);
  const told = (dpu: DpuPlace, set: string): boolean => {
    const rows = cluster.rows(
      cluster.topology.switches[dpu.switchIndex] as SwitchPlace,
      "STATE_DB",
      "DASH_HA_SCOPE_STATE",
    );
    const row = rows.get(`${dpu.vdpuId}|${set}`) ?? {};
    const sessions = (row["local_vdpu_up_bfd_sessions_v4"] ?? "").split(",").length;
    return /^(active|standby)$/.test(row["local_ha_state"] ?? "") && sessions === 2 && !row["pending_operation_ids"];
  };
  await cluster.until("both pairs", () => haSets.every((set) => set.dpus.every((dpu) => told(dpu, set.id))), LIMIT);
}, 180_000);

afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
}, 60_000);

const ask = (...words: readonly string[]) => runCli([...words, "--db-config", host.databaseConfig(sw0)]);

/** Asks again while a busy machine keeps the answer from being what it will be. */
async function askUntil(holds: (run: CliRun) => boolean, ...words: readonly string[]): Promise<CliRun> {
  let run = await ask(...words);
  for (let i = 0; i < 5 && !holds(run); i++) run = await ask(...words);
  return run;
}

async function command(db: string, container: string, words: Command): Promise<unknown> {
  const store: Store = unwrap(host.stores(sw0).open({ db, container }), db);
  return unwrap(await store.command(words), words.join(" "));
}

test("show topology is a tree of switches, DPUs, links and pairs", { timeout: 120_000 }, async () => {
  const links = /ms from dpu0,dpu1/g;
  const { exitCode, stdout } = await askUntil((run) => run.stdout.match(links)?.length === 2, "show", "topology");
  expect(exitCode).toBe(0);
  const lines = stdout.split("\n");
  expect(lines[0]).toBe("region-a.cluster-a");
  expect(stdout).toMatch(/^sw0 {2}127\.[\d.]+ {2}this switch$/m);
  expect(stdout).toMatch(/^├─ sw0_dpu0 {2}slot 0 {2}vdpu0-0 {2}18\.0\.202\.1 {2}up {2}swbusd up {2}hamgrd \d/m);
  expect(stdout).toMatch(
    /^└─ sw1_dpu1 {2}slot 1 {2}vdpu1-1 {2}18\.1\.202\.2 {2}[\d.]+ ms from dpu0,dpu1 {2,}hamgrd \d/m,
  );
  expect(stdout).toMatch(
    /^└─ haset0-1 {2}3\.2\.0\.1 {2}vdpu0-1 (Active|Standby) on sw0, bfd 2 {2}vdpu1-1 (Active|Standby) on sw1, bfd 2$/m,
  );
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
  const json = JSON.parse((await ask("show", "topology", "--json")).stdout);
  expect(json.schema).toBe("tandem.show-topology.v1");
  expect(json.switches.map(({ name, dpus }: { name: string; dpus: unknown[] }) => [name, dpus.length])).toEqual([
    ["sw0", 2],
    ["sw1", 2],
  ]);
});

test("doctor finds nothing wrong with a cluster that serves", { timeout: 120_000 }, async () => {
  const isCalm = ({ stdout }: CliRun): boolean => stdout.includes(" 0 doubtful, 0 failed");
  const { exitCode, stdout, stderr } = await askUntil(isCalm, "doctor");
  expect({ exitCode, stderr, failures: stdout.match(/^(fail|warn) .*/gm) }).toEqual({
    exitCode: 0,
    stderr: "",
    failures: null,
  });
  expect(stdout).toMatch(/^ok {4}clocks {9}sw1 is /m);
  expect(stdout).toMatch(/\n\d+ checks: \d+ ok, 0 doubtful, 0 failed\n$/);
});

test("drift: rows that are missing, changed and nobody's, side by side; their owner mends them", {
  timeout: 180_000,
}, async () => {
  const calm = await askUntil(({ exitCode }) => exitCode === 0, "drift");
  expect(calm).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/^no drift: \d+ rows compared, as dpu0, dpu1 /),
  });
  const before = await command("DPU_APPL_DB", "dpu0", ["HGETALL", "DASH_HA_SET_TABLE:haset0-0"]);
  await command("DPU_APPL_DB", "dpu0", ["DEL", "DASH_HA_SET_TABLE:haset0-0"]);
  await command("DPU_APPL_DB", "dpu1", ["HSET", "DASH_HA_SCOPE_TABLE:haset0-1", "ha_role", "dead"]);
  await command("DPU_APPL_DB", "dpu1", ["HSET", "BFD_SESSION_TABLE:default:default:10.9.9.9", "type", "passive"]);
  await command("STATE_DB", "", ["HSET", "DASH_HA_SCOPE_STATE|vdpu9|haset9", "local_ha_state", "active"]);
  const { exitCode, stdout, stderr } = await ask("drift");
  expect(exitCode).toBe(1);
  expect(stderr).toBe("tandem drift: rows that are not as they should be: 4\n");
  expect(stdout).toMatch(/^4 rows off, of \d+ compared, as dpu0, dpu1 would have them$/m);
  expect(stdout).toMatch(/^ {2}DASH_HA_SET_TABLE haset0-0 {3}missing {3}of ha-set\/haset0-0$/m);
  expect(stdout).toMatch(
    /^ {2}DASH_HA_SCOPE_TABLE haset0-1 {3}differs {3}of ha-scope\/vdpu0-1:haset0-1\n {6}field +stands for +database has\n {6}ha_role +"\w+" +"dead"$/m,
  );
  expect(stdout).toMatch(/^ {2}BFD_SESSION_TABLE default:default:10\.9\.9\.9 {3}nobody stands for it$/m);
  expect(stdout).toMatch(/^ {2}DASH_HA_SCOPE_STATE vdpu9\|haset9 {3}nobody stands for it$/m);
  const json = JSON.parse((await ask("drift", "--json")).stdout);
  expect(json).toMatchObject({ schema: "tandem.drift.v1", findings: { length: 4 } });
  const mended = await ask("drift", "--repair");
  expect(mended).toMatchObject({ exitCode: 0, stderr: "" });
  expect(mended.stdout).toContain("hamgrd of dpu0 wrote DPU_APPL_DB|DASH_HA_SET_TABLE|haset0-0 again\n");
  expect(mended.stdout).toContain("hamgrd of dpu1 deleted DPU_APPL_DB|BFD_SESSION_TABLE|default:default:10.9.9.9\n");
  const after = await command("DPU_APPL_DB", "dpu0", ["HGETALL", "DASH_HA_SET_TABLE:haset0-0"]);
  expect([...(after as string[])].sort()).toEqual([...(before as string[])].sort());
});

test("plan: a safe switchover, a refusal with its reasons, a forced plan, and nothing written", {
  timeout: 180_000,
}, async () => {
  const version = () => command("APPL_DB", "", ["HGETALL", "DASH_HA_SCOPE_CONFIG_TABLE:vdpu0-0:haset0-0"]);
  const before = await version();
  const safe = await askUntil(({ exitCode }) => exitCode === 0, "plan", "switchover", "haset0-0");
  expect(safe).toMatchObject({ exitCode: 0, stderr: "" });
  expect(safe.stdout).toMatch(/^switchover of haset0-0: safe\n/);
  expect(safe.stdout).toMatch(/^owner {4}vdpu(\d)-0 now, vdpu(?!\1)\d-0 afterwards$/m);
  expect(safe.stdout).toMatch(/^ 1\. want vdpu\d-0 dead\n {6}controller +writes {2}DASH_HA_SCOPE_CONFIG_TABLE:/m);
  const refused = await ask("plan", "remove", "haset0-0");
  expect(refused.exitCode).toBe(1);
  expect(refused.stdout).toMatch(
    /^remove of haset0-0: refused\n\n {2}because vdpu\d-0 is (active|standby): the pair would have no owner/,
  );
  expect(refused.stderr).toBe("tandem plan: refused; --force plans it all the same\n");
  const forced = await ask("plan", "remove", "haset0-0", "--force", "--json");
  expect(forced.exitCode).toBe(0);
  expect(JSON.parse(forced.stdout)).toMatchObject({
    schema: "tandem.plan.v1",
    plan: { verdict: "risky", ownerAfter: "" },
  });
  expect(await ask("plan", "switchover", "haset9")).toMatchObject({
    exitCode: 1,
    stderr: expect.stringMatching(/no HA set or vDPU haset9; known: haset0-0, haset0-1, vdpu0-0, /),
  });
  expect((await ask("plan", "dance", "haset0-0")).exitCode).toBe(2);
  expect((await ask("plan", "shutdown", "haset0-0")).exitCode).toBe(2);
  expect(await version()).toEqual(before);
});

test("every command that asks hamgrds takes the certificates of the bus from --bus-security", {
  timeout: 120_000,
}, async () => {
  const none = "/nowhere/bus.yaml";
  const reason = `${none}: no such file`;
  const commands: readonly (readonly [said: string, ...words: readonly string[]])[] = [
    [reason, "why", "vdpu0-0"],
    [reason, "timeline", "--local"],
    [reason, "flight", "export", "/nowhere/flight"],
    [reason, "show", "ha"],
    [reason, "doctor"],
    [reason, "drift"],
    // They show the bus as it looks from here.
    [`swbusd not asked: ${reason}`, "show", "topology"],
    ["refused", "plan", "switchover", "vdpu0-0"],
  ];
  for (const [said, ...words] of commands) {
    const { stdout, stderr } = await ask(...words, "--bus-security", none);
    expect(`${words.join(" ")}: ${stdout}${stderr}`).toContain(said);
  }
});

test("a DPU that is down is told as such, and is no drift", { timeout: 120_000 }, async () => {
  const dpu = sw0.dpus[1] as DpuPlace;
  cluster.pmon(dpu).setPlane(cluster.devices.dpu(dpu), "control_plane", false, "test");
  const state = (): string =>
    cluster.rows(sw0, "CHASSIS_STATE_DB", "DPU_STATE").get("DPU1")?.["dpu_control_plane_state"] ?? "";
  await cluster.until("the report", () => state() === "down", LIMIT);
  await command("DPU_APPL_DB", "dpu1", ["DEL", "DASH_HA_SET_TABLE:haset0-1"]);
  const { exitCode, stdout } = await ask("drift");
  expect(exitCode).toBe(0);
  expect(stdout).toContain(
    "sw0_dpu1 is down (control plane down): its databases are not compared, and that is no drift\n",
  );
});

test("doctor names what is down, what is refused, and the remedy; drift and plan say what they do not know", {
  timeout: 240_000,
}, async () => {
  const [, dpu1] = sw0.dpus as readonly [DpuPlace, DpuPlace];
  const peer = cluster.topology.switches[1]?.dpus[0] as DpuPlace;
  await host.killDaemon(daemonOf(host, "hamgrd", dpu1));
  await host.killDaemon(daemonOf(host, "swbusd", peer));
  await command("CONFIG_DB", "", ["HSET", "VDPU|vdpu7", "main_dpu_ids", "sw7_dpu7"]);
  await command("APPL_DB", "", ["HSET", "DASH_HA_SET_CONFIG_TABLE:haset7", "pb", "nonsense"]);
  await command("DPU_APPL_DB", "dpu0", ["CONFIG", "SET", "notify-keyspace-events", ""]);
  const { exitCode, stdout } = await ask("doctor");
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(/^fail {2}databases {6}dpu0: notify-keyspace-events is "": changes go unnoticed\n +→ /m);
  expect(stdout).toMatch(/^fail {2}configuration {2}VDPU vdpu7 names sw7_dpu7, /m);
  expect(stdout).toMatch(/^fail {2}configuration {2}APPL_DB DASH_HA_SET_CONFIG_TABLE "haset7": pb: expected /m);
  expect(stdout).toMatch(
    /^fail {2}bus {12}dpu0: sw1_dpu0 at 127\.[\d.]+:\d+ is not connected: our swbusd has no\s+connection to it/m,
  );
  expect(stdout).toMatch(
    /^fail {2}hamgrd {9}dpu1: no hamgrd is connected to region-a\.cluster-a\.sw0-dpu1\n +→ start hamgrd -s 1/m,
  );
  const drift = await ask("drift");
  expect(drift.exitCode).toBe(1);
  expect(drift.stdout).toContain(
    "dpu1: unknown what its hamgrd stands for: no hamgrd is connected to region-a.cluster-a.sw0-dpu1\n",
  );
  const plan = await ask("plan", "shutdown", "vdpu0-0");
  expect(plan.exitCode).toBe(1);
  expect(plan.stdout).toMatch(
    /^ {2}because the state of vdpu1-0 is unknown: the swbusd at 127\.[\d.]+:\d+: our swbusd has no connection to it$/m,
  );
});

test("doctor works when everything is down", { timeout: 120_000 }, async () => {
  for (const daemon of host.daemons.filter(({ sw }) => sw === sw0)) await host.killDaemon(daemon);
  for (const owner of [sw0, ...sw0.dpus]) await host.killRedis(owner);
  const { exitCode, stdout, stderr } = await ask("doctor", "--json");
  expect(exitCode).toBe(1);
  const { schema, failed, checks } = JSON.parse(stdout);
  expect(schema).toBe("tandem.doctor.v1");
  expect(stderr).toBe(`tandem doctor: checks that failed: ${failed}\n`);
  const failures = checks.filter(({ verdict }: { verdict: string }) => verdict === "fail");
  expect(failures.filter(({ area }: { area: string }) => area === "databases")).toHaveLength(3);
  expect(failures.filter(({ area }: { area: string }) => area === "bus")).toHaveLength(2);
  const absent = await runCli(["doctor", "--db-config", `${host.folder}/absent.json`]);
  expect(absent.exitCode).toBe(1);
  expect(absent.stdout).toMatch(/^fail {2}databases {6}.*absent\.json/);
});
