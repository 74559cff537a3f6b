import { readFileSync, writeFileSync } from "node:fs";

/** One step of a scenario file: a command with `name=value` options, and what it printed. */
export interface ScenarioStep {
  /** The command line as written. */
  readonly command: string;
  readonly words: readonly string[];
  readonly options: Readonly<Record<string, string>>;
  readonly expected: string;
  /** 1-based line of the command in its file. */
  readonly line: number;
}

interface Scenario {
  readonly preamble: string;
  readonly steps: readonly ScenarioStep[];
}

/** Runs one command and returns what it prints. */
export type ScenarioCommand = (step: ScenarioStep) => Promise<string> | string;

/**
 * A scenario is plain text: `#` comments, a command, `----`, what it printed, a blank line, the next command.
 * An answer that itself holds a blank line is not representable; commands print without them.
 */
export function parseScenario(text: string): Scenario {
  const lines = text.split("\n");
  const steps: ScenarioStep[] = [];
  let preamble = "";
  let i = 0;
  while (i < lines.length) {
    const line = lines[i] as string;
    if (line.trim() === "" || line.startsWith("#")) {
      if (steps.length === 0) preamble += `${line}\n`;
      i += 1;
      continue;
    }
    const start = i;
    i += 1;
    let expected = "";
    if (lines[i] === "----") {
      i += 1;
      while (i < lines.length && lines[i] !== "") expected += `${lines[i++]}\n`;
    }
    const words: string[] = [];
    const options: Record<string, string> = {};
    for (const word of line.trim().split(/\s+/)) {
      const eq = word.indexOf("=");
      if (eq > 0) options[word.slice(0, eq)] = word.slice(eq + 1);
      else words.push(word);
    }
    steps.push({ command: line, words, options, expected, line: start + 1 });
  }
  return { preamble, steps };
}

/**
 * Runs every step of the file at `path`. With `UPDATE=1` the answers are rewritten; otherwise the first difference
 * throws, naming file and line.
 */
export async function runScenario(path: string, run: ScenarioCommand): Promise<void> {
  const { preamble, steps } = parseScenario(readFileSync(path, "utf8"));
  const answers: string[] = [];
  for (const step of steps) {
    const printed = await run(step);
    const answer = printed === "" || printed.endsWith("\n") ? printed : `${printed}\n`;
    answers.push(`${step.command}\n----\n${answer}`);
    if (process.env["UPDATE"] !== "1" && answer !== step.expected) {
      throw new Error(
        `${path}:${step.line}: ${step.command}\nexpected:\n${step.expected}\nprinted:\n${answer}\n(UPDATE=1 rewrites the answers)`,
      );
    }
  }
  if (process.env["UPDATE"] === "1") writeFileSync(path, `${preamble}${answers.join("\n")}`);
}
