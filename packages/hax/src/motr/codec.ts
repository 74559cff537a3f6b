import { err, invariant, ok, type Result } from "@tandem/base";
import { AtomReader, AtomWriter } from "./atoms.js";
import {
  BE_LOCATIONS,
  HA_TYPES,
  type HaData,
  type HaMessage,
  NOTE_STATES,
  NOTES_MAX,
  type Note,
  PROCESS_EVENTS,
  PROCESS_TYPES,
  SERVICE_EVENTS,
  SERVICE_TYPES,
  STOB_OPCODES,
} from "./message.js";

/** A fid and a state, without the padding that it has in memory. */
const NOTE_SIZE = 20;
const TAG_SIZE = 8;

/** The longest message: an empty or full FAILURE_VEC_REP. */
export const HA_MESSAGE_SIZE_MAX = 20_596;

/** `m0_ha_msg` as libmotr's xcode writes it; a message with more than 1024 notes is a bug. */
export function encodeHaMessage(message: HaMessage): Uint8Array {
  const long = message.data.type === "NVEC" || message.data.type === "FAILURE_VEC_REP";
  const writer = new AtomWriter(long ? HA_MESSAGE_SIZE_MAX : 176);
  writeHaMessage(writer, message);
  return writer.done();
}

/** The message that all of `bytes` are; the error says which field is wrong. Never throws. */
export function decodeHaMessage(bytes: Uint8Array): Result<HaMessage, string> {
  const reader = new AtomReader(bytes);
  const message = readHaMessage(reader);
  reader.end();
  return reader.fault === undefined ? ok(message) : err(`HA message: ${reader.fault}`);
}

/** The same bytes under another tag, which is their last field. */
export function withTag(bytes: Uint8Array, tag: bigint): Uint8Array {
  const copy = bytes.slice();
  new DataView(copy.buffer).setBigUint64(copy.length - TAG_SIZE, tag, true);
  return copy;
}

export function writeHaMessage(writer: AtomWriter, { data, ...head }: HaMessage): void {
  writer.fid(head.fid).fid(head.sourceProcess).fid(head.sourceService).u64(head.time).u64(head.epoch);
  writer.u64(BigInt(HA_TYPES.indexOf(data.type) + 1));
  writeData(writer, data);
  writer.u64(head.tag);
}

export function readHaMessage(reader: AtomReader): HaMessage {
  const fid = reader.fid("fid");
  const sourceProcess = reader.fid("source process");
  const sourceService = reader.fid("source service");
  const time = reader.u64("time");
  const epoch = reader.u64("epoch");
  const data = readData(reader);
  return { fid, sourceProcess, sourceService, time, epoch, tag: reader.u64("tag"), data };
}

const number = (names: readonly string[], name: string): number => names.indexOf(name);
const wide = (names: readonly string[], name: string): bigint => BigInt(names.indexOf(name));

function writeData(writer: AtomWriter, data: HaData): void {
  switch (data.type) {
    case "STOB_IOQ":
      writer.fid(data.confSdev).fid(data.stobId.domainFid).fid(data.stobId.fid).i64(data.fd);
      writer.i64(wide(STOB_OPCODES, data.opcode)).i64(data.rc).u64(data.offset).u64(data.size).u32(data.bshift);
      return;
    case "NVEC":
      writer
        .u64(data.direction === "SET" ? 0n : 1n)
        .u64(data.idOfGet)
        .u64(data.ignoreSameState ? 1n : 0n);
      writer.u64(BigInt(data.notes.length));
      writeNotes(writer, data.notes);
      return;
    case "FAILURE_VEC_REQ":
      writer.fid(data.pool).u64(data.cookie.address).u64(data.cookie.generation);
      return;
    case "FAILURE_VEC_REP":
      writer.fid(data.pool).u64(data.cookie.address).u64(data.cookie.generation).u32(data.notes.length);
      writeNotes(writer, data.notes);
      return;
    case "KEEPALIVE_REQ":
      writer.u128(data.id);
      return;
    case "KEEPALIVE_REP":
      writer.u128(data.id).u64(data.counter);
      return;
    case "EVENT_PROCESS":
      writer.u64(wide(PROCESS_EVENTS, data.event)).u64(wide(PROCESS_TYPES, data.processType)).u64(data.pid);
      return;
    case "EVENT_SERVICE":
      writer
        .u64(wide(SERVICE_EVENTS, data.event))
        .u64(1n + wide(SERVICE_TYPES, data.serviceType))
        .u64(data.pid);
      return;
    case "EVENT_RPC":
      writer.u64(data.attempts).u64(wide(NOTE_STATES, data.state));
      return;
    case "BE_IO_ERR":
      writer.u32(data.errcode).u8(number(BE_LOCATIONS, data.location)).u8(number(STOB_OPCODES, data.opcode));
      return;
    case "SNS_ERR":
      writer.u32(data.errcode).u8(data.opcode);
      return;
  }
}

