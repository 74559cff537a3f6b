import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { ScriptCall } from "./script-call.js";

/** Keys that are almost never the same: a random one of this many. */
const KEY_RANGE = 1_000_000_000;

export interface RedisBenchmarkOptions {
  readonly socket: string;
  /** Number of the database; default 0. */
  readonly db?: number;
  readonly count: number;
  readonly pipeline: number;
  readonly clients: number;
}

/** Calls of a script per second, by redis-benchmark. */
export async function redisBenchmark(
  program: string,
  call: ScriptCall,
  { socket, db = 0, count, pipeline, clients }: RedisBenchmarkOptions,
): Promise<number> {
  const options = ["-s", socket, "--dbnum", db, "-c", clients, "-q", "-n", count, "-P", pipeline, "-r", KEY_RANGE].map(
    String,
  );
  const { stdout } = await promisify(execFile)(program, [...options, ...call.command("k__rand_int__")]);
  const rate = parseRate(stdout);
  if (rate === undefined) throw new Error(`${program}: a rate was expected, found ${JSON.stringify(stdout)}`);
  return rate;
}

/** The program beside the redis-server that is used, or the one on PATH; `undefined` when there is none. */
export function findRedisBenchmark(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const server = env["TANDEM_REDIS_SERVER"];
  const folders = [...(server?.includes("/") ? [dirname(server)] : []), ...(env["PATH"] ?? "").split(":")];
  return folders.map((folder) => join(folder, "redis-benchmark")).find((path) => existsSync(path));
}

/** The last `N requests per second` of what `redis-benchmark -q` prints. */
export function parseRate(output: string): number | undefined {
  const last = [...output.matchAll(/([\d.]+) requests per second/g)].at(-1)?.[1];
  return last === undefined ? undefined : Number(last);
}
