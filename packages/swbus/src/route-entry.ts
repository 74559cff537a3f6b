import type { Millis } from "@tandem/base";
import type { AnnouncedRoute, Connection, ConnectionId } from "./connection-info.js";
import { compareText, type Scope, type ServicePath } from "./service-path.js";

/** A way to a destination: this node itself, or over one connection in `hops` hops. */
export type Way =
  | { readonly kind: "local" }
  | { readonly kind: "remote"; readonly connection: Connection; readonly hops: number };

/** Another swbusd, with all streams that stand to it, in order of preference; at least one while it is in use. */
export interface Peer {
  readonly path: ServicePath;
  connections: readonly Connection[];
  /** What it announced last, by route key. */
  learned: ReadonlyMap<string, AnnouncedRoute>;
}

const LOCAL: Way = { kind: "local" };

/** Everything known of one destination. Its ways are put in order when somebody asks. */
export class RouteEntry {
  own = false;
  /** Streams that end at the destination itself. */
  readonly direct = new Map<ConnectionId, Connection>();
  /** Peers that announced the destination, with our distance over them. */
  readonly via = new Map<Peer, number>();
  /** The best path got longer or vanished: until then only paths at most this long count. */
  hold: { readonly hops: number; readonly until: Millis } | undefined;
  /** Distance over the best way that counts, when last settled: 0 is here, infinite is none. */
  best = Number.POSITIVE_INFINITY;
  #ways: readonly Way[] | undefined;
  /** By hops. */
  readonly #announced: AnnouncedRoute[] = [];

  constructor(
    readonly key: string,
    readonly path: ServicePath,
    readonly scope: Scope,
  ) {}

  /** Distance over the best way, whether or not it counts now. */
  get shortest(): number {
    if (this.own) return 0;
    if (this.direct.size > 0) return 1;
    let shortest = Number.POSITIVE_INFINITY;
    for (const hops of this.via.values()) if (hops < shortest) shortest = hops;
    return shortest;
  }

  get unused(): boolean {
    return !this.own && this.direct.size === 0 && this.via.size === 0 && this.hold === undefined;
  }

  /** All ways that count, best first: by hops, then connection id. */
  get ways(): readonly Way[] {
    this.#ways ??= this.#rank();
    return this.#ways;
  }

  /** Distance over the best way that counts and does not lead over `remote`; infinite when there is none. */
  besides(remote: ServicePath): number {
    const longest = this.hold?.hops ?? Number.POSITIVE_INFINITY;
    if (longest >= 1) for (const connection of this.direct.values()) if (!connection.remote.equals(remote)) return 1;
    let shortest = Number.POSITIVE_INFINITY;
    for (const [{ path, connections }, hops] of this.via) {
      if (hops >= shortest || hops > longest || connections.length === 0 || path.equals(remote)) continue;
      if (hops <= this.best) return hops;
      shortest = hops;
    }
    return shortest;
  }

  /** The only node over which ways as short as the best lead; `undefined` when there are several such nodes, or none. */
  get sole(): ServicePath | undefined {
    let sole: ServicePath | undefined;
    if (this.best === 1)
      for (const { remote } of this.direct.values()) {
        if (sole !== undefined && !sole.equals(remote)) return undefined;
        sole = remote;
      }
    for (const [{ path, connections }, hops] of this.via) {
      if (hops !== this.best || connections.length === 0) continue;
      if (sole !== undefined && !sole.equals(path)) return undefined;
      sole = path;
    }
    return sole;
  }

  /** The destination as it is announced at that distance: the same object each time. */
  announced(hops: number): AnnouncedRoute {
    const { path, scope } = this;
    this.#announced[hops] ??= { path, scope, hops };
    return this.#announced[hops];
  }

  /** Something that the ways are made of changed. */
  touch(): void {
    this.#ways = undefined;
  }

  #rank(): readonly Way[] {
    const longest = this.hold?.hops ?? Number.POSITIVE_INFINITY;
    const remote: (Way & { kind: "remote" })[] = [];
    if (longest >= 1)
      for (const connection of this.direct.values()) remote.push({ kind: "remote", connection, hops: 1 });
    for (const [peer, hops] of this.via) {
      const connection = peer.connections[0];
      if (connection !== undefined && hops <= longest) remote.push({ kind: "remote", connection, hops });
    }
    remote.sort((a, b) => a.hops - b.hops || compareText(a.connection.id, b.connection.id));
    return this.own ? [LOCAL, ...remote] : remote;
  }
}