function readData(reader: AtomReader): HaData {
  const type = reader.oneOf(HA_TYPES, reader.u64("type"), "type", 1);
  switch (type) {
    case "STOB_IOQ":
      return {
        type,
        confSdev: reader.fid("conf_sdev"),
        stobId: { domainFid: reader.fid("stob_id"), fid: reader.fid("stob_id") },
        fd: reader.i64("fd"),
        opcode: reader.oneOf(STOB_OPCODES, reader.i64("opcode"), "opcode"),
        rc: reader.i64("rc"),
        offset: reader.u64("offset"),
        size: reader.u64("size"),
        bshift: reader.u32("bshift"),
      };
    case "NVEC":
      return {
        type,
        direction: reader.oneOf(["SET", "GET"], reader.u64("direction"), "direction"),
        idOfGet: reader.u64("id_of_get"),
        ignoreSameState: reader.flag(reader.u64("ignore_same_state"), "ignore_same_state"),
        notes: readNotes(reader, reader.u64("nr")),
      };
    case "FAILURE_VEC_REQ":
      return { type, pool: reader.fid("pool"), cookie: readCookie(reader) };
    case "FAILURE_VEC_REP":
      return {
        type,
        pool: reader.fid("pool"),
        cookie: readCookie(reader),
        notes: readNotes(reader, BigInt(reader.u32("nr"))),
      };
    case "KEEPALIVE_REQ":
      return { type, id: reader.u128("id") };
    case "KEEPALIVE_REP":
      return { type, id: reader.u128("id"), counter: reader.u64("counter") };
    case "EVENT_PROCESS":
      return {
        type,
        event: reader.oneOf(PROCESS_EVENTS, reader.u64("event"), "event"),
        processType: reader.oneOf(PROCESS_TYPES, reader.u64("process type"), "process type"),
        pid: reader.u64("pid"),
      };
    case "EVENT_SERVICE":
      return {
        type,
        event: reader.oneOf(SERVICE_EVENTS, reader.u64("event"), "event"),
        serviceType: reader.oneOf(SERVICE_TYPES, reader.u64("service type"), "service type", 1),
        pid: reader.u64("pid"),
      };
    case "EVENT_RPC":
      return {
        type,
        attempts: reader.u64("attempts"),
        state: reader.oneOf(NOTE_STATES, reader.u64("state"), "state"),
      };
    case "BE_IO_ERR":
      return {
        type,
        errcode: reader.u32("errcode"),
        location: reader.oneOf(BE_LOCATIONS, reader.u8("location"), "location"),
        opcode: reader.oneOf(STOB_OPCODES, reader.u8("io_opcode"), "io_opcode"),
      };
    case "SNS_ERR":
      return { type, errcode: reader.u32("errcode"), opcode: reader.u8("opcode") };
  }
}

function readCookie(reader: AtomReader): { address: bigint; generation: bigint } {
  return { address: reader.u64("cookie"), generation: reader.u64("cookie") };
}

/** The array has its full length whatever the count is. */
function writeNotes(writer: AtomWriter, notes: readonly Note[]): void {
  invariant(notes.length <= NOTES_MAX, `${notes.length} notes in one message`);
  for (const { fid, state } of notes) writer.fid(fid).u32(number(NOTE_STATES, state));
  writer.zeros((NOTES_MAX - notes.length) * NOTE_SIZE);
}

/** What stands behind the notes that count is whatever the sender's memory held. */
function readNotes(reader: AtomReader, nr: bigint): readonly Note[] {
  if (nr > BigInt(NOTES_MAX)) reader.fail(`nr ${nr}: expected at most ${NOTES_MAX} notes`);
  const notes: Note[] = [];
  for (let i = 0; i < Number(nr) && reader.fault === undefined; i += 1)
    notes.push({ fid: reader.fid("note"), state: reader.oneOf(NOTE_STATES, reader.u32("note"), `state of note ${i}`) });
  reader.skip((NOTES_MAX - notes.length) * NOTE_SIZE, "notes");
  return notes;
}
