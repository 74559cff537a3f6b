import { unwrap } from "@tandem/base";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Databases, decodeDatabaseConfig, decodeGlobalConfig, isGlobalConfig } from "./databases.js";

const PATH = "/etc/database_config.json";

const GOOD = {
  INSTANCES: {
    redis: { hostname: "127.0.0.1", port: 6379, unix_socket_path: "/run/redis.sock", persistence_for_warm_boot: "yes" },
    "remote-redis": { hostname: "169.254.200.1", port: 6381, unix_socket_path: "" },
    bare: { hostname: "h", port: 0 },
  },
  DATABASES: {
    APPL_DB: { id: 0, separator: ":", instance: "redis" },
    PROFILE_DB: { id: 15, separator: "|", instance: "redis" },
    DPU_APPL_DB: { id: 15, separator: ":", instance: "remote-redis", format: "proto" },
    LOST_DB: { id: 3, separator: ":", instance: "nowhere" },
  },
  VERSION: "1.0",
};

function databases(container = "", namespace = ""): Databases {
  const config = unwrap(decodeDatabaseConfig(PATH, JSON.stringify(GOOD)));
  return new Databases([{ path: PATH, container, namespace, config }]);
}

test("databases are found by name; ids may be shared", () => {
  const found = unwrap(databases().find({ db: "DPU_APPL_DB" }));
  expect(found).toEqual({
    database: { name: "DPU_APPL_DB", id: 15, separator: ":", container: "", namespace: "" },
    instance: { name: "remote-redis", hostname: "169.254.200.1", port: 6381, unixSocketPath: "" },
  });
  expect(unwrap(databases().find({ db: "PROFILE_DB" })).database).toMatchObject({ id: 15, separator: "|" });
});

test("container and namespace must match exactly: there is no fallback to the host", () => {
  const all = new Databases([...databases().sources, ...databases("dpu0").sources, ...databases("", "asic1").sources]);
  expect(unwrap(all.find({ db: "APPL_DB", container: "dpu0" })).database.container).toBe("dpu0");
  for (const address of [
    { db: "APPL_DB", container: "dpu1" },
    { db: "APPL_DB", container: "dpu0", namespace: "asic1" },
    { db: "NO_DB" },
  ])
    expect(all.find(address)).toMatchObject({ ok: false, error: { kind: "unknownDatabase", address } });
  expect(all.known()).toContain("APPL_DB@dpu0");
  expect(all.known()).toContain("APPL_DB@/asic1");
  expect(all.namespaces()).toEqual(["", "asic1"]);
  expect(all.containers()).toEqual(["", "dpu0"]);
});

test("an instance that is not declared is an error of the database that names it, when it is opened", () => {
  expect(databases().find({ db: "LOST_DB" })).toEqual({
    ok: false,
    error: {
      kind: "badConfig",
      path: PATH,
      detail: 'DATABASES.LOST_DB.instance: "nowhere" is not in INSTANCES (redis, remote-redis, bare)',
    },
  });
});

test("absent INSTANCES and DATABASES count as empty", () => {
  expect(unwrap(decodeDatabaseConfig(PATH, "{}")).databases.size).toBe(0);
});

/** The good file with one change; `undefined` removes the member. */
function changed(path: string, value: unknown): string {
  const file = structuredClone(GOOD) as Record<string, unknown>;
  const names = path.split(".");
  const last = names.pop() as string;
  let target = file;
  for (const name of names) target = target[name] as Record<string, unknown>;
  target[last] = value;
  return JSON.stringify(file);
}

