import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { type CommandSpec, GROUPS, type OptionSpec } from "./command-list.js";
import type { Failure, Io } from "./io.js";

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

/**
 * Runs the command that `words` name and gives the exit code: 0 done, 1 the thing asked for failed, 2 wrong usage.
 * Whatever goes wrong is one line on stderr.
 */
export async function runProgram(
  name: string,
  commands: readonly CommandSpec[],
  words: readonly string[],
  io: Io,
): Promise<number> {
  let exitCode = 0;
  const told = (failure: Failure, path: string): number => {
    if (failure.kind === "told") return failure.exitCode;
    io.complain(`${path}: ${failure.message}`);
    return failure.kind === "usage" ? EXIT_USAGE : EXIT_FAILED;
  };
  const program = frame(new Command(name), io).description("High availability for SONiC SmartSwitches");
  for (const spec of commands) {
    const command = frame(new Command(spec.path.at(-1) as string), io).description(spec.summary);
    groupOf(program, spec.path, io).addCommand(command);
    if (spec.delegates === true) command.helpOption(false).allowUnknownOption().argument("[words...]");
    for (const argument of (spec.args ?? "").split(" ").filter((word) => word !== "")) command.argument(argument);
    for (const option of spec.options ?? []) command.addOption(optionOf(option));
    command.action(async () => {
      const run = await spec.load();
      const result = await run({ args: command.args, options: command.opts() }, io);
      if (!result.ok) exitCode = told(result.error, [name, ...spec.path].join(" "));
    });
  }
  // A daemon may have commands of its own beside it (`hax`, `hax show`): the longest path is what is meant.
  const meant = commands
    .filter((spec) => spec.path.every((word, i) => words[i] === word))
    .sort((a, b) => b.path.length - a.path.length)[0];
  const delegated = meant?.delegates === true ? meant : undefined;
  try {
    if (delegated === undefined) await program.parseAsync(words, { from: "user" });
    else {
      const run = await delegated.load();
      const result = await run({ args: words.slice(delegated.path.length), options: {} }, io);
      if (!result.ok) exitCode = told(result.error, [name, ...delegated.path].join(" "));
    }
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : EXIT_USAGE;
  }
  return exitCode;
}

function frame(command: Command, io: Io): Command {
  return command
    .exitOverride()
    .helpCommand(false)
    .helpOption("-h, --help", "show this help")
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => io.print(text),
      writeErr: (text) => io.complain(text.trimEnd()),
      outputError: (text) => io.complain(oneLine(command, text)),
    });
}

/** `error: unknown option '--cuont'\n(Did you mean --count?)` as one line that says where to look. */
function oneLine(command: Command, text: string): string {
  const path: string[] = [];
  for (let at: Command | null = command; at !== null; at = at.parent) path.unshift(at.name());
  const what = text
    .replace(/^error: /, "")
    .trim()
    .replaceAll("\n", " ");
  return `${path.join(" ")}: ${what}; see ${path.join(" ")} --help`;
}

/** The command that holds the last word of `path`; groups appear as they are needed. */
function groupOf(program: Command, path: readonly string[], io: Io): Command {
  let group = program;
  for (const [i, word] of path.slice(0, -1).entries()) {
    const existing = group.commands.find((command) => command.name() === word);
    if (existing !== undefined) {
      group = existing;
      continue;
    }
    const next = frame(new Command(word), io).description(GROUPS[path.slice(0, i + 1).join(" ")] ?? "");
    group.addCommand(next);
    group = next;
  }
  return group;
}

function optionOf({ flags, doc, value }: OptionSpec): Option {
  const option = new Option(flags, doc);
  if (value.kind !== "number") return option;
  const { min, max, whole } = value;
  return option.argParser((text) => {
    const number = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
    if (number >= min && number <= max && (!whole || Number.isInteger(number))) return number;
    throw new InvalidArgumentError(`Expected ${whole ? "a whole number" : "a number"} from ${min} to ${max}.`);
  });
}
