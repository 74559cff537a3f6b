import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { needs } from "@tandem/base/testing";
import { databaseConfigText, freePort, type RedisServer, startRedis } from "@tandem/swss/testing";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { cliIsBuilt, cliPath, runCli } from "./testing/run-cli.js";

const VLAN = "SAI_OBJECT_TYPE_VLAN:oid:0x26000000005001";
const SESSION = [
  "#|recording on: ./sairedis.rec",
  "a|INIT_VIEW",
  "A|SAI_STATUS_SUCCESS",
  "c|SAI_OBJECT_TYPE_SWITCH:oid:0x21000000000000|SAI_SWITCH_ATTR_INIT_SWITCH=true",
  `c|${VLAN}|SAI_VLAN_ATTR_VLAN_ID=101`,
  `g|${VLAN}|SAI_VLAN_ATTR_VLAN_ID=0`,
  "G|SAI_STATUS_SUCCESS|SAI_VLAN_ATTR_VLAN_ID=101",
  "a|APPLY_VIEW",
  "A|SAI_STATUS_SUCCESS",
];

let folder: string;
let redis: RedisServer;
let dbConfig: readonly string[];
const children = new Set<ChildProcess>();

const at = (name: string): string => join(folder, name);

beforeEach((context) => needs(context, cliIsBuilt, "the CLI is not built; ./tandem test builds it"));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tandem-cli-asic-"));
  redis = await startRedis();
  writeFileSync(at("db.json"), databaseConfigText({ socket: redis.socket }));
  dbConfig = ["--db-config", at("db.json")];
  const lines = SESSION.map((body, i) => `2026-03-01.10:00:00.${String(i).padStart(6, "0")}|${body}\n`);
  writeFileSync(at("session.rec"), lines.join(""));
});

afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await redis[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** A daemon as a user starts it, once it has said `stands`; the returned function ends it and gives its exit code. */
async function daemon(words: readonly string[], stands: string): Promise<() => Promise<number | null>> {
  const child = spawn(process.execPath, [cliPath("main"), "asic", ...words], {
    env: { PATH: process.env["PATH"] ?? "", TZ: "UTC", TANDEM_LOG: "stderr" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  children.add(child);
  const gone = once(child, "exit");
  let said = "";
  await new Promise<void>((resolve, reject) => {
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (said.includes(stands)) resolve();
    });
    child.once("exit", () => reject(new Error(`${words[0]} ended before it said ${stands}:\n${said}`)));
  });
  return async () => {
    child.kill("SIGTERM");
    await gone;
    children.delete(child);
    return child.exitCode;
  };
}

/** Lines without their times and comments. */
function bodies(text: string): string[] {
  const lines = text.split("\n").filter((line) => line !== "");
  return lines.map((line) => line.slice(line.indexOf("|") + 1)).filter((body) => !body.startsWith("#"));
}

test("a session is played, archived, recorded and searched, and what was recorded is the session", {
  timeout: 120_000,
}, async () => {
  const chip = await daemon(["virtual", "--socket", at("asic.sock"), "--ports", "2"], "listens at");
  const syncd = await daemon(["syncd", "--asic", at("asic.sock"), ...dbConfig], "serving streams");
  const archive = await daemon(["archive", at("archive.rec"), ...dbConfig], "archives from");
  const record = await daemon(["record", at("now.rec"), ...dbConfig], "records what passes");
  const played = await runCli(["asic", "play", at("session.rec"), "--vids", "recorded", ...dbConfig]);
  expect(played).toMatchObject({ exitCode: 0, stderr: "" });
  expect(played.stdout).toMatch(/session\.rec through streams \(sync\)/);
  expect(played.stdout).toMatch(/sent +5 {2}view changes 2 · creates 2 · gets 1/);
  expect(played.stdout).toMatch(/different +0/);
  expect([await record(), await archive(), await syncd(), await chip()]).toEqual([0, 0, 0, 0]);
  const expected = SESSION.slice(1);
  expect(bodies(readFileSync(at("now.rec"), "utf8"))).toEqual(expected);
  const history = (words: readonly string[]) => runCli(["asic", "history", at("archive.rec"), ...words, ...dbConfig]);
  const all = await history([]);
  expect(all).toMatchObject({ exitCode: 0, stderr: "" });
  expect(bodies(all.stdout)).toEqual(expected);
  const ofVlan = await history(["--object", VLAN, "--json", "--no-live"]);
  const found = ofVlan.stdout.trimEnd().split("\n");
  expect(found.map((line) => JSON.parse(line).schema)).toEqual(found.map(() => "tandem.asic-history.v1"));
  expect(found.map((line) => bodies(JSON.parse(line).line)[0])).toEqual(expected.slice(3, 6));
});

test("what is played differently than it was recorded fails, and says where", { timeout: 60_000 }, async () => {
  const chip = await daemon(["virtual", "--socket", at("second.sock"), "--ports", "2"], "listens at");
  const syncd = await daemon(
    ["syncd", "--asic", at("second.sock"), "--serve", "list-pubsub", ...dbConfig],
    "serving list",
  );
  const gateway = await daemon(["gateway", "--from", "streams", "--to", "list-pubsub", ...dbConfig], "passes requests");
  const lie = `2026-03-01.10:00:00.000000|c|${VLAN}|SAI_VLAN_ATTR_VLAN_ID=101\n`;
  writeFileSync(at("lie.rec"), lie);
  const { exitCode, stderr } = await runCli(["asic", "play", at("lie.rec"), "--vids", "recorded", ...dbConfig]);
  expect(exitCode).toBe(1);
  expect(stderr).toBe("tandem asic play: line 1: c: expected SAI_STATUS_SUCCESS, got SAI_STATUS_ITEM_ALREADY_EXISTS\n");
  expect([await gateway(), await syncd(), await chip()]).toEqual([0, 0, 0]);
  const missing = await runCli(["asic", "play", at("none.rec"), ...dbConfig]);
  expect(missing).toMatchObject({
    exitCode: 1,
    stdout: "",
    stderr: expect.stringMatching(/none\.rec: no such file.*\n$/),
  });
});

test("a recording is played through a ring file that is named", { timeout: 60_000 }, async () => {
  const ring = ["--ring", at("asic.ring")];
  const chip = await daemon(["virtual", "--socket", at("third.sock"), "--ports", "2"], "listens at");
  const syncd = await daemon(
    ["syncd", "--asic", at("third.sock"), "--serve", "shm", "--start", "cold", ...ring, ...dbConfig],
    "serving shm",
  );
  const played = await runCli(["asic", "play", at("session.rec"), "--via", "shm", ...ring, ...dbConfig]);
  expect(played).toMatchObject({ exitCode: 0, stderr: "" });
  expect(played.stdout).toMatch(/session\.rec through shm \(sync\)/);
  expect(readFileSync(at("asic.ring")).subarray(0, 8).toString()).toBe("TNDMRING");
  expect([await syncd(), await chip()]).toEqual([0, 0]);
  const wrong = await runCli(["asic", "play", at("session.rec"), "--fallback", "file", ...dbConfig]);
  expect(wrong).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("expected one of stream, list") });
});

