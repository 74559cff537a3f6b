import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Consul as the demo uses it: one agent for each node, real or not. */
export interface DemoConsul {
  /** `Consul v1.15.4, three servers` */
  readonly what: string;
  /** What is done to it so that nobody leads. */
  readonly howLeaderIsLost: string;
  urlOf(node: string): URL;
  /** Starts it, or starts it again with what it had on its disk; resolves when it answers writes. */
  start(signal: AbortSignal): Promise<void>;
  /** `kill -9` of all its processes. */
  kill(): Promise<void>;
  /** Resolves when nobody leads. */
  loseLeader(signal: AbortSignal): Promise<void>;
  /** Resolves when writes are answered again. */
  regainLeader(signal: AbortSignal): Promise<void>;
  /** Ends its processes. */
  stop(): Promise<void>;
}

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

/** Whether a write through an agent is carried out within two seconds. */
export async function answersWrites(agent: URL): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(2000);
    const answer = await fetch(new URL("/v1/kv/demo/alive", agent), { method: "PUT", body: "yes", signal });
    return answer.ok && (await answer.text()).trim() === "true";
  } catch {
    return false;
  }
}
