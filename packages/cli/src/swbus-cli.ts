#!/usr/bin/env node
import { seconds } from "@tandem/base";
import {
  getActorState,
  getRoutes,
  parseServicePath,
  ping,
  type QueryError,
  SwbusErrorCode,
  traceRoute,
} from "@tandem/swbus/edge";
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { BusSession, busAddress, probeOf } from "./bus-session.js";
import { localTimes, routeRow } from "./commands/show-bus.js";
import { HOPS_MAX } from "./commands/trace-route.js";
import type { Io } from "./io.js";
import { processIo } from "./process-io.js";
import { parseActorDump, renderActor } from "./render/actor.js";
import { renderHop, renderPing, renderRoutes } from "./render/bus.js";

const COUNT_DEFAULT = 4_294_967_295;

/** sonic-dash-ha's swbus-cli: its words, its output, and exit 0 for whatever the bus answers. */
async function swbusCli(words: readonly string[], io: Io): Promise<number> {
  const program = new Command("swbus-cli")
    .description("Diagnostics of the switch bus")
    .enablePositionalOptions() // -c before the command is a file, after it a count
    .option("-d, --debug", "accepted and ignored")
    .option("-c, --config-file <file>", "the local swbusd's YAML file; default: DEV=dpu<slot> and CONFIG_DB")
    .option("--db-config <file>", "database_config.json to use instead of the system's");
  let exitCode = 0;
  /** Runs `work` on a connection to the local swbusd; without one the complaint is on both streams, as upstream. */
  const connected = async (work: (session: BusSession) => Promise<void>): Promise<void> => {
    const address = busAddress({ args: [], options: program.opts() }, io);
    if (!address.ok) {
      io.complain(`swbus-cli: ${"message" in address.error ? address.error.message : "no address"}`);
      exitCode = 2;
      return;
    }
    const opened = await BusSession.open(address.value, io);
    if (!opened.ok) {
      io.print("Failed to connect to swbusd\n");
      io.complain(`swbus-cli: ${"message" in opened.error ? opened.error.message : "not connected"}`);
      return;
    }
    await using session = opened.value;
    await work(session);
  };

  program
    .command("ping <dest>")
    .option("-c, --count <n>", "probes to send", whole, COUNT_DEFAULT)
    .option("-t, --timeout <seconds>", "wait for each answer", whole, 1)
    .option("-i, --interval <seconds>", "pause between probes", whole, 1)
    .action((dest: string, options: { count: number; timeout: number; interval: number }) =>
      connected(async (session) => {
        using client = session.client("ping");
        io.print(`PING ${dest}\n`);
        const timeout = seconds(options.timeout);
        const interval = seconds(options.interval);
        for await (const { seq, outcome } of ping(client, parseServicePath(dest), {
          count: options.count,
          timeout,
          interval,
        }))
          io.print(renderPing(seq, probeOf(outcome)));
      }),
    );
  program
    .command("trace-route <dest>")
    .option("-t, --timeout <seconds>", "wait for each answer", whole, 1)
    .option("-c, --max-hop <n>", "answers to wait for", whole, HOPS_MAX)
    .action((dest: string, options: { timeout: number; maxHop: number }) =>
      connected(async (session) => {
        using client = session.client("traceroute");
        io.print(`traceroute to ${dest}, ${options.maxHop} hops max\n`);
        const { maxHop: hopsMax } = options;
        const hops = traceRoute(client, parseServicePath(dest), {
          timeout: seconds(options.timeout),
          hopsMax,
          persist: true,
        });
        for await (const { index, outcome } of hops) io.print(renderHop(index, probeOf(outcome)));
      }),
    );
  const show = program.command("show").description("state of swbusd and hamgrd");
  show
    .command("swbusd")
    .command("route")
    .action(() =>
      connected(async (session) => {
        using client = session.client("show");
        const routes = await getRoutes(client, session.node);
        io.print(routes.ok ? renderRoutes(routes.value.map(routeRow)) : `${describe(routes.error)}\n`);
      }),
    );
  show
    .command("hamgrd")
    .command("actor <path>")
    .action((path: string) =>
      connected(async (session) => {
        using client = session.client("show");
        const state = await getActorState(client, session.destination(path));
        if (!state.ok) return io.print(`${describe(state.error)}\n`);
        const dump = parseActorDump(state.value);
        io.print(dump.ok ? renderActor(dump.value, localTimes()) : `${dump.error}\n`);
      }),
    );

  for (const command of everyCommand(program)) command.exitOverride();
  try {
    await program.parseAsync(words, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : 2;
  }
  return exitCode;
}

function describe(error: QueryError): string {
  if (error.kind !== "answered") return "Request timeout";
  return `SWBUS_ERROR_CODE_${SwbusErrorCode[error.code] ?? "UNKNOWN_ERROR"}:${error.text}`;
}

function whole(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value <= COUNT_DEFAULT) return value;
  throw new InvalidArgumentError(`Expected a whole number up to ${COUNT_DEFAULT}.`);
}

function everyCommand(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

process.exitCode = await swbusCli(process.argv.slice(2), processIo());
