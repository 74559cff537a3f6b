import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { err, ok, type Result, systemClock } from "@tandem/base";
import { actorBench } from "./actor-bench.js";
import { asicBench } from "./asic-bench.js";
import type { Bench, BenchRun } from "./bench-run.js";
import { type CommandLine, clusterBench } from "./cluster-bench.js";
import { figureJson, formatFigure } from "./format-figure.js";
import { haxBench } from "./hax-bench.js";
import type { BenchResult } from "./page/performance-page.js";
import { simBench } from "./sim-bench.js";
import { swbusBench } from "./swbus-bench.js";
import { swssBench } from "./swss-bench.js";
import { zmqBench } from "./zmq-bench.js";

export { type SoakContext, soakMain } from "./soak/soak-main.js";

type Environment = Readonly<Record<string, string | undefined>>;

const HELP = `Usage: tandem bench [NAME…] [options]

Medians over rounds, each beside the floor that the same run measured.

  NAME         swss, zmq, swbus, actor, cluster, asic, hax, sim; default: all of them
      --quick  a fifth of the work, and fewer rounds
      --json   one JSON object instead of text
      --page FOLDER  also write FOLDER/performance.md with charts
  -h, --help   this text
`;

const FULL = { rounds: 5, scale: 1 };
const QUICK = { rounds: 3, scale: 0.2 };

interface Flags {
  readonly benches: readonly Bench[];
  readonly quick: boolean;
  readonly json: boolean;
  readonly page?: string;
}

/**
 * Runs `tandem bench`; `argv` is without node, script and `bench`, and `tandem` is the command line to which the name of a
 * daemon is added. Gives the exit code. A missed target is no failure.
 */
export async function benchMain(argv: readonly string[], env: Environment, tandem: CommandLine): Promise<number> {
  const flags = parseFlags(argv, [
    swssBench(env),
    zmqBench,
    swbusBench,
    actorBench,
    clusterBench(env, tandem),
    asicBench(env),
    haxBench(env, tandem),
    simBench,
  ]);
  if (!flags.ok) {
    process.stderr.write(`tandem bench: ${flags.error}; try --help\n`);
    return 2;
  }
  if (flags.value === "help") {
    process.stdout.write(HELP);
    return 0;
  }
  const ending = new AbortController();
  const end = (): void => ending.abort();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, end);
  try {
    await runBenches(flags.value, ending.signal);
    return 0;
  } catch (error) {
    const what = ending.signal.aborted ? "ended before its end" : (error as Error).message;
    process.stderr.write(`tandem bench: ${what}\n`);
    return 1;
  } finally {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, end);
  }
}

async function runBenches({ benches, quick, json, page }: Flags, signal: AbortSignal): Promise<void> {
  const size = quick ? QUICK : FULL;
  const run: BenchRun = { clock: systemClock, signal, ...size };
  const machine = { node: process.version, cpu: cpus()[0]?.model ?? "unknown", cpus: cpus().length };
  if (!json) {
    const where = `${machine.cpus} × ${machine.cpu}, Node ${machine.node}`;
    process.stdout.write(`Medians of ${size.rounds} rounds, least and greatest beside them. ${where}.\n`);
  }
  const results: BenchResult[] = [];
  for (const bench of benches) {
    const figures = await bench.run(run);
    results.push({ name: bench.name, figures });
    if (!json) process.stdout.write(`\n${bench.name}\n${figures.map(formatFigure).join("")}`);
  }
  if (json) {
    const benches = results.map(({ name, figures }) => ({ name, figures: figures.map(figureJson) }));
    process.stdout.write(`${JSON.stringify({ schema: "tandem.bench.v1", ...size, machine, benches })}\n`);
  }
  if (page !== undefined) await (await import("./page/write-page.js")).writePage(page, results, machine, size.rounds);
}

function parseFlags(argv: readonly string[], all: readonly Bench[]): Result<Flags | "help", string> {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        quick: { type: "boolean" },
        json: { type: "boolean" },
        page: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
    if (values.help) return ok("help");
    const unknown = positionals.find((name) => !all.some((bench) => bench.name === name));
    if (unknown !== undefined)
      return err(`${unknown}: no such benchmark; there are ${all.map((bench) => bench.name).join(", ")}`);
    const benches = positionals.length === 0 ? all : all.filter((bench) => positionals.includes(bench.name));
    return ok({
      benches,
      quick: values.quick ?? false,
      json: values.json ?? false,
      ...(values.page !== undefined && { page: values.page }),
    });
  } catch (error) {
    return err((error as Error).message.split("\n")[0] ?? "");
  }
}
