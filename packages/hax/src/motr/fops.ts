import { err, ok, type Result } from "@tandem/base";
import type { Fid } from "../fid.js";
import { AtomReader, AtomWriter } from "./atoms.js";
import { readHaMessage, writeHaMessage } from "./codec.js";
import type { HaMessage } from "./message.js";

/** Places in one direction of a link: confirmed ≤ delivered ≤ next ≤ assign. */
export interface LinkTags {
  readonly confirmed: bigint;
  readonly delivered: bigint;
  readonly next: bigint;
  readonly assign: bigint;
}

/** How two ends know a link; the other end has the same with local and remote exchanged. Ids have 128 bits. */
export interface LinkParams {
  readonly idLocal: bigint;
  readonly idRemote: bigint;
  readonly idConnection: bigint;
  readonly tagsLocal: LinkTags;
  readonly tagsRemote: LinkTags;
}

/** Which life of which process. */
export interface ProcessCookie {
  readonly pid: bigint;
  readonly timeStart: bigint;
  readonly uptime: bigint;
  readonly uuid: bigint;
}

/** What a Motr process sends to learn its configuration servers; RPC opcode 117. */
export interface EntrypointRequestFop {
  readonly firstRequest: boolean;
  readonly generation: bigint;
  readonly process: Fid;
  readonly linkParams: LinkParams;
  readonly gitRev: string;
  readonly pid: bigint;
  readonly cookieExpected: ProcessCookie;
}

/** What the asker does with the reply, at the index of its number. */
export const ENTRYPOINT_CONTROLS = ["CONSUME", "QUIT", "QUERY"] as const;
export type EntrypointControl = (typeof ENTRYPOINT_CONTROLS)[number];

/** RPC opcode 118. */
export interface EntrypointReplyFop {
  readonly quorum: number;
  readonly confds: readonly { readonly fid: Fid; readonly endpoint: string }[];
  readonly rmFid: Fid;
  readonly rmEndpoint: string;
  readonly control: EntrypointControl;
  readonly linkParams: LinkParams;
  readonly doReconnect: boolean;
  /** Makes the asker abort itself: it has been declared dead. */
  readonly disconnectedPreviously: boolean;
  readonly cookieActual: ProcessCookie;
}

/** One step of a link, RPC opcode 207; `message` is undefined when only the places are told. */
export interface LinkFop {
  readonly message: HaMessage | undefined;
  readonly idLocal: bigint;
  readonly idRemote: bigint;
  readonly idConnection: bigint;
  readonly outNext: bigint;
  /** Own messages with a smaller tag are delivered. */
  readonly inDelivered: bigint;
  readonly seq: bigint;
}

/** RPC opcode 208. */
export interface LinkReplyFop {
  readonly rc: number;
  readonly outNext: bigint;
  readonly inDelivered: bigint;
}

/** A message of type 0: what a link fop without a message carries. */
const INVALID_MESSAGE_SIZE = 80;
const FID_SIZE = 16;

function written(write: (writer: AtomWriter) => unknown): Uint8Array {
  const writer = new AtomWriter();
  write(writer);
  return writer.done();
}

function read<T>(what: string, bytes: Uint8Array, take: (reader: AtomReader) => T): Result<T, string> {
  const reader = new AtomReader(bytes);
  const value = take(reader);
  reader.end();
  return reader.fault === undefined ? ok(value) : err(`${what}: ${reader.fault}`);
}

export function encodeEntrypointRequest(fop: EntrypointRequestFop): Uint8Array {
  return written((writer) => {
    writer
      .i32(fop.firstRequest ? 1 : 0)
      .u64(fop.generation)
      .fid(fop.process);
    writeParams(writer, fop.linkParams);
    writer.buf(fop.gitRev).u64(fop.pid);
    writeCookie(writer, fop.cookieExpected);
  });
}

export function decodeEntrypointRequest(bytes: Uint8Array): Result<EntrypointRequestFop, string> {
  return read("entrypoint request", bytes, (reader) => ({
    firstRequest: reader.flag(reader.i32("first_request"), "first_request"),
    generation: reader.u64("generation"),
    process: reader.fid("process_fid"),
    linkParams: readParams(reader),
    gitRev: reader.buf("git_rev_id"),
    pid: reader.u64("pid"),
    cookieExpected: readCookie(reader),
  }));
}

