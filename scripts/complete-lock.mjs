// complete-lock.mjs [--check]: names in package-lock.json the builds of other platforms that npm left out.
//
// A registry mirror that carries this platform's builds only makes npm drop the others from the lockfile, and `npm ci`
// then refuses it on every machine. Run this after `npm install`; a test fails when it would add something (`--check` only tells).
import { readFileSync, writeFileSync } from "node:fs";

const path = "package-lock.json";
const check = process.argv[2] === "--check";
const lock = JSON.parse(readFileSync(path, "utf8"));

const PLATFORM = /(aix|android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|win32)-(\w+)(?:-(\w+))?$/;

const CPU = { armv7: "arm" };

/** The entry of a build that installs nowhere but on its own platform. Its checksum is npm's to fill in there. */
function platformEntry(name, version, dev) {
  const [, os, cpu, libc] = PLATFORM.exec(name) ?? (name === "fsevents" ? ["", "darwin"] : []);
  const wasm = name.includes("wasm32");
  if (os === undefined && !wasm) throw new Error(`${name}: which platform is it for?`);
  return {
    version: version.replace(/^[~^]/, ""),
    ...((cpu ?? wasm) && { cpu: [wasm ? "wasm32" : (CPU[cpu] ?? cpu)] }),
    ...(dev && { dev }),
    ...((libc === "gnu" || libc === "musl") && { libc: [libc === "gnu" ? "glibc" : "musl"] }),
    optional: true,
    ...(os && { os: [os] }),
  };
}

const added = {};
for (const entry of Object.values(lock.packages))
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {}))
    if (lock.packages[`node_modules/${name}`] === undefined)
      added[`node_modules/${name}`] = platformEntry(name, version, entry.dev);

const names = Object.keys(added);
if (names.length > 0 && !check) {
  const sorted = Object.entries({ ...lock.packages, ...added }).sort(([a], [b]) => a.localeCompare(b, "en"));
  writeFileSync(path, `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`);
}
process.stdout.write(`${names.length} ${check ? "missing" : "added"}${names.map((name) => `\n  ${name}`).join("")}\n`);
