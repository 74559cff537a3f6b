import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { err, ok, type Result } from "@tandem/base";
import { lineChart } from "../chart/line-chart.js";
import { runSoak, type SoakResult } from "./run-soak.js";
import { type Trend, trendOf } from "./samples.js";

const HELP = `Usage: tandem soak [options]

A real pair of switches that is changed over and over, while the memory of every daemon is watched: shutdowns, crashes of
a DPU, lost probes, pins, planes, a killed Redis, the pair deleted and made anew. Exit code 0 when nothing grew in the
second half, no invariant was violated and nothing ended by itself.

      --minutes N   how long, 1 to 1440; default 30
      --page FILE   also write a plot of memory over time, as SVG
      --json        one JSON object instead of text
  -h, --help        this text
`;

const MINUTES_MAX = 1440;

export interface SoakContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Command line that runs `tandem`. */
  readonly tandem: readonly [command: string, ...args: string[]];
  readonly signal: AbortSignal;
}

interface Flags {
  readonly minutes: number;
  readonly json: boolean;
  readonly page?: string;
}

/** Runs `tandem soak`; `argv` is without node, script and `soak`. Gives the exit code. */
export async function soakMain(argv: readonly string[], context: SoakContext): Promise<number> {
  const flags = parseFlags(argv);
  if (!flags.ok) {
    process.stderr.write(`tandem soak: ${flags.error}; try --help\n`);
    return 2;
  }
  if (flags.value === "help") {
    process.stdout.write(HELP);
    return 0;
  }
  const { minutes, json, page } = flags.value;
  const tell = (line: string): void => void process.stderr.write(`tandem soak: ${line}\n`);
  try {
    const result = await runSoak({ minutes, ...context, tell });
    const trends = [...result.samples].map(([name, samples]) => trendOf(name, samples));
    if (page !== undefined) await writeFile(page, plot(result));
    process.stdout.write(json ? `${JSON.stringify(report(minutes, result, trends))}\n` : render(result, trends));
    return result.failures.length === 0 && trends.every(({ flat }) => flat) ? 0 : 1;
  } catch (error) {
    tell(context.signal.aborted ? "ended before its end; nothing is left running" : (error as Error).message);
    return 1;
  }
}

function parseFlags(argv: readonly string[]): Result<Flags | "help", string> {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        minutes: { type: "string" },
        page: { type: "string" },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
    if (values.help) return ok("help");
    const text = values.minutes ?? "30";
    const minutes = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
    if (!(minutes >= 1 && minutes <= MINUTES_MAX)) return err(`--minutes ${text}: expected 1 to ${MINUTES_MAX}`);
    return ok({ minutes, json: values.json ?? false, ...(values.page !== undefined && { page: values.page }) });
  } catch (error) {
    return err((error as Error).message.split("\n")[0] ?? "");
  }
}

function plot({ samples, rounds }: SoakResult): string {
  return lineChart({
    title: `Resident memory over ${rounds} rounds of changes`,
    x: "minutes",
    y: "MB",
    lines: [...samples].map(([label, of]) => ({ label, points: of.map(({ at, memory }) => [at, memory] as const) })),
  });
}

function report(minutes: number, { rounds, rows, failures }: SoakResult, trends: readonly Trend[]): object {
  const rounded = (value: number): number => Math.round(value * 10) / 10;
  return {
    schema: "tandem.soak.v1",
    minutes,
    rounds,
    rows_written: rows,
    failures,
    processes: trends.map(({ process, first, middle, last, slope, openFiles, flat }) => ({
      process,
      first_mb: rounded(first),
      middle_mb: rounded(middle),
      last_mb: rounded(last),
      mb_an_hour: rounded(slope),
      open_files: openFiles,
      flat,
    })),
  };
}

function render({ rounds, rows, failures }: SoakResult, trends: readonly Trend[]): string {
  const head = ["process", "first", "middle", "last", "MB an hour", "open files", ""];
  const body = trends.map(({ process, first, middle, last, slope, openFiles, flat }) => [
    process,
    ...[first, middle, last].map((value) => value.toFixed(1)),
    slope.toFixed(1),
    openFiles.join(" → "),
    flat ? "flat" : "grows",
  ]);
  const widths = head.map((_, i) => Math.max(...[head, ...body].map((row) => (row[i] ?? "").length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) =>
        i === 0 || i === row.length - 1 ? cell.padEnd(widths[i] as number) : cell.padStart(widths[i] as number),
      )
      .join("  ")
      .trimEnd();
  const failed = failures.length === 0 ? ["no failure"] : failures.map((text) => `failure: ${text}`);
  return `${[line(head), ...body.map(line), "", `${rounds} rounds, ${rows} row changes seen`, ...failed].join("\n")}\n`;
}
