import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Holds `printed` against the file at `path`; throws at the first line that differs. `UPDATE=1` rewrites the file, and
 * that diff is read as code.
 */
export function golden(path: string, printed: string): void {
  if (process.env["UPDATE"] === "1") {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, printed);
    return;
  }
  const expected = read(path);
  if (expected === printed) return;
  const [want, got] = [expected.split("\n"), printed.split("\n")];
  const at = got.findIndex((line, i) => line !== want[i]);
  const line = at < 0 ? got.length : at;
  throw new Error(
    `${path}:${line + 1}: expected ${JSON.stringify(want[line])}, printed ${JSON.stringify(got[line])} (UPDATE=1 rewrites the file)`,
  );
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}
