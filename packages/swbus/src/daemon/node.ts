import { type Clock, millis, type Random, within } from "@tandem/base";
import {
  type Accept,
  type Arrival,
  type Bus,
  type BusStream,
  GrpcStatus,
  type Metadata,
  type Refusal,
} from "@tandem/wire";
import { AnnouncementDecoder } from "../announcement.js";
import { type Connection, type ConnectionId, connectionId, isPeerType } from "../connection-info.js";
import { type BadMessage, readEnvelope } from "../envelope.js";
import { SwbusErrorCode } from "../gen/swbus_pb.js";
import type { MessageIds } from "../message-id.js";

import { RouteTable } from "../route-table.js";
import { Router } from "../router.js";
import { displayServicePath, type ServicePath } from "../service-path.js";
import { PathDecoder } from "../wire-path.js";
import { SERVER_PATH_HEADER } from "./admission.js";
import { Announcer } from "./announcer.js";
import { nodePath, type PeerConfig, type SwbusConfig } from "./config.js";
import { Dialer } from "./dialer.js";
import { Door } from "./door.js";
import { type SwbusdObserver, type SwbusdStats, worthSaying } from "./events.js";
import { Link } from "./link.js";
import type { NodeLimits } from "./node-limits.js";
import { Pace } from "./pace.js";
import { Tally } from "./tally.js";

/** Longest time that a sender is not read because what it sent waits at its next hop. */
const BACK_PRESSURE_MAX = millis(250);

export interface NodeOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly random: Random;
  readonly observer: SwbusdObserver;
  readonly stats: SwbusdStats;
  readonly newId: MessageIds;
  readonly limits: NodeLimits;
}

/** A swbusd under one name: its table, its streams, and the loops that serve them. A new name is a new node. */
export class Node {
  readonly path: ServicePath;
  readonly table: RouteTable;
  readonly #options: NodeOptions;
  readonly #router: Router;
  readonly #announcer: Announcer;
  readonly #paths = new PathDecoder();
  readonly #announcements = new AnnouncementDecoder(this.#paths);
  readonly #links = new Map<ConnectionId, Link>();
  readonly #dialers = new Map<string, Dialer>();
  readonly #replaced = new Tally(256);
  readonly #door: Door;
  readonly #faults = new Tally(1024);
  /** By peer: the bytes of its last announcement. */
  readonly #announced = new Map<string, Buffer>();
  /** Links that the batch in hand has filled up. */
  #pressed = new Set<Link>();
  #stopped = false;

