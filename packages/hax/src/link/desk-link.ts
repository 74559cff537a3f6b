import { type Clock, type Result, seconds, sleep, type Timer } from "@tandem/base";
import type { ProcessCookie } from "../motr/fops.js";
import { LinkDesk } from "./desk.js";
import type { ConnectionId } from "./desk-ports.js";
import type { Frame } from "./frame.js";
import type {
  EntrypointReply,
  HaLink,
  LinkError,
  LinkEvent,
  LinkId,
  LinkInfo,
  LinkView,
  RequestId,
  TroubleKind,
} from "./ha-link.js";
import type { Untagged } from "./lane.js";
import { LINK_LIMITS, type LinkLimits } from "./limits.js";

/** What carries frames to and from peers. */
export interface Carrier {
  write(connection: ConnectionId, frame: Frame): void;
  /** Closes a connection once what was written has left. */
  close(connection: ConnectionId): void;
  hasRoom(connection: ConnectionId): boolean;
}

export interface DeskLinkOptions {
  readonly clock: Clock;
  readonly carrier: Carrier;
  /** Which life of which hax: a peer sees from it that hax is another one. */
  readonly cookie: ProcessCookie;
  /** How hax names itself to its peers. */
  readonly name: string;
  readonly limits?: Partial<LinkLimits>;
}

const TICK = seconds(1);

/** HA links over any carrier: the desk decides, this gives it time and hands its events on, one after the other. */
export class DeskLink implements HaLink {
  readonly limits: LinkLimits;
  readonly #clock: Clock;
  readonly #desk: LinkDesk;
  readonly #listeners = new Set<(event: LinkEvent) => void>();
  #events: LinkEvent[] = [];
  #telling = false;
  #timer: Timer;
  #connections = 0;
  #ended: Promise<void> | undefined;

  constructor({ clock, carrier, cookie, name, limits }: DeskLinkOptions) {
    this.limits = { ...LINK_LIMITS, ...limits };
    this.#clock = clock;
    this.#desk = new LinkDesk({
      ...{ limits: this.limits, cookie, name },
      ports: {
        write: (connection, frame) => carrier.write(connection, frame),
        close: (connection) => carrier.close(connection),
        hasRoom: (connection) => carrier.hasRoom(connection),
        monotonic: () => clock.monotonic(),
        tell: (event) => this.#events.push(event),
      },
    });
    this.#timer = this.#arm();
  }

  /** Connections that stand. */
  get connections(): number {
    return this.#desk.connections;
  }

  /** A connection came; the carrier names it so from now on. */
  opened(address: string): ConnectionId {
    this.#connections += 1;
    const id = this.#connections as ConnectionId;
    this.#then(() => this.#desk.opened(id, address));
    return id;
  }

  /** One frame, without its length. */
  received(connection: ConnectionId, bytes: Uint8Array): void {
    this.#then(() => this.#desk.received(connection, bytes));
  }

  fault(connection: ConnectionId, trouble: TroubleKind, detail: string): void {
    this.#then(() => this.#desk.fault(connection, trouble, detail));
  }

  /** Somebody who is no peer yet is at fault. */
  stranger(trouble: TroubleKind, peer: string, detail: string): void {
    this.#then(() => this.#events.push({ kind: "trouble", trouble, peer, detail }));
  }

  closed(connection: ConnectionId, reason: string): void {
    this.#then(() => this.#desk.closed(connection, reason));
  }

  roomAgain(connection: ConnectionId): void {
    this.#then(() => this.#desk.links.roomAgain(connection));
  }

  onEvent(listener: (event: LinkEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  replyEntrypoint(id: RequestId, reply: EntrypointReply): Result<void, LinkError> {
    return this.#then(() => this.#desk.replyEntrypoint(id, reply));
  }

  send(link: LinkId, message: Untagged): Result<bigint, LinkError> {
    return this.#then(() => this.#desk.links.send(link, message));
  }

  delivered(link: LinkId, tag: bigint): void {
    this.#then(() => this.#desk.links.delivered(link, tag));
  }

  disconnect(link: LinkId, reason: string): void {
    this.#then(() => this.#desk.links.disconnect(link, reason));
  }

  links(): readonly LinkInfo[] {
    return this.#desk.links.infos();
  }

  view(): readonly LinkView[] {
    return this.#desk.links.view();
  }

  /** Ends every link, oldest first, and waits for the peers' words as long as `disconnectWithin` says. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#ended ??= this.#end();
    return this.#ended;
  }

  async #end(): Promise<void> {
    this.#desk.stop();
    for (const { id } of this.links()) this.disconnect(id, "hax stops");
    const patience = this.limits.disconnectWithin + 2 * TICK;
    const until = this.#clock.monotonic() + patience;
    while (this.#desk.links.size > 0 && this.#clock.monotonic() < until) await sleep(this.#clock, STEP);
    this.#timer.cancel();
  }

  #arm(): Timer {
    return this.#clock.setTimer(TICK, () => {
      this.#then(() => this.#desk.tick());
      this.#timer = this.#arm();
    });
  }

  /** What a call brought about is told after it, so that a listener may call again. */
  #then<T>(work: () => T): T {
    const result = work();
    if (this.#telling) return result;
    this.#telling = true;
    try {
      while (this.#events.length > 0) {
        const events = this.#events;
        this.#events = [];
        for (const event of events) for (const listener of this.#listeners) listener(event);
      }
    } finally {
      this.#telling = false;
    }
    return result;
  }
}

/** How often the end looks whether all links are gone. */
const STEP = seconds(0.02);
