import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's folder, with a final slash. */
export const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));

const SKIPPED = new Set(["node_modules", "dist", ".git", ".cache", "coverage"]);

/** Paths of all files below `folder`, relative to the root, with slashes; what is built or installed is left out. */
export function filesBelow(folder = ""): readonly string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .filter((entry) => !SKIPPED.has(entry.name))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? filesBelow(path) : [path.split(sep).join("/")];
    })
    .sort();
}

export function textOf(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** What of a package's `package.json` the house rules read. */
export interface Manifest {
  readonly name: string;
  readonly exports?: Readonly<Record<string, { readonly source: string }>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

export function manifestOf(folder: string): Manifest {
  return JSON.parse(textOf(join(folder, "package.json"))) as Manifest;
}

/** Names of the folders under `packages/`. */
export function packageNames(): readonly string[] {
  return readdirSync(join(ROOT, "packages")).sort();
}

/** TypeScript sources of all packages, generated code included. */
export function sources(): readonly string[] {
  return filesBelow("packages").filter((path) => /^packages\/[^/]+\/src\/.*\.ts$/.test(path));
}

/** Whether a file is test code: a test, or below a `testing` folder. */
export function isTestCode(path: string): boolean {
  return path.endsWith(".test.ts") || path.includes("/testing/") || path.includes("/house/");
}

/** Module specifiers that a source imports or re-exports, dynamic ones with literal names included. */
export function importsOf(source: string): readonly string[] {
  const code = source.replace(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*$/gm, "");
  const found = code.matchAll(
    /(?:^\s*(?:import|export)\b[^;'"]*?\bfrom\s*|\bimport\s*\(\s*|^\s*import\s*)"([^"\s]+)"/gm,
  );
  return [...found].map((match) => match[1] as string);
}
