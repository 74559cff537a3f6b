import { err, ok, type Result } from "@tandem/base";
import type { Fid } from "../fid.js";
import { AtomReader, AtomWriter } from "../motr/atoms.js";
import type { ProcessCookie } from "../motr/fops.js";

/** The version of `hax.link` that this end speaks. */
export const LINK_VERSION = 1;

/** Frame kinds; the first has number 1. A number never gets another meaning. */
export const FRAME_KINDS = [
  ...(["hello", "welcome", "entrypointRequest", "entrypointReply", "linkConnected", "linkReused"] as const),
  ...(["linkAbsent", "message", "delivered", "notDelivered", "linkDisconnecting", "disconnect"] as const),
  ...(["linkDisconnected", "error", "ping", "pong"] as const),
] as const;

/** Why an end complains, at the index of its number. */
export const ERROR_CODES = ["garbage", "version", "outOfTurn", "flood", "liesAboutFid", "silent", "stopping"] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/** A confd or RM of an entrypoint reply. */
export interface Located {
  readonly fid: Fid;
  readonly endpoint: string;
}

/** A link announced: which tags come next. Ids have 128 bits; request 0: nobody asked, the link is announced again. */
export interface Announcement {
  readonly request: bigint;
  readonly link: bigint;
  readonly process: Fid;
  readonly endpoint: string;
  /** Tag of the next message of hax that the peer has not seen: odd. */
  readonly haxNext: bigint;
  /** Tag of the first message that the peer sends or repeats: even. */
  readonly peerNext: bigint;
}

/** What stands between the length words; docs/hax-link.md says who sends what when. */
export type Frame =
  | { readonly kind: "hello"; readonly version: number; readonly name: string; readonly cookie: ProcessCookie }
  | {
      readonly kind: "welcome";
      readonly version: number;
      readonly name: string;
      readonly cookie: ProcessCookie;
      /** Longest frame, messages that may wait for `delivered` per link, and the longest silence. */
      readonly frameMax: number;
      readonly window: number;
      readonly silenceMs: number;
    }
  | {
      readonly kind: "entrypointRequest";
      readonly request: bigint;
      readonly endpoint: string;
      readonly process: Fid;
      readonly gitRev: string;
      readonly pid: bigint;
      readonly firstRequest: boolean;
      readonly generation: bigint;
    }
  | {
      readonly kind: "entrypointReply";
      readonly request: bigint;
      readonly rc: number;
      readonly confds: readonly Located[];
      readonly quorum: number;
      readonly rmFid: Fid;
      readonly rmEndpoint: string | null;
    }
  | ({ readonly kind: "linkConnected" | "linkReused" } & Announcement)
  | { readonly kind: "linkAbsent"; readonly request: bigint }
  /** `bytes`: an `m0_ha_msg`, whose own tag is the same. */
  | { readonly kind: "message"; readonly link: bigint; readonly tag: bigint; readonly bytes: Uint8Array }
  | { readonly kind: "delivered" | "notDelivered"; readonly link: bigint; readonly tag: bigint }
  | {
      readonly kind: "linkDisconnecting" | "disconnect" | "linkDisconnected";
      readonly link: bigint;
      readonly reason: string;
    }
  /** After a fatal one the connection is closed. */
  | { readonly kind: "error"; readonly code: ErrorCode; readonly text: string; readonly fatal: boolean }
  | { readonly kind: "ping" | "pong" };

/** The members of a union whose kind is, or may be, `Kind`. */
export type OfKind<Each extends { readonly kind: string }, Kind extends string> = Each extends {
  readonly kind: infer Kinds;
}
  ? Kind extends Kinds
    ? Each
    : never
  : never;
export type FrameOf<Kind extends Frame["kind"]> = OfKind<Frame, Kind>;

const LENGTH_SIZE = 4;

/** The frame with its length in front. */
export function encodeFrame(frame: Frame): Uint8Array {
  const writer = new AtomWriter(frame.kind === "message" ? frame.bytes.length + 32 : 128);
  writer.zeros(LENGTH_SIZE).u8(FRAME_KINDS.indexOf(frame.kind) + 1);
  writeFrame(writer, frame);
  const bytes = writer.done();
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(0, bytes.length - LENGTH_SIZE);
  return bytes;
}

/** The frame that all of `bytes`, without length, are. Never throws. */
export function decodeFrame(bytes: Uint8Array): Result<Frame, string> {
  const reader = new AtomReader(bytes);
  const kind = reader.oneOf(FRAME_KINDS, reader.u8("kind"), "kind", 1);
  if (reader.fault !== undefined) return err(`frame: ${reader.fault}`);
  const frame = readFrame(reader, kind);
  reader.end();
  return reader.fault === undefined ? ok(frame) : err(`${kind} frame: ${reader.fault}`);
}

