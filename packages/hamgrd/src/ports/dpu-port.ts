import type { StatePort } from "@tandem/actor";
import { type Json, type Millis, millis } from "@tandem/base";
import { type PlaneState, planeStateCodec, sessionListCodec } from "../schema/codecs.js";
import { Members } from "../schema/members.js";
import { timestampCodec } from "../schema/timestamp.js";

/** Planes of a DPU as pmon reports them. Times are whole seconds, which is what the message can carry. */
export interface PmonState {
  readonly dpu_midplane_link_state: PlaneState;
  readonly dpu_midplane_link_time: Millis;
  readonly dpu_control_plane_state: PlaneState;
  readonly dpu_control_plane_time: Millis;
  readonly dpu_data_plane_state: PlaneState;
  readonly dpu_data_plane_time: Millis;
}

/** BFD sessions that are up on a DPU. */
export interface BfdState {
  readonly v4_bfd_up_sessions: readonly string[];
  readonly v4_bfd_up_sessions_timestamp: Millis;
  readonly v6_bfd_up_sessions: readonly string[];
  readonly v6_bfd_up_sessions_timestamp: Millis;
}

/** One DPU, local or remote. Of remote ones and of other slots only addresses are known. */
export interface DpuActorState {
  readonly remote_dpu: boolean;
  readonly is_managed: boolean;
  readonly dpu_name: string;
  readonly up: boolean;
  readonly state?: string;
  /** Empty when the switch has none. */
  readonly npu_ipv4: string;
  readonly npu_ipv6?: string;
  readonly vip_ipv4?: string;
  readonly vip_ipv6?: string;
  readonly pa_ipv4: string;
  readonly pa_ipv6?: string;
  readonly dpu_id: number;
  readonly vdpu_id?: string;
  /** 0 for remote DPUs. */
  readonly orchagent_zmq_port: number;
  readonly swbus_port: number;
  readonly midplane_ipv4?: string;
  readonly dpu_pmon_state?: PmonState;
  readonly dpu_bfd_state?: BfdState;
  /** Its BFD rows are withdrawn because its scope goes down; sent only then. */
  readonly bfd_withdrawn?: true;
  /** Its row is deleted; sent only then, with the last addresses. */
  readonly gone?: true;
}

const PMON_STATES = ["dpu_midplane_link_state", "dpu_control_plane_state", "dpu_data_plane_state"] as const;
const PMON_TIMES = ["dpu_midplane_link_time", "dpu_control_plane_time", "dpu_data_plane_time"] as const;

function encodePmon(pmon: PmonState): Json {
  const out: Record<string, Json> = {};
  for (const name of PMON_STATES) out[name] = pmon[name];
  for (const name of PMON_TIMES) out[name] = timestampCodec.format(pmon[name]);
  return out;
}

function decodePmon(data: Json): PmonState | undefined {
  const members = Members.of(data);
  if (!members.ok) return undefined;
  const m = members.value;
  const out: Record<string, PlaneState | Millis> = {};
  for (const name of PMON_STATES) {
    const state = planeStateCodec.parse(m.text(name, "unknown"));
    out[name] = state.ok ? state.value : "unknown";
  }
  for (const name of PMON_TIMES) out[name] = takeTime(m, name);
  return m.failure === undefined ? (out as unknown as PmonState) : undefined;
}

function takeTime(members: Members, name: string): Millis {
  const time = members.maybe(name, "a time", (value) => {
    const parsed = typeof value === "string" ? timestampCodec.parse(value) : undefined;
    return parsed?.ok ? parsed.value : undefined;
  });
  return time ?? millis(0);
}

function encodeBfd(bfd: BfdState): Json {
  return {
    v4_bfd_up_sessions: sessionListCodec.format(bfd.v4_bfd_up_sessions),
    v6_bfd_up_sessions: sessionListCodec.format(bfd.v6_bfd_up_sessions),
    v4_bfd_up_sessions_timestamp: timestampCodec.format(bfd.v4_bfd_up_sessions_timestamp),
    v6_bfd_up_sessions_timestamp: timestampCodec.format(bfd.v6_bfd_up_sessions_timestamp),
  };
}

function decodeBfd(data: Json): BfdState | undefined {
  const members = Members.of(data);
  if (!members.ok) return undefined;
  const m = members.value;
  const list = (name: string): readonly string[] => {
    const parsed = sessionListCodec.parse(m.text(name, ""));
    return parsed.ok ? parsed.value : [];
  };
  const bfd: BfdState = {
    v4_bfd_up_sessions: list("v4_bfd_up_sessions"),
    v4_bfd_up_sessions_timestamp: takeTime(m, "v4_bfd_up_sessions_timestamp"),
    v6_bfd_up_sessions: list("v6_bfd_up_sessions"),
    v6_bfd_up_sessions_timestamp: takeTime(m, "v6_bfd_up_sessions_timestamp"),
  };
  return m.failure === undefined ? bfd : undefined;
}

/** The message form; members that are `undefined` are left out. */
export function encodeDpuState(state: DpuActorState): Json {
  const { dpu_pmon_state: pmon, dpu_bfd_state: bfd, ...plain } = state;
  return {
    ...plain,
    ...(pmon !== undefined && { dpu_pmon_state: encodePmon(pmon) }),
    ...(bfd !== undefined && { dpu_bfd_state: encodeBfd(bfd) }),
  };
}

const OPTIONAL_TEXTS = ["state", "npu_ipv6", "vip_ipv4", "vip_ipv6", "pa_ipv6", "vdpu_id", "midplane_ipv4"] as const;

export function decodeDpuState(data: Json | undefined): DpuActorState | undefined {
  const members = Members.of(data);
  if (!members.ok) return undefined;
  const m = members.value;
  const texts: Record<string, string> = {};
  for (const name of OPTIONAL_TEXTS) {
    const text = m.maybeText(name);
    if (text !== undefined) texts[name] = text;
  }
  const pmon = m.maybe("dpu_pmon_state", "planes", decodePmon);
  const bfd = m.maybe("dpu_bfd_state", "BFD sessions", decodeBfd);
  const state: DpuActorState = {
    remote_dpu: m.bool("remote_dpu"),
    is_managed: m.bool("is_managed"),
    dpu_name: m.text("dpu_name"),
    up: m.bool("up"),
    npu_ipv4: m.text("npu_ipv4", ""),
    pa_ipv4: m.text("pa_ipv4"),
    dpu_id: m.u32("dpu_id"),
    orchagent_zmq_port: m.integer("orchagent_zmq_port", undefined, 0xffff),
    swbus_port: m.integer("swbus_port", undefined, 0xffff),
    ...texts,
    ...(pmon !== undefined && { dpu_pmon_state: pmon }),
    ...(bfd !== undefined && { dpu_bfd_state: bfd }),
    ...(m.bool("bfd_withdrawn", false) && { bfd_withdrawn: true as const }),
    ...(m.bool("gone", false) && { gone: true as const }),
  };
  return m.failure === undefined ? state : undefined;
}

/** A DPU's state, for its vDPUs. */
export const dpuPort: StatePort<DpuActorState> = {
  provider: "dpu",
  register: "DPUStateRegister",
  update: "DPUStateUpdate",
  decode: decodeDpuState,
  encode: encodeDpuState,
};
