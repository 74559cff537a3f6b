import type { TableRow } from "./render/rows.js";
import { listItems } from "./render/words.js";

/** The rows that tell where the other side of a scope lives. */
export interface PeerRows {
  readonly states: readonly TableRow[];
  readonly sets: readonly TableRow[];
  readonly vdpus: readonly TableRow[];
  readonly dpus: readonly TableRow[];
  readonly remoteDpus: readonly TableRow[];
}

/** Whom to ask about the other side of a scope, over the swbusd of which slot. */
export interface PeerQuestion {
  /** The local row that the answer completes. */
  readonly state: TableRow;
  readonly slot: number;
  /** The peer's swbusd, as ours dials it. */
  readonly endpoint: string;
  /** Path of the scope's actor, relative to the peer's swbusd. */
  readonly actor: string;
}

/**
 * One question per scope whose row does not tell the peer's state: with owner dpu it never does, since each side
 * writes its own row only. Scopes whose peer cannot be found in the configuration have none.
 */
export function peerQuestions(rows: PeerRows): readonly PeerQuestion[] {
  const named = (all: readonly TableRow[], key: string | undefined): TableRow | undefined =>
    all.find((row) => row.key.join("|") === key);
  const mainDpu = (vdpu: string | undefined): string | undefined =>
    listItems(named(rows.vdpus, vdpu)?.fields["main_dpu_ids"])[0];
  return rows.states.flatMap((state) => {
    const [vdpu] = state.key;
    const scope = state.key.slice(1).join("|");
    if (state.fields["peer_ha_state"] !== undefined) return [];
    const members = listItems(named(rows.sets, scope)?.fields["vdpu_ids"]);
    const peer = members.includes(vdpu ?? "") ? members.find((member) => member !== vdpu) : undefined;
    const local = named(rows.dpus, mainDpu(vdpu))?.fields["dpu_id"];
    const remote = named(rows.remoteDpus, mainDpu(peer))?.fields;
    const address = remote?.["npu_ipv4"] ?? (remote?.["npu_ipv6"] && `[${remote["npu_ipv6"]}]`);
    const port = remote?.["swbus_port"];
    if (peer === undefined || local === undefined || !address || port === undefined) return [];
    const question = { state, slot: Number(local), endpoint: `${address}:${port}` };
    return [{ ...question, actor: `/hamgrd/0/ha-scope/${peer}:${scope}` }];
  });
}

/** The local row with what the peer's row says of itself. */
export function withPeer(state: TableRow, peer: Readonly<Record<string, string>>): TableRow {
  const fields: Record<string, string> = { ...state.fields };
  for (const [theirs, ours] of [
    ["local_ha_state", "peer_ha_state"],
    ["local_acked_asic_ha_state", "peer_acked_asic_ha_state"],
    ["local_acked_term", "peer_term"],
  ] as const) {
    const value = peer[theirs];
    if (value !== undefined && fields[ours] === undefined) fields[ours] = value;
  }
  return { key: state.key, fields };
}
