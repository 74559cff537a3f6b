import { open, readFile } from "node:fs/promises";
import { flightClosing, flightOpening, flightProcessLine, flightStepLines, sealFlight } from "@tandem/actor";
import { err, ok, type Result, systemClock } from "@tandem/base";
import { describeReplay, replayFlight } from "@tandem/hamgrd";
import { type HamgrdPlace, Hamgrds, type Silent } from "../ask-hamgrds.js";
import { type CommandRun, type Failure, failed, printJson, wantsJson } from "../io.js";

/** `tandem flight export <file>`: what the hamgrds of this switch have recorded, in a form that can be taken again. */
export const runFlightExport: CommandRun = async (invocation, io) => {
  const file = invocation.args[0] ?? "";
  const opened = await Hamgrds.openWithTables(invocation, io);
  if (!opened.ok) return opened;
  await using asked = opened.value;
  const { hamgrds } = asked;
  const lines = [flightOpening(systemClock.now())];
  const processes: { process: string; steps: number }[] = [];
  for (const place of hamgrds.local) {
    const part = await flightOf(hamgrds, place, io.signal);
    if (!part.ok) {
      io.complain(`warning: ${part.error.who}: ${part.error.why}`);
      continue;
    }
    lines.push(...part.value.lines);
    processes.push({ process: part.value.process, steps: part.value.steps });
  }
  if (processes.length === 0) return err(failed("no hamgrd of this switch answers; nothing is written"));
  const steps = processes.reduce((sum, part) => sum + part.steps, 0);
  const written = await write(file, `${sealFlight([...lines, flightClosing(steps)]).join("\n")}\n`);
  if (!written.ok) return written;
  if (wantsJson(invocation)) printJson(io, "flight-export", { file, steps, processes });
  else {
    const parts = processes.map((part) => `  ${part.process}: ${part.steps} steps\n`).join("");
    io.print(`${file}: ${steps} steps\n${parts}`);
  }
  return ok();
};

interface Part {
  readonly process: string;
  readonly steps: number;
  readonly lines: readonly string[];
}

async function flightOf(hamgrds: Hamgrds, place: HamgrdPlace, signal: AbortSignal): Promise<Result<Part, Silent>> {
  const lines: string[] = [];
  let process = "";
  let steps = 0;
  for await (const page of hamgrds.pages(place, { form: "flight" }, signal)) {
    if (!page.ok) return page;
    const { slot, boot, about, first, values, steps: some } = page.value;
    if (process === "") lines.push(flightProcessLine({ process: page.value.process, slot, boot, about, first }));
    process = page.value.process;
    steps += some.length;
    lines.push(...flightStepLines(values, some));
  }
  return ok({ process, steps, lines });
}

/** An existing file is not written over: it may be the only record of something. */
async function write(file: string, text: string): Promise<Result<void, Failure>> {
  try {
    const handle = await open(file, "wx");
    await handle.writeFile(text).finally(() => handle.close());
    return ok();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return err(failed(code === "EEXIST" ? `${file} exists already; name a new file` : message));
  }
}

/** `tandem flight replay <file>`: every step taken again. Fails at the first that comes out otherwise. */
export const runFlightReplay: CommandRun = async (invocation, io) => {
  const file = invocation.args[0] ?? "";
  const text = await read(file);
  if (!text.ok) return text;
  const report = replayFlight(text.value.trimEnd().split("\n"));
  if (!report.ok) return err(failed(`${file}: ${report.error}`));
  const { first } = report.value;
  if (wantsJson(invocation)) printJson(io, "flight-replay", { file, ...report.value, first: first ?? null });
  else io.print(`${describeReplay(report.value).join("\n")}\n`);
  return first === undefined ? ok() : err(failed(`${file}: line ${first.line} comes out otherwise`));
};

async function read(file: string): Promise<Result<string, Failure>> {
  try {
    return ok(await readFile(file, "utf8"));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return err(failed(code === "ENOENT" ? `${file}: no such file` : `${file}: ${message}`));
  }
}
