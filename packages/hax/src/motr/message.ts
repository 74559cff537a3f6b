import type { Fid } from "../fid.js";

/** `M0_NC_*`, at the index of its number. */
export const NOTE_STATES = [
  "UNKNOWN",
  "ONLINE",
  "FAILED",
  "TRANSIENT",
  "REPAIR",
  "REPAIRED",
  "REBALANCE",
  "DTM_RECOVERING",
] as const;
export type NoteState = (typeof NOTE_STATES)[number];

/** `M0_CONF_HA_PROCESS_*` events, at the index of their number. */
export const PROCESS_EVENTS = ["STARTING", "STARTED", "STOPPING", "STOPPED", "DTM_RECOVERED"] as const;
export type ProcessEvent = (typeof PROCESS_EVENTS)[number];

/** `M0_CONF_HA_PROCESS_*` types, at the index of their number. */
export const PROCESS_TYPES = ["OTHER", "KERNEL", "M0MKFS", "M0D"] as const;
export type ProcessType = (typeof PROCESS_TYPES)[number];

/** `M0_CONF_HA_SERVICE_*`, at the index of its number. */
export const SERVICE_EVENTS = ["STARTING", "STARTED", "STOPPING", "STOPPED", "FAILED"] as const;
export type ServiceEvent = (typeof SERVICE_EVENTS)[number];

/** `M0_CST_*`; the first has number 1. */
export const SERVICE_TYPES = [
  ...(["MDS", "IOS", "CONFD", "RMS", "STATS", "HA", "SSS", "SNS_REP", "SNS_REB", "ADDB2", "CAS"] as const),
  ...(["DIX_REP", "DIX_REB", "DS1", "DS2", "FIS", "FDMI", "BE", "M0T1FS", "CLIENT", "ISCS", "DTM0"] as const),
] as const;
export type ServiceType = (typeof SERVICE_TYPES)[number];

/** What a stob was asked to do, at the index of its number. */
export const STOB_OPCODES = ["INVALID", "READ", "WRITE", "BARRIER", "SYNC"] as const;
export type StobOpcode = (typeof STOB_OPCODES)[number];

/** Where the metadata back end failed, at the index of its number. */
export const BE_LOCATIONS = ["NONE", "LOG", "SEGMENT_1", "SEGMENT_2"] as const;
export type BeLocation = (typeof BE_LOCATIONS)[number];

/** `M0_HA_MSG_*`; the first has number 1. */
export const HA_TYPES = [
  ...(["STOB_IOQ", "NVEC", "FAILURE_VEC_REQ", "FAILURE_VEC_REP", "KEEPALIVE_REQ", "KEEPALIVE_REP"] as const),
  ...(["EVENT_PROCESS", "EVENT_SERVICE", "EVENT_RPC", "BE_IO_ERR", "SNS_ERR"] as const),
] as const;
export type HaType = (typeof HA_TYPES)[number];

/** Notes in one vector, and the length of its array on the wire. */
export const NOTES_MAX = 1024;

/** The state of one object. */
export interface Note {
  readonly fid: Fid;
  readonly state: NoteState;
}

/** The asker's pointer: an answer carries it back as it came. */
export interface Cookie {
  readonly address: bigint;
  readonly generation: bigint;
}

/** A failed I/O of a storage object. */
export interface StobIoq {
  readonly type: "STOB_IOQ";
  readonly confSdev: Fid;
  readonly stobId: { readonly domainFid: Fid; readonly fid: Fid };
  readonly fd: bigint;
  readonly opcode: StobOpcode;
  readonly rc: bigint;
  readonly offset: bigint;
  readonly size: bigint;
  readonly bshift: number;
}

/**
 * States of objects, told (SET) or asked for (GET). `idOfGet` is 0 unless the vector asks or answers; ids of a process
 * begin at 100. `ignoreSameState`: only objects whose state changes are signalled to the receiver's users.
 */
export interface Nvec {
  readonly type: "NVEC";
  readonly direction: "SET" | "GET";
  readonly idOfGet: bigint;
  readonly ignoreSameState: boolean;
  readonly notes: readonly Note[];
}

/** The payload of a message, fields in wire order. */
export type HaData =
  | StobIoq
  | Nvec
  | { readonly type: "FAILURE_VEC_REQ"; readonly pool: Fid; readonly cookie: Cookie }
  | { readonly type: "FAILURE_VEC_REP"; readonly pool: Fid; readonly cookie: Cookie; readonly notes: readonly Note[] }
  | { readonly type: "KEEPALIVE_REQ"; readonly id: bigint }
  | { readonly type: "KEEPALIVE_REP"; readonly id: bigint; readonly counter: bigint }
  | {
      readonly type: "EVENT_PROCESS";
      readonly event: ProcessEvent;
      readonly processType: ProcessType;
      readonly pid: bigint;
    }
  | {
      readonly type: "EVENT_SERVICE";
      readonly event: ServiceEvent;
      readonly serviceType: ServiceType;
      readonly pid: bigint;
    }
  | { readonly type: "EVENT_RPC"; readonly attempts: bigint; readonly state: NoteState }
  | { readonly type: "BE_IO_ERR"; readonly errcode: number; readonly location: BeLocation; readonly opcode: StobOpcode }
  /** `opcode` is a number of the copy machine's own. */
  | { readonly type: "SNS_ERR"; readonly errcode: number; readonly opcode: number };

/** `m0_ha_msg`. Fids and 64-bit numbers are unsigned unless their name says otherwise. */
export interface HaMessage {
  /** What the message is about: the process for EVENT_PROCESS, the service for EVENT_SERVICE; null in a vector. */
  readonly fid: Fid;
  readonly sourceProcess: Fid;
  readonly sourceService: Fid;
  /** Nanoseconds since the epoch; 0 in vectors that hax sends. */
  readonly time: bigint;
  /** 0 from hax. */
  readonly epoch: bigint;
  /** Given by the link, one per message and direction: odd from hax, even from the other side. */
  readonly tag: bigint;
  readonly data: HaData;
}
