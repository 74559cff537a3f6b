import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TransportName } from "../transport.js";

/** Lines of code in the folder of a transport, without tests, comments and blank lines; 0 where sources are not there. */
export async function codeLinesOf(transport: TransportName): Promise<number> {
  const folder = fileURLToPath(new URL(`../../src/${transport}`, import.meta.url));
  const names = await readdir(folder).catch(() => []);
  let lines = 0;
  for (const name of names) {
    if (!name.endsWith(".ts") || name.endsWith(".test.ts")) continue;
    const text = await readFile(join(folder, name), "utf8");
    lines += text.split("\n").filter((line) => !/^\s*(?:$|\/\/|\/\*|\*)/.test(line)).length;
  }
  return lines;
}
