import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { golden } from "./golden.js";
import { memoryFiles } from "./memory-files.js";
import { parseScenario, runScenario, type ScenarioStep } from "./scenario.js";

const TEXT = `# What this tells.

launch dpu0(desired=active) slot=3 name=a=b
----
dpu0 dead -> connecting: launched
dpu1 waits

# Then time passes.
wait
----

stop
----
done
`;

let folder = "";
let path = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tandem-scenario-"));
  path = join(folder, "story.txt");
  vi.stubEnv("UPDATE", undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

const answers: Record<string, string> = {
  launch: "dpu0 dead -> connecting: launched\ndpu1 waits",
  wait: "",
  stop: "done\n",
};
const answer = ({ words }: ScenarioStep): string => answers[words[0] as string] ?? "unknown";

test("a step has words, options, its answer and its line", () => {
  const { preamble, steps } = parseScenario(TEXT);
  expect(preamble).toBe("# What this tells.\n\n");
  expect(steps.map(({ words, line }) => [words[0], line])).toEqual([
    ["launch", 3],
    ["wait", 9],
    ["stop", 12],
  ]);
  expect(steps[0]).toMatchObject({
    command: "launch dpu0(desired=active) slot=3 name=a=b",
    words: ["launch"],
    options: { "dpu0(desired": "active)", slot: "3", name: "a=b" },
    expected: "dpu0 dead -> connecting: launched\ndpu1 waits\n",
  });
});

test("a scenario that prints what it should passes and stays as it is", async () => {
  writeFileSync(path, TEXT);
  await runScenario(path, answer);
  expect(readFileSync(path, "utf8")).toBe(TEXT);
});

test("the first difference names file, line, command, and both texts", async () => {
  writeFileSync(path, TEXT.replace("done", "gone"));
  await expect(runScenario(path, answer)).rejects.toThrow(
    `${path}:12: stop\nexpected:\ngone\n\nprinted:\ndone\n\n(UPDATE=1 rewrites the answers)`,
  );
});

test("UPDATE=1 rewrites the answers; comments, order and spacing stay", async () => {
  vi.stubEnv("UPDATE", "1");
  writeFileSync(path, TEXT.replace("done", "gone").replace("dpu1 waits\n", ""));
  await runScenario(path, answer);
  expect(readFileSync(path, "utf8")).toBe(TEXT);
  writeFileSync(path, "wait\nstop\n# the end\n");
  await runScenario(path, answer);
  expect(readFileSync(path, "utf8")).toBe("wait\n----\n\nstop\n----\ndone\n# the end\n");
});

test("an answer that could not be read back is a failure, also with UPDATE=1", async () => {
  vi.stubEnv("UPDATE", "1");
  writeFileSync(path, TEXT);
  await expect(runScenario(path, () => "a\n\nb")).rejects.toThrow(`${path}:3: `);
  expect(readFileSync(path, "utf8")).toBe(TEXT);
});

test("golden files: the first line that differs is named, a missing file is empty, UPDATE=1 writes", () => {
  const file = join(folder, "new", "golden.txt");
  expect(() => golden(file, "a\n")).toThrow(`${file}:1: expected "", printed "a"`);
  vi.stubEnv("UPDATE", "1");
  golden(file, "a\nb\n");
  vi.stubEnv("UPDATE", undefined);
  golden(file, "a\nb\n");
  expect(() => golden(file, "a\nc\n")).toThrow(`${file}:2: expected "b", printed "c"`);
  expect(() => golden(file, "a\n")).toThrow(`${file}:2: expected "b", printed ""`);
});

test("memory files see later changes of their map", async () => {
  const map = new Map<string, string>();
  const files = memoryFiles(map);
  expect(await files.read("/a")).toEqual({ ok: false, error: { kind: "notFound", path: "/a" } });
  map.set("/a", "text");
  expect(await files.read("/a")).toEqual({ ok: true, value: "text" });
});

test("any text is a scenario of some kind: its commands are its lines", () => {
  const line = fc.oneof(fc.constantFrom("", "----", "# why", "go a=1 b", "  x  ", "="), fc.string());
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const text = lines.join("\n");
      for (const step of parseScenario(text).steps) {
        expect(text.split("\n")[step.line - 1]).toBe(step.command);
        expect([...step.words, ...Object.keys(step.options)].every((word) => step.command.includes(word))).toBe(true);
      }
    }),
  );
});
