import { seconds, unwrap } from "@tandem/base";
import { settle, VirtualClock } from "@tandem/base/testing";
import { expect, test } from "vitest";
import { type Fid, NULL_FID, typedFid } from "../fid.js";
import type { Frame, OfKind } from "../link/frame.js";
import {
  EAGAIN,
  type EntrypointReply,
  type HaLink,
  type LinkEvent,
  type LinkId,
  type RequestId,
} from "../link/ha-link.js";
import type { LinkLimits } from "../link/limits.js";
import { encodeHaMessage } from "../motr/codec.js";
import type { HaData } from "../motr/message.js";

/** A peer's end of a connection, frame by frame. */
export interface ContractPeer {
  write(frame: Frame): void;
  /** Bytes of one frame without its length. */
  raw(bytes: Uint8Array): void;
  close(): void;
  onFrame(listener: (frame: Frame) => void): void;
  onClose(listener: () => void): void;
}

export interface ContractWorld extends AsyncDisposable {
  readonly link: HaLink;
  connect(): Promise<ContractPeer>;
}

export type OpenWorld = (clock: VirtualClock, limits: Partial<LinkLimits>) => Promise<ContractWorld>;

const IOS: Fid = typedFid("r", 1n, 0x10n);
const OTHER: Fid = typedFid("r", 1n, 0x20n);
const ENDPOINT = "inet:tcp:10.9.8.11@21003";
const NOTHING: EntrypointReply = { rc: EAGAIN, confds: [], quorum: 0, rmFid: NULL_FID, rmEndpoint: null };
const ONLINE: HaData = {
  ...{ type: "NVEC", direction: "SET", idOfGet: 0n, ignoreSameState: true },
  notes: [{ fid: IOS, state: "ONLINE" }],
};
const head = { fid: NULL_FID, sourceProcess: NULL_FID, sourceService: NULL_FID, time: 0n, epoch: 0n };

/** Waits for items as they come. */
class Watch<T> {
  readonly seen: T[] = [];
  #wake: (() => void)[] = [];

