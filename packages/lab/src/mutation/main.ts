import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { err, ok, type Result } from "@tandem/base";
import type { SimIo, SimOptions } from "../sim/main.js";
import { hunt } from "./hunt.js";
import { resultJson, tableHead, tableLine } from "./hunt-table.js";
import type { Mutation } from "./mutation.js";
import { MUTATIONS } from "./mutations.js";

const HELP = `Usage: tandem sim --mutations [options]

Proves the simulator: switches off one guard of the product after the other, in a copy of the built packages, and runs
seed after seed until one shows it.

      --guard ID           this guard alone; may be given again
      --count N            seeds to try for each guard at most, 1 to 100000; default 1000
      --minutes N          virtual time of a seed, 1 to 1440; default 10
      --workers N          processes, 1 to 256; default: one for each core
      --json               one JSON object a line instead of a table
  -h, --help               this text

Guards: docs/mutations.md. Exit code 0: each was found out.
`;

interface Flags {
  readonly mutations: readonly Mutation[];
  readonly seeds: number;
  readonly minutes: number;
  readonly workers: number;
  readonly json: boolean;
}

/** Runs \`tandem sim --mutations\`; \`argv\` is without that flag. Gives the exit code. */
export async function mutationsMain(argv: readonly string[], { io, signal }: SimOptions): Promise<number> {
  const flags = parse(argv);
  if (!flags.ok) {
    io.complain(`tandem sim --mutations: ${flags.error}; try --help`);
    return 2;
  }
  if (flags.value === "help") {
    io.out(HELP.trimEnd());
    return 0;
  }
  return await huntAll(flags.value, io, signal);
}

async function huntAll(flags: Flags, io: SimIo, signal: AbortSignal): Promise<number> {
  const { mutations, json, ...options } = flags;
  if (!json) io.out(tableHead());
  let missed = 0;
  for (const mutation of mutations) {
    io.progress?.(`${mutation.id}: ${mutation.guard} …`);
    const result = await hunt(mutation, { ...options, signal });
    io.progress?.("");
    if (signal.aborted) break;
    if (!result.ok) {
      io.complain(`tandem sim --mutations: ${result.error}`);
      return 1;
    }
    if (result.value.found === undefined) missed += 1;
    io.out(json ? JSON.stringify(resultJson(result.value)) : tableLine(result.value));
  }
  if (signal.aborted) io.complain("tandem sim --mutations: ended before every guard was tried");
  return missed > 0 || signal.aborted ? 1 : 0;
}

function parse(argv: readonly string[]): Result<Flags | "help", string> {
  const values = valuesOf(argv);
  if (!values.ok) return values;
  const { guard = [], count, minutes, workers, json = false, help } = values.value;
  if (help === true) return ok("help");
  const unknown = guard.find((id) => !MUTATIONS.some((mutation) => mutation.id === id));
  if (unknown !== undefined) {
    return err(`--guard ${unknown}: expected one of ${MUTATIONS.map(({ id }) => id).join(", ")}`);
  }
  const numbers = [
    whole("--count", count, 1000, 100_000),
    whole("--minutes", minutes, 10, 1440),
    whole("--workers", workers, availableParallelism(), 256),
  ] as const;
  for (const number of numbers) if (!number.ok) return number;
  const [seeds, length, processes] = numbers.map((number) => (number.ok ? number.value : 0)) as [
    number,
    number,
    number,
  ];
  const mutations = guard.length === 0 ? MUTATIONS : MUTATIONS.filter(({ id }) => guard.includes(id));
  return ok({ mutations, seeds, minutes: length, workers: processes, json });
}

function valuesOf(argv: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        guard: { type: "string", multiple: true },
        count: { type: "string" },
        minutes: { type: "string" },
        workers: { type: "string" },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
    return ok(values);
  } catch (error) {
    return err((error as Error).message.split("\n")[0] ?? "");
  }
}

function whole(flag: string, text: string | undefined, absent: number, max: number): Result<number, string> {
  if (text === undefined) return ok(absent);
  const value = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  return value >= 1 && value <= max ? ok(value) : err(`${flag} ${text}: expected a number from 1 to ${max}`);
}
