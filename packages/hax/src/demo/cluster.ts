import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CleanUp, type Millis, millis, seconds, sleep, systemClock } from "@tandem/base";
import { type HostedProcess, type ProcessHost, systemProcesses } from "@tandem/daemon";
import { HttpConsul } from "../consul/http-consul.js";
import { findConsul } from "../find-consul.js";
import { type Checked, Checker } from "./checker.js";
import type { DemoConsul } from "./consul-side.js";
import { DoubleConsul } from "./double-consul.js";
import { ProcessLedger } from "./ledger.js";
import {
  agentWatches,
  type DemoNode,
  type DemoProcess,
  endpointOf,
  NODES,
  PROCESSES_OF_ALL,
  registrations,
  seedKeys,
} from "./plan.js";
import { freePorts } from "./ports.js";
import { RealConsul } from "./real-consul.js";
import { StoredStates } from "./stored-states.js";

export interface ClusterOptions {
  /** Command line that runs `tandem`. */
  readonly tandem: readonly [command: string, ...args: string[]];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Also where a real Consul is found. */
  readonly alwaysDouble: boolean;
  /** Aborts at the end that somebody wants: waits reject then. */
  readonly signal: AbortSignal;
}

/** Ports of each node: Consul's HTTP, server and gossip, and hax's HTTP. */
const PORTS_PER_NODE = 4;
const LOOK_EVERY = seconds(0.1);
const PROVISION_WITHIN = seconds(60);
const CLIENTS_ASK_EVERY = 2;

/** Three nodes on this machine: Consul, three hax, nine Motr processes, and whoever checks them. */
export class DemoCluster implements AsyncDisposable {
  readonly folder: string;
  readonly consul: DemoConsul;
  readonly stored: StoredStates;
  readonly signal: AbortSignal;
  /** When an agent took a new status of a check: id of the service, wall time. */
  readonly checks: { readonly id: string; readonly status: string; readonly at: Millis }[] = [];
  /** Processes that ended unasked, with their last line. */
  readonly deaths: string[] = [];
  readonly #options: ClusterOptions;
  readonly #processes: ProcessHost;
  readonly #httpPorts: ReadonlyMap<string, number>;
  readonly #clients: ReadonlyMap<string, HttpConsul>;
  readonly #ledgers = new Map(PROCESSES_OF_ALL.map(({ name }) => [name, new ProcessLedger()]));
  readonly #running = new Map<string, HostedProcess>();
  readonly #expectedToEnd = new WeakSet<HostedProcess>();
  readonly #ending = new AbortController();
  readonly #cleanUp = new CleanUp();
  readonly #waiting = new Set<() => void>();
  readonly #background: Promise<void>[] = [];

