import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { longTest, needs } from "@tandem/base/testing";
import { startRedis } from "@tandem/swss/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { manifestOf, packageNames, ROOT, textOf } from "./repository.js";

let temporary: string;
beforeAll(() => {
  temporary = mkdtempSync(join(tmpdir(), "tandem-published-"));
});
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

const TSC = join(ROOT, "node_modules/typescript/bin/tsc");

/** Runs a program to its end and gives what it printed; a failure tells what it said. */
function run(cwd: string, program: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: "utf8", timeout: 240_000 });
  expect(status, `${program} ${args.join(" ")}: ${error?.message ?? ""}\n${stdout}${stderr}`).toBe(0);
  return stdout;
}

/** What `npm pack --json` tells of one package. */
interface Packed {
  readonly name: string;
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

const pack = (folder: string, ...args: string[]): readonly Packed[] =>
  JSON.parse(run(folder, "npm", "pack", "--json", "--loglevel=error", ...args)) as Packed[];

test.each(packageNames())("the manifest of %s lets everybody install and run it", (name) => {
  const manifest = manifestOf(`packages/${name}`);
  expect(manifest).toMatchObject({ name: `@tandem/${name}`, license: "Apache-2.0", engines: { node: ">=20" } });
  expect(manifest).not.toHaveProperty("private");
  expect(textOf(`packages/${name}/LICENSE`)).toBe(textOf("LICENSE"));
});

test("a package is published with what its exports name, its scripts and its license, and without tests", (context) => {
  const built = packageNames().every((name) => existsSync(join(ROOT, "packages", name, "dist/index.js")));
  needs(context, built, "the packages are not built");
  const packed = pack(ROOT, "--dry-run", "--workspaces");
  expect(packed.map(({ name }) => name).sort()).toEqual(packageNames().map((name) => `@tandem/${name}`));
  for (const { name, files } of packed) {
    const folder = `packages/${name.replace("@tandem/", "")}`;
    const paths = files.map(({ path }) => path);
    const named = Object.values(manifestOf(folder).exports ?? {})
      .flatMap((entry) => Object.values(entry))
      .map((path) => path.replace("./", ""));
    const documents = ["README.md", "API.md"].filter((path) => existsSync(join(ROOT, folder, path)));
    expect(paths, name).toEqual(expect.arrayContaining([...named, ...documents, "LICENSE"]));
    expect(
      paths.filter((path) => /\.test\.|testdata|tsbuildinfo/.test(path)),
      name,
    ).toEqual([]);
  }
  const scripts = packed.find(({ name }) => name === "@tandem/swss")?.files.filter(({ path }) => path.endsWith(".lua"));
  expect(scripts).toHaveLength(readdirSync(join(ROOT, "packages/swss/src/lua")).length);
}, 300_000);

/** Tarballs of `names` as a clone of the repository gives them: nothing that earlier builds left behind is in them. */
function packClone(names: readonly string[]): readonly string[] {
  const clone = join(temporary, "clone");
  mkdirSync(join(clone, "node_modules/@tandem"), { recursive: true });
  for (const module of readdirSync(join(ROOT, "node_modules")).filter((entry) => entry !== "@tandem"))
    symlinkSync(join(ROOT, "node_modules", module), join(clone, "node_modules", module));
  cpSync(join(ROOT, "tsconfig.base.json"), join(clone, "tsconfig.base.json"));
  for (const name of names) {
    const folder = join(clone, "packages", name);
    const copied = (path: string): boolean => !/\/(?:dist|node_modules|testdata)$|\.test\.ts$/.test(path);
    cpSync(join(ROOT, "packages", name), folder, { recursive: true, filter: copied });
    symlinkSync(folder, join(clone, "node_modules/@tandem", name));
  }
  run(clone, process.execPath, TSC, "-b", ...names.map((name) => `packages/${name}`));
  return names.map((name) => {
    const [packed] = pack(join(clone, "packages", name), "--pack-destination", temporary);
    return join(temporary, packed?.filename ?? "");
  });
}

test("@tandem/swss works alone: installed from its tarball, the README's first minute runs, and types resolve", async (context) => {
  longTest(context);
  const types = "@types/node@20";
  needs(context, spawnSync("npm", ["view", types, "name"], { timeout: 30_000 }).status === 0, "no npm registry");
  const app = join(temporary, "app");
  mkdirSync(app);
  const readme = textOf("packages/swss/README.md");
  const [, program = "", printed = ""] = /```js\n([\s\S]*?)```\n\nprints\n\n```text\n([\s\S]*?)```/.exec(readme) ?? [];
  await using redis = await startRedis({ port: true, config: { "notify-keyspace-events": "" } });
  const compilerOptions = {
    target: "ES2022",
    module: "NodeNext",
    lib: ["ES2023", "ESNext.Disposable"],
    types: ["node"],
    strict: true,
    allowJs: true,
    checkJs: true,
    outDir: "dist",
  };
  writeFileSync(join(app, "package.json"), JSON.stringify({ type: "module", private: true }));
  writeFileSync(join(app, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts", "*.js"] }));
  writeFileSync(join(app, "first-minute.js"), program.replace("6379", String(redis.port)));
  cpSync(join(ROOT, "examples/test-without-redis.ts"), join(app, "test-without-redis.ts"));

  run(app, "npm", "install", "--no-audit", "--no-fund", "--loglevel=error", ...packClone(["base", "swss"]), types);
  expect(existsSync(join(app, "node_modules/fast-check"))).toBe(false);
  run(app, process.execPath, TSC, "-p", app);
  const env = { PATH: process.env["PATH"] ?? "", NO_COLOR: "1" };
  const play = (path: string): string =>
    execFileSync(process.execPath, [path], { cwd: app, env, encoding: "utf8", timeout: 110_000 });
  expect(program).toContain("6379");
  expect(play("first-minute.js")).toBe(printed);
  expect(play("dist/test-without-redis.js")).toBe("[ 'SET Ethernet0' ]\ndisconnected\n[ 'DEL Ethernet0' ]\n");
}, 300_000);
