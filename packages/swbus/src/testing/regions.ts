import { type Millis, millis, seconds } from "@tandem/base";
import { VirtualClock } from "@tandem/base/testing";
import { MemoryNetwork } from "@tandem/wire/testing";
import type { Swbusd } from "../daemon/swbusd.js";
import { traceRoute } from "../edge/probe.js";
import { SwbusErrorCode } from "../gen/swbus_pb.js";
import { parseServicePath } from "../service-path.js";
import { type GatewayNode, type GatewayShape, gatewayNodes, Tables } from "./gateways.js";
import { SwbusWorld } from "./swbus-world.js";

/** All swbusd of a shape, on a simulated network. */
export class Regions implements AsyncDisposable {
  readonly clock = new VirtualClock();
  readonly network = new MemoryNetwork({ clock: this.clock });
  readonly world = new SwbusWorld({ clock: this.clock, busOf: (host) => this.network.bus(host) });
  readonly nodes: readonly GatewayNode[];
  readonly running = new Map<
    string,
    { readonly node: GatewayNode; readonly daemon: Swbusd; readonly kill: () => void }
  >();

  constructor(shape: GatewayShape) {
    this.nodes = gatewayNodes(shape, (host) => `${host}:50`);
  }

  static async start(shape: GatewayShape): Promise<Regions> {
    const regions = new Regions(shape);
    for (const node of regions.nodes) await regions.startNode(node.name);
    return regions;
  }

  async startNode(name: string): Promise<void> {
    const node = this.nodes.find((candidate) => candidate.name === name);
    if (node === undefined) throw new Error(name);
    const bus = this.network.bus(node.host);
    const daemon = await this.world.swbusd(node.config, bus);
    this.running.set(name, { node, daemon, kill: () => bus.abandon() });
  }

  kill(name: string): void {
    this.running.get(name)?.kill();
    this.running.delete(name);
  }

  /** The switch of a node loses power: nobody is told. */
  powerOff(name: string): void {
    const running = this.running.get(name);
    if (running === undefined) throw new Error(name);
    this.network.powerOff(running.node.host);
    this.running.delete(name);
  }

  /** Who would still send to nodes that are gone further than to somebody who knows better. */
  ghosts(gone: readonly string[]): string[] {
    const tables = this.tables();
    return [...this.running.keys()].flatMap((from) =>
      gone.flatMap((to) => {
        const walk = tables.walk(from, to);
        return walk.kind === "noRoute" ? [] : [`${from} -> ${to}: ${walk.kind} ${walk.way.join(" ")}`];
      }),
    );
  }

  tables(): Tables {
    return new Tables([...this.running.values()].map(({ node, daemon }) => [node, daemon] as const));
  }

  /** A pair of running nodes that do not reach each other, as a line; the one of the last time first. */
  unreached(): string | undefined {
    const tables = this.tables();
    const names = [...this.running.keys()];
    const check = (from: string, to: string): string | undefined => {
      const walk = tables.walk(from, to);
      if (walk.kind === "arrived") return undefined;
      this.#lastUnreached = [from, to];
      return `${from} -> ${to}: ${walk.kind} ${walk.way.join(" ")}`;
    };
    const [from, to] = this.#lastUnreached;
    if (this.running.has(from) && this.running.has(to)) {
      const still = check(from, to);
      if (still !== undefined) return still;
    }
    for (const from of names)
      for (const to of names) {
        const line = check(from, to);
        if (line !== undefined) return line;
      }
    return undefined;
  }
  #lastUnreached: readonly [string, string] = ["", ""];

  /** Virtual time until every pair of running nodes reaches each other, in steps of 5 ms. */
  async untilReached(limit: Millis): Promise<number> {
    const began = this.clock.monotonic();
    for (let line = this.unreached(); line !== undefined; line = this.unreached()) {
      if (this.clock.monotonic() - began > limit) throw new Error(line);
      await this.clock.advance(millis(5));
    }
    return this.clock.monotonic() - began;
  }

  /** Lets time pass until nobody has announced anything for longer than a hold-down takes. */
  async untilQuiet(): Promise<void> {
    for (let before = -1; before !== this.announced; ) {
      before = this.announced;
      await this.clock.advance(millis(1500));
    }
  }

  /** Streams that stand. */
  get streams(): number {
    return [...this.running.values()].reduce((sum, { daemon }) => sum + daemon.links.length, 0) / 2;
  }

  /** Ways that each node keeps, over all destinations. */
  get ways(): readonly number[] {
    return [...this.running.values()].map(({ daemon }) => daemon.routes().length);
  }

  /** Announcements that were sent by those that run. */
  get announced(): number {
    return [...this.running.values()].reduce((sum, { daemon }) => sum + daemon.stats.announcementsSent, 0);
  }

  async trace(from: string, to: string): Promise<string[]> {
    const node = this.nodes.find(({ name }) => name === from);
    if (node === undefined) throw new Error(from);
    const edge = this.world.edge(node.config.endpoint, `${from}/trace/${this.#traces++}`, "client");
    await this.clock.advanceUntil(() => edge.connected, seconds(5));
    const said: string[] = [];
    const work = async (): Promise<void> => {
      for await (const { outcome } of traceRoute(this.world.client(edge), parseServicePath(to), {
        hopsMax: 64,
        timeout: seconds(1),
      }))
        if (outcome.kind === "answer") {
          const { code, source } = outcome.response;
          said.push(code === SwbusErrorCode.OK ? `${source}` : `${source} ${SwbusErrorCode[code]}`);
        }
    };
    await this.clock.run(work(), seconds(200));
    await edge[Symbol.asyncDispose]();
    return said;
  }
  #traces = 0;

  async [Symbol.asyncDispose](): Promise<void> {
    await this.world[Symbol.asyncDispose]();
  }
}