  private constructor(
    options: ClusterOptions,
    parts: {
      readonly folder: string;
      readonly processes: ProcessHost;
      readonly consul: DemoConsul;
      readonly httpPorts: ReadonlyMap<string, number>;
      readonly cleanUp: CleanUp;
    },
  ) {
    this.#options = options;
    this.signal = options.signal;
    this.folder = parts.folder;
    this.consul = parts.consul;
    this.#processes = parts.processes;
    this.#httpPorts = parts.httpPorts;
    this.#cleanUp = parts.cleanUp;
    this.#clients = new Map(
      NODES.map(({ name }) => [name, new HttpConsul({ clock: systemClock, addresses: [this.consul.urlOf(name)] })]),
    );
    const agents = [...this.#clients.values()];
    this.stored = new StoredStates({ agents, onNews: () => this.#wake(), signal: this.#ending.signal });
  }

  /** Folder, ports and files; nothing runs yet. */
  static async create(options: ClusterOptions): Promise<DemoCluster> {
    const cleanUp = new CleanUp();
    const folder = mkdtempSync(join(tmpdir(), "tandem-hax-"));
    const remove = (): void => rmSync(folder, { recursive: true, force: true });
    // Also when the process ends at once; children get SIGKILL then.
    process.once("exit", remove);
    cleanUp.defer(() => {
      process.removeListener("exit", remove);
      remove();
    });
    const processes = cleanUp.use(systemProcesses());
    const ports = await freePorts(NODES.length * PORTS_PER_NODE);
    const httpPorts = new Map<string, number>();
    const agents = NODES.map(({ name }, i) => {
      const [port = 0, serverPort = 0, gossipPort = 0, http = 0] = ports.slice(i * PORTS_PER_NODE);
      httpPorts.set(name, http);
      const file = join(folder, `watches-${name}.json`);
      writeFileSync(file, JSON.stringify(agentWatches(new URL(`http://127.0.0.1:${http}`)), undefined, 2));
      mkdirSync(join(folder, name));
      return { node: name, port, serverPort, gossipPort, file };
    });
    const binary = options.alwaysDouble ? undefined : findConsul(options.env);
    const consul =
      binary === undefined
        ? new DoubleConsul({ processes, tandem: options.tandem, folder, agents })
        : await RealConsul.create({ binary, processes, folder, agents });
    return new DemoCluster(options, { folder, processes, consul, httpPorts, cleanUp });
  }

  ledger(name: string): ProcessLedger {
    return this.#ledgers.get(name) as ProcessLedger;
  }

  clientOf(node: string): HttpConsul {
    return this.#clients.get(node) as HttpConsul;
  }

  linkOf(node: string): string {
    return `unix:${join(this.folder, node, "link.sock")}`;
  }

  haxUrl(node: string): URL {
    return new URL(`http://127.0.0.1:${this.#httpPorts.get(node)}`);
  }

  /** Every process that runs. */
  get processes(): readonly HostedProcess[] {
    return this.#processes.processes;
  }

  /** Starts Consul, and puts in what a provisioner would. */
  async startConsul(): Promise<void> {
    await this.consul.start(this.signal);
    const [first] = NODES;
    for (const [key, value] of seedKeys())
      await put(this.consul.urlOf(first?.name ?? ""), `/v1/kv/${key}`, value, this.signal);
    for (const node of NODES)
      for (const body of registrations(node))
        await put(this.consul.urlOf(node.name), "/v1/agent/service/register", JSON.stringify(body), this.signal);
    this.#background.push(this.stored.follow());
  }

  /** From now on Consul is told how everybody is. */
  startChecks(): void {
    const { signal } = this.#ending;
    const all = NODES.flatMap((node): readonly Checked[] => [
      {
        ...{ node: node.name, id: node.haxId, alive: () => this.#pids(haxName(node.name)), stored: undefined },
        health: new URL("/health", this.haxUrl(node.name)),
      },
      ...node.processes.map((process) => ({
        ...{ node: node.name, id: String(process.fid.key), alive: () => this.#pids(process.name) },
        ...{ stored: () => this.stored.last(process.fidText), health: undefined },
      })),
    ]);
    const onChange = (id: string, status: string, at: Millis): void => {
      this.checks.push({ id, status, at });
      this.#wake();
    };
    const checker = new Checker({ all, agentOf: (node) => this.consul.urlOf(node), onChange, signal });
    this.#background.push(checker.run());
  }

  /** Resolves when it serves; at once when it runs already. */
  async startHax({ name }: DemoNode): Promise<void> {
    const flags = ["--node", name, "--consul", this.consul.urlOf(name).href, "--listen", this.linkOf(name), "--elect"];
    const more = ["--http", `127.0.0.1:${this.#httpPorts.get(name)}`, "--journal", join(this.folder, name, "journal")];
    const hax = this.#start(haxName(name), ["hax", ...flags, ...more], () => {});
    await hax.untilLine(/links at/, this.signal).catch((error) => {
      if (this.signal.aborted) throw error;
    });
  }

  startM0d(process: DemoProcess): void {
    if (this.#running.get(process.name)?.running === true) return;
    const ledger = this.ledger(process.name);
    ledger.born();
    const all = PROCESSES_OF_ALL.map(({ fidText }) => fidText).join(",");
    const flags = ["--hax", this.linkOf(process.node), "--fid", process.fidText, "--endpoint", endpointOf(process)];
    const { life } = ledger;
    this.#start(
      process.name,
      ["hax", "m0d", ...flags, "--get", all, "--get-every", `${CLIENTS_ASK_EVERY}`, "--json"],
      (line) => {
        if (ledger.life === life) ledger.take(line);
      },
    );
  }

  /** Sends a signal to a hax (`hax.b1`) or a Motr process (`b1.ios1`) that runs. */
  signalTo(name: string, signal: NodeJS.Signals): void {
    this.#running.get(name)?.kill(signal);
  }

  /** `kill -9`, or what else ends it; resolves with its exit code once it has ended. */
  async end(name: string, signal: "SIGKILL" | "SIGTERM"): Promise<number | null> {
    const process = this.#running.get(name);
    if (process === undefined) return null;
    this.#expectedToEnd.add(process);
    process.kill(signal);
    return (await process.ended).code;
  }

  isRunning(name: string): boolean {
    return this.#running.get(name)?.running === true;
  }

  /** Starts again whatever a name means; nothing when it runs. */
  async startAgain(name: string): Promise<void> {
    const node = NODES.find((each) => haxName(each.name) === name);
    if (node !== undefined) await this.startHax(node);
    const process = PROCESSES_OF_ALL.find((each) => each.name === name);
    if (process !== undefined) this.startM0d(process);
  }

  /** How long it took until `condition` held, looked at after every news; nothing when `limit` came first. */
  async until(limit: Millis, condition: () => boolean | Promise<boolean>): Promise<Millis | undefined> {
    const began = systemClock.monotonic();
    for (;;) {
      this.signal.throwIfAborted();
      if (await condition()) return millis(systemClock.monotonic() - began);
      if (systemClock.monotonic() - began >= limit) return undefined;
      const news = new AbortController();
      const wake = (): void => news.abort();
      this.#waiting.add(wake);
      await sleep(systemClock, LOOK_EVERY, news.signal).catch(() => {});
      this.#waiting.delete(wake);
    }
  }

  /** Sum of a metric over its series, of one hax; nothing when it does not answer. */
  async metric(node: string, name: string): Promise<number | undefined> {
    try {
      const answer = await fetch(new URL("/metrics", this.haxUrl(node)), { signal: AbortSignal.timeout(2000) });
      const lines = (await answer.text()).split("\n").filter((line) => line.startsWith(name));
      const values = lines
        .filter((line) => /[ {]/.test(line.charAt(name.length)))
        .map((line) => line.split(" ").at(-1));
      return values.reduce((sum, value) => sum + Number(value), 0);
    } catch {
      return undefined;
    }
  }

  /** Motr processes first, then hax, then Consul. */
  async stop(): Promise<readonly { readonly name: string; readonly code: number | null }[]> {
    const endAll = (names: readonly string[]) =>
      Promise.all(names.map(async (name) => ({ name, code: await this.end(name, "SIGTERM") })));
    const motr = await endAll(PROCESSES_OF_ALL.map(({ name }) => name).filter((name) => this.isRunning(name)));
    const hax = await endAll(NODES.map(({ name }) => haxName(name)).filter((name) => this.isRunning(name)));
    return [...motr, ...hax];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort(new Error("the demo ends"));
    for (const process of this.processes) this.#expectedToEnd.add(process);
    await Promise.all(this.#background);
    for (const client of this.#clients.values()) await client[Symbol.asyncDispose]();
    await this.#cleanUp[Symbol.asyncDispose]();
  }

  #start(name: string, args: readonly string[], onLine: (line: string) => void): HostedProcess {
    const before = this.#running.get(name);
    if (before?.running === true) return before;
    const [command, ...words] = this.#options.tandem;
    const started = this.#processes.start({
      ...{ name, command, args: [...words, ...args], log: join(this.folder, `${name}.log`) },
      onLine: (line) => {
        onLine(line);
        this.#wake();
      },
    });
    this.#running.set(name, started);
    void started.ended.then(({ code, signal }) => {
      if (!this.#expectedToEnd.has(started))
        this.deaths.push(`${name}: ${signal ?? `exit code ${code}`}: ${started.lines.at(-1) ?? ""}`);
      this.#wake();
    });
    return started;
  }

  #pids(name: string): readonly number[] {
    const process = this.#running.get(name);
    return process?.running === true ? [process.pid] : [];
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}

export const haxName = (node: string): string => `hax.${node}`;

/** A provisioner's call; one that fails is tried again for a while, as Consul may be killed meanwhile. */
async function put(agent: URL, path: string, body: string, signal: AbortSignal): Promise<void> {
  const until = systemClock.monotonic() + PROVISION_WITHIN;
  for (;;) {
    const failure = await putOnce(new URL(path, agent), body);
    if (failure === undefined) return;
    if (systemClock.monotonic() > until) throw new Error(`Consul does not take ${path}: ${failure}`);
    await sleep(systemClock, LOOK_EVERY, signal);
  }
}

async function putOnce(url: URL, body: string): Promise<string | undefined> {
  try {
    const answer = await fetch(url, { method: "PUT", body, signal: AbortSignal.timeout(seconds(5)) });
    const text = await answer.text();
    return answer.ok ? undefined : `${answer.status} ${text}`;
  } catch (error) {
    return (error as Error).message;
  }
}