  constructor(config: SwbusConfig, options: NodeOptions) {
    this.#options = options;
    this.path = nodePath(config);
    this.table = new RouteTable(config.routes, options.limits.routes);
    const { clock, newId, limits, stats, observer } = options;
    const isOwn = (path: ServicePath): boolean => this.table.isOwn(path);
    this.#door = new Door({ self: this.path, isOwn, config, clock, stats, observer });
    this.#router = new Router({
      table: this.table,
      self: this.path,
      newId,
      trySend: (connection, message) => this.#trySend(connection, message),
    });
    this.#announcer = new Announcer({
      table: this.table,
      self: this.path,
      clock,
      newId,
      gather: limits.gather,
      alternatives: limits.alternatives,
      refresh: limits.refresh,
      send: (connection, message) => {
        options.stats.announcementsSent += 1;
        this.#links.get(connection.id)?.sendAlways(message);
      },
    });
  }

  /** The streams that stand. */
  get links(): readonly Link[] {
    return [...this.#links.values()];
  }

  /** Configured peers to which no stream of ours stands. */
  get peersDown(): number {
    let up = 0;
    for (const { mode } of this.#links.values()) if (mode === "dialed") up += 1;
    return Math.max(0, this.#dialers.size - up);
  }

  /** Takes over routes and peers of a configuration that names the same node. */
  apply(config: SwbusConfig): void {
    this.table.replaceOwn(config.routes, this.#options.clock.monotonic());
    // What peers announced was judged by our own routes: it is judged again.
    for (const link of this.#links.values()) {
      const content = this.#announced.get(link.remote.key);
      if (content !== undefined && isPeerType(link.type)) this.#learn(link, content);
    }
    this.#announcer.changed();
    this.#door.configure(config);
    const wanted = new Map(config.peers.map((peer) => [peer.endpoint, peer]));
    for (const [endpoint, dialer] of this.#dialers) {
      if (wanted.get(endpoint)?.type === dialer.peer.type) continue;
      this.#dialers.delete(endpoint);
      dialer.stop();
    }
    for (const [endpoint, peer] of wanted) if (!this.#dialers.has(endpoint)) this.#dial(peer);
  }

  /** Decides on an incoming stream. */
  accept(metadata: Metadata, remote: string, arrival: Arrival): Accept {
    const visitor = this.#door.admit(metadata, remote, arrival);
    if (!visitor.ok) return visitor.error;
    const { path, type } = visitor.value;
    return {
      accept: true,
      metadata: { [SERVER_PATH_HEADER]: displayServicePath(this.path) },
      serve: (stream) => {
        const link = new Link(connectionId("accepted", remote), "accepted", type, path, stream);
        this.#replaceStale(link);
        void this.#serve(link);
      },
    };
  }

  /** Somebody was turned away before it could say who it is. */
  refused(refusal: Refusal): void {
    this.#door.refused(refusal);
  }

  /** Closes every stream and stops every loop. */
  stop(): void {
    this.#stopped = true;
    for (const dialer of this.#dialers.values()) dialer.stop();
    this.#dialers.clear();
    this.#announcer.stop();
    this.#door.stop();
    for (const link of [...this.#links.values()]) this.#end(link);
  }

  #dial(peer: PeerConfig): void {
    const { bus, clock, random, stats, observer } = this.#options;
    const dialer = new Dialer({ peer, self: this.path, bus, clock, random, stats, observer }, (stream) =>
      this.#dialed(peer, stream),
    );
    this.#dialers.set(peer.endpoint, dialer);
  }

  /** Serves a stream that we dialed until it ends; a refusal is why it is of no use. */
  async #dialed(peer: PeerConfig, stream: BusStream): Promise<string | undefined> {
    const path = this.#door.recognize(peer.endpoint, stream);
    if (!path.ok) {
      stream.close(GrpcStatus.ok);
      return path.error;
    }
    await this.#serve(new Link(connectionId("dialed", peer.endpoint), "dialed", peer.type, path.value, stream));
    return undefined;
  }

  async #serve(link: Link): Promise<void> {
    if (this.#stopped) {
      link.close();
      return;
    }
    this.#links.set(link.id, link);
    this.table.addConnection(link, this.#options.clock.monotonic());
    const path = link.remote.toString();
    this.#options.observer({ kind: "connected", connection: link.id, type: link.type, path });
    if (isPeerType(link.type)) this.#announcer.came(link.remote);
    const { clock, limits, stats } = this.#options;
    const pace = new Pace(limits.messagesPerSecond, clock.monotonic());
    for await (const batch of link.stream.batches) {
      for (const message of batch) if (link.open) this.#receive(link, message);
      if (this.#pressed.size > 0) await this.#relieveNextHops();
      const wait = pace.take(batch.length, clock.monotonic());
      if (wait === 0) continue;
      stats.paced += 1;
      await within(clock, wait, link.stream.ended);
    }
    const end = await link.stream.ended;
    if (this.#end(link)) {
      const { code, detail } = end;
      this.#options.observer({ kind: "disconnected", connection: link.id, path, code, detail });
    }
  }

  /** Takes a link out of service; false when it was out already. */
  #end(link: Link): boolean {
    link.close();
    if (this.#links.get(link.id) !== link) return false;
    this.#links.delete(link.id);
    this.table.removeConnection(link.id, this.#options.clock.monotonic());
    this.#faults.forget(link.id);
    this.#announced.delete(link.remote.key);
    if (isPeerType(link.type)) this.#announcer.went(link.remote);
    return true;
  }

  /** A peer that connects again has lost its old stream, whether or not we have noticed. */
  #replaceStale(fresh: Link): void {
    for (const old of [...this.#links.values()]) {
      if (old.mode !== "accepted" || old.id === fresh.id) continue;
      if (old.type !== fresh.type || !old.remote.equals(fresh.remote)) continue;
      this.#end(old);
      const path = fresh.remote.toString();
      const times = this.#replaced.count(path, "replaced");
      if (worthSaying(times)) this.#options.observer({ kind: "replaced", old: old.id, by: fresh.id, path, times });
    }
  }

  #receive(link: Link, bytes: Uint8Array): void {
    const { stats } = this.#options;
    stats.received += 1;
    const read = readEnvelope(bytes, this.#paths);
    if (!read.ok) {
      this.#badMessage(link, read.error);
      return;
    }
    const outcome = this.#router.receive(read.value, link);
    switch (outcome.kind) {
      case "forwarded":
        stats.forwarded += 1;
        break;
      case "answered":
        stats.answered.set(outcome.code, (stats.answered.get(outcome.code) ?? 0) + 1);
        break;
      case "dropped":
        stats.dropped += 1;
        break;
      case "announcement":
        this.#import(link, outcome.content);
        break;
    }
  }

  #import(link: Link, content: Uint8Array): void {
    this.#options.stats.announcementsReceived += 1;
    // Repeated announcements are the rule: nothing new in them.
    if (this.#announced.get(link.remote.key)?.equals(content) !== true) this.#learn(link, content);
  }

  #learn(link: Link, content: Uint8Array): void {
    const { stats, observer, clock } = this.#options;
    const announcement = this.#announcements.decode(content);
    if (announcement === undefined) {
      this.#badMessage(link, { kind: "undecodable", detail: "damaged announcement body" });
      return;
    }
    const { routes, withoutPath } = announcement;
    const { changed, refused } = this.table.importRoutes(link, routes, clock.monotonic());
    this.#announced.set(link.remote.key, Buffer.from(content));
    if (changed) this.#announcer.changed();
    const count = refused.length + withoutPath;
    if (count === 0) return;
    stats.routesRefused += count;
    const times = this.#faults.count(link.id, "routes");
    const detail = refused[0] ?? "an entry without service_path";
    if (worthSaying(times))
      observer({
        kind: "badRoutes",
        connection: link.id,
        detail: count > 1 ? `${detail} (and ${count - 1} more)` : detail,
        times,
      });
  }

  #badMessage(link: Link, fault: BadMessage): void {
    const { stats, observer } = this.#options;
    stats.badMessages += 1;
    const times = this.#faults.count(link.id, fault.kind);
    if (worthSaying(times)) observer({ kind: "badMessage", connection: link.id, detail: fault.detail, times });
    if (fault.source === undefined || fault.id === undefined) return;
    const code = fault.kind === "noBody" ? SwbusErrorCode.INVALID_PAYLOAD : SwbusErrorCode.INVALID_HEADER;
    this.#router.refuse({ id: fault.id, source: fault.source }, code, fault.detail);
  }

  #trySend(connection: Connection, message: Uint8Array): "sent" | "full" | "gone" {
    const link = this.#links.get(connection.id);
    if (link === undefined) return "gone";
    const sent = link.trySend(message);
    if (link.pressed) this.#pressed.add(link);
    if (sent === "full") {
      this.#options.stats.queueFull += 1;
      if (link.tellRefusal())
        this.#options.observer({ kind: "queueFull", connection: link.id, path: link.remote.toString() });
    }
    return sent;
  }

  /**
   * Back-pressure: a sender is not read while what it sent waits. Bounded, since two swbusd that wait for each other
   * would both stand still: a next hop that does not take anything in that time is not waited for again until it does,
   * and what is too much for it is answered QUEUE_FULL.
   */
  async #relieveNextHops(): Promise<void> {
    const pressed = [...this.#pressed];
    this.#pressed.clear();
    await Promise.all(pressed.map((hop) => hop.relieve(this.#options.clock, BACK_PRESSURE_MAX)));
  }
}
