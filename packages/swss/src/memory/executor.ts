import type { Command, Reply } from "../store.js";
import { collectionCommands } from "./collection-commands.js";
import { type CommandContext, type CommandSpec, integer, refuse } from "./command.js";
import { keyCommands } from "./key-commands.js";
import type { ScriptCache } from "./script-cache.js";
import { ScriptRefusal } from "./scripts.js";
import { serverCommands } from "./server-commands.js";
import { isWrite } from "./trouble.js";

const COMMANDS: ReadonlyMap<string, CommandSpec> = new Map(
  Object.entries({ ...keyCommands, ...collectionCommands, ...serverCommands }),
);

/** What a command came to: its reply, or the text of Redis' error. */
export type Outcome = { readonly reply: Reply } | { readonly refused: string };

const QUEUED: Outcome = { reply: "QUEUED" };
const DONE: Outcome = { reply: "OK" };

/** The commands of one connection, as Redis runs them: one at a time, MULTI and scripts without interruption. */
export class Executor {
  readonly #context: CommandContext;
  readonly #scripts: ScriptCache;
  /** Commands since MULTI. */
  #queued: Command[] | undefined;
  #spoiled = false;
  /** A script that has written runs to its end, whatever trouble the server is in. */
  #hasWritten = false;

  constructor(context: CommandContext, scripts: ScriptCache) {
    this.#context = context;
    this.#scripts = scripts;
  }

  execute(command: Command): Outcome {
    const name = command[0].toUpperCase();
    if (name === "MULTI") return this.#begin();
    if (name === "EXEC") return this.#exec();
    if (name === "DISCARD") return this.#discard();
    if (this.#queued === undefined) return this.#run(name, command);
    const wrong = this.#check(name, command);
    if (wrong !== undefined) {
      this.#spoiled = true;
      return { refused: wrong };
    }
    this.#queued.push(command);
    return QUEUED;
  }

  #begin(): Outcome {
    if (this.#queued !== undefined) return { refused: "ERR MULTI calls can not be nested" };
    this.#queued = [];
    return DONE;
  }

  #discard(): Outcome {
    if (this.#queued === undefined) return { refused: "ERR DISCARD without MULTI" };
    this.#queued = undefined;
    this.#spoiled = false;
    return DONE;
  }

  /** As in RESP, a refusal among the replies is one of them; the connection's reader finds it. */
  #exec(): Outcome {
    if (this.#queued === undefined) return { refused: "ERR EXEC without MULTI" };
    const commands = this.#queued;
    const spoiled = this.#spoiled;
    this.#discard();
    if (spoiled) return { refused: "EXECABORT Transaction discarded because of previous errors." };
    const outcomes = commands.map((command) => this.#run(command[0].toUpperCase(), command));
    const refused = outcomes.find((outcome) => "refused" in outcome);
    return refused ?? { reply: outcomes.map((outcome) => ("reply" in outcome ? outcome.reply : null)) };
  }

  #run(name: string, command: Command): Outcome {
    try {
      return { reply: this.#call(name, command) };
    } catch (error) {
      if (error instanceof ScriptRefusal) return { refused: error.message };
      throw error;
    }
  }

  #call(name: string, command: Command): Reply {
    const wrong = this.#check(name, command);
    if (wrong !== undefined) refuse(wrong);
    switch (name) {
      case "SCRIPT":
        return this.#scripts.manage(command.slice(1));
      case "EVAL":
        return this.#script(this.#scripts.load(command[1] as string), command);
      case "EVALSHA":
        return this.#script((command[1] as string).toLowerCase(), command);
      default:
        return (COMMANDS.get(name) as CommandSpec).run(this.#context, command.slice(1));
    }
  }

  /** Why Redis would not even queue the command. */
  #check(name: string, command: Command): string | undefined {
    return check(name, command) ?? (this.#hasWritten ? undefined : this.#context.refusal(name));
  }

  #script(sha: string, command: Command): Reply {
    const twin = this.#scripts.find(sha) ?? refuse("NOSCRIPT No matching script. Please use EVAL.");
    const count = integer(command[2]);
    if (count < 0) refuse("ERR Number of keys can't be negative");
    if (count > command.length - 3) refuse("ERR Number of keys can't be greater than number of args");
    const call = (...inner: Command): Reply => {
      const name = inner[0].toUpperCase();
      if (NOT_IN_SCRIPTS.has(name)) refuse("ERR This Redis command is not allowed from script");
      const reply = this.#call(name, inner);
      this.#hasWritten ||= isWrite(name);
      return reply;
    };
    try {
      return twin(call, command.slice(3, 3 + count), command.slice(3 + count));
    } finally {
      this.#hasWritten = false;
    }
  }
}

const SCRIPT_ARITY: ReadonlyMap<string, number> = new Map([
  ["SCRIPT", -2],
  ["EVAL", -3],
  ["EVALSHA", -3],
]);

const NOT_IN_SCRIPTS: ReadonlySet<string> = new Set([...SCRIPT_ARITY.keys(), "CONFIG", "MULTI", "EXEC", "DISCARD"]);

/** What is wrong with the command itself. */
function check(name: string, command: Command): string | undefined {
  const arity = SCRIPT_ARITY.get(name) ?? COMMANDS.get(name)?.arity;
  if (arity === undefined) {
    const args = command.slice(1).map((arg) => `'${arg}' `);
    return `ERR unknown command '${command[0]}', with args beginning with: ${args.join("")}`;
  }
  const fits = arity < 0 ? command.length >= -arity : command.length === arity;
  return fits ? undefined : `ERR wrong number of arguments for '${name.toLowerCase()}' command`;
}
