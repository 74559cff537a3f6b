import { type Clock, type Random, seededRandom, unwrap } from "@tandem/base";
import type { Bus } from "@tandem/wire";
import type { ConnectionType } from "../connection-info.js";
import type { SwbusConfig } from "../daemon/config.js";
import type { SwbusdEvent } from "../daemon/events.js";
import type { NodeLimits } from "../daemon/node-limits.js";
import { readOwnPath } from "../daemon/read-fields.js";
import { type Swbusd, startSwbusd } from "../daemon/swbusd.js";
import { startEdge } from "../edge/edge.js";
import type { EdgeRuntime } from "../edge/edge-runtime.js";
import { SimpleClient } from "../edge/simple-client.js";
import { parseServicePath, scopeOf } from "../service-path.js";

export interface SwbusWorldOptions {
  readonly clock: Clock;
  /** The bus of a process on that host. */
  readonly busOf: (host: string) => Bus;
  readonly random?: Random;
  readonly limits?: Partial<NodeLimits>;
}

/** A configuration in few words: own paths (their parts imply the scope), and peers by endpoint. */
export function swbusConfig(
  endpoint: string,
  paths: readonly string[],
  peers: Readonly<Record<string, ConnectionType>> = {},
): SwbusConfig {
  const routes = paths.map((text) => {
    const scope = scopeOf(parseServicePath(text));
    return { path: unwrap(readOwnPath(text, scope), "swbusConfig"), scope };
  });
  return {
    endpoint,
    routes,
    peers: Object.entries(peers).map(([at, type]) => ({ endpoint: at, type })),
  };
}

/** Some swbusd and edges that talk to each other over any `Bus`, and what they said. */
export class SwbusWorld implements AsyncDisposable {
  readonly events: { readonly at: string; readonly event: SwbusdEvent }[] = [];
  readonly #running: AsyncDisposable[] = [];
  readonly #random: Random;

  constructor(private readonly options: SwbusWorldOptions) {
    this.#random = options.random ?? seededRandom(1);
  }

  /** Starts a swbusd. */
  async swbusd(config: SwbusConfig, bus: Bus = this.options.busOf(hostOf(config.endpoint))): Promise<Swbusd> {
    const { clock, limits } = this.options;
    const daemon = await startSwbusd({
      config,
      clock,
      random: this.#random,
      bus,
      observer: (event) => this.events.push({ at: config.endpoint, event }),
      ...(limits !== undefined && { limits }),
    });
    this.#running.push(daemon);
    return daemon;
  }

  /** Starts an edge of the service at `path`, beside the swbusd at `endpoint`. */
  edge(endpoint: string, path: string, type: "inNode" | "client" = "inNode", bus?: Bus): EdgeRuntime {
    const edge = startEdge({
      bus: bus ?? this.options.busOf(hostOf(endpoint)),
      clock: this.options.clock,
      random: this.#random,
      endpoint,
      basePath: parseServicePath(path),
      type,
    });
    this.#running.push(edge);
    return edge;
  }

  /** A client at a resource of an edge. */
  client(edge: EdgeRuntime, resource = "client"): SimpleClient {
    return new SimpleClient(edge, edge.basePath.withResource(resource, "0"), this.options.clock);
  }

  /** Events of one kind, as they happened. */
  told<K extends SwbusdEvent["kind"]>(kind: K): Extract<SwbusdEvent, { kind: K }>[] {
    return this.events.flatMap(({ event }) =>
      event.kind === kind ? [event as Extract<SwbusdEvent, { kind: K }>] : [],
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const one of this.#running.splice(0).reverse()) await one[Symbol.asyncDispose]();
  }
}

function hostOf(endpoint: string): string {
  return endpoint.slice(0, endpoint.lastIndexOf(":")).replace(/^\[(.*)\]$/, "$1");
}
