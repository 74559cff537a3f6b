import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { databaseConfigText } from "@tandem/swss/testing";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { hamgrdMain } from "./main.js";

let folder: string;
let complaints: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tandem-hamgrd-"));
  complaints = [];
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    complaints.push(String(text));
    return true;
  });
});

afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true, force: true });
});

const run = (...argv: string[]): Promise<number> => hamgrdMain(argv, { TANDEM_LOG: "stderr" });

const usage = [
  { argv: [], says: "--slot-id is missing; try --help" },
  { argv: ["-s", ""], says: "--slot-id : expected DPU slots from 0 to 255, with commas" },
  { argv: ["-s", "x"], says: "--slot-id x: expected DPU slots from 0 to 255, with commas" },
  { argv: ["-s", "256"], says: "--slot-id 256: expected DPU slots from 0 to 255, with commas" },
  { argv: ["-s", "-1"], says: "" },
  { argv: ["-s", "0,1,0"], says: "--slot-id 0,1,0: slot 0 is named twice" },
  { argv: ["-s", "0", "--bfd-mode", "all"], says: "--bfd-mode all: expected cluster or ha-set" },
  { argv: ["-s", "0", "--vnet-mode", "none"], says: "--vnet-mode none: expected all-switches or participants" },
  { argv: ["-s", "0", "--metrics-port", "99999"], says: "--metrics-port 99999: expected a port" },
  { argv: ["-s", "0", "--table", "DPU=X"], says: "--table DPU=X: expected one of DASH_HA_SET_CONFIG_TABLE, " },
  { argv: ["-s", "0", "--table", "DPU"], says: "--table DPU: expected TABLE=NAME or TABLE=DB/NAME" },
  {
    argv: ["-s", "0", "--table", "DASH_HA_SCOPE_STATE_TABLE=STATE_DB/X"],
    says: "STATE_DB is no database of a DPU",
  },
  { argv: ["-s", "0", "--table", "DASH_HA_SET_CONFIG_TABLE=NO_DB/X"], says: "NO_DB is no database of the switch" },
  {
    argv: ["-s", "0", "--table", "DASH_HA_SET_CONFIG_TABLE=A", "--table", "DASH_HA_SET_CONFIG_TABLE=B"],
    says: "DASH_HA_SET_CONFIG_TABLE is given twice",
  },
  { argv: ["-s", "0", "--nope"], says: "--nope" },
  { argv: ["-s", "0", "extra"], says: "extra" },
];
for (const { argv, says } of usage)
  test(`"hamgrd ${argv.join(" ")}" is wrong usage: one line, exit code 2`, async () => {
    expect(await run(...argv)).toBe(2);
    expect(complaints).toEqual([expect.stringContaining(says)]);
    expect(complaints[0]).toMatch(/^hamgrd: [^\n]+\n$/);
  });

const GLOBAL = { INCLUDES: [{ include: "host.json" }, { container_name: "dpu0", include: "dpu0.json" }] };

const files: readonly {
  readonly what: string;
  readonly files: Readonly<Record<string, string>>;
  readonly config?: string;
  readonly says: string;
}[] = [
  { what: "a path that does not exist", files: {}, config: "absent.json", says: "absent.json: no such file" },
  { what: "a folder", files: {}, config: ".", says: "cannot be read: EISDIR" },
  { what: "no JSON", files: { "db.json": "{" }, says: "db.json: not JSON: " },
  { what: "a list", files: { "db.json": "[]" }, says: "db.json: must be an object, is an array" },
  {
    what: "a port that is none",
    files: { "db.json": '{"INSTANCES":{"redis":{"hostname":"127.0.0.1","port":"6379"}}}' },
    says: 'db.json: INSTANCES.redis.port: must be an integer from 0 to 65535, is "6379"',
  },
  { what: "no database", files: { "db.json": "{}" }, says: "CONFIG_DB is not in the database configuration" },
  {
    what: "a global file with a member that is not JSON",
    files: { "db.json": JSON.stringify(GLOBAL), "host.json": databaseConfigText({}), "dpu0.json": "{" },
    says: "dpu0.json: not JSON: ",
  },
  {
    what: "a global file without the slot's DPU",
    files: { "db.json": JSON.stringify(GLOBAL), "host.json": databaseConfigText({}) },
    says: "DPU_APPL_DB of dpu0 is not in the database configuration: there are ",
  },
  {
    what: "a password file that does not exist",
    files: {
      "db.json": '{"INSTANCES":{"redis":{"hostname":"127.0.0.1","port":6379,"password_path":"/absent/passwd"}}}',
    },
    says: "/absent/passwd: no such password file",
  },
];
for (const { what, files: contents, config = "db.json", says } of files)
  test(`a database configuration that is ${what}: one line that names it, exit code 1`, async () => {
    for (const [name, text] of Object.entries(contents)) await writeFile(join(folder, name), text);
    expect(await run("-s", "0", "--db-config", join(folder, config), "--record-dir", folder)).toBe(1);
    expect(complaints).toEqual([expect.stringContaining(says)]);
    expect(complaints[0]).toMatch(/^hamgrd: [^\n]+\n$/);
  });

test("an unknown crash point is wrong usage", async () => {
  await writeFile(join(folder, "db.json"), databaseConfigText({}));
  const env = { TANDEM_LOG: "stderr", TANDEM_CRASH_POINT: "nowhere" };
  expect(await hamgrdMain(["-s", "0", "--db-config", join(folder, "db.json")], env)).toBe(2);
  expect(complaints).toEqual([expect.stringContaining("nowhere")]);
});
