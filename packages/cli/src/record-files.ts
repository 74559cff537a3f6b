import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { StepSummary } from "@tandem/actor";
import { err, ok, type Result } from "@tandem/base";
import { type ProcessRecords, parseRecordLines } from "./render/record-lines.js";

/** Where hamgrds keep their record files unless told otherwise. */
export const RECORD_FOLDER = "/var/log/dash-ha";

/** Files that are read of one folder, newest first. */
const FILES_MAX = 64;

/**
 * Steps that record files (`hamgrd-dpu<slot>.rec`, and older ones `….rec.1` …) and flights hold: of one file, or of all in
 * a folder and the folders right below it. Fails with one line when there is none, or none can be read.
 */
export async function readRecords(from = RECORD_FOLDER): Promise<Result<readonly ProcessRecords[], string>> {
  try {
    const files = (await stat(from)).isDirectory() ? await filesOf(from) : [from];
    if (files.length === 0) return err(`${from}: expected record files (*.rec) or flights (*.flight) in it`);
    const all: ProcessRecords[] = [];
    for (const file of files) {
      const parsed = parseRecordLines((await readFile(file, "utf8")).split("\n"));
      if (!parsed.ok) return err(`${file}: ${parsed.error}`);
      all.push(...parsed.value);
    }
    return ok(merged(all));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return err(code === "ENOENT" ? `${from}: no such file or folder` : `${from}: ${message}`);
  }
}

async function filesOf(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: false });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(folder, entry.name));
  for (const entry of entries) {
    if (!entry.isDirectory()) continue;
    const below = await readdir(join(folder, entry.name), { withFileTypes: true });
    files.push(...below.filter((file) => file.isFile()).map((file) => join(folder, entry.name, file.name)));
  }
  const records = files.filter((file) => /\.rec(?:\.\d+)?$|\.flight(?:\.\d+)?$/.test(file));
  return records.sort().slice(0, FILES_MAX);
}

/** One entry per process; a step that two files hold is there once. */
function merged(all: readonly ProcessRecords[]): readonly ProcessRecords[] {
  const processes = new Map<string, Map<string, StepSummary>>();
  for (const { process, steps } of all) {
    const known = processes.get(process) ?? new Map<string, StepSummary>();
    processes.set(process, known);
    for (const step of steps) known.set(`${step.trace.id} ${step.n} ${step.actor}`, step);
  }
  return [...processes].map(([process, steps]) => ({
    process,
    steps: [...steps.values()].sort((a, b) => a.at - b.at || a.n - b.n),
  }));
}
