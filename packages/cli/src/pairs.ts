import { type Millis, seconds, systemClock } from "@tandem/base";
import {
  DashHaScopeConfig,
  type DashHaScopeConfigRow,
  DashHaScopeState,
  type PairView,
  readSide,
  type SideView,
} from "@tandem/hamgrd";
import { describeQueryError, getActorState } from "@tandem/swbus/edge";
import type { Fields } from "@tandem/swss";
import { type RemotePlace, remotePlaces } from "./remote-places.js";
import { committedFields, incomingFields, parseActorDump } from "./render/actor.js";
import type { TableRow } from "./render/rows.js";
import { listItems } from "./render/words.js";
import { describeUnresolved, type SlotSessions } from "./switch-slots.js";

const PEER_WITHIN: Millis = seconds(2);

/** The rows of this switch that tell of pairs. */
export interface PairRows {
  readonly hostname: string;
  /** Of this switch; missing when Loopback0 has none. */
  readonly npu: string | undefined;
  readonly sets: readonly TableRow[];
  readonly scopes: readonly TableRow[];
  readonly states: readonly TableRow[];
  readonly vdpus: readonly TableRow[];
  readonly dpus: readonly TableRow[];
  readonly remoteDpus: readonly TableRow[];
}

/** A pair of this switch's configuration, its sides as its own rows and the hamgrds of other switches tell them. */
export async function readPair(set: TableRow, rows: PairRows, sessions: SlotSessions): Promise<PairView | undefined> {
  const id = set.key.join(":");
  const members = listItems(set.fields["vdpu_ids"]);
  const [left, right] = members;
  if (left === undefined || right === undefined) return undefined;
  const read = (vdpu: string): Promise<SideView> => readSideOf(vdpu, id, set, rows, sessions);
  const [first, second] = await Promise.all([read(left), read(right)]);
  return { set: id, sides: [first, second], preferred: listItems(set.fields["preferred_vdpu_id"])[0] ?? "" };
}

async function readSideOf(
  vdpu: string,
  set: string,
  { fields }: TableRow,
  rows: PairRows,
  sessions: SlotSessions,
): Promise<SideView> {
  const at = listItems(fields["vdpu_ids"]).indexOf(vdpu);
  const pin = listItems(fields["pinned_vdpu_bfd_probe_states"])[at];
  const pinned = pin === "up" || pin === "down" ? pin : "none";
  const members = listItems(rows.vdpus.find(({ key }) => key.join("|") === vdpu)?.fields["main_dpu_ids"]);
  // Members of a vDPU are DPUs of one switch, and one of them serves.
  const local = members.find((member) => rows.dpus.some(({ key }) => key.join("|") === member));
  if (local !== undefined) {
    const state = rows.states.find(({ key }) => key.join("|") === `${vdpu}|${set}`);
    const config = rows.scopes.find(({ key }) => key.join(":") === `${vdpu}:${set}`);
    const decoded = decodeConfig(config?.fields);
    const known = state === undefined ? undefined : readSide(state.fields, decoded, systemClock.now());
    const why = config === undefined ? "it is not configured on this switch" : "hamgrd has written nothing of it yet";
    const { hostname, npu } = rows;
    const at = { on: hostname, ...(npu !== undefined && { npu }) };
    return { vdpu, dpu: local, ...at, pinned, state: known ?? { known: false, why } };
  }
  const [dpu = ""] = members;
  const places = remotePlaces(rows.remoteDpus).filter((remote) => members.includes(remote.dpu));
  const why = dpu === "" ? "no VDPU row names its DPU" : `${dpu} is in no DPU and no REMOTE_DPU row`;
  let side: SideView = { vdpu, dpu, on: "", pinned, state: { known: false, why } };
  const slots = rows.dpus.flatMap(({ fields: { dpu_id } }) => (/^\d{1,3}$/.test(dpu_id ?? "") ? [Number(dpu_id)] : []));
  for (const place of places) {
    const { on, state } = await askSide(place, `${vdpu}:${set}`, slots, sessions);
    side = { vdpu, dpu: place.dpu, on, npu: place.npu, pinned, state };
    if (state.known) break;
  }
  return side;
}

/** Asks the hamgrd of a remote side, over the first swbusd of this switch that takes us. */
async function askSide(
  place: RemotePlace,
  scope: string,
  slots: readonly number[],
  sessions: SlotSessions,
): Promise<Pick<SideView, "on" | "state">> {
  let why = "no swbusd of this switch takes us";
  let on = place.npu;
  for (const slot of slots) {
    const opened = await sessions.open(slot);
    if (!opened.ok) continue;
    const session = opened.value;
    const node = await session.resolve(place.endpoint, PEER_WITHIN);
    if (!node.ok) {
      why = `the swbusd at ${place.endpoint}: ${describeUnresolved(node.error)}`;
      continue;
    }
    on = hostOf(String(node.value));
    const actor = node.value.withService("hamgrd", "0").withResource("ha-scope", scope);
    const text = await getActorState(session.client, actor, PEER_WITHIN);
    const dump = text.ok ? parseActorDump(text.value) : text;
    if (!dump.ok) {
      why = typeof dump.error === "string" ? dump.error : describeQueryError(dump.error);
      continue;
    }
    const row = committedFields(dump.value, DashHaScopeState.name);
    if (Object.keys(row).length === 0)
      return { on, state: { known: false, why: `${on} has written nothing of it yet` } };
    const config = decodeConfig(incomingFields(dump.value, DashHaScopeConfig.name));
    return { on, state: readSide(row, config) };
  }
  return { on, state: { known: false, why } };
}

/** `region-a.cluster-a.sw1-dpu0` → `sw1`: the switch of a node. */
export function hostOf(node: string): string {
  return (node.split("/")[0]?.split(".").at(-1) ?? node).replace(/-dpu\d+$/, "");
}

function decodeConfig(fields: Fields | undefined): DashHaScopeConfigRow | undefined {
  if (fields === undefined || Object.keys(fields).length === 0) return undefined;
  const row = DashHaScopeConfig.decode(fields);
  return row.ok ? row.value : undefined;
}
