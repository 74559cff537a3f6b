import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { longTest, needs } from "@tandem/base/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT } from "./repository.js";

const launcher = join(ROOT, "tandem");
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tandem-launcher-"));
  chmodSync(folder, 0o755);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A PATH of one folder that holds links to these programs, and scripts with these texts. */
function pathWith(name: string, programs: readonly string[], scripts: Readonly<Record<string, string>> = {}): string {
  const bin = join(folder, name);
  mkdirSync(bin);
  for (const program of programs) {
    const found = spawnSync("sh", ["-c", `command -v ${program}`], { encoding: "utf8" }).stdout.trim();
    if (found.startsWith("/")) symlinkSync(found, join(bin, program));
  }
  for (const [script, text] of Object.entries(scripts)) {
    writeFileSync(join(bin, script), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  }
  return bin;
}

function run(words: readonly string[], env: Readonly<Record<string, string>>) {
  const { status, stdout, stderr } = spawnSync("/bin/sh", [launcher, ...words], { encoding: "utf8", env: { ...env } });
  return { status, stdout, stderr };
}

test("without node it says so in one line", () => {
  const path = pathWith("no-node", ["dirname", "readlink"]);
  expect(run(["--help"], { PATH: path })).toEqual({
    status: 1,
    stdout: "",
    stderr: "tandem: no node on PATH; install Node.js 20 or newer, then run this again\n",
  });
});

test("a node that is too old is named, and `test` still ends with its plain last line", () => {
  const path = pathWith("old-node", ["dirname", "readlink"], { node: "echo v18.19.0" });
  expect(run(["test"], { PATH: path })).toEqual({
    status: 1,
    stdout: "0 passed, 1 failed\n",
    stderr: "tandem: node v18.19.0 is too old; install Node.js 20 or newer, then run this again\n",
  });
});

test.each(["v20.0.0", "v22.4.1", "v100.1.0"])("node %s is new enough", (version) => {
  const path = pathWith(`node-${version}`, ["dirname", "readlink"], {
    node: `[ "$1" = --version ] && echo ${version} || echo ran`,
  });
  const { stderr } = run(["--no-install", "--help"], { PATH: path });
  expect(stderr).not.toContain("too old");
});

test("without a redis-server, --no-install says what to do", () => {
  const path = pathWith("no-redis", ["dirname", "readlink", "node"]);
  const { status, stderr } = run(["--no-install", "lab"], { PATH: path, HOME: join(folder, "nowhere") });
  expect(status).toBe(1);
  expect(stderr).toBe("tandem: no redis-server on PATH; leave out --no-install once to fetch one, or install it\n");
});

test("fetching redis-server where there is no apt says so in one line", () => {
  const path = pathWith("no-apt", ["dirname", "mkdir", "mktemp", "rm"]);
  const result = spawnSync("/bin/sh", [join(ROOT, "scripts/fetch-redis"), join(folder, "cache")], {
    encoding: "utf8",
    env: { PATH: path },
  });
  expect(result.status).toBe(1);
  expect(result.stderr).toMatch(/^tandem: no redis-server on PATH, and this is not Debian or Ubuntu.*\n$/);
});

test.for(["root", "nobody"])("redis-server is fetched as %s, once for concurrent callers", (user, context) => {
  longTest(context);
  needs(context, spawnSync("sh", ["-c", "command -v apt-get"]).status === 0, "no apt-get here");
  needs(context, userInfo().username === user || userInfo().uid === 0, `only root can become ${user}`);
  const fetch = join(ROOT, "scripts/fetch-redis");
  const cache = mkdtempSync(join(folder, `${user}-`));
  chmodSync(cache, 0o777);
  const both = `'${fetch}' '${cache}' & '${fetch}' '${cache}'; wait; '${cache}/redis/bin/redis-server' --version`;
  const shell = user === userInfo().username ? ["sh", "-c", both] : ["su", "-s", "/bin/sh", user, "-c", both];
  const printed = execFileSync(shell[0] ?? "sh", shell.slice(1), {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  expect(printed).toMatch(/^Redis server v=/);
  expect(readdirSync(cache).sort()).toEqual(["lock", "redis"]);
});

test("the wrappers in bin/ follow links to them", (context) => {
  needs(context, process.platform === "linux", "readlink -f");
  const link = join(folder, "swbusd");
  symlinkSync(join(ROOT, "bin/swbusd"), link);
  const { stdout, stderr } = spawnSync(link, ["--help"], { encoding: "utf8" });
  expect(stdout + stderr).toMatch(/^Usage: swbusd|nothing is built/);
});
