import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { seconds, sleep, systemClock } from "@tandem/base";
import type { HostedProcess, ProcessHost } from "@tandem/daemon";
import { answersWrites, type DemoConsul } from "./consul-side.js";
import type { DemoAgent } from "./double-consul.js";

export interface RealAgent extends DemoAgent {
  readonly serverPort: number;
  readonly gossipPort: number;
}

const LOOK_EVERY = seconds(0.1);

/** Three servers of a real Consul on ports of their own, each the agent of a node, each with its data on disk. */
export class RealConsul implements DemoConsul {
  readonly howLeaderIsLost = "two of three servers are stopped (SIGSTOP)";
  readonly #servers = new Map<string, HostedProcess>();

  private constructor(
    readonly what: string,
    private readonly parts: {
      readonly binary: string;
      readonly processes: ProcessHost;
      readonly folder: string;
      readonly agents: readonly RealAgent[];
    },
  ) {}

  /** Rejects when the binary cannot say its version. */
  static async create(parts: RealConsul["parts"]): Promise<RealConsul> {
    const { stdout } = await promisify(execFile)(parts.binary, ["version"]);
    return new RealConsul(`${stdout.split("\n", 1)[0]}, three servers`, parts);
  }

  urlOf(node: string): URL {
    return new URL(`http://127.0.0.1:${this.parts.agents.find((agent) => agent.node === node)?.port}`);
  }

  async start(signal: AbortSignal): Promise<void> {
    const { agents } = this.parts;
    await Promise.all(agents.map((agent) => this.#startServer(agent)));
    await this.#untilAllAnswer(signal);
  }

  async kill(): Promise<void> {
    const servers = [...this.#servers.values()];
    for (const server of servers) server.kill("SIGKILL");
    await Promise.all(servers.map(({ ended }) => ended));
  }

  async loseLeader(signal: AbortSignal): Promise<void> {
    const [first, ...others] = this.parts.agents;
    for (const { node } of others) this.#servers.get(node)?.kill("SIGSTOP");
    while (await answersWrites(this.urlOf(first?.node ?? ""))) await sleep(systemClock, LOOK_EVERY, signal);
  }

  async regainLeader(signal: AbortSignal): Promise<void> {
    for (const server of this.#servers.values()) server.kill("SIGCONT");
    await this.#untilAllAnswer(signal);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#servers.values()].map((server) => server.stop()));
  }

  async #startServer({ node, port, file, serverPort, gossipPort }: RealAgent): Promise<void> {
    const { binary, processes, folder, agents } = this.parts;
    const own = join(folder, `consul-${node}.json`);
    await writeFile(
      own,
      JSON.stringify({
        ...{ node_name: node, server: true, bootstrap_expect: agents.length, data_dir: join(folder, `consul-${node}`) },
        ...{ bind_addr: "127.0.0.1", client_addr: "127.0.0.1", log_level: "WARN", disable_update_check: true },
        retry_join: agents.map((agent) => `127.0.0.1:${agent.gossipPort}`),
        ...{ retry_interval: "1s", performance: { raft_multiplier: 1 }, connect: { enabled: false } },
        ports: {
          ...{ http: port, server: serverPort, serf_lan: gossipPort },
          ...{ serf_wan: -1, dns: -1, grpc: -1, grpc_tls: -1 },
        },
      }),
    );
    this.#servers.set(
      node,
      processes.start({
        ...{ name: `consul.${node}`, command: binary, args: ["agent", `-config-file=${own}`, `-config-file=${file}`] },
        log: join(folder, `consul-${node}.log`),
      }),
    );
  }

  /** Every server takes writes, and lists its own node with the check that Consul keeps of it. */
  async #untilAllAnswer(signal: AbortSignal): Promise<void> {
    for (const { node } of this.parts.agents) {
      const url = this.urlOf(node);
      while (!((await answersWrites(url)) && (await isListed(url, node)))) await sleep(systemClock, LOOK_EVERY, signal);
    }
  }
}

async function isListed(agent: URL, node: string): Promise<boolean> {
  try {
    const answer = await fetch(new URL(`/v1/health/node/${node}`, agent), { signal: AbortSignal.timeout(2000) });
    return answer.ok && ((await answer.json()) as readonly unknown[]).length > 0;
  } catch {
    return false;
  }
}
