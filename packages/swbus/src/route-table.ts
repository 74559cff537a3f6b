import type { Millis } from "@tandem/base";
import {
  type AnnouncedRoute,
  type Connection,
  type ConnectionId,
  isPeerType,
  type OwnRoute,
} from "./connection-info.js";
import { type Peer, RouteEntry, type Way } from "./route-entry.js";
import type { RouteLine } from "./route-line.js";
import { compareServicePaths, compareText, SCOPE, type Scope, ServicePath, scopeOf } from "./service-path.js";

export interface RouteLimits {
  /** Longest path that is believed; what counts up ends here. */
  readonly hopsMax: number;
  /** How long, after a best path was lost, longer ones have to stay announced before they are believed. */
  readonly holdDown: Millis;
  /** Destinations that one peer may announce; the rest is ignored. */
  readonly routesPerPeerMax: number;
}

export const ROUTE_LIMITS: RouteLimits = { hopsMax: 16, holdDown: 1000 as Millis, routesPerPeerMax: 4096 };

/** What came of an announcement. */
export interface ImportReport {
  /** Whether any way changed. */
  readonly changed: boolean;
  /** Entries that were not installed, each with its reason. */
  readonly refused: readonly string[];
}

/** What exports are made of: a destination of peers' interest, or a route of our own, as it is announced by our best way. */
interface Exportable extends AnnouncedRoute {
  readonly best: AnnouncedRoute;
  /** Given when the best way leads over one node only, which is therefore told of another way, or of none. */
  readonly sole: { readonly node: ServicePath; readonly entry: RouteEntry } | undefined;
}

const NO_WAYS: readonly Way[] = [];

/**
 * Who can be reached over which connection. Pure state: connections come and go, peers announce, and every question is
 * answered from that.
 *
 * A path that is longer than one just lost may be the lost one coming back through a neighbour that has not noticed yet.
 * It counts only if it is still announced after the hold-down; by then neighbours have withdrawn what led through us.
 */
export class RouteTable {
  readonly #limits: RouteLimits;
  #own: readonly OwnRoute[];
  /** Own routes as they are announced. */
  #ownExports: readonly Exportable[] = [];
  /** Route keys of our own routes. */
  #ownKeys: ReadonlySet<string> = new Set();
  /** Paths of our own routes. */
  #ownPaths: ReadonlySet<string> = new Set();
  readonly #entries = new Map<string, RouteEntry>();
  readonly #connections = new Map<ConnectionId, Connection>();
  readonly #peers = new Map<string, Peer>();
  readonly #held = new Set<RouteEntry>();
  readonly #waysCache = new Map<string, readonly Way[]>();
  #exportable: readonly Exportable[] | undefined;
  /** In order of path; made anew when an entry came or went. */
  #ordered: readonly RouteEntry[] | undefined;
  #version = 0;

  constructor(own: readonly OwnRoute[], limits: RouteLimits = ROUTE_LIMITS) {
    this.#limits = limits;
    this.#own = own;
    this.#installOwn();
    this.#touched();
  }

  /** Grows whenever a way may have changed. */
  get version(): number {
    return this.#version;
  }

  get own(): readonly OwnRoute[] {
    return this.#own;
  }

  get connections(): Iterable<Connection> {
    return this.#connections.values();
  }

