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
