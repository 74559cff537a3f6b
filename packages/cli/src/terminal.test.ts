import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { needs } from "@tandem/base/testing";
import { databaseConfigText, type RedisServer, startRedis } from "@tandem/swss/testing";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { COMMANDS } from "./command-list.js";
import { completionScript } from "./render/completion.js";
import { cliIsBuilt, runCli } from "./testing/run-cli.js";

/** Numbers that the test's database config gives. */
const APPL = 0;
const CONFIG = 4;
const STATE = 6;

let folder: string;
let dbConfig: string;
let redis: RedisServer;

beforeEach((context) => needs(context, cliIsBuilt, "the CLI is not built; ./tandem test builds it"));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tandem-cli-"));
  dbConfig = join(folder, "database_config.json");
  redis = await startRedis();
  writeFileSync(dbConfig, databaseConfigText({ socket: redis.socket }));
  write(STATE, "DASH_HA_SCOPE_STATE|vdpu0-0|haset0-0", {
    local_ha_state: "active",
    local_acked_asic_ha_state: "active",
    local_acked_term: "1",
    pending_operation_ids: "5c9b0d4e-0000-4000-8000-000000000001",
    pending_operation_types: "flow_reconcile",
  });
  write(APPL, "DASH_HA_SCOPE_CONFIG_TABLE:vdpu1-0:haset1-0", { version: "1", owner: "switch", ha_set_id: "haset1-0" });
  write(APPL, "DASH_HA_SCOPE_CONFIG_TABLE:vdpu2-0:haset2-0", { version: "x", ha_set_id: "haset2-0" });
  write(APPL, "DASH_HA_SET_CONFIG_TABLE:haset9-0", { pb: "no protobuf" });
  write(CONFIG, "DASH_HA_GLOBAL_CONFIG|global", { cp_data_channel_port: "11362" });
});

afterAll(async () => {
  await redis[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

function write(db: number, key: string, fields: Readonly<Record<string, string>>): void {
  const cli = process.env["TANDEM_REDIS_CLI"] ?? "redis-cli";
  execFileSync(cli, ["-s", redis.socket, "-n", String(db), "HSET", key, ...Object.entries(fields).flat()]);
}

const show = (...words: readonly string[]) => runCli(["show", ...words, "--db-config", dbConfig]);

test("show ha lists scopes, and refused ones with the reason", async () => {
  const { exitCode, stdout, stderr } = await show("ha");
  expect(exitCode).toBe(0);
  expect(stderr.trimEnd().split("\n").sort()).toEqual([
    expect.stringMatching(
      /^warning: APPL_DB DASH_HA_SCOPE_CONFIG_TABLE "vdpu2-0:haset2-0": version: expected a number/,
    ),
    expect.stringMatching(/^warning: APPL_DB DASH_HA_SET_CONFIG_TABLE "haset9-0": pb: expected a message /),
  ]);
  expect(stdout).toMatch(/^vdpu2-0 +haset2-0 +N\/A +refused: bad version /m);
  expect(stdout).toMatch(/^vdpu0-0 +haset0-0 +active +Active .* flow_reconcile +N\/A$/m);
  expect(stdout).toMatch(/^vdpu1-0 +haset1-0 +N\/A +refused: owner switch /m);
});

test("show ha --json is one object with its schema", async () => {
  const { stdout } = await show("ha", "--json");
  const object = JSON.parse(stdout);
  expect(object.schema).toBe("tandem.show-ha.v1");
  expect(object.scopes).toHaveLength(3);
  expect(object.scopes[1]).toMatchObject({ vdpu: "vdpu1-0", state: "N/A", refusal: "owner switch" });
});

test("pending lists what waits for an approval", async () => {
  const { stdout } = await runCli(["pending", "--db-config", dbConfig]);
  expect(stdout).toMatch(/^vdpu0-0 +haset0-0 +5c9b0d4e-0000-4000-8000-000000000001 +flow_reconcile +N\/A$/m);
});

test("show dash ha global-config reads the one row, whatever its key", async () => {
  const { exitCode, stdout } = await show("dash", "ha", "global-config");
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^cp_data_channel_port +11362$/m);
});

test("a row that cannot be decoded is one warning, and is still listed", async () => {
  const { exitCode, stdout, stderr } = await show("dash", "ha", "set", "status");
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^haset9-0 +N\/A/m);
  const warnings = stderr.split("\n").filter((line) => line.includes('"haset9-0"'));
  expect(warnings).toEqual([
    expect.stringMatching(/^warning: APPL_DB DASH_HA_SET_CONFIG_TABLE "haset9-0": pb: expected /),
  ]);
});

test("show dash ha scope status of an unknown scope names the known ones and fails", async () => {
  const { exitCode, stdout, stderr } = await show("dash", "ha", "scope", "status", "haset7-0");
  expect({ exitCode, stdout, stderr }).toEqual({
    exitCode: 1,
    stdout: "",
    stderr: "tandem show dash ha scope status: no HA scope haset7-0 in STATE_DB; known: haset0-0\n",
  });
});

test("show dash ha scope status of one scope shows every field", async () => {
  const { exitCode, stdout } = await show("dash", "ha", "scope", "status", "haset0-0");
  expect(exitCode).toBe(0);
  expect(stdout).toContain("vDPU vdpu0-0, HA-Scope haset0-0\nBasic\n");
});

test("a database config that does not exist is one line that says what to do", async () => {
  const { exitCode, stderr } = await runCli(["show", "ha", "--db-config", join(folder, "absent.json")]);
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/^tandem show ha: .*absent\.json: .*--db-config\n$/);
});

