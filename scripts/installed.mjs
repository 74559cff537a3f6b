// installed.mjs ROOT: exits 0 when node_modules holds what package-lock.json names (npm's own record says so).
import { readFileSync } from "node:fs";
import { join } from "node:path";

const root = process.argv[2] ?? ".";

function packagesOf(path) {
  try {
    return JSON.parse(readFileSync(join(root, path), "utf8")).packages;
  } catch {
    return undefined; // absent or half-written: not installed
  }
}

const wanted = packagesOf("package-lock.json");
const present = packagesOf("node_modules/.package-lock.json");
const same = ([path, entry]) =>
  !path.includes("node_modules/") ||
  (present[path] === undefined
    ? entry.optional === true
    : entry.version === present[path].version && entry.link === present[path].link);
process.exitCode = wanted !== undefined && present !== undefined && Object.entries(wanted).every(same) ? 0 : 1;
