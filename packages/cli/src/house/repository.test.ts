import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { filesBelow, manifestOf, packageNames, ROOT, sources, textOf } from "./repository.js";

interface LockEntry {
  readonly resolved?: string;
  readonly engines?: { readonly node?: string };
}
const lock = JSON.parse(textOf("package-lock.json")) as { readonly packages: Readonly<Record<string, LockEntry>> };

/** Everything that people wrote: no lockfile, no binary, nothing generated. */
const written = filesBelow().filter(
  (path) => path !== "package-lock.json" && !path.includes("/gen/") && !/\.(png|bin|lz4)$/.test(path),
);

const found = (pattern: RegExp, paths: readonly string[]): readonly string[] =>
  paths.flatMap((path) => {
    const lines = readFileSync(join(ROOT, path), "utf8").split("\n");
    return lines.flatMap((line, i) => (pattern.test(line) ? [`${path}:${i + 1}: ${line.trim()}`] : []));
  });

test("the lockfile names no registry and no tarball", () => {
  const resolved = Object.entries(lock.packages).filter(([, entry]) => /^\w+:/.test(entry.resolved ?? ""));
  expect(resolved).toEqual([]);
});

test("npm's settings name no registry", () => {
  expect(textOf(".npmrc")).not.toMatch(/registry\s*=|_auth|:\/\//);
});

test("the lockfile holds the builds of every platform", () => {
  const script = join(ROOT, "scripts/complete-lock.mjs");
  expect(execFileSync(process.execPath, [script, "--check"], { cwd: ROOT, encoding: "utf8" })).toBe("0 missing\n");
});

test("every dependency runs on Node 20", () => {
  const runsOn20 = (range: string): boolean =>
    range.split("||").some((part) => {
      const [, comparator, major] = /^\s*(>=|\^|~|)\s*v?(\d+|\*)/.exec(part) ?? [];
      return major === undefined || major === "*" || (comparator === ">=" ? Number(major) <= 20 : Number(major) === 20);
    });
  const newer = Object.entries(lock.packages).filter(([, entry]) => !runsOn20(entry.engines?.node ?? "*"));
  expect(newer.map(([path, entry]) => `${path}: ${entry.engines?.node}`)).toEqual([]);
});

test("versions are exact", () => {
  const manifests = [manifestOf("."), ...packageNames().map((name) => manifestOf(`packages/${name}`))];
  const floating = manifests.flatMap((manifest) =>
    Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })
      .filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))
      .map(([name, version]) => `${manifest.name}: ${name} ${version}`),
  );
  expect(floating).toEqual([]);
});

test("no file names a path of the machine it was written on", () => {
  const folders = ["work", "root", "home", "Users"].join("|");
  expect(found(new RegExp(`(?:^|[\\s"'\`(=])/(?:${folders})/\\w`), written)).toEqual([]);
});

test("no test runs alone, and none is skipped without a reason", () => {
  const words = ["only", "skip", "skipIf", "runIf", "todo"].join("|");
  expect(found(new RegExp(`\\b(?:test|it|describe)(?:\\.\\w+)*\\.(?:${words})\\b`), sources())).toEqual([]);
});

test("nothing is left for later", () => {
  const words = ["TO" + "DO", "FIX" + "ME", "@ts-" + "ignore", "@ts-" + "expect-error"].join("|");
  expect(found(new RegExp(`(?:\\b|@)(?:${words})\\b`), sources())).toEqual([]);
});

test("nothing is used that Node 20 lacks although its types are there", () => {
  const words = ["Async" + "DisposableStack", "Disposable" + "Stack", "Suppressed" + "Error"].join("|");
  expect(found(new RegExp(`\\bnew (?:${words})\\b`), sources())).toEqual([]);
});
