import { err, type Millis, millis, ok, type Result } from "@tandem/base";
import { type Fid, formatFid, sameFid } from "../fid.js";
import { decodeHaMessage, encodeHaMessage, withTag } from "../motr/codec.js";
import { setFault } from "../motr/nvec-rules.js";
import type { ConnectionId, DeskPorts } from "./desk-ports.js";
import type { FrameOf } from "./frame.js";
import type { LinkError, LinkId, LinkInfo, LinkView, RequestId, TroubleKind } from "./ha-link.js";
import { Lane, type Untagged } from "./lane.js";
import type { LinkLimits } from "./limits.js";
import { type Complaint, type Link, linkIdOf, viewOf, whyNotFrom } from "./link-record.js";

/** Links by their ids, from their first announcement to their end. */
export class LinkTable {
  readonly #links = new Map<LinkId, Link>();
  /** Bytes of a message that goes out over many links, under tag 0. */
  readonly #encoded = new WeakMap<Untagged, Uint8Array>();
  readonly #limits: LinkLimits;
  readonly #ports: DeskPorts;
  readonly #complain: (connection: ConnectionId, complaint: Complaint) => void;

  constructor(
    limits: LinkLimits,
    ports: DeskPorts,
    complain: (connection: ConnectionId, complaint: Complaint) => void,
  ) {
    this.#limits = limits;
    this.#ports = ports;
    this.#complain = complain;
  }

  get size(): number {
    return this.#links.size;
  }

