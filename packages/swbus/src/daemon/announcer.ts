import { type Clock, type Millis, millis, seconds, type Timer } from "@tandem/base";
import { encodeAnnouncement } from "../announcement.js";
import type { AnnouncedRoute, Connection } from "../connection-info.js";
import { encodeMessageOf, TTL_ANNOUNCEMENT } from "../message.js";
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
  /** What gives a peer nothing but an alternative goes out within this time. */
  readonly alternatives: Millis;
  /** Every peer is told everything again this often: what got lost is repaired. */
  readonly refresh: Millis;
}

/** What a peer was told last. */
interface Told {
  /** Of the table, when it was made. */
  version: number;
  readonly connection: Connection;
  readonly routes: readonly AnnouncedRoute[];
  readonly at: Millis;
  /** How long after it the next one may follow that only adds destinations. */
  readonly gap: Millis;
  /** When at the latest it is told of what it has not been told of yet. */
  due: Millis | undefined;
}

/** Looks at what has changed that follow each other closely keep twice the distance each time, up to this. */
const GATHER_MAX = millis(640);
/** Additions of which one peer is told keep four times the distance each time. */
const GAP = { first: millis(20), max: seconds(8), factor: 4 };

/**
 * Tells each peer its full set of routes when that set changed, when a connection to it came or went, and now and then.
 *
 * What is gone, or further away, is told at once. A destination more is told at once too, but while one follows the other
 * (a mesh comes up, and everybody gets to know everybody) ever more of them go out together. Where our way would not be a
 * shorter one for the peer, it can wait: it counts only when the peer has lost its own, and then the peer's next
 * announcement says so.
 */
export class Announcer {
  /** By peer. */
  readonly #told = new Map<string, Told>();
  #gathering: Timer | undefined;
  #later: Timer | undefined;
  #refreshing: Timer | undefined;
  #holding: Timer | undefined;
  #stopped = false;
  /** How long changes are gathered before the next look at them, and when the last one was. */
  #gather: Millis;
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: AnnouncerOptions) {
    this.#gather = options.gather;
    this.#armRefresh();
  }

  /** Something in the table changed. */
  changed(): void {
    const { clock, gather } = this.options;
    this.#armHold();
    if (this.#stopped || this.#gathering !== undefined) return;
    const close = clock.monotonic() - this.#lookedAt < 2 * this.#gather;
    this.#gather = close ? millis(Math.min(GATHER_MAX, 2 * this.#gather)) : gather;
    this.#gathering = clock.setTimer(this.#gather, () => {
      this.#gathering = undefined;
      this.#lookedAt = clock.monotonic();
      this.#announce("changes");
    });
  }

  /** Another connection of the peer came: it may have missed what it was told before it was ready to hear it. */
  came(peer: ServicePath): void {
    const told = this.#told.get(peer.key);
    if (told !== undefined) told.due ??= millis(this.options.clock.monotonic() + this.options.alternatives);
    this.changed();
  }

  /** A connection of the peer went: whatever it was told may have gone with it. */
  went(peer: ServicePath): void {
    this.#told.delete(peer.key);
    this.changed();
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of [this.#gathering, this.#later, this.#refreshing, this.#holding]) timer?.cancel();
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
    const { table, self, newId } = this.options;
    const present = new Set<string>();
    let due: Millis | undefined;
    for (const { path, preferred } of table.peers()) {
      present.add(path.key);
      const before = this.#told.get(path.key);
      const told = this.#toTell(before, path, preferred, what);
      if (told.due !== undefined && (due === undefined || told.due < due)) due = told.due;
      if (told === before && what === "changes") continue;
      this.#told.set(path.key, told);
      // It travels one hop: leaves with one less than it was given, as any message does.
      const header = { id: newId(), ttl: TTL_ANNOUNCEMENT - 1, source: self, destination: path };
      this.options.send(preferred, encodeMessageOf(header, "announcement", encodeAnnouncement(told.routes)));
    }
    for (const peer of this.#told.keys()) if (!present.has(peer)) this.#told.delete(peer);
    this.#armLater(due);
  }

  #armLater(due: Millis | undefined): void {
    this.#later?.cancel();
    this.#later = undefined;
    if (due === undefined || this.#stopped) return;
    const { clock } = this.options;
    this.#later = clock.setTimer(millis(Math.max(0, due - clock.monotonic())), () => this.#announce("changes"));
  }

  /** What the peer is to be told; the same object when that can wait, or it has been told. */
  #toTell(before: Told | undefined, peer: ServicePath, connection: Connection, what: "changes" | "everything"): Told {
    const { table, clock, alternatives } = this.options;
    const { version } = table;
    const now = clock.monotonic();
    const isDue = what === "everything" || (before?.due !== undefined && before.due <= now);
    if (before?.version === version && before.connection === connection && !isDue) return before;
    const routes = table.exportRoutes(connection);
    const first = { version, connection, routes, at: now, gap: GAP.first, due: undefined };
    if (before?.connection !== connection) return first;
    const follows = now - before.at < GAP.factor * before.gap;
    const next = { ...first, gap: follows ? millis(Math.min(GAP.max, GAP.factor * before.gap)) : GAP.first };
    if (isDue) return next;
    before.version = version;
    const news = newsFor(before.routes, routes, (route) => table.isAlternative(peer, route));
    if (news === "none") return before;
    const wait = news === "additions" ? before.gap : Math.max(before.gap, alternatives);
    const due = millis(news === "losses" ? now : before.at + wait);
    if (due <= now) return next;
    before.due = millis(Math.min(before.due ?? due, due));
    return before;
  }
}

/** The most pressing of what is new in `after`. */
function newsFor(
  before: readonly AnnouncedRoute[],
  after: readonly AnnouncedRoute[],
  isAlternative: (route: AnnouncedRoute) => boolean,
): "none" | "alternatives" | "additions" | "losses" {
  if (before.length === after.length && after.every((route, i) => route === before[i])) return "none";
  const gone = new Set(before);
  const added = after.filter((route) => !gone.delete(route));
  // Whatever is gone, or is another distance away than was told.
  if (gone.size > 0) return "losses";
  return added.every(isAlternative) ? "alternatives" : "additions";
}