export function encodeEntrypointReply(fop: EntrypointReplyFop): Uint8Array {
  return written((writer) => {
    writer.u32(fop.quorum).u32(fop.confds.length);
    for (const { fid } of fop.confds) writer.fid(fid);
    writer.u32(fop.confds.length);
    for (const { endpoint } of fop.confds) writer.buf(endpoint);
    writer.fid(fop.rmFid).buf(fop.rmEndpoint).u32(ENTRYPOINT_CONTROLS.indexOf(fop.control));
    writeParams(writer, fop.linkParams);
    writer.u64(fop.doReconnect ? 1n : 0n).u32(fop.disconnectedPreviously ? 1 : 0);
    writeCookie(writer, fop.cookieActual);
  });
}

export function decodeEntrypointReply(bytes: Uint8Array): Result<EntrypointReplyFop, string> {
  return read("entrypoint reply", bytes, (reader) => {
    const quorum = reader.u32("quorum");
    const fids = Array.from({ length: reader.count(FID_SIZE, "confd_fids") }, () => reader.fid("confd_fids"));
    const endpoints = Array.from({ length: reader.count(8, "confd_eps") }, () => reader.buf("confd_eps"));
    if (fids.length !== endpoints.length)
      reader.fail(`confd_eps ${endpoints.length}: expected ${fids.length}, as many as confd_fids`);
    return {
      quorum,
      confds: fids.map((fid, i) => ({ fid, endpoint: endpoints[i] ?? "" })),
      rmFid: reader.fid("active_rm_fid"),
      rmEndpoint: reader.buf("active_rm_ep"),
      control: reader.oneOf(ENTRYPOINT_CONTROLS, reader.u32("control"), "control"),
      linkParams: readParams(reader),
      doReconnect: reader.flag(reader.u64("link_do_reconnect"), "link_do_reconnect"),
      disconnectedPreviously: reader.flag(reader.u32("disconnected_previously"), "disconnected_previously"),
      cookieActual: readCookie(reader),
    };
  });
}

export function encodeLinkFop(fop: LinkFop): Uint8Array {
  return written((writer) => {
    writer.u64(fop.message === undefined ? 0n : 1n);
    if (fop.message === undefined) writer.zeros(INVALID_MESSAGE_SIZE);
    else writeHaMessage(writer, fop.message);
    writer.u128(fop.idLocal).u128(fop.idRemote).u128(fop.idConnection);
    writer.u64(fop.outNext).u64(fop.inDelivered).u64(fop.seq);
  });
}

export function decodeLinkFop(bytes: Uint8Array): Result<LinkFop, string> {
  return read("link message", bytes, (reader) => {
    const any = reader.flag(reader.u64("msg_nr"), "msg_nr");
    if (!any) reader.skip(INVALID_MESSAGE_SIZE, "msg");
    return {
      message: any ? readHaMessage(reader) : undefined,
      idLocal: reader.u128("id_local"),
      idRemote: reader.u128("id_remote"),
      idConnection: reader.u128("id_connection"),
      outNext: reader.u64("out_next"),
      inDelivered: reader.u64("in_delivered"),
      seq: reader.u64("seq"),
    };
  });
}

export function encodeLinkReply({ rc, outNext, inDelivered }: LinkReplyFop): Uint8Array {
  return written((writer) => writer.i32(rc).u64(outNext).u64(inDelivered));
}

export function decodeLinkReply(bytes: Uint8Array): Result<LinkReplyFop, string> {
  return read("link reply", bytes, (reader) => ({
    rc: reader.i32("rc"),
    outNext: reader.u64("out_next"),
    inDelivered: reader.u64("in_delivered"),
  }));
}

function writeParams(writer: AtomWriter, params: LinkParams): void {
  writer.u128(params.idLocal).u128(params.idRemote).u128(params.idConnection);
  for (const tags of [params.tagsLocal, params.tagsRemote])
    writer.u64(tags.confirmed).u64(tags.delivered).u64(tags.next).u64(tags.assign);
}

function readParams(reader: AtomReader): LinkParams {
  const tags = (what: string): LinkTags => ({
    confirmed: reader.u64(what),
    delivered: reader.u64(what),
    next: reader.u64(what),
    assign: reader.u64(what),
  });
  return {
    idLocal: reader.u128("id_local"),
    idRemote: reader.u128("id_remote"),
    idConnection: reader.u128("id_connection"),
    tagsLocal: tags("tags_local"),
    tagsRemote: tags("tags_remote"),
  };
}

function writeCookie(writer: AtomWriter, { pid, timeStart, uptime, uuid }: ProcessCookie): void {
  writer.u64(pid).u64(timeStart).u64(uptime).u128(uuid);
}

function readCookie(reader: AtomReader): ProcessCookie {
  return {
    pid: reader.u64("cookie"),
    timeStart: reader.u64("cookie"),
    uptime: reader.u64("cookie"),
    uuid: reader.u128("cookie"),
  };
}
