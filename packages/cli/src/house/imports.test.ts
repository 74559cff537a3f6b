import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { importsOf, isTestCode, manifestOf, packageNames, sources, textOf } from "./repository.js";

/** What each package may import of the others, from the ground up. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  base: [],
  wire: ["base"],
  daemon: ["base"],
  swss: ["base"],
  swbus: ["base", "wire", "daemon", "swss"],
  actor: ["base", "swss", "swbus/edge"],
  hamgrd: ["base", "daemon", "swss", "swbus", "actor"],
  northbound: ["base", "daemon", "swss", "hamgrd"],
  "asic-channel": ["base", "wire", "daemon", "swss"],
  hax: ["base", "wire", "daemon"],
  lab: ["base", "wire", "daemon", "swss", "swbus", "actor", "hamgrd", "northbound"],
  bench: ["base", "wire", "daemon", "swss", "swbus", "actor", "hamgrd", "asic-channel", "hax", "lab"],
  cli: [
    "base",
    "wire",
    "daemon",
    "swss",
    "swbus",
    "actor",
    "hamgrd",
    "northbound",
    "asic-channel",
    "hax",
    "lab",
    "bench",
  ],
};

/** Its samples of imports are none. */
const THIS_FILE = "packages/cli/src/house/imports.test.ts";

/** Storeys of the house: test code may also use what stands on a lower storey. */
const STOREYS = [
  ["base"],
  ["wire", "daemon", "swss"],
  ["swbus", "asic-channel", "hax"],
  ["actor"],
  ["hamgrd"],
  ["northbound"],
  ["lab"],
  ["bench"],
  ["cli"],
];
const storeyOf = (name: string): number => STOREYS.findIndex((names) => names.includes(name));

/** What is wrong with one import of one file; `undefined` when nothing is. */
function fault(path: string, specifier: string): string | undefined {
  const owner = path.split("/")[1] as string;
  const manifest = manifestOf(`packages/${owner}`);
  if (specifier.startsWith(".")) {
    const target = join(dirname(path), specifier);
    return target.startsWith(`packages/${owner}/`) ? undefined : "leaves its package";
  }
  if (specifier.startsWith("node:")) return undefined;
  if (specifier.startsWith("@tandem/")) {
    const [, name = "", ...rest] = specifier.split("/");
    const subpath = rest.join("/");
    const entry = subpath === "" ? "." : `./${subpath}`;
    if (manifestOf(`packages/${name}`).exports?.[entry] === undefined) return "is no declared export";
    if (isTestCode(path) && storeyOf(name) < storeyOf(owner)) return undefined;
    const allowed = (MAY_IMPORT[owner] ?? []).some((allowance) => {
      const [allowedName, allowedSubpath] = allowance.split("/");
      return (
        allowedName === name && (allowedSubpath === undefined || allowedSubpath === subpath || subpath === "testing")
      );
    });
    return allowed ? undefined : `is nothing that ${owner} may import`;
  }
  const module = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
  if (manifest.dependencies?.[module] !== undefined) return undefined;
  const forTests = { ...manifest.devDependencies, ...manifestOf(".").devDependencies };
  return isTestCode(path) && forTests[module] !== undefined ? undefined : "is not declared in its package.json";
}

test("the table of allowed imports names every package", () => {
  expect(Object.keys(MAY_IMPORT).sort()).toEqual(packageNames());
  expect(STOREYS.flat().sort()).toEqual(packageNames());
});

test("imports point downward, through declared exports, to declared dependencies", () => {
  const faults = sources()
    .filter((path) => path !== THIS_FILE)
    .flatMap((path) =>
      importsOf(textOf(path)).flatMap((specifier) => {
        const wrong = fault(path, specifier);
        return wrong === undefined ? [] : [`${path}: "${specifier}" ${wrong}`];
      }),
    );
  expect(faults).toEqual([]);
});

test.each([
  ["packages/swss/src/x.ts", "@tandem/swbus", "is nothing that swss may import"],
  ["packages/swss/src/x.test.ts", "@tandem/swbus", "is nothing that swss may import"],
  ["packages/actor/src/x.ts", "@tandem/swbus", "is nothing that actor may import"],
  ["packages/actor/src/x.ts", "@tandem/swbus/edge", undefined],
  ["packages/cli/src/x.ts", "@tandem/base/queue", "is no declared export"],
  ["packages/cli/src/x.ts", "../../base/src/index.js", "leaves its package"],
  ["packages/base/src/x.ts", "commander", "is not declared in its package.json"],
  ["packages/base/src/x.test.ts", "vitest", undefined],
])("%s importing %s: %s", (path, specifier, expected) => {
  expect(fault(path, specifier)).toBe(expected);
});

test("imports are found in every form", () => {
  const source = `import a from "a";\nimport { b,\n  c } from "b";\nexport { d } from "d";\nawait import("e");\nimport "f";
/* import "g" */ // import "h"`;
  expect(importsOf(source)).toEqual(["a", "b", "d", "e", "f"]);
});
