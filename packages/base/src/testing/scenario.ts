import { readFileSync, writeFileSync } from "node:fs";

/** One step of a scenario file: a command with `name=value` options, and what it printed. */
export interface ScenarioStep {
  /** The command line as written. */
  readonly command: string;
  readonly words: readonly string[];
  readonly options: Readonly<Record<string, string>>;
  readonly expected: string;
  /** Comments and blank lines between the step before and this one, as written. */
  readonly before: string;
  /** 1-based line of the command in its file. */
  readonly line: number;
}

interface Scenario {
  /** What stands before the first command. */
  readonly preamble: string;
  readonly steps: readonly ScenarioStep[];
  /** What stands after the last answer. */
  readonly tail: string;
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
  let between = "";
  let i = 0;
  // The empty string after the last line feed is no line.
  if (lines.at(-1) === "") lines.pop();
  while (i < lines.length) {
    const line = lines[i] as string;
    if (line.trim() === "" || line.startsWith("#")) {
      between += `${line}\n`;
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
    steps.push({ command: line, words, options, expected, before: between, line: start + 1 });
    between = "";
  }
  const preamble = steps[0]?.before ?? between;
  return { preamble, steps, tail: steps.length === 0 ? "" : between };
}

/**
 * Runs every step of the file at `path`. With `UPDATE=1` the answers are rewritten, comments stay; otherwise the first
 * difference throws, naming file and line. An answer with a blank line throws: it could not be read back.
 */
export async function runScenario(path: string, run: ScenarioCommand): Promise<void> {
  const { steps, tail } = parseScenario(readFileSync(path, "utf8"));
  const update = process.env["UPDATE"] === "1";
  let rewritten = "";
  for (const step of steps) {
    const printed = await run(step);
    const answer = printed === "" || printed.endsWith("\n") ? printed : `${printed}\n`;
    const place = `${path}:${step.line}: ${step.command}`;
    if (/^\n|\n\n/.test(answer)) throw new Error(`${place}\nprinted a blank line:\n${answer}`);
    if (!update && answer !== step.expected) {
      throw new Error(`${place}\nexpected:\n${step.expected}\nprinted:\n${answer}\n(UPDATE=1 rewrites the answers)`);
    }
    const separator = rewritten === "" || step.before !== "" ? "" : "\n";
    rewritten += `${separator}${step.before}${step.command}\n----\n${answer}`;
  }
  if (update) writeFileSync(path, rewritten + tail);
}