  infos(): readonly LinkInfo[] {
    return [...this.#links.values()].filter(({ state }) => state !== "asked").map(({ info }) => info);
  }

  view(): readonly LinkView[] {
    return [...this.#links.values()].map(viewOf);
  }

  /** Why `connection` may not speak for `process`: another one, alive, does. */
  whyNotOf(connection: ConnectionId, process: Fid): string | undefined {
    const other = this.#ofProcess(process).find(
      (link) => link.connection !== undefined && link.connection !== connection,
    );
    if (other === undefined) return undefined;
    return `${formatFid(process)} has link ${other.info.id} with ${other.peer}; this connection is closed, that link stays`;
  }

  /** A process begins anew: its links of before are over. */
  beganAnew(process: Fid): void {
    for (const link of this.#ofProcess(process)) this.#end(link, "its process began anew");
  }

  countOf(connection: ConnectionId): number {
    let count = 0;
    for (const link of this.#links.values()) if (link.connection === connection) count += 1;
    return count;
  }

  /** A peer announces a link: a new one, one that it had before its connection was lost, or one that stands. */
  announced(
    connection: ConnectionId,
    peer: string,
    frame: FrameOf<"linkReused">,
    requestId: RequestId | undefined,
  ): void {
    const id = linkIdOf(frame.link);
    const info: LinkInfo = { id, process: frame.process, endpoint: frame.endpoint };
    const known = this.#links.get(id);
    const tell = (link: LinkInfo): void => this.#ports.tell({ kind: frame.kind, requestId, link });
    if (known !== undefined && !sameFid(known.info.process, info.process)) {
      const detail = `link ${id} is of ${formatFid(known.info.process)}, not of ${formatFid(info.process)}; the connection is closed`;
      this.#complain(connection, { trouble: "liesAboutFid", detail, fatal: true });
      return;
    }
    if (known !== undefined && known.state === "connected") {
      tell(known.info);
      return;
    }
    if (known?.state === "silent" && resumes(known.lane, frame)) {
      Object.assign(known, { connection, peer, state: "connected", deadline: undefined });
      known.lane.rewind();
      tell(known.info);
      this.#pump(known);
      return;
    }
    for (const old of this.#ofProcess(info.process)) this.#end(old, "its process has another link");
    if (frame.haxNext % 2n !== 1n || frame.peerNext % 2n !== 0n || frame.peerNext === 0n) {
      const detail = `link ${id}: next tags ${frame.haxNext} and ${frame.peerNext}: expected an odd one of hax and an even one of the peer; the connection is closed`;
      this.#complain(connection, { trouble: "garbage", detail, fatal: true });
      return;
    }
    if (this.countOf(connection) >= this.#limits.linksMax) {
      const detail = `more than ${this.#limits.linksMax} links of one connection; it is closed`;
      this.#complain(connection, { trouble: "flood", detail, fatal: true });
      return;
    }
    const lane = new Lane(frame.haxNext, frame.peerNext);
    const made: Link = {
      ...{ info, wireId: frame.link, lane, connection, peer },
      ...{ state: "connected", reason: "", deadline: undefined },
    };
    this.#links.set(id, made);
    tell(info);
  }

  message(connection: ConnectionId, frame: FrameOf<"message">): void {
    const link = this.#of(connection, frame.link, "message");
    if (link === undefined || link.state === "asked") return;
    const { id } = link.info;
    const message = decodeHaMessage(frame.bytes);
    if (!message.ok) {
      this.#fail(link, "garbage", message.error);
      return;
    }
    const lie = whyNotFrom(link.info, message.value);
    if (lie !== undefined) {
      this.#fail(link, "liesAboutFid", lie);
      return;
    }
    const { tag } = frame;
    if (tag !== message.value.tag || tag === 0n || tag % 2n !== 0n) {
      this.#fail(
        link,
        "garbage",
        `tag ${tag} of the frame, ${message.value.tag} of the message: expected one even tag`,
      );
      return;
    }
    switch (link.lane.arrive(tag, this.#limits.window)) {
      case "new":
        this.#ports.tell({ kind: "message", link: id, tag, message: message.value });
        return;
      case "repeated":
        return;
      case "acknowledged":
        this.#ports.write(connection, { kind: "delivered", link: frame.link, tag });
        return;
      case "ahead": {
        const detail = `tag ${tag}, expected ${link.lane.nextIn}; dropped until it comes in turn`;
        this.#complain(connection, { trouble: "tagOutOfOrder", detail, fatal: false, link: id });
        return;
      }
      case "tooMany":
        this.#fail(link, "flood", `more than ${this.#limits.window} messages before their answers`);
        return;
    }
  }

  answered(connection: ConnectionId, frame: FrameOf<"delivered">): void {
    const link = this.#of(connection, frame.link, frame.kind);
    if (link === undefined) return;
    const outcome = link.lane.answered(frame.tag);
    if (outcome === "settled") this.#ports.tell({ kind: frame.kind, link: link.info.id, tag: frame.tag });
    if (outcome === "never") this.#fail(link, "outOfTurn", `answers tag ${frame.tag}, which was not sent`);
    else this.#pump(link);
  }

  /** The peer says that a link ends or has ended. */
  parting(connection: ConnectionId, frame: FrameOf<"linkDisconnecting">): void {
    const link = this.#of(connection, frame.link, frame.kind);
    if (link === undefined) return;
    if (frame.kind === "linkDisconnected") this.#end(link, link.reason === "" ? frame.reason : link.reason);
    else if (link.state === "connected") this.#goes(link, "going", frame.reason);
  }

  /** A connection is gone; its links wait for another one. */
  lost(connection: ConnectionId, reason: string): void {
    for (const link of [...this.#links.values()]) {
      if (link.connection !== connection) continue;
      link.connection = undefined;
      if (link.state === "connected") {
        link.state = "silent";
        link.reason = reason;
        link.deadline = this.#in(this.#limits.resumeWithin);
      } else this.#end(link, link.reason);
    }
  }

  send(id: LinkId, message: Untagged): Result<bigint, LinkError> {
    const link = this.#links.get(id);
    if (link === undefined || (link.state !== "connected" && link.state !== "silent"))
      return err({ kind: "noSuchLink", link: id });
    const { data } = message;
    const rule = data.type === "NVEC" && data.direction === "SET" ? setFault(data) : undefined;
    if (rule !== undefined) return err({ kind: "wouldPanic", rule });
    const tag = link.lane.offer(message, this.#limits.queueMax);
    if (tag === undefined) {
      this.disconnect(id, `${this.#limits.queueMax} messages wait for the process`);
      return err({ kind: "queueFull", link: id, limit: this.#limits.queueMax });
    }
    this.#pump(link);
    return ok(tag);
  }

  delivered(id: LinkId, tag: bigint): void {
    const link = this.#links.get(id);
    for (const released of link?.lane.acknowledge(tag) ?? [])
      if (link?.connection !== undefined)
        this.#ports.write(link.connection, { kind: "delivered", link: link.wireId, tag: released });
  }

  disconnect(id: LinkId, reason: string): void {
    const link = this.#links.get(id);
    if (link === undefined || link.state === "asked") return;
    if (link.connection === undefined) {
      this.#end(link, reason);
      return;
    }
    this.#ports.write(link.connection, { kind: "disconnect", link: link.wireId, reason });
    this.#goes(link, "asked", reason);
  }

  /** Ends what has waited long enough. */
  tick(): void {
    const now = this.#ports.monotonic();
    for (const link of [...this.#links.values()]) {
      if (link.deadline === undefined || now < link.deadline) continue;
      if (link.state === "going") this.disconnect(link.info.id, link.reason);
      else this.#end(link, link.reason);
    }
  }

  /** A connection takes bytes again. */
  roomAgain(connection: ConnectionId): void {
    for (const link of this.#links.values()) if (link.connection === connection) this.#pump(link);
  }

  /** Writes what may be written. */
  #pump(link: Link): void {
    const { connection, lane, wireId } = link;
    if (connection === undefined || link.state === "asked") return;
    while (this.#ports.hasRoom(connection)) {
      const next = lane.next(this.#limits.inFlightMax);
      if (next === undefined) return;
      const bytes = withTag(this.#bytesOf(next.message), next.tag);
      this.#ports.write(connection, { kind: "message", link: wireId, tag: next.tag, bytes });
    }
  }

  #bytesOf(message: Untagged): Uint8Array {
    let bytes = this.#encoded.get(message);
    if (bytes === undefined) {
      bytes = encodeHaMessage({ ...message, tag: 0n });
      this.#encoded.set(message, bytes);
    }
    return bytes;
  }

  #goes(link: Link, state: "going" | "asked", reason: string): void {
    const told = link.state === "going";
    link.state = state;
    link.reason = reason;
    link.deadline = this.#in(this.#limits.disconnectWithin);
    if (!told) this.#ports.tell({ kind: "linkDisconnecting", link: link.info.id, reason });
  }

  #end(link: Link, reason: string): void {
    const { id } = link.info;
    if (link.state === "connected" || link.state === "silent")
      this.#ports.tell({ kind: "linkDisconnecting", link: id, reason });
    this.#links.delete(id);
    for (const { tag } of link.lane.drain()) this.#ports.tell({ kind: "notDelivered", link: id, tag });
    this.#ports.tell({ kind: "linkDisconnected", link: id, reason });
  }

  /** One link misbehaves: it is closed, the others of its connection stay. */
  #fail(link: Link, trouble: TroubleKind, what: string): void {
    const { id } = link.info;
    const detail = `${what}; link ${id} is closed`;
    if (link.connection !== undefined) this.#complain(link.connection, { trouble, detail, fatal: false, link: id });
    this.disconnect(id, what);
  }

  #of(connection: ConnectionId, wireId: bigint, what: string): Link | undefined {
    const link = this.#links.get(linkIdOf(wireId));
    if (link?.connection === connection) return link;
    // What was on its way when the link ended comes late; nothing is owed for it.
    if (link === undefined) return undefined;
    const detail = `${what} for link ${link.info.id}, which another connection carries; this one is closed`;
    this.#complain(connection, { trouble: "liesAboutFid", detail, fatal: true });
    return undefined;
  }

  #ofProcess(process: Fid): readonly Link[] {
    return [...this.#links.values()].filter(({ info }) => sameFid(info.process, process));
  }

  #in(delay: Millis): Millis {
    return millis(this.#ports.monotonic() + delay);
  }
}

/** Whether the peer goes on where the link was lost; a peer that is further than we are has talked to another hax. */
function resumes(lane: Lane, { kind, haxNext, peerNext }: FrameOf<"linkReused">): boolean {
  return kind === "linkReused" && peerNext <= lane.nextIn && haxNext <= lane.nextOut;
}
