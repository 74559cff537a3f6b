import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const CLI = fileURLToPath(new URL("../../../cli/dist/main.js", import.meta.url));

/** Command line of the built `tandem`. */
export const TANDEM: readonly [string, ...string[]] = [process.execPath, CLI];

export const REDIS_SERVER = process.env["TANDEM_REDIS_SERVER"] ?? "redis-server";

/** What tests on real processes lack here, e.g. for `needs`; empty when nothing. */
export function missingForProcesses(): string {
  if (!existsSync(CLI)) return "the CLI is not built; ./tandem test builds it";
  if (spawnSync(REDIS_SERVER, ["--version"]).status !== 0) return `${REDIS_SERVER} cannot be run`;
  return "";
}
