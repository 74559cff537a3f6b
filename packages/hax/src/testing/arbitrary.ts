import fc from "fast-check";
import type { Fid } from "../fid.js";
import {
  BE_LOCATIONS,
  type HaData,
  type HaMessage,
  NOTE_STATES,
  type Note,
  PROCESS_EVENTS,
  PROCESS_TYPES,
  SERVICE_EVENTS,
  SERVICE_TYPES,
  STOB_OPCODES,
} from "../motr/message.js";

export const u8 = fc.integer({ min: 0, max: 0xff });
export const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
export const u64 = fc.bigInt(0n, 2n ** 64n - 1n);
export const u128 = fc.bigInt(0n, 2n ** 128n - 1n);
const i64 = fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n);

export const arbitraryFid: fc.Arbitrary<Fid> = fc.record({ container: u64, key: u64 });
const note: fc.Arbitrary<Note> = fc.record({ fid: arbitraryFid, state: fc.constantFrom(...NOTE_STATES) });
const notes = fc.array(note, { maxLength: 20 });
const cookie = fc.record({ address: u64, generation: u64 });

const arbitraryData: fc.Arbitrary<HaData> = fc.oneof(
  fc.record({
    type: fc.constant("STOB_IOQ" as const),
    confSdev: arbitraryFid,
    stobId: fc.record({ domainFid: arbitraryFid, fid: arbitraryFid }),
    fd: i64,
    opcode: fc.constantFrom(...STOB_OPCODES),
    rc: i64,
    offset: u64,
    size: u64,
    bshift: u32,
  }),
  fc.record({
    type: fc.constant("NVEC" as const),
    direction: fc.constantFrom("SET" as const, "GET" as const),
    idOfGet: u64,
    ignoreSameState: fc.boolean(),
    notes,
  }),
  fc.record({ type: fc.constant("FAILURE_VEC_REQ" as const), pool: arbitraryFid, cookie }),
  fc.record({ type: fc.constant("FAILURE_VEC_REP" as const), pool: arbitraryFid, cookie, notes }),
  fc.record({ type: fc.constant("KEEPALIVE_REQ" as const), id: u128 }),
  fc.record({ type: fc.constant("KEEPALIVE_REP" as const), id: u128, counter: u64 }),
  fc.record({
    type: fc.constant("EVENT_PROCESS" as const),
    event: fc.constantFrom(...PROCESS_EVENTS),
    processType: fc.constantFrom(...PROCESS_TYPES),
    pid: u64,
  }),
  fc.record({
    type: fc.constant("EVENT_SERVICE" as const),
    event: fc.constantFrom(...SERVICE_EVENTS),
    serviceType: fc.constantFrom(...SERVICE_TYPES),
    pid: u64,
  }),
  fc.record({ type: fc.constant("EVENT_RPC" as const), attempts: u64, state: fc.constantFrom(...NOTE_STATES) }),
  fc.record({
    type: fc.constant("BE_IO_ERR" as const),
    errcode: u32,
    location: fc.constantFrom(...BE_LOCATIONS),
    opcode: fc.constantFrom(...STOB_OPCODES),
  }),
  fc.record({ type: fc.constant("SNS_ERR" as const), errcode: u32, opcode: u8 }),
);

/** Any message that the codec can carry. */
export const arbitraryMessage: fc.Arbitrary<HaMessage> = fc.record({
  fid: arbitraryFid,
  sourceProcess: arbitraryFid,
  sourceService: arbitraryFid,
  time: u64,
  epoch: u64,
  tag: u64,
  data: arbitraryData,
});
