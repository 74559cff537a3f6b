// `tandem test`: types, lint, generated files, then vitest. The last line is `N passed, N failed`, whatever happens.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const HELP = `Usage: tandem test [options] [FILTER...]

Compiles, lints, checks generated files and runs the tests. With FILTERs (parts of test file paths) it compiles and
runs the matching tests only. The last line is \`N passed, N failed\`; exit 0 when nothing failed, else 1.

Options:
  --all         add the long tests: every kill point, minutes of absence, soaks
  --json        one JSON object instead of the last line (schema tandem.test.v1); progress goes to stderr
  -t NAME       only tests whose name matches
  -h, --help    show this help
`;

const root = fileURLToPath(new URL("..", import.meta.url));
const totals = { passed: 0, failed: 0, skipped: [], checks: [] };
let json = false;
let child;

/** Runs one program to its end; its output is shown at once, or kept and returned. */
function run(program, args, { keep = false, env = process.env } = {}) {
  return new Promise((resolve) => {
    const out = json ? 2 : 1;
    child = spawn(program, args, { cwd: root, env, stdio: ["ignore", keep ? "pipe" : out, keep ? "pipe" : 2] });
    let text = "";
    const collect = (chunk) => {
      text += chunk;
    };
    child.stdout?.on("data", collect);
    child.stderr?.on("data", collect);
    child.once("error", (error) => resolve({ code: 1, text: `${text}${error.message}\n` }));
    child.once("close", (code, signal) =>
      resolve({ code: code ?? 1, text: signal ? `${text}ended by ${signal}\n` : text }),
    );
  });
}

const say = (line) => (json ? process.stderr : process.stdout).write(`${line}\n`);

async function check(name, args) {
  const start = performance.now();
  const { code, text } = await run(process.execPath, args, { keep: true });
  const passed = code === 0;
  totals[passed ? "passed" : "failed"] += 1;
  totals.checks.push({ name, passed });
  if (!passed) say(text.trimEnd());
  say(`${name.padEnd(10)} ${passed ? "ok" : "FAILED"}  ${((performance.now() - start) / 1000).toFixed(1)} s`);
}

async function vitest(options, filters) {
  const folder = mkdtempSync(join(tmpdir(), "tandem-test-"));
  const resultPath = join(folder, "result.json");
  try {
    const env = { ...process.env, TANDEM_TEST_RESULT: resultPath, ...(options.all && { TANDEM_TEST_ALL: "1" }) };
    const args = ["run", "--reporter=default", "--reporter=./scripts/reporter.mjs"];
    if (options.name !== undefined) args.push("-t", options.name);
    const { code } = await run(process.execPath, [bin("vitest", "vitest.mjs"), ...args, ...filters], { env });
    const result = existsSync(resultPath)
      ? JSON.parse(readFileSync(resultPath, "utf8"))
      : { passed: 0, failed: 0, skipped: [] };
    totals.passed += result.passed;
    totals.failed += code !== 0 && result.failed === 0 ? 1 : result.failed;
    // With -t every test of another name is skipped too: those have no reason, and are no news.
    totals.skipped = result.skipped.flatMap(({ reason, ...rest }) =>
      reason === undefined && options.name !== undefined ? [] : [{ ...rest, reason: reason ?? "no reason given" }],
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const bin = (name, path) => join(root, "node_modules", name, path);

/** Ends the process; the stream is flushed first. */
function finish(code) {
  const last = json
    ? JSON.stringify({ schema: "tandem.test.v1", ...totals })
    : `${totals.passed} passed, ${totals.failed} failed`;
  process.stdout.write(`${last}\n`, () => process.exit(code));
}

function crash(error) {
  process.stderr.write(`${error?.stack ?? error}\n`);
  totals.failed += 1;
  child?.kill();
  finish(1);
}
process.on("uncaughtException", crash);
for (const signal of ["SIGINT", "SIGTERM"])
  process.on(signal, () => {
    process.stderr.write(`tandem test: stopped by ${signal}\n`);
    totals.failed += 1;
    child?.kill(signal);
    finish(130);
  });

function usage() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        all: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        name: { type: "string", short: "t" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    return { options: values, filters: positionals };
  } catch (error) {
    process.stderr.write(`tandem test: ${error.message.split(/\n|\. /)[0]}; see tandem test --help\n`);
    process.exit(2);
  }
}

const { options, filters } = usage();
if (options.help) {
  process.stdout.write(HELP);
} else {
  json = options.json;
  await check("types", [bin("typescript", "bin/tsc"), "-b"]);
  if (filters.length === 0) {
    await check("lint", [bin("@biomejs/biome", "bin/biome"), "check", "--error-on-warnings", "."]);
    await check("generated", [join(root, "scripts/generated.mjs"), "--check"]);
  }
  await vitest(options, filters);
  if (totals.skipped.length > 0) say(`\n${totals.skipped.length} skipped:`);
  for (const { file, test, reason } of totals.skipped) say(`  ${file}: ${test}: ${reason}`);
  finish(totals.failed === 0 ? 0 : 1);
}