  /** Peers with at least one connection; the preferred one carries announcements. */
  *peers(): Iterable<{ readonly path: ServicePath; readonly preferred: Connection }> {
    for (const { path, connections } of this.#peers.values())
      if (connections[0] !== undefined) yield { path, preferred: connections[0] };
  }

  isOwn(path: ServicePath): boolean {
    return this.#ownPaths.has(path.key);
  }

  /** A connection stands. One whose far end claims to be ourselves is not ours to add: check `isOwn` first. */
  addConnection(connection: Connection, now: Millis): void {
    this.removeConnection(connection.id, now);
    this.#connections.set(connection.id, connection);
    const peer = isPeerType(connection.type) ? this.#peerOf(connection.remote) : undefined;
    if (peer !== undefined)
      peer.connections = [...peer.connections, connection].sort((a, b) => compareText(a.id, b.id));
    const entry = this.#entryFor(directPath(connection));
    entry.direct.set(connection.id, connection);
    this.#settle(entry, now);
    if (peer !== undefined) this.#settleLearned(peer, now);
  }

  /** A connection is gone. The last one of a peer takes along what the peer announced. */
  removeConnection(id: ConnectionId, now: Millis): void {
    const connection = this.#connections.get(id);
    if (connection === undefined) return;
    this.#connections.delete(id);
    const peer = isPeerType(connection.type) ? this.#peers.get(connection.remote.key) : undefined;
    if (peer !== undefined) {
      peer.connections = peer.connections.filter((other) => other.id !== id);
      if (peer.connections.length === 0) this.#dropPeer(peer, now);
      else this.#settleLearned(peer, now);
    }
    const entry = this.#entryFor(directPath(connection));
    entry.direct.delete(id);
    this.#settle(entry, now);
  }

  /** The complete set of destinations that the peer at `connection` offers replaces its previous one. */
  importRoutes(connection: Connection, routes: readonly AnnouncedRoute[], now: Millis): ImportReport {
    const peer = this.#peers.get(connection.remote.key);
    if (peer === undefined || !this.#connections.has(connection.id))
      return { changed: false, refused: [`no connection ${connection.id}`] };
    const refused: string[] = [];
    const next = new Map<string, AnnouncedRoute>();
    for (const route of routes) {
      if (next.size >= this.#limits.routesPerPeerMax) {
        refused.push(`more than ${this.#limits.routesPerPeerMax} destinations, the rest is ignored`);
        break;
      }
      const reason = this.#addImported(peer, route, next);
      if (reason !== undefined) refused.push(reason);
    }
    const before = peer.learned;
    peer.learned = next;
    const version = this.#version;
    for (const [key, route] of before) {
      const after = next.get(key);
      if (after?.hops !== route.hops) this.#setVia(peer, route, after, now);
    }
    for (const [key, route] of next) if (!before.has(key)) this.#setVia(peer, route, route, now);
    return { changed: this.#version !== version, refused };
  }

  /**
   * All ways to `destination`, most specific key first, best first within a key. Never changes the table.
   *
   * A prefix of our own ends the list: whoever sends by it sends to us, so what we do not know below it is nowhere, and a
   * wider prefix would only lead back here.
   */
  ways(destination: ServicePath): readonly Way[] {
    const keys = destination.routeKeys;
    const cached = this.#waysCache.get(keys[0]);
    if (cached !== undefined) return cached;
    const last = keys.findIndex((key) => this.#ownKeys.has(key));
    const found = keys
      .slice(0, last === -1 ? keys.length : last + 1)
      .flatMap((key) => this.#entries.get(key)?.ways ?? NO_WAYS);
    if (this.#waysCache.size >= WAYS_CACHE_MAX) this.#waysCache.clear();
    this.#waysCache.set(keys[0], found);
    return found;
  }

  /**
   * What the peer at `target` is told: each destination of its reach by our best path that does not lead over itself,
   * or over one hop more if another peer offers that; and our own routes. Ordered by path. The same object for the same
   * destination and distance each time, so that lists can be compared by identity.
   */
  exportRoutes(target: Connection): readonly AnnouncedRoute[] {
    if (!isPeerType(target.type)) return [];
    const reach = SCOPE[target.type];
    const told: AnnouncedRoute[] = [];
    this.#exportable ??= this.#listExportable();
    for (const { scope, best, sole } of this.#exportable) {
      if (scope < reach) continue;
      if (sole === undefined || !sole.node.equals(target.remote)) {
        told.push(best);
        continue;
      }
      const hops = sole.entry.besides(target.remote);
      if (hops <= best.hops + 1) told.push(sole.entry.announced(hops));
    }
    return told;
  }

  /**
   * Whether a route that we offer to a peer gives it nothing shorter than what it has: it told us that it gets there in one
   * hop more than we do or less, or is there itself.
   */
  isAlternative(peer: ServicePath, { path, scope, hops }: AnnouncedRoute): boolean {
    if (path.equals(peer.swbusdPath)) return true;
    const known = this.#peers.get(peer.key)?.learned.get(keyOf(path, scope));
    return known !== undefined && known.hops <= hops + 1;
  }

  /** Every way over a connection, tools aside. Our own routes are not listed. */
  lines(): readonly RouteLine[] {
    const lines: RouteLine[] = [];
    for (const { path, scope, ways } of this.#entries.values()) {
      if (ways[0]?.kind !== "remote") continue;
      for (const way of ways) {
        if (way.kind !== "remote" || way.connection.type === "client") continue;
        lines.push({ path, scope, hops: way.hops, nextHopId: way.connection.id, nextHop: way.connection.remote });
      }
    }
    return lines.sort(compareRoutes);
  }

  /** Which peer is behind an `ip:port`: in practice one that we dialed. */
  resolveAddress(address: string): ServicePath | undefined {
    for (const connection of this.#connections.values())
      if (isPeerType(connection.type) && connection.address === address) return connection.remote;
    return undefined;
  }

  /** When the next hold-down ends. */
  get holdEnds(): Millis | undefined {
    let first: Millis | undefined;
    for (const { hold } of this.#held)
      if (hold !== undefined && (first === undefined || hold.until < first)) first = hold.until;
    return first;
  }

  /** Ends the hold-downs that are over; says whether any way came back. */
  endHolds(now: Millis): boolean {
    let changed = false;
    for (const entry of [...this.#held]) {
      if (entry.hold === undefined || entry.hold.until > now) continue;
      this.#release(entry);
      this.#settle(entry, now);
      changed ||= Number.isFinite(entry.best);
    }
    return changed;
  }

  /** Our own routes after a change of configuration. */
  replaceOwn(own: readonly OwnRoute[], now: Millis): void {
    for (const entry of this.#entries.values()) entry.own = false;
    this.#own = own;
    this.#installOwn();
    for (const entry of [...this.#entries.values()]) this.#settle(entry, now);
    this.#touched();
  }

  #installOwn(): void {
    this.#ownKeys = new Set(this.#own.map(({ path, scope }) => keyOf(path, scope)));
    this.#ownPaths = new Set(this.#own.map(({ path }) => path.key));
    this.#ownExports = this.#own.map(({ path, scope }) => {
      const best = { path, scope, hops: 0 };
      return { ...best, best, sole: undefined };
    });
    for (const { path, scope } of this.#own) {
      if (scope !== SCOPE.inCluster) continue;
      const entry = this.#entryFor(path.swbusdPath);
      entry.own = true;
      entry.best = 0;
      entry.touch();
    }
  }

  /** In order of path. */
  #listExportable(): readonly Exportable[] {
    const list = [...this.#ownExports];
    this.#ordered ??= [...this.#entries.values()].sort((a, b) => compareServicePaths(a.path, b.path));
    for (const entry of this.#ordered) {
      const { path, scope, best: hops, own, sole: node } = entry;
      if (own || scope < SCOPE.inCluster || !Number.isFinite(hops)) continue;
      list.push({ path, scope, hops, best: entry.announced(hops), sole: node && { node, entry } });
    }
    return list.sort(compareRoutes);
  }

  #addImported(peer: Peer, route: AnnouncedRoute, into: Map<string, AnnouncedRoute>): string | undefined {
    const path = atScope(route.path, route.scope);
    if (path === undefined) return `${route.path}: not a destination of scope ${route.scope}`;
    // What we are ourselves, and the peer's own node, which stands by its connections.
    if (this.isOwn(path) || path.equals(peer.path.swbusdPath)) return undefined;
    if (path !== route.path && this.isOwn(route.path)) return undefined;
    if (route.hops >= this.#limits.hopsMax)
      return `${path}: ${route.hops} hops, at most ${this.#limits.hopsMax - 1} are believed`;
    const key = keyOf(path, route.scope);
    const known = into.get(key);
    if (known === undefined || route.hops < known.hops) into.set(key, path === route.path ? route : { ...route, path });
    return undefined;
  }

  #setVia(peer: Peer, at: AnnouncedRoute, route: AnnouncedRoute | undefined, now: Millis): void {
    const entry = this.#entryFor(at.path);
    if (route === undefined) entry.via.delete(peer);
    else entry.via.set(peer, route.hops + 1);
    this.#settle(entry, now);
  }

  #settleLearned(peer: Peer, now: Millis): void {
    for (const route of peer.learned.values()) this.#settle(this.#entryFor(route.path), now);
  }

  #dropPeer(peer: Peer, now: Millis): void {
    this.#peers.delete(peer.path.key);
    const learned = peer.learned;
    peer.learned = new Map();
    for (const route of learned.values()) this.#setVia(peer, route, undefined, now);
  }

  #peerOf(path: ServicePath): Peer {
    let peer = this.#peers.get(path.key);
    if (peer === undefined) {
      peer = { path, connections: [], learned: new Map() };
      this.#peers.set(path.key, peer);
    }
    return peer;
  }

  #entryFor(path: ServicePath): RouteEntry {
    const scope = scopeOf(path);
    const key = keyOf(path, scope);
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = new RouteEntry(key, path, scope);
      this.#entries.set(key, entry);
      this.#ordered = undefined;
    }
    return entry;
  }

  /** Takes in a change of an entry; starts a hold-down when its best way is lost, ends it when one as good is there. */
  #settle(entry: RouteEntry, now: Millis): void {
    let best = entry.shortest;
    if (entry.hold !== undefined) {
      if (best <= entry.hold.hops) this.#release(entry);
      else best = Number.POSITIVE_INFINITY;
    } else if (best > entry.best && entry.scope !== SCOPE.client) {
      entry.hold = { hops: entry.best, until: (now + this.#limits.holdDown) as Millis };
      this.#held.add(entry);
      best = Number.POSITIVE_INFINITY;
    }
    entry.best = best;
    entry.touch();
    if (entry.unused) {
      this.#entries.delete(entry.key);
      this.#ordered = undefined;
    }
    this.#touched();
  }

  #release(entry: RouteEntry): void {
    entry.hold = undefined;
    this.#held.delete(entry);
  }

  #touched(): void {
    this.#version += 1;
    this.#exportable = undefined;
    if (this.#waysCache.size > 0) this.#waysCache.clear();
  }
}

/** Destinations whose ways are remembered ready-made; beyond that the memory starts anew. */
const WAYS_CACHE_MAX = 16_384;

/** The route key of a destination of that scope. */
function keyOf(path: ServicePath, scope: Scope): string {
  switch (scope) {
    case SCOPE.global:
      return path.globalPrefix;
    case SCOPE.inRegion:
      return path.regionPrefix;
    case SCOPE.inCluster:
      return path.clusterPrefix;
    default:
      return path.servicePrefix;
  }
}

/** `path` cut to what `scope` compares; `undefined` when parts of it are missing, or the scope is not for announcing. */
function atScope(path: ServicePath, scope: Scope): ServicePath | undefined {
  const { region, cluster, node } = path;
  if (region === "") return undefined;
  // What peers announce is cut already, as a rule.
  if (path.isNode && scopeOf(path) === scope) return path;
  switch (scope) {
    case SCOPE.global:
      return new ServicePath({ region });
    case SCOPE.inRegion:
      return cluster === "" ? undefined : new ServicePath({ region, cluster });
    case SCOPE.inCluster:
      return cluster === "" || node === "" ? undefined : new ServicePath({ region, cluster, node });
    default:
      return undefined;
  }
}

function directPath({ type, remote }: Connection): ServicePath {
  return isPeerType(type) ? remote.swbusdPath : remote.servicePath;
}

export function compareRoutes(a: { path: ServicePath; hops: number }, b: { path: ServicePath; hops: number }): number {
  return compareServicePaths(a.path, b.path) || a.hops - b.hops;
}
