import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { needs } from "@tandem/base/testing";
import { databaseConfigText, type RedisServer, startRedis } from "@tandem/swss/testing";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { ROOT, textOf } from "./repository.js";

const folder = join(ROOT, "examples");
/** What the others import prints nothing by itself. */
const names = readdirSync(folder).filter((name) => name.endsWith(".ts") && name !== "open-databases.ts");
const built = (name: string): string => join(folder, "dist", name.replace(/\.ts$/, ".js"));

let redis: RedisServer;
let temporary: string;

beforeAll(async () => {
  temporary = mkdtempSync(join(tmpdir(), "tandem-examples-"));
  redis = await startRedis();
  writeFileSync(join(temporary, "database_config.json"), databaseConfigText({ socket: redis.socket }));
});

afterAll(async () => {
  await redis[Symbol.asyncDispose]();
  rmSync(temporary, { recursive: true, force: true });
});

beforeEach((context) =>
  needs(
    context,
    names.every((name) => existsSync(built(name))),
    "the examples are not built",
  ),
);

test.each(names)("the example %s runs to its end and prints something", async (name) => {
  const program = built(name);
  const { stdout, stderr } = await new Promise<{ stdout: string; stderr: string }>((resolve, reject) =>
    execFile(
      process.execPath,
      [program, join(temporary, "database_config.json")],
      { timeout: 110_000, env: { PATH: process.env["PATH"] ?? "", NO_COLOR: "1" } },
      (error, out, errors) => (error === null ? resolve({ stdout: out, stderr: errors }) : reject(error)),
    ),
  );
  expect(stderr).toBe("");
  expect(stdout).not.toBe("");
});

test("every example is explained in the README", () => {
  const readme = textOf("examples/README.md");
  expect(names.filter((name) => !readme.includes(`](${name})`))).toEqual([]);
});
