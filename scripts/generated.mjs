// Generates TypeScript from every packages/*/proto into that package's src/gen. Offline: buf and protoc-gen-es come
// from node_modules. With --check nothing is written: exit 1 names each file that is missing, stale or left over.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const check = process.argv.includes("--check");
const buf = join(root, "node_modules/@bufbuild/buf/bin/buf");
const plugin = join(root, "node_modules/@bufbuild/protoc-gen-es/bin/protoc-gen-es");

/** Relative path → text of every file below `folder`; empty when there is no such folder. */
function readTree(folder) {
  if (!existsSync(folder)) return new Map();
  const names = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(files.map((file) => [relative(folder, file), readFileSync(file, "utf8")]));
}

function generate(proto, out) {
  const template = {
    version: "v2",
    plugins: [{ local: [process.execPath, plugin], out, opt: ["target=ts", "import_extension=js"] }],
  };
  execFileSync(process.execPath, [buf, "generate", ".", "--template", JSON.stringify(template)], {
    cwd: proto,
    stdio: "inherit",
  });
}

const packages = readdirSync(join(root, "packages")).filter((name) =>
  existsSync(join(root, "packages", name, "proto")),
);
const problems = [];
for (const name of packages) {
  const committed = join(root, "packages", name, "src/gen");
  const out = mkdtempSync(join(tmpdir(), "tandem-gen-"));
  try {
    generate(join(root, "packages", name, "proto"), out);
    if (!check) {
      rmSync(committed, { recursive: true, force: true });
      cpSync(out, committed, { recursive: true });
      continue;
    }
    const fresh = readTree(out);
    const present = readTree(committed);
    for (const file of new Set([...fresh.keys(), ...present.keys()])) {
      if (fresh.get(file) === present.get(file)) continue;
      const state = !present.has(file) ? "missing" : !fresh.has(file) ? "left over" : "stale";
      problems.push(`packages/${name}/src/gen/${file}: ${state}`);
    }
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}
for (const problem of problems) process.stderr.write(`${problem}: run node scripts/generated.mjs\n`);
process.exit(problems.length > 0 ? 1 : 0);
