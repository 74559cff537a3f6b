import { access, constants, stat } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { err, ok, type Result } from "@tandem/base";

/** Path of a program: `name` itself where it holds a slash, else the first of that name on PATH. */
export async function findProgram(name: string, path: string): Promise<Result<string, string>> {
  const candidates = name.includes("/") ? [name] : path.split(delimiter).map((folder) => join(folder, name));
  for (const candidate of candidates) if (await isExecutable(candidate)) return ok(candidate);
  return err(name.includes("/") ? `${name}: no such program` : `${name}: not on PATH`);
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false; // not there, or not ours to run
  }
}
