import { join } from "node:path";
import { golden } from "@tandem/base/testing";
import { expect, test } from "vitest";
import { manifestOf, packageNames, ROOT, textOf } from "./repository.js";

/** Names that a source file exports, types marked, in order of name. */
function exportsOf(source: string): readonly string[] {
  const code = source.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
  const listed = [...code.matchAll(/export\s+(type\s+)?\{([^}]*)\}/g)].flatMap(([, allTypes, list = ""]) =>
    list
      .split(",")
      .map((item) => item.trim())
      .filter((item) => item !== "")
      .map((item) => {
        const name = item.replace(/^type\s+/, "").replace(/^.*\sas\s+/, "");
        return allTypes !== undefined || item.startsWith("type ") ? `type ${name}` : name;
      }),
  );
  const declared = [
    ...code.matchAll(
      /^export\s+(?:declare\s+|abstract\s+|async\s+)*(const|let|function\*?|class|interface|type|enum)\s+(\w+)/gm,
    ),
  ].map(([, kind, name]) => (kind === "interface" || kind === "type" ? `type ${name}` : (name as string)));
  const bare = (name: string): string => name.replace(/^type /, "");
  return [...new Set([...listed, ...declared])].sort((a, b) => (bare(a) < bare(b) ? -1 : 1));
}

test.each(packageNames())("the public names of %s are those of its testdata/api.txt", (name) => {
  const entries = Object.entries(manifestOf(`packages/${name}`).exports ?? {});
  const text = entries
    .map(([entry, { source }]) => {
      const names = exportsOf(textOf(join("packages", name, source)));
      return [`${join(`@tandem/${name}`, entry)}`, ...names.map((exported) => `  ${exported}`)].join("\n");
    })
    .join("\n");
  golden(join(ROOT, "packages", name, "testdata/api.txt"), `${text}\n`);
});

test.each(packageNames())("%s lists each public name: no export *, no default export", (name) => {
  for (const { source } of Object.values(manifestOf(`packages/${name}`).exports ?? {})) {
    const code = textOf(join("packages", name, source));
    expect(code.match(/export\s+(\*|default)/)?.[0], source).toBeUndefined();
  }
});

test("exported names are found in every form", () => {
  const source = `export { a, type B, c as d } from "./x.js";\nexport type { E } from "./y.js";
export const f = 1;\nexport async function g() {}\nexport interface H {}\nexport type I = 1;`;
  expect(exportsOf(source)).toEqual(["type B", "type E", "type H", "type I", "a", "d", "f", "g"]);
});
