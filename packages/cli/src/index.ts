export { COMMANDS, type CommandSpec, type OptionSpec, type OptionValue } from "./command-list.js";
export type { CommandRun, Failure, Invocation, Io } from "./io.js";
export { runProgram } from "./program.js";
