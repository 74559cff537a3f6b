import type { Reply } from "../store.js";
import { type CommandContext, type CommandTable, refuse } from "./command.js";
import { globMatcher } from "./glob.js";

/** Commands that concern the server rather than keys. */
export const serverCommands: CommandTable = {
  PING: { arity: -1, run: (_context, [message]) => message ?? "PONG" },
  ECHO: { arity: 2, run: (_context, [message = ""]) => message },
  PUBLISH: { arity: 3, run: (context, [channel = "", message = ""]) => context.publish(channel, message) },
  FLUSHDB: {
    arity: -1,
    run: ({ keyspace }) => {
      keyspace.clear();
      return "OK";
    },
  },
  FLUSHALL: {
    arity: -1,
    run: (context) => {
      context.flushAll();
      return "OK";
    },
  },
  CONFIG: { arity: -2, run: config },
  INFO: { arity: -1, run: () => "# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\n" },
};

function config(context: CommandContext, [verb = "", ...args]: readonly string[]): Reply {
  switch (verb.toUpperCase()) {
    case "GET": {
      const wanted = args.map((pattern) => globMatcher(pattern.toLowerCase()));
      return [...context.config].filter(([name]) => wanted.some((matches) => matches(name))).flat();
    }
    case "SET":
      if (args.length === 0 || args.length % 2 === 1) refuse("ERR wrong number of arguments for 'config|set' command");
      for (let i = 0; i < args.length; i += 2) {
        const name = (args[i] as string).toLowerCase();
        if (!context.config.has(name))
          refuse(`ERR Unknown option or number of arguments for CONFIG SET - '${args[i]}'`);
        if (!context.configure(name, args[i + 1] as string))
          refuse(`ERR CONFIG SET failed (possibly related to argument '${args[i]}') - argument(s) must be valid`);
      }
      return "OK";
    default:
      return refuse(`ERR unknown subcommand '${verb}'. Try CONFIG HELP.`);
  }
}
