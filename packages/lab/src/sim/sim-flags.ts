import { parseArgs } from "node:util";
import { err, ok, type Result } from "@tandem/base";
import { DPUS_PER_SWITCH_MAX, SWITCHES_MAX } from "../topology.js";
import { MINUTES_MAX, SEEDS_MAX } from "./fault-plan.js";

export const HELP = `Usage: tandem sim [options]

A whole cluster in this process, under virtual time, from a seed: faults come and go, every step is judged, and in the
end all must be as if nothing had happened.

      --seed N             the first seed; default 1
      --count N            seeds one after the other, on all cores; default 1
      --switches N         switches, 2 to ${SWITCHES_MAX}; default 2
      --dpus N             DPUs of each switch, 1 to ${DPUS_PER_SWITCH_MAX}; default 1
      --minutes N          virtual time of a seed, 1 to ${MINUTES_MAX}; default 10
      --faults FILE        these faults instead of those that the seed draws: a plan, as a failure leaves behind
      --replay FILE        repeats the run of a replay file; or takes each step of a flight again
      --folder FOLDER      where replay files go; it is made; default: the present one
      --workers N          processes for --count; default: one for each core
      --mutations          proves the simulator on builds without one guard each; see --mutations --help
      --trace              prints every line of the run: rows, transitions, faults
      --json               one JSON object a line instead of text
  -h, --help               this text

Faults and files: docs/simulator.md. Exit code 0: every seed ran clean.
`;

export interface SimFlags {
  readonly seed: number;
  readonly count: number;
  readonly switches: number;
  readonly dpus: number;
  readonly minutes: number;
  readonly faults: string | undefined;
  readonly replay: string | undefined;
  readonly folder: string;
  readonly workers: number | undefined;
  readonly trace: boolean;
  readonly json: boolean;
}

const COUNT_MAX = 10_000_000;
const WORKERS_MAX = 256;

/** Reads the command line; fails with what was expected. */
export function parseFlags(argv: readonly string[]): Result<SimFlags | "help", string> {
  const parsed = parse(argv);
  if (!parsed.ok) return parsed;
  const values = parsed.value;
  if (values.help) return ok("help");
  const numbers = {
    seed: whole("--seed", values.seed, 1, 0, SEEDS_MAX - 1),
    count: whole("--count", values.count, 1, 1, COUNT_MAX),
    switches: whole("--switches", values.switches, 2, 2, SWITCHES_MAX),
    dpus: whole("--dpus", values.dpus, 1, 1, DPUS_PER_SWITCH_MAX),
    minutes: whole("--minutes", values.minutes, 10, 1, MINUTES_MAX),
    workers: whole("--workers", values.workers, 0, 1, WORKERS_MAX),
  };
  for (const number of Object.values(numbers)) if (!number.ok) return number;
  const value = (name: keyof typeof numbers): number => (numbers[name].ok ? numbers[name].value : 0);
  if (values.replay !== undefined && values.faults !== undefined)
    return err("--replay and --faults exclude each other");
  if (values.replay !== undefined && values.count !== undefined)
    return err("--replay repeats one run; leave out --count");
  if (values.trace === true && value("count") > 1) return err("--trace prints one run; leave out --count");
  return ok({
    seed: value("seed"),
    count: value("count"),
    switches: value("switches"),
    dpus: value("dpus"),
    minutes: value("minutes"),
    workers: values.workers === undefined ? undefined : value("workers"),
    faults: values.faults,
    replay: values.replay,
    folder: values.folder ?? ".",
    trace: values.trace ?? false,
    json: values.json ?? false,
  });
}

function parse(argv: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        seed: { type: "string" },
        count: { type: "string" },
        switches: { type: "string" },
        dpus: { type: "string" },
        minutes: { type: "string" },
        faults: { type: "string" },
        replay: { type: "string" },
        folder: { type: "string" },
        workers: { type: "string" },
        trace: { type: "boolean" },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
    return ok(values);
  } catch (error) {
    return err((error as Error).message.split("\n")[0] ?? "");
  }
}

function whole(
  flag: string,
  text: string | undefined,
  absent: number,
  min: number,
  max: number,
): Result<number, string> {
  if (text === undefined) return ok(absent);
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? ok(value) : err(`${flag} ${text}: expected a number from ${min} to ${max}`);
}