test("a redis that does not answer is one line that names its address", async () => {
  const path = join(folder, "dead.json");
  writeFileSync(path, databaseConfigText({ socket: join(folder, "dead.sock") }));
  const { exitCode, stderr } = await runCli(["pending", "--db-config", path]);
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/^tandem pending: STATE_DB: no redis answers at .*dead\.sock within 3 s; is it running\?\n$/);
});

test("a bus command without a slot says how to give one", async () => {
  const { exitCode, stderr } = await runCli(["show", "swbusd", "route"]);
  expect(exitCode).toBe(2);
  expect(stderr).toBe(
    "tandem show swbusd route: no DPU slot is given; give --slot-id, or DEV=dpu<slot>, or --config-file\n",
  );
  const short = await runCli(["ping", "r.c.n"], { DEV: "d" });
  expect(short.stderr).toContain("DEV=d is no dpu<slot>");
});

test("bad flags are one line and exit 2", async () => {
  const { exitCode, stderr } = await runCli(["ping", "r.c.n", "-c", "none"]);
  expect(exitCode).toBe(2);
  expect(stderr.trimEnd().split("\n")).toHaveLength(1);
});

test("tandem --help takes less than 200 ms, or on a slow or busy machine than four starts of Node.js", async () => {
  const help: number[] = [];
  const bare: number[] = [];
  for (let i = 0; i < 5; i++) {
    const start = performance.now();
    spawnSync(process.execPath, ["-e", "0"]);
    bare.push(performance.now() - start);
    const asked = performance.now();
    expect((await runCli(["--help"])).exitCode).toBe(0);
    help.push(performance.now() - asked);
  }
  expect(Math.min(...help)).toBeLessThan(Math.max(200, 4 * Math.min(...bare)));
});

test("every command shows its help", async () => {
  for (const { path } of COMMANDS) {
    const { exitCode, stdout } = await runCli([...path, "--help"]);
    expect({ path, exitCode, usage: stdout.startsWith("Usage: ") }).toEqual({ path, exitCode: 0, usage: true });
  }
});

test("bash takes the completion script and completes with it", () => {
  const script = completionScript("bash", COMMANDS);
  const ask = `${script}\nCOMP_WORDS=(tandem show dash ha s); COMP_CWORD=4; _tandem; echo "\${COMPREPLY[@]}"`;
  expect(execFileSync("bash", ["-c", ask], { encoding: "utf8" })).toBe("set scope\n");
});
