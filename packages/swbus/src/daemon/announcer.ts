import { type Clock, type Millis, millis, type Timer } from "@tandem/base";
import { encodeAnnouncement } from "../announcement.js";
import type { Connection } from "../connection-info.js";
import { encodeMessage, TTL_ANNOUNCEMENT } from "../message.js";
import type { MessageIds } from "../message-id.js";
import type { RouteTable } from "../route-table.js";
import type { ServicePath } from "../service-path.js";

export interface AnnouncerOptions {
  readonly table: RouteTable;
  readonly self: ServicePath;
  readonly clock: Clock;
  readonly newId: MessageIds;
  readonly send: (connection: Connection, message: Uint8Array) => void;
  /** Changes that come within this time go out as one announcement. */
  readonly gather: Millis;
  /** Every peer is told everything again this often: what got lost is repaired. */
  readonly refresh: Millis;
}

/** What a peer was told last. */
interface Told {
  /** Of the table, when it was made. */
  version: number;
  readonly connection: Connection;
  readonly content: Buffer;
}

/**
 * Announcing takes at most one part in this many of a node's time, so that it still gets to everything else while many
 * connections come at once; each round is then put off, for `PUT_OFF_MAX` at most.
 */
const SHARE = 8;
const PUT_OFF_MAX = millis(500);

/** Tells each peer its full set of routes when that set changed, when a connection to it came or went, and now and then. */
export class Announcer {
  /** By peer. */
  readonly #told = new Map<string, Told>();
  #gathering: Timer | undefined;
  #refreshing: Timer | undefined;
  #holding: Timer | undefined;
  #stopped = false;
  /** How long the next round is put off at least. */
  #putOff: Millis = millis(0);

  constructor(private readonly options: AnnouncerOptions) {
    this.#armRefresh();
  }

  /** Something in the table changed. */
  changed(): void {
    const { clock, gather } = this.options;
    this.#armHold();
    if (this.#stopped) return;
    this.#gathering ??= clock.setTimer(millis(Math.max(gather, this.#putOff)), () => {
      this.#gathering = undefined;
      const from = clock.monotonic();
      this.#announce("changes");
      this.#putOff = millis(Math.min(PUT_OFF_MAX, SHARE * (clock.monotonic() - from)));
    });
  }

  /** A connection of the peer came or went: whatever it was told may have gone with the other stream. */
  repeatTo(peer: ServicePath): void {
    this.#told.delete(peer.key);
    this.changed();
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of [this.#gathering, this.#refreshing, this.#holding]) timer?.cancel();
  }

  #armRefresh(): void {
    if (this.#stopped) return;
    this.#refreshing = this.options.clock.setTimer(this.options.refresh, () => {
      this.#announce("everything");
      this.#armRefresh();
    });
  }

  #armHold(): void {
    this.#holding?.cancel();
    this.#holding = undefined;
    const { table, clock } = this.options;
    const ends = table.holdEnds;
    if (ends === undefined || this.#stopped) return;
    const delay = Math.max(0, ends - clock.monotonic()) as Millis;
    this.#holding = clock.setTimer(delay, () => {
      this.#holding = undefined;
      if (table.endHolds(clock.monotonic())) this.changed();
      else this.#armHold();
    });
  }

  #announce(what: "changes" | "everything"): void {
    const present = new Set<string>();
    for (const { path, preferred } of this.options.table.peers()) {
      present.add(path.key);
      const before = this.#told.get(path.key);
      const told = this.#upToDate(before, preferred);
      if (told === before && what === "changes") continue;
      this.#told.set(path.key, told);
      const { self, newId } = this.options;
      // It travels one hop: leaves with one less than it was given, as any message does.
      const header = { id: newId(), ttl: TTL_ANNOUNCEMENT - 1, source: self, destination: path };
      this.options.send(preferred, encodeMessage(header, "announcement", told.content));
    }
    for (const peer of this.#told.keys()) if (!present.has(peer)) this.#told.delete(peer);
  }

  /** What the peer should know; the same object when it has been told. */
  #upToDate(before: Told | undefined, connection: Connection): Told {
    const { table } = this.options;
    const { version } = table;
    if (before?.version === version && before.connection === connection) return before;
    const content = encodeAnnouncement(table.exportRoutes(connection));
    if (before?.connection !== connection || !before.content.equals(content)) return { version, connection, content };
    before.version = version;
    return before;
  }
}
