import { err, ok } from "@tandem/base";
import { expect, test } from "vitest";
import { COMMANDS, type CommandSpec } from "./command-list.js";
import { failed, type Invocation, type Io } from "./io.js";
import { runProgram } from "./program.js";
import { completionScript, SHELLS } from "./render/completion.js";

/** A terminal that remembers. */
function terminal(): Io & { readonly out: string[]; readonly errors: string[] } {
  const out: string[] = [];
  const errors: string[] = [];
  return {
    out,
    errors,
    print: (text) => out.push(text),
    complain: (line) => errors.push(line),
    env: {},
    colours: false,
    signal: new AbortController().signal,
  };
}

function sample(seen: Invocation[]): readonly CommandSpec[] {
  return [
    {
      path: ["show", "thing"],
      args: "<id>",
      summary: "a thing",
      options: [
        { flags: "-n, --number <n>", doc: "a number", value: { kind: "number", min: 1, max: 9, whole: true } },
        { flags: "--json", doc: "JSON", value: { kind: "flag" } },
      ],
      load: async () => async (invocation) => {
        seen.push(invocation);
        if (invocation.args[0] === "missing") return err(failed("no thing missing; known: none"));
        return ok();
      },
    },
    {
      path: ["run"],
      summary: "a program",
      delegates: true,
      load: async () => async (invocation) => {
        seen.push(invocation);
        return err({ kind: "told", exitCode: 7 });
      },
    },
  ];
}

test("arguments and options reach the command, numbers as numbers", async () => {
  const seen: Invocation[] = [];
  const io = terminal();
  expect(await runProgram("tool", sample(seen), ["show", "thing", "x", "-n", "3", "--json"], io)).toBe(0);
  expect(seen).toEqual([{ args: ["x"], options: { number: 3, json: true } }]);
  expect(io.errors).toEqual([]);
});

test("a failure is one line on stderr and exit 1", async () => {
  const io = terminal();
  expect(await runProgram("tool", sample([]), ["show", "thing", "missing"], io)).toBe(1);
  expect(io.errors).toEqual(["tool show thing: no thing missing; known: none"]);
});

test("a delegated program gets every word, its --help too, and its exit code counts", async () => {
  const seen: Invocation[] = [];
  const io = terminal();
  expect(await runProgram("tool", sample(seen), ["run", "--help", "-x"], io)).toBe(7);
  expect(seen[0]?.args).toEqual(["--help", "-x"]);
  expect(io.errors).toEqual([]);
});

test.each([
  [["shw"], "tool: unknown command 'shw' (Did you mean show?); see tool --help"],
  [["show", "thing"], "tool show thing: missing required argument 'id'; see tool show thing --help"],
  [
    ["show", "thing", "x", "--jsn"],
    "tool show thing: unknown option '--jsn' (Did you mean --json?); see tool show thing --help",
  ],
  [
    ["show", "thing", "x", "-n", "10"],
    "tool show thing: option '-n, --number <n>' argument '10' is invalid. Expected a whole number from 1 to 9.; see tool show thing --help",
  ],
  [
    ["show", "thing", "x", "-n", "1.5"],
    "tool show thing: option '-n, --number <n>' argument '1.5' is invalid. Expected a whole number from 1 to 9.; see tool show thing --help",
  ],
] as const)("wrong usage %j is one line and exit 2", async (words, line) => {
  const io = terminal();
  expect(await runProgram("tool", sample([]), words, io)).toBe(2);
  expect(io.errors).toEqual([line]);
  expect(io.out).toEqual([]);
});

test.each([[[]], [["show"]]])("words that end too early, %j, show the help on stderr and exit 2", async (words) => {
  const io = terminal();
  expect(await runProgram("tool", sample([]), words, io)).toBe(2);
  expect(io.errors.join("\n")).toContain("Usage: tool");
});

test("--help is on stdout and exit 0", async () => {
  const io = terminal();
  expect(await runProgram("tool", sample([]), ["show", "--help"], io)).toBe(0);
  expect(io.out.join("")).toContain("Usage: tool show");
});

test("every command that the CLI parses itself takes --json", () => {
  const without = COMMANDS.filter(
    ({ delegates, options = [] }) => delegates !== true && !options.some(({ flags }) => flags === "--json"),
  );
  expect(without.map(({ path }) => path.join(" "))).toEqual([]);
});

test.each(SHELLS)("the completion script for %s names every command and option", (shell) => {
  const script = completionScript(shell, COMMANDS);
  for (const { path, options = [] } of COMMANDS) {
    for (const word of path) expect(script).toContain(word);
    for (const { flags } of options) expect(script).toContain(/--([\w-]+)/.exec(flags)?.[1]);
  }
});
