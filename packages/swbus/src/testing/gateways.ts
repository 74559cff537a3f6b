import type { ConnectionType } from "../connection-info.js";
import type { SwbusConfig } from "../daemon/config.js";
import type { Swbusd } from "../daemon/swbusd.js";
import type { RouteLine } from "../route-line.js";
import { compareText } from "../service-path.js";
import { swbusConfig } from "./swbus-world.js";

/** Regions of clusters of nodes. */
export interface GatewayShape {
  readonly regions: number;
  readonly clusters: number;
  readonly nodes: number;
}

/** One swbusd of it. */
export interface GatewayNode {
  /** `r0.c0.n0`. */
  readonly name: string;
  readonly region: number;
  readonly cluster: number;
  readonly node: number;
  readonly host: string;
  readonly config: SwbusConfig;
}

/** Nodes of a cluster that lead out of it. */
const GATEWAYS = 2;

/**
 * Clusters are meshes. The first two nodes of each are its gateways: they peer with all gateways of the region's other
 * clusters. The first node of each region's first two clusters leads out of the region: it peers with all of those of
 * other regions.
 */
export function gatewayNodes(shape: GatewayShape, endpointOf: (host: string) => string): readonly GatewayNode[] {
  const places = range(shape.regions).flatMap((region) =>
    range(shape.clusters).flatMap((cluster) =>
      range(shape.nodes).map((node) => ({
        region,
        cluster,
        node,
        host: `10.${region}.${cluster}.${node + 1}`,
        name: `r${region}.c${cluster}.n${node}`,
        isGateway: node < GATEWAYS,
        isBorder: node === 0 && cluster < GATEWAYS,
      })),
    ),
  );
  return places.map((self) => {
    const peers: Record<string, ConnectionType> = {};
    for (const other of places) {
      const type = linkType(self, other);
      if (type !== undefined) peers[endpointOf(other.host)] = type;
    }
    const routes = [self.name];
    if (self.isGateway) routes.push(`r${self.region}.c${self.cluster}`);
    if (self.isBorder) routes.push(`r${self.region}`);
    const { name, region, cluster, node, host } = self;
    return { name, region, cluster, node, host, config: swbusConfig(endpointOf(host), routes, peers) };
  });
}

interface Place {
  readonly region: number;
  readonly cluster: number;
  readonly node: number;
  readonly isGateway: boolean;
  readonly isBorder: boolean;
}

function linkType(a: Place, b: Place): ConnectionType | undefined {
  if (a === b) return undefined;
  if (a.region !== b.region) return a.isBorder && b.isBorder ? "global" : undefined;
  if (a.cluster !== b.cluster) return a.isGateway && b.isGateway ? "inRegion" : undefined;
  return "inCluster";
}

/** How a message would go: each node on its way, the first one included. */
export type Walk =
  | { readonly kind: "arrived"; readonly way: readonly string[] }
  | { readonly kind: "noRoute"; readonly way: readonly string[] }
  | { readonly kind: "loop"; readonly way: readonly string[] };

/** The tables of many swbusd at one moment, each read when it is first asked for, to follow messages through them. */
export class Tables {
  readonly #nodes: ReadonlyMap<string, readonly [GatewayNode, Swbusd]>;
  readonly #best = new Map<string, ReadonlyMap<string, RouteLine>>();
  readonly #own = new Map<string, ReadonlySet<string>>();

  constructor(nodes: Iterable<readonly [GatewayNode, Swbusd]>) {
    this.#nodes = new Map([...nodes].map((one) => [one[0].name, one]));
    for (const [{ name, config }] of this.#nodes.values())
      this.#own.set(name, new Set(config.routes.map(({ path }) => path.toString())));
  }

  /** Follows a message from one node to another, as the router decides: the longest key first, what is ours ends it. */
  walk(from: string, to: string): Walk {
    const way = [from];
    const [region = "", cluster = ""] = to.split(".");
    const keys = [to, `${region}.${cluster}`, region];
    for (let at = from; at !== to; ) {
      const next = this.#next(at, keys);
      if (next === undefined) return { kind: "noRoute", way };
      if (way.includes(next)) return { kind: "loop", way: [...way, next] };
      way.push(next);
      at = next;
    }
    return { kind: "arrived", way };
  }

  /** Destinations that a node knows. */
  size(name: string): number {
    return this.#bestOf(name).size;
  }

  #next(at: string, keys: readonly string[]): string | undefined {
    for (const key of keys) {
      const line = this.#bestOf(at).get(key);
      if (line !== undefined) return line.nextHop.toString();
      if (this.#own.get(at)?.has(key) === true) return undefined;
    }
    return undefined;
  }

  #bestOf(name: string): ReadonlyMap<string, RouteLine> {
    const read = this.#best.get(name);
    if (read !== undefined) return read;
    const best = new Map<string, RouteLine>();
    for (const line of this.#nodes.get(name)?.[1].routes() ?? []) {
      const key = line.path.toString();
      const known = best.get(key);
      if (known === undefined || compare(line, known) < 0) best.set(key, line);
    }
    this.#best.set(name, best);
    return best;
  }
}

function compare(a: RouteLine, b: RouteLine): number {
  return a.hops - b.hops || compareText(a.nextHopId, b.nextHopId);
}

function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => i);
}
