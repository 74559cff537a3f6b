import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Consul's binary: `CONSUL_BIN`, or `consul` on `PATH`. */
export function findConsul(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const named = env["CONSUL_BIN"];
  if (named !== undefined && named !== "") return named;
  return (env["PATH"] ?? "")
    .split(delimiter)
    .map((folder) => join(folder, "consul"))
    .find(executable);
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