const BAD: readonly (readonly [member: string, value: unknown, detail: string])[] = [
  ["INSTANCES", [], "INSTANCES: must be an object, is an array"],
  ["DATABASES", "x", 'DATABASES: must be an object, is "x"'],
  ["INSTANCES.redis", null, "INSTANCES.redis: must be an object, is null"],
  ["INSTANCES.redis.hostname", undefined, "INSTANCES.redis.hostname: must be a string, is missing"],
  ["INSTANCES.redis.hostname", 7, "INSTANCES.redis.hostname: must be a string, is 7"],
  ["INSTANCES.redis.port", undefined, "INSTANCES.redis.port: must be an integer from 0 to 65535, is missing"],
  ["INSTANCES.redis.port", "6379", 'INSTANCES.redis.port: must be an integer from 0 to 65535, is "6379"'],
  ["INSTANCES.redis.port", 65_536, "INSTANCES.redis.port: must be an integer from 0 to 65535, is 65536"],
  ["INSTANCES.redis.unix_socket_path", 1, "INSTANCES.redis.unix_socket_path: must be a string, is 1"],
  ["INSTANCES.redis.password_path", {}, "INSTANCES.redis.password_path: must be a string, is an object"],
  ["DATABASES.APPL_DB.id", undefined, "DATABASES.APPL_DB.id: must be an integer from 0 to 2147483647, is missing"],
  ["DATABASES.APPL_DB.id", 1.5, "DATABASES.APPL_DB.id: must be an integer from 0 to 2147483647, is 1.5"],
  ["DATABASES.APPL_DB.id", -1, "DATABASES.APPL_DB.id: must be an integer from 0 to 2147483647, is -1"],
  ["DATABASES.APPL_DB.separator", undefined, "DATABASES.APPL_DB.separator: must be a string, is missing"],
  ["DATABASES.APPL_DB.separator", ";", 'DATABASES.APPL_DB.separator: must be ":" or "|", is ";"'],
  ["DATABASES.APPL_DB.instance", undefined, "DATABASES.APPL_DB.instance: must be a string, is missing"],
  ["DATABASES.APPL_DB.instance", ["redis"], "DATABASES.APPL_DB.instance: must be a string, is an array"],
];
for (const [member, value, detail] of BAD)
  test(`a bad config file is refused: ${detail}`, () => {
    expect(decodeDatabaseConfig(PATH, changed(member, value))).toEqual({
      ok: false,
      error: { kind: "badConfig", path: PATH, detail },
    });
  });

test("what is not JSON, or not an object, is refused with the reason", () => {
  expect(decodeDatabaseConfig(PATH, "{")).toMatchObject({ error: { detail: expect.stringMatching(/^not JSON: /) } });
  expect(decodeDatabaseConfig(PATH, "[]")).toMatchObject({ error: { detail: "must be an object, is an array" } });
});

test("a global file lists includes, container and namespace empty when absent", () => {
  const text = JSON.stringify({
    INCLUDES: [{ include: "a.json" }, { include: "../b.json", container_name: "dpu0", namespace: "" }],
  });
  expect(isGlobalConfig(text)).toBe(true);
  expect(isGlobalConfig(JSON.stringify(GOOD))).toBe(false);
  expect(unwrap(decodeGlobalConfig(PATH, text))).toEqual([
    { include: "a.json", container: "", namespace: "" },
    { include: "../b.json", container: "dpu0", namespace: "" },
  ]);
});

for (const [text, detail] of [
  ['{"INCLUDES":{}}', "INCLUDES: must be an array, is an object"],
  ['{"INCLUDES":[{"include":"a"},7]}', "INCLUDES[1]: must be an object, is 7"],
  ['{"INCLUDES":[{}]}', "INCLUDES[0].include: must be a string, is missing"],
  ['{"INCLUDES":[{"include":"a","namespace":null}]}', "INCLUDES[0].namespace: must be a string, is null"],
] as const)
  test(`a bad global file is refused: ${detail}`, () => {
    expect(decodeGlobalConfig(PATH, text)).toEqual({ ok: false, error: { kind: "badConfig", path: PATH, detail } });
  });

test("no text makes a decoder throw, and what it accepts can be looked up", () => {
  const json = fc.jsonValue();
  const near = fc
    .tuple(fc.constantFrom(...BAD.map(([member]) => member)), json)
    .map(([at, value]) => changed(at, value));
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json(), near), (text) => {
      decodeGlobalConfig(PATH, text);
      const decoded = decodeDatabaseConfig(PATH, text);
      if (!decoded.ok) return decoded.error.path === PATH && decoded.error.detail !== "";
      const all = new Databases([{ path: PATH, container: "", namespace: "", config: decoded.value }]);
      return all.known().every((db) => {
        const found = all.find({ db });
        return found.ok || found.error.kind === "badConfig";
      });
    }),
    { numRuns: 2000 },
  );
});
