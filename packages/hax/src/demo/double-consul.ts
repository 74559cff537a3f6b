import { join } from "node:path";
import { seconds, sleep, systemClock } from "@tandem/base";
import type { HostedProcess, ProcessHost } from "@tandem/daemon";
import { FAULTS_PATH } from "../consul-double/consul-double.js";
import { answersWrites, type DemoConsul } from "./consul-side.js";

export interface DemoAgent {
  readonly node: string;
  readonly port: number;
  /** Its configuration file, with the watches. */
  readonly file: string;
}

/** The double of Consul as a process, with its state in a file. */
export class DoubleConsul implements DemoConsul {
  readonly what = "our double of Consul";
  readonly howLeaderIsLost = "every call is answered `500 No cluster leader`";
  #process: HostedProcess | undefined;

  constructor(
    private readonly parts: {
      readonly processes: ProcessHost;
      readonly tandem: readonly [command: string, ...args: string[]];
      readonly folder: string;
      readonly agents: readonly DemoAgent[];
    },
  ) {}

  urlOf(node: string): URL {
    return new URL(`http://127.0.0.1:${this.parts.agents.find((agent) => agent.node === node)?.port}`);
  }

  async start(signal: AbortSignal): Promise<void> {
    const { processes, tandem, folder, agents } = this.parts;
    const [command, ...words] = tandem;
    const named = agents.flatMap(({ node, port, file }) => ["--agent", `${node},${port},${file}`]);
    const args = [...words, "hax", "consul-double", "--data", join(folder, "consul"), ...named];
    this.#process = processes.start({ name: "consul", command, args, log: join(folder, "consul.log") });
    await this.#process.untilLine(new RegExp(`agent of ${agents.at(-1)?.node} at`), signal);
  }

  async kill(): Promise<void> {
    this.#process?.kill("SIGKILL");
    await this.#process?.ended;
  }

  async loseLeader(): Promise<void> {
    await this.#turn(true);
  }

  async regainLeader(signal: AbortSignal): Promise<void> {
    await this.#turn(false);
    const [first] = this.parts.agents;
    while (!(await answersWrites(this.urlOf(first?.node ?? "")))) await sleep(systemClock, seconds(0.1), signal);
  }

  async stop(): Promise<void> {
    await this.#process?.stop();
  }

  async #turn(noLeader: boolean): Promise<void> {
    const [first] = this.parts.agents;
    const url = new URL(FAULTS_PATH, this.urlOf(first?.node ?? ""));
    // A double that was killed meanwhile has no faults any more.
    await fetch(url, { method: "PUT", body: JSON.stringify({ noLeader }) }).catch(() => undefined);
  }
}
