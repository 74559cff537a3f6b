import { unwrap } from "@tandem/base";
import { memoryFiles } from "@tandem/base/testing";
import { expect, test } from "vitest";
import { DATABASE_CONFIG_PATH, DATABASE_GLOBAL_PATH, describeConfigError, loadDatabases } from "./database-loader.js";
import { loadPasswords } from "./redis-stores.js";

function config(port: number, more: object = {}): string {
  return JSON.stringify({
    INSTANCES: { redis: { hostname: "127.0.0.1", port, ...more } },
    DATABASES: { APPL_DB: { id: 0, separator: ":", instance: "redis" } },
  });
}

const GLOBAL = JSON.stringify({
  INCLUDES: [
    { include: "database_config.json" },
    { include: "../../redisdpu0/sonic-db/database_config.json", container_name: "dpu0" },
    { include: "../../redisasic0/sonic-db/database_config.json", namespace: "asic0" },
  ],
});

const DPU0 = "/var/run/redis/sonic-db/../../redisdpu0/sonic-db/database_config.json";
const ASIC0 = "/var/run/redis/sonic-db/../../redisasic0/sonic-db/database_config.json";

function system(without: readonly string[] = []): Map<string, string> {
  const files = new Map([
    [DATABASE_CONFIG_PATH, config(1)],
    [DATABASE_GLOBAL_PATH, GLOBAL],
    [DPU0, config(2)],
    [ASIC0, config(3)],
  ]);
  for (const path of without) files.delete(path);
  return files;
}

async function load(files: ReadonlyMap<string, string>, options?: Parameters<typeof loadDatabases>[1]) {
  const loaded = await loadDatabases(memoryFiles(files), options);
  return loaded.ok ? loaded.value : describeConfigError(loaded.error);
}

async function ports(files: ReadonlyMap<string, string>, options?: Parameters<typeof loadDatabases>[1]) {
  const all = await load(files, options);
  if (typeof all === "string") return all;
  return all.sources.map(({ container, namespace }) => {
    const { instance } = unwrap(all.find({ db: "APPL_DB", container, namespace }));
    return `${container}/${namespace} ${instance.port}`;
  });
}

test("the system's files are read: the host's once, then every container and namespace", async () => {
  expect(await ports(system())).toEqual(["/ 1", "dpu0/ 2", "/asic0 3"]);
});

test("a system without a global file has the host's databases only", async () => {
  expect(await ports(system([DATABASE_GLOBAL_PATH]))).toEqual(["/ 1"]);
});

test("a config file that was named stands alone; it may be a global one", async () => {
  expect(await ports(new Map([["/x/c.json", config(7)]]), { config: "/x/c.json" })).toEqual(["/ 7"]);
  expect(await ports(system(), { config: DATABASE_GLOBAL_PATH })).toEqual(["/ 1", "dpu0/ 2", "/asic0 3"]);
  expect(await ports(system(), { global: DATABASE_GLOBAL_PATH })).toEqual(["/ 1", "dpu0/ 2", "/asic0 3"]);
});

test("a file that is missing is named, at whatever level it is missing", async () => {
  expect(await ports(system([DATABASE_CONFIG_PATH]))).toBe(`${DATABASE_CONFIG_PATH}: no such file`);
  expect(await ports(system([DPU0]))).toBe(`${DPU0}: no such file`);
  expect(await ports(new Map(), { config: "/no.json" })).toBe("/no.json: no such file");
  expect(await ports(system(), { global: "/no.json" })).toBe("/no.json: no such file");
});

test("includes that do not exist are skipped when asked for", async () => {
  expect(await ports(system([DPU0]), { ignoreNonexistent: true })).toEqual(["/ 1", "/asic0 3"]);
});

test("an include that is broken is named with the member, also when missing ones are skipped", async () => {
  const files = system().set(DPU0, '{"INSTANCES":{"redis":{"port":1}}}');
  expect(await ports(files, { ignoreNonexistent: true })).toBe(
    `${DPU0}: INSTANCES.redis.hostname: must be a string, is missing`,
  );
});

test("two includes for one container and namespace are refused", async () => {
  const twice = JSON.stringify({
    INCLUDES: [
      { include: "a.json", container_name: "dpu0" },
      { include: "b.json", container_name: "dpu0" },
    ],
  });
  const files = new Map([
    ["/d/g.json", twice],
    ["/d/a.json", config(1)],
    ["/d/b.json", config(2)],
  ]);
  expect(await ports(files, { config: "/d/g.json" })).toBe(
    '/d/g.json: INCLUDES[1]: container "dpu0", namespace "" was included before',
  );
});

test("passwords come from the file that an instance names, else from the default one", async () => {
  const files = new Map([
    ["/g.json", JSON.stringify({ INCLUDES: [{ include: "a.json" }, { include: "b.json", container_name: "dpu0" }] })],
    ["/a.json", config(1)],
    ["/b.json", config(2, { password_path: "/run/dpu0.pw" })],
    ["/run/dpu0.pw", "dpu secret\r\n"],
    ["/pw", "host secret\n"],
  ]);
  const databases = unwrap(await loadDatabases(memoryFiles(files), { config: "/g.json" }));
  const passwords = unwrap(await loadPasswords(memoryFiles(files), databases, "/pw"));
  expect([...passwords]).toEqual([
    ["", "host secret"],
    ["/run/dpu0.pw", "dpu secret"],
  ]);
  expect([...unwrap(await loadPasswords(memoryFiles(files), databases))]).toEqual([["/run/dpu0.pw", "dpu secret"]]);
  expect(await loadPasswords(memoryFiles(files), databases, "/none")).toEqual({
    ok: false,
    error: { kind: "badConfig", path: "/none", detail: "no such password file" },
  });
  files.delete("/run/dpu0.pw");
  expect(await loadPasswords(memoryFiles(files), databases, "/pw")).toMatchObject({ error: { path: "/run/dpu0.pw" } });
});