test("a gateway and its syncd are moved while an orchagent of upstream could sit in front", {
  timeout: 120_000,
}, async () => {
  const context = {
    ...{
      guid: 0,
      name: "syncd",
      dbAsic: "ASIC_DB",
      dbCounters: "COUNTERS_DB",
      dbFlex: "FLEX_COUNTER_DB",
      dbState: "STATE_DB",
    },
    zmq_endpoint: `tcp://127.0.0.1:${await freePort()}`,
    zmq_ntf_endpoint: `tcp://127.0.0.1:${await freePort()}`,
    switches: [{ index: 0, hwinfo: "" }],
  };
  writeFileSync(at("context.json"), JSON.stringify({ CONTEXTS: [context] }));
  const places = ["--context-config", at("context.json"), ...dbConfig];
  const chip = await daemon(["virtual", "--socket", at("fourth.sock"), "--ports", "2"], "listens at");
  const syncd = await daemon(
    ["syncd", "--asic", at("fourth.sock"), "--serve", "streams", ...places],
    "serving streams",
  );
  const alone = await runCli(["asic", "switch", "--to", "zmq", ...dbConfig]);
  expect(alone).toMatchObject({ exitCode: 1, stdout: "" });
  expect(alone.stderr).toMatch(
    /^tandem asic switch: no client that can be moved has the channel of ASIC_DB: syncd serves streams; /,
  );
  const gateway = await daemon(["gateway", "--from", "list-pubsub", "--to", "streams", ...places], "passes requests");
  const own = await runCli(["asic", "switch", "--to", "list-pubsub", ...dbConfig]);
  expect(own).toMatchObject({ exitCode: 1, stdout: "" });
  expect(own.stderr).toMatch(/syncd cannot serve list-pubsub: tandem-asic-gateway on .*; the channel is on streams\n$/);
  const moved = await runCli(["asic", "switch", "--to", "zmq", ...dbConfig]);
  expect(moved.exitCode).toBe(0);
  expect(moved.stdout).toMatch(
    /^moved from streams to zmq in \d+\.\d s \(move 1\); requests were held for (less than 1|\d+) ms\n$/,
  );
  expect(moved.stderr).toMatch(/^waits for tandem-syncd \(process \d+\) to open zmq\n/);
  const shown = await runCli(["asic", "switch", ...dbConfig]);
  expect(shown.stdout).toMatch(/^ASIC_DB\n {2}transport {2}zmq, after 1 move\n {2}client {5}tandem-asic-gateway on /);
  expect(shown.stdout).toMatch(/ {2}syncd {6}tandem-syncd on .*, serves streams, zmq\n$/);
  const again = await runCli(["asic", "switch", "--to", "zmq", "--json", ...dbConfig]);
  expect(JSON.parse(again.stdout)).toMatchObject({
    schema: "tandem.asic-switch.v1",
    from: "zmq",
    to: "zmq",
    moved: false,
    moves: 1,
  });
  const vlan = VLAN.replace(/\w\w$/, "ee");
  writeFileSync(at("behind.rec"), `2026-03-01.10:00:00.000000|c|${vlan}|SAI_VLAN_ATTR_VLAN_ID=222\n`);
  const played = await runCli([
    "asic",
    "play",
    at("behind.rec"),
    "--via",
    "list-pubsub",
    "--vids",
    "recorded",
    ...places,
  ]);
  expect(played).toMatchObject({ exitCode: 0, stderr: "" });
  expect(await gateway()).toBe(0);
  const elsewhere = await runCli(["asic", "play", at("behind.rec"), "--via", "streams", ...places]);
  expect(elsewhere).toMatchObject({ exitCode: 1, stdout: "" });
  expect(elsewhere.stderr).toMatch(
    /the channel was moved to zmq: leave --via out, or tandem asic switch --to streams first\n$/,
  );
  expect([await syncd(), await chip()]).toEqual([0, 0]);
  const wrong = await runCli(["asic", "switch", "--to", "pigeons", ...dbConfig]);
  expect(wrong).toMatchObject({ exitCode: 2, stdout: "" });
});