function writeFrame(writer: AtomWriter, frame: Frame): void {
  switch (frame.kind) {
    case "hello":
    case "welcome":
      writer.u32(frame.version).buf(frame.name).u64(frame.cookie.pid).u64(frame.cookie.timeStart);
      writer.u64(frame.cookie.uptime).u128(frame.cookie.uuid);
      if (frame.kind === "welcome") writer.u32(frame.frameMax).u32(frame.window).u32(frame.silenceMs);
      return;
    case "entrypointRequest":
      writer.u128(frame.request).buf(frame.endpoint).fid(frame.process).buf(frame.gitRev).u64(frame.pid);
      writer.u8(frame.firstRequest ? 1 : 0).u64(frame.generation);
      return;
    case "entrypointReply":
      writer.u128(frame.request).i32(frame.rc).u32(frame.confds.length);
      for (const { fid, endpoint } of frame.confds) writer.fid(fid).buf(endpoint);
      writer
        .u32(frame.quorum)
        .fid(frame.rmFid)
        .u8(frame.rmEndpoint === null ? 0 : 1);
      if (frame.rmEndpoint !== null) writer.buf(frame.rmEndpoint);
      return;
    case "linkConnected":
    case "linkReused":
      writer.u128(frame.request).u128(frame.link).fid(frame.process).buf(frame.endpoint);
      writer.u64(frame.haxNext).u64(frame.peerNext);
      return;
    case "linkAbsent":
      writer.u128(frame.request);
      return;
    case "message":
      writer.u128(frame.link).u64(frame.tag).raw(frame.bytes);
      return;
    case "delivered":
    case "notDelivered":
      writer.u128(frame.link).u64(frame.tag);
      return;
    case "linkDisconnecting":
    case "disconnect":
    case "linkDisconnected":
      writer.u128(frame.link).buf(frame.reason);
      return;
    case "error":
      writer
        .u32(ERROR_CODES.indexOf(frame.code))
        .buf(frame.text)
        .u8(frame.fatal ? 1 : 0);
      return;
    case "ping":
    case "pong":
      return;
  }
}

function readFrame(reader: AtomReader, kind: Frame["kind"]): Frame {
  switch (kind) {
    case "hello":
    case "welcome":
      return readGreeting(reader, kind);
    case "entrypointRequest":
      return {
        kind,
        request: reader.u128("request id"),
        endpoint: reader.buf("endpoint"),
        process: reader.fid("process"),
        gitRev: reader.buf("git revision"),
        pid: reader.u64("pid"),
        firstRequest: reader.flag(reader.u8("first request"), "first request"),
        generation: reader.u64("generation"),
      };
    case "entrypointReply": {
      const request = reader.u128("request id");
      const rc = reader.i32("rc");
      const confds = Array.from({ length: reader.count(24, "confds") }, () => ({
        fid: reader.fid("confd"),
        endpoint: reader.buf("confd"),
      }));
      const quorum = reader.u32("quorum");
      const rmFid = reader.fid("RM");
      const there = reader.flag(reader.u8("RM endpoint"), "RM endpoint");
      return { kind, request, rc, confds, quorum, rmFid, rmEndpoint: there ? reader.buf("RM endpoint") : null };
    }
    case "linkConnected":
    case "linkReused":
      return {
        kind,
        request: reader.u128("request id"),
        link: reader.u128("link id"),
        process: reader.fid("process"),
        endpoint: reader.buf("endpoint"),
        haxNext: reader.u64("next tag of hax"),
        peerNext: reader.u64("next tag of the peer"),
      };
    case "linkAbsent":
      return { kind, request: reader.u128("request id") };
    case "message":
      return { kind, link: reader.u128("link id"), tag: reader.u64("tag"), bytes: reader.rest() };
    case "delivered":
    case "notDelivered":
      return { kind, link: reader.u128("link id"), tag: reader.u64("tag") };
    case "linkDisconnecting":
    case "disconnect":
    case "linkDisconnected":
      return { kind, link: reader.u128("link id"), reason: reader.buf("reason") };
    case "error":
      return {
        kind,
        code: reader.oneOf(ERROR_CODES, reader.u32("code"), "code"),
        text: reader.buf("text"),
        fatal: reader.flag(reader.u8("fatal"), "fatal"),
      };
    case "ping":
    case "pong":
      return { kind };
  }
}

/** Of another version only the number is read: what follows it is that version's matter. */
function readGreeting(reader: AtomReader, kind: "hello" | "welcome"): Frame {
  const version = reader.u32("version");
  if (version !== LINK_VERSION) {
    reader.rest();
    const cookie = { pid: 0n, timeStart: 0n, uptime: 0n, uuid: 0n };
    const rest = { version, name: "", cookie };
    return kind === "hello" ? { kind, ...rest } : { kind, ...rest, frameMax: 0, window: 0, silenceMs: 0 };
  }
  const name = reader.buf("name");
  const cookie = {
    pid: reader.u64("cookie"),
    timeStart: reader.u64("cookie"),
    uptime: reader.u64("cookie"),
    uuid: reader.u128("cookie"),
  };
  if (kind === "hello") return { kind, version, name, cookie };
  const frameMax = reader.u32("frame length");
  return { kind, version, name, cookie, frameMax, window: reader.u32("window"), silenceMs: reader.u32("silence") };
}

/** Cuts a stream of bytes into frames. Holds at most one unfinished frame, of the length agreed. */
export class FrameCutter {
  #held: Uint8Array = new Uint8Array(0);
  readonly #frameMax: number;

  constructor(frameMax: number) {
    this.#frameMax = frameMax;
  }

  /** The frames that are whole now, without their lengths. A length of 0 or beyond the bound ends the stream. */
  push(chunk: Uint8Array): Result<readonly Uint8Array[], string> {
    const bytes = this.#held.length === 0 ? chunk : joined(this.#held, chunk);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const frames: Uint8Array[] = [];
    let at = 0;
    while (bytes.length - at >= LENGTH_SIZE) {
      const length = view.getUint32(at);
      if (length < 1 || length > this.#frameMax)
        return err(`a frame of ${length} bytes: expected 1 to ${this.#frameMax}`);
      if (bytes.length - at - LENGTH_SIZE < length) break;
      frames.push(bytes.subarray(at + LENGTH_SIZE, at + LENGTH_SIZE + length));
      at += LENGTH_SIZE + length;
    }
    this.#held = bytes.slice(at);
    return ok(frames);
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