  add(item: T): void {
    this.seen.push(item);
    for (const wake of this.#wake.splice(0)) wake();
  }

  /** The first item, seen or to come, that `fits`, taken out. */
  async take<U extends T>(fits: (item: T) => item is U): Promise<U> {
    for (;;) {
      const at = this.seen.findIndex(fits);
      if (at >= 0) return this.seen.splice(at, 1)[0] as U;
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }
}

const is =
  <T extends { readonly kind: string }, K extends T["kind"]>(kind: K) =>
  (item: T): item is T & OfKind<T, K> =>
    item.kind === kind;

class Stage {
  readonly events = new Watch<LinkEvent>();

  constructor(
    readonly world: ContractWorld,
    readonly clock: VirtualClock,
  ) {
    world.link.onEvent((event) => this.events.add(event));
  }

  event<K extends LinkEvent["kind"]>(kind: K) {
    return this.events.take(is<LinkEvent, K>(kind));
  }

  async peer(): Promise<Actor> {
    const peer = new Actor(await this.world.connect());
    peer.wire.write({
      kind: "hello",
      version: 1,
      name: "actor",
      cookie: { pid: 1n, timeStart: 0n, uptime: 0n, uuid: 9n },
    });
    await peer.frame("welcome");
    return peer;
  }

  /** A peer with a link, and hax's name for it. */
  async linked(process = IOS, link = 7n): Promise<{ readonly peer: Actor; readonly id: LinkId }> {
    const peer = await this.peer();
    peer.announce(link, process);
    return { peer, id: (await this.event("linkConnected")).link.id };
  }
}

class Actor {
  readonly frames = new Watch<Frame>();
  readonly closed: Promise<void>;

  constructor(readonly wire: ContractPeer) {
    wire.onFrame((frame) => this.frames.add(frame));
    this.closed = new Promise((resolve) => wire.onClose(resolve));
  }

  frame<K extends Frame["kind"]>(kind: K) {
    return this.frames.take(is<Frame, K>(kind));
  }

  ask(request: bigint, process = IOS, firstRequest = true): void {
    this.wire.write({
      ...{ kind: "entrypointRequest", request, endpoint: ENDPOINT, process, gitRev: "abc", pid: 4242n },
      ...{ firstRequest, generation: 1n },
    });
  }

  announce(link: bigint, process = IOS, kind: "linkConnected" | "linkReused" = "linkConnected", peerNext = 2n): void {
    this.wire.write({ kind, request: 0n, link, process, endpoint: ENDPOINT, haxNext: 1n, peerNext });
  }

  say(tag: bigint, link = 7n, data: HaData = started, fid = IOS): void {
    this.wire.write({ kind: "message", link, tag, bytes: encodeHaMessage({ ...head, fid, tag, data }) });
  }
}

const started: HaData = { type: "EVENT_PROCESS", event: "STARTED", processType: "M0D", pid: 4242n };

/** What every adapter of the HA link port promises. */
export function linkContract(name: string, open: OpenWorld): void {
  const story = (title: string, limits: Partial<LinkLimits>, play: (stage: Stage) => Promise<void>): void => {
    test(`${name}: ${title}`, async () => {
      const clock = new VirtualClock();
      const world = await open(clock, limits);
      await play(new Stage(world, clock));
      // The end waits for peers in virtual time.
      let ended = false;
      void world[Symbol.asyncDispose]().then(() => {
        ended = true;
      });
      while (!ended) {
        await clock.advance(seconds(1));
        await settle();
      }
    });
  };

  story("an entrypoint request has exactly one reply, and the link follows it", {}, async (stage) => {
    const peer = await stage.peer();
    peer.ask(1n);
    const { request } = await stage.event("entrypoint");
    expect(request).toMatchObject({ process: IOS, endpoint: ENDPOINT, pid: 4242n, firstRequest: true, gitRev: "abc" });
    expect(stage.world.link.replyEntrypoint(request.requestId, NOTHING)).toEqual({ ok: true, value: undefined });
    expect(await peer.frame("entrypointReply")).toMatchObject({
      request: 1n,
      rc: EAGAIN,
      confds: [],
      rmEndpoint: null,
    });
    expect(stage.world.link.replyEntrypoint(request.requestId, NOTHING)).toMatchObject({
      error: { kind: "alreadyReplied" },
    });
    const unknown = "none" as RequestId;
    expect(stage.world.link.replyEntrypoint(unknown, NOTHING)).toMatchObject({ error: { kind: "noSuchRequest" } });
    peer.wire.write({
      ...{ kind: "linkConnected", request: 1n, link: 7n, process: IOS, endpoint: ENDPOINT, haxNext: 1n, peerNext: 2n },
    });
    const { link, requestId } = await stage.event("linkConnected");
    expect(requestId).toBe(request.requestId);
    expect(stage.world.link.links()).toEqual([link]);
  });

  story("a request may end without a link", {}, async (stage) => {
    const peer = await stage.peer();
    peer.ask(1n);
    const { request } = await stage.event("entrypoint");
    unwrap(stage.world.link.replyEntrypoint(request.requestId, NOTHING));
    peer.wire.write({ kind: "linkAbsent", request: 1n });
    expect((await stage.event("linkAbsent")).requestId).toBe(request.requestId);
  });

  story("tags go in steps of two: odd from hax, even from the process", {}, async (stage) => {
    const { peer, id } = await stage.linked();
    expect([1, 2, 3].map(() => unwrap(stage.world.link.send(id, { ...head, data: ONLINE })))).toEqual([1n, 3n, 5n]);
    for (const tag of [1n, 3n, 5n]) expect((await peer.frame("message")).tag).toBe(tag);
    peer.wire.write({ kind: "delivered", link: 7n, tag: 1n });
    peer.wire.write({ kind: "notDelivered", link: 7n, tag: 3n });
    expect(await stage.event("delivered")).toEqual({ kind: "delivered", link: id, tag: 1n });
    expect(await stage.event("notDelivered")).toEqual({ kind: "notDelivered", link: id, tag: 3n });
    for (const tag of [2n, 4n]) peer.say(tag);
    for (const tag of [2n, 4n]) {
      expect(await stage.event("message")).toMatchObject({ tag, message: { fid: IOS, data: started } });
      stage.world.link.delivered(id, tag);
      expect(await peer.frame("delivered")).toEqual({ kind: "delivered", link: 7n, tag });
    }
    expect(stage.world.link.view()).toMatchObject([
      {
        state: "connected",
        queued: 1,
        inFlight: 1,
        unacknowledged: 0,
        lastSent: 5n,
        lastReceived: 4n,
        lastAcknowledged: 4n,
      },
    ]);
  });

  story("a message is handed over once, however often its peer repeats it over lost connections", {}, async (stage) => {
    const { peer, id } = await stage.linked();
    for (const tag of [2n, 4n]) {
      peer.say(tag);
      await stage.event("message");
    }
    stage.world.link.delivered(id, 2n);
    peer.wire.close();
    await peer.closed;
    const again = await stage.peer();
    again.announce(7n, IOS, "linkReused");
    expect((await stage.event("linkReused")).requestId).toBeUndefined();
    for (const tag of [2n, 4n, 6n]) again.say(tag);
    expect((await stage.event("message")).tag).toBe(6n);
    expect((await again.frame("delivered")).tag).toBe(2n);
    stage.world.link.delivered(id, 4n);
    expect((await again.frame("delivered")).tag).toBe(4n);
  });

  story("what hax sent before a connection was lost goes out again, in order", {}, async (stage) => {
    const { peer, id } = await stage.linked();
    for (let i = 0; i < 3; i += 1) unwrap(stage.world.link.send(id, { ...head, data: ONLINE }));
    for (let i = 0; i < 3; i += 1) await peer.frame("message");
    peer.wire.write({ kind: "delivered", link: 7n, tag: 1n });
    await stage.event("delivered");
    peer.wire.close();
    await peer.closed;
    const again = await stage.peer();
    unwrap(stage.world.link.send(id, { ...head, data: ONLINE }));
    again.announce(7n, IOS, "linkReused");
    for (const tag of [3n, 5n, 7n]) expect((await again.frame("message")).tag).toBe(tag);
  });

  story("a process that does not come back: nothing is delivered, and the link ends", {}, async (stage) => {
    const { peer, id } = await stage.linked();
    unwrap(stage.world.link.send(id, { ...head, data: ONLINE }));
    await peer.frame("message");
    peer.wire.close();
    await peer.closed;
    await settle();
    expect(await stage.clock.advanceUntil(() => stage.world.link.links().length === 0, seconds(20))).toBe(true);
    expect((await stage.event("linkDisconnecting")).link).toBe(id);
    expect((await stage.event("notDelivered")).tag).toBe(1n);
    expect((await stage.event("linkDisconnected")).link).toBe(id);
    expect(stage.world.link.send(id, { ...head, data: ONLINE })).toMatchObject({ error: { kind: "noSuchLink" } });
  });

  story("a process that begins anew ends its link of before", {}, async (stage) => {
    const { peer, id } = await stage.linked();
    peer.wire.close();
    await peer.closed;
    const again = await stage.peer();
    again.ask(1n);
    expect(await stage.event("linkDisconnected")).toMatchObject({ link: id, reason: "its process began anew" });
    await stage.event("entrypoint");
  });

  story(
    "a full queue closes its link and no other; the process comes back",
    { queueMax: 4, inFlightMax: 2 },
    async (stage) => {
      const { peer, id } = await stage.linked();
      const other = await stage.linked(OTHER, 8n);
      for (let i = 0; i < 4; i += 1) unwrap(stage.world.link.send(id, { ...head, data: ONLINE }));
      expect(stage.world.link.send(id, { ...head, data: ONLINE })).toMatchObject({
        error: { kind: "queueFull", limit: 4 },
      });
      expect((await peer.frame("disconnect")).reason).toContain("4 messages wait");
      peer.wire.write({ kind: "linkDisconnected", link: 7n, reason: "as asked" });
      for (const tag of [1n, 3n, 5n, 7n]) expect((await stage.event("notDelivered")).tag).toBe(tag);
      await stage.event("linkDisconnected");
      peer.announce(7n, IOS, "linkReused");
      await stage.event("linkReused");
      unwrap(stage.world.link.send(other.id, { ...head, data: ONLINE }));
      await other.peer.frame("message");
    },
  );

  story("the end of a link is asked for, agreed to, and told", {}, async (stage) => {
    const { peer, id } = await stage.linked();
    peer.wire.write({ kind: "linkDisconnecting", link: 7n, reason: "the process stops" });
    expect((await stage.event("linkDisconnecting")).reason).toBe("the process stops");
    stage.world.link.disconnect(id, "agreed");
    await peer.frame("disconnect");
    peer.wire.write({ kind: "linkDisconnected", link: 7n, reason: "done" });
    expect((await stage.event("linkDisconnected")).link).toBe(id);
    expect(stage.world.link.links()).toEqual([]);
  });

  story("a message at which its receiver would abort is refused", {}, async (stage) => {
    const { id } = await stage.linked();
    const unknown: HaData = { ...ONLINE, notes: [{ fid: IOS, state: "UNKNOWN" }] } as HaData;
    expect(stage.world.link.send(id, { ...head, data: unknown })).toMatchObject({ error: { kind: "wouldPanic" } });
  });

  story("a tag out of turn is dropped until it comes in turn", {}, async (stage) => {
    const { peer } = await stage.linked();
    for (const tag of [4n, 2n, 4n]) peer.say(tag);
    expect(await stage.event("trouble")).toMatchObject({ trouble: "tagOutOfOrder" });
    expect((await stage.event("message")).tag).toBe(2n);
    expect((await stage.event("message")).tag).toBe(4n);
  });

  story("a silent peer is pinged, then given up", {}, async (stage) => {
    const { peer } = await stage.linked();
    await stage.clock.advance(seconds(6));
    await peer.frame("ping");
    peer.wire.write({ kind: "pong" });
    await settle();
    await stage.clock.advance(seconds(20));
    expect(await stage.event("trouble")).toMatchObject({ trouble: "silent" });
    await peer.closed;
  });

  const wrongs: readonly (readonly [string, string, (peer: Actor, stage: Stage) => void])[] = [
    ["bytes that are no frame", "garbage", (peer) => peer.wire.raw(Uint8Array.of(99, 1, 2))],
    ["a frame of hax's own", "outOfTurn", (peer) => peer.wire.write({ kind: "disconnect", link: 7n, reason: "" })],
    [
      "a second Hello",
      "outOfTurn",
      (peer) =>
        peer.wire.write({
          kind: "hello",
          version: 1,
          name: "",
          cookie: { pid: 0n, timeStart: 0n, uptime: 0n, uuid: 0n },
        }),
    ],
    ["a request of what is no process", "liesAboutFid", (peer) => peer.ask(1n, typedFid("s", 1n, 1n))],
    ["a request for a process of somebody else", "liesAboutFid", (peer) => peer.ask(1n, OTHER)],
    ["a link of somebody else", "liesAboutFid", (peer) => peer.announce(9n, OTHER)],
    [
      "a link for a request that has no reply",
      "outOfTurn",
      (peer) => peer.wire.write({ kind: "linkAbsent", request: 3n }),
    ],
    ["a message over the link of somebody else", "liesAboutFid", (peer) => peer.say(2n, 8n)],
    ["a flood of requests", "flood", (peer) => [1n, 2n, 3n, 4n, 5n].map((request) => peer.ask(request))],
  ];
  for (const [what, trouble, act] of wrongs)
    story(`${what}: one error, and the connection is closed`, { requestsMax: 4 }, async (stage) => {
      const innocent = await stage.linked(OTHER, 8n);
      const peer = await stage.peer();
      act(peer, stage);
      expect(await stage.event("trouble")).toMatchObject({ trouble, detail: expect.stringContaining("closed") });
      expect(await peer.frame("error")).toMatchObject({ fatal: true });
      await peer.closed;
      expect(stage.events.seen.filter(({ kind }) => kind === "trouble")).toEqual([]);
      expect(stage.world.link.links().map(({ id }) => id)).toEqual([innocent.id]);
    });

  const faults: readonly (readonly [string, string, (peer: Actor) => void])[] = [
    [
      "bytes that are no message",
      "garbage",
      (peer) => peer.wire.write({ kind: "message", link: 7n, tag: 2n, bytes: Uint8Array.of(1) }),
    ],
    ["the event of another process", "liesAboutFid", (peer) => peer.say(2n, 7n, started, OTHER)],
    ["an odd tag", "garbage", (peer) => peer.say(3n)],
    ["more messages than agreed", "flood", (peer) => [2n, 4n, 6n].map((tag) => peer.say(tag))],
    [
      "an answer to what was not sent",
      "outOfTurn",
      (peer) => peer.wire.write({ kind: "delivered", link: 7n, tag: 9n }),
    ],
  ];
  for (const [what, trouble, act] of faults)
    story(`${what}: one error, and that link alone is closed`, { window: 2 }, async (stage) => {
      const { peer, id } = await stage.linked();
      peer.announce(8n, OTHER);
      const other = await stage.event("linkConnected");
      act(peer);
      expect(await stage.event("trouble")).toMatchObject({ trouble, link: id });
      await peer.frame("disconnect");
      peer.wire.write({ kind: "linkDisconnected", link: 7n, reason: "as asked" });
      await stage.event("linkDisconnected");
      expect(stage.world.link.links().map((link) => link.id)).toEqual([other.link.id]);
    });

  story("another version is refused by its number", {}, async (stage) => {
    const peer = new Actor(await stage.world.connect());
    peer.wire.write({ kind: "hello", version: 2, name: "", cookie: { pid: 0n, timeStart: 0n, uptime: 0n, uuid: 0n } });
    expect((await peer.frame("error")).text).toContain("version 2: this hax speaks 1");
    expect(await stage.event("trouble")).toMatchObject({ trouble: "version" });
    await peer.closed;
  });

  story("whoever does not say Hello is closed", {}, async (stage) => {
    const peer = new Actor(await stage.world.connect());
    await settle();
    await stage.clock.advance(seconds(7));
    expect(await stage.event("trouble")).toMatchObject({ trouble: "silent" });
    await peer.closed;
  });

  story("more frames in a second than agreed end the connection", { framesPerSecond: 20 }, async (stage) => {
    const { peer } = await stage.linked();
    for (let i = 0; i < 30; i += 1) peer.wire.write({ kind: "ping" });
    expect(await stage.event("trouble")).toMatchObject({ trouble: "flood" });
    await peer.closed;
  });
}
