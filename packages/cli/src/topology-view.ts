import type { PairView } from "@tandem/hamgrd";
import type { BusView, HamgrdView, SlotBus } from "./bus-view.js";
import { hostOf, type PairRows } from "./pairs.js";
import { remotePlaces } from "./remote-places.js";
import { listItems } from "./render/words.js";
import type { Planes, SwitchSlot } from "./switch-slots.js";

/** The cluster as one switch knows it. */
export interface TopologyView {
  readonly region: string;
  readonly cluster: string;
  readonly switches: readonly SwitchNode[];
  readonly sets: readonly SetNode[];
}

export interface SwitchNode {
  readonly name: string;
  /** Where its bus listens. */
  readonly address: string;
  readonly here: boolean;
  readonly dpus: readonly DpuNode[];
}

export interface DpuNode {
  readonly name: string;
  readonly slot: string;
  readonly vdpus: readonly string[];
  readonly pa: string;
  /** Known of DPUs of this switch alone. */
  readonly planes: Planes | undefined;
  /** Path of its node on the bus; empty while unknown. */
  readonly node: string;
  /** `up`, or why its swbusd is not reached. */
  readonly bus: string;
  /** False where its swbusd could not be asked, so that nobody knows how it does. */
  readonly asked: boolean;
  /** Version of its hamgrd, `other build`, `silent`, or `not asked`. */
  readonly hamgrd: string;
  readonly hamgrdUp: boolean;
  /** Paths from each slot of this switch; none for its own DPUs. */
  readonly links: readonly LinkNode[];
}

/** The way from a slot of this switch to a remote node. */
export interface LinkNode {
  readonly fromSlot: number;
  readonly rttMs: number | undefined;
  readonly why: string;
}

export interface SetNode {
  readonly id: string;
  readonly vip: string;
  readonly vdpus: readonly string[];
  /** The field for which hamgrd refuses it; empty when it does not. */
  readonly bad: string;
  /** `undefined` where no side is on this switch: nobody here knows more. */
  readonly pair: PairView | undefined;
}

export interface TopologyInput {
  readonly rows: PairRows;
  readonly region: string;
  readonly cluster: string;
  readonly address: string;
  readonly slots: readonly SwitchSlot[];
  readonly bus: BusView;
  readonly pairs: ReadonlyMap<string, PairView>;
}

/** Puts together what rows, bus and hamgrds say. Remote switches are told apart by their address. */
export function topologyView(input: TopologyInput): TopologyView {
  const { rows, region, cluster, address, slots, bus, pairs } = input;
  const here: SwitchNode = {
    name: rows.hostname,
    address,
    here: true,
    dpus: slots.map((slot) => localDpu(slot, input)),
  };
  const byAddress = new Map<string, DpuNode[]>();
  for (const place of remotePlaces(rows.remoteDpus)) {
    byAddress.set(place.npu, [...(byAddress.get(place.npu) ?? []), remoteDpu(place.dpu, input)]);
  }
  const remotes = [...byAddress].map(([npu, dpus]): SwitchNode => {
    const node = dpus.find((dpu) => dpu.node !== "")?.node;
    return { name: node === undefined ? "unknown" : hostOf(node), address: npu, here: false, dpus };
  });
  const sets = rows.sets
    .map(({ key, fields, bad = "" }): SetNode => {
      const id = key.join(":");
      const vip = fields["vip_v4"] || fields["vip_v6"] || "";
      return { id, vip, bad, vdpus: listItems(fields["vdpu_ids"]), pair: pairs.get(id) };
    })
    .sort((a, b) => a.id.localeCompare(b.id, "en", { numeric: true }));
  remotes.sort((a, b) => a.address.localeCompare(b.address, "en", { numeric: true }));
  return { region, cluster, switches: [here, ...remotes], sets };

  function busOf(slot: number): SlotBus | undefined {
    return bus.slots.find((known) => known.slot === slot);
  }

  function localDpu({ slot, dpu, row, planes }: SwitchSlot, from: TopologyInput): DpuNode {
    const known = busOf(slot);
    const swbusd = known?.swbusd;
    const isAsked = swbusd !== undefined && swbusd.kind !== "unasked";
    return {
      ...nodeOf(dpu, from),
      slot: String(slot),
      pa: row.fields["pa_ipv4"] ?? "",
      planes,
      node: swbusd?.kind === "up" ? swbusd.node : "",
      bus: swbusd === undefined ? "unknown" : swbusd.kind === "up" ? "up" : swbusd.why,
      asked: isAsked,
      ...(isAsked ? hamgrdOf(known?.hamgrd) : NOT_ASKED),
      links: [],
    };
  }

  function remoteDpu(name: string, from: TopologyInput): DpuNode {
    const row = rows.remoteDpus.find(({ key }) => key.join("|") === name);
    const seen = bus.slots.flatMap(({ slot, peers }) => {
      const peer = peers.find((candidate) => candidate.dpu === name);
      return peer === undefined ? [] : [{ slot, peer }];
    });
    const node = seen.find(({ peer }) => peer.node !== undefined)?.peer.node ?? "";
    const reached = seen.find(({ peer }) => peer.rttMs !== undefined);
    const isAsked = bus.slots.some(({ swbusd }) => swbusd.kind !== "unasked");
    const why = seen[0]?.peer.why ?? `no swbusd of this switch ${isAsked ? "is up" : "could be asked"}`;
    return {
      ...nodeOf(name, from),
      slot: row?.fields["dpu_id"] ?? "",
      pa: row?.fields["pa_ipv4"] ?? "",
      planes: undefined,
      node,
      bus: reached === undefined ? why : "up",
      asked: isAsked,
      ...hamgrdOf(bus.remotes.get(node)),
      links: seen.map(({ slot, peer }) => ({ fromSlot: slot, rttMs: peer.rttMs, why: peer.why })),
    };
  }
}

function nodeOf(dpu: string, { rows }: TopologyInput): Pick<DpuNode, "name" | "vdpus"> {
  const vdpus = rows.vdpus.filter(({ fields }) => listItems(fields["main_dpu_ids"]).includes(dpu));
  return { name: dpu, vdpus: vdpus.map(({ key }) => key.join("|")) };
}

const NOT_ASKED: Pick<DpuNode, "hamgrd" | "hamgrdUp"> = { hamgrd: "not asked", hamgrdUp: false };

function hamgrdOf(view: HamgrdView | undefined): Pick<DpuNode, "hamgrd" | "hamgrdUp"> {
  if (view?.kind === "told") return { hamgrd: view.status.version, hamgrdUp: true };
  return { hamgrd: view?.kind === "foreign" ? "other build" : "silent", hamgrdUp: view?.kind === "foreign" };
}
