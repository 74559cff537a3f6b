import { ok } from "@tandem/base";
import { DeviceMetadata, type PairView } from "@tandem/hamgrd";
import { viewBus } from "../bus-view.js";
import { type CommandRun, printJson, wantsJson } from "../io.js";
import { readPair } from "../pairs.js";
import { renderTopology } from "../render/topology.js";
import { listItems } from "../render/words.js";
import { readSlots, SlotSessions, switchAccess } from "../switch-slots.js";
import { TableReader } from "../tables.js";
import { topologyView } from "../topology-view.js";
import { readPairRows } from "./plan.js";
import { paintFor } from "./show-ha.js";

/** `tandem show topology`: switches, DPUs, vDPUs, links and HA sets, as this switch knows them. */
export const runShowTopology: CommandRun = async (invocation, io) => {
  const access = switchAccess(invocation);
  const reader = await TableReader.open(access.dbConfig, io);
  if (!reader.ok) return reader;
  await using tables = reader.value;
  const rows = await readPairRows(tables);
  if (!rows.ok) return rows;
  const slots = await readSlots(tables);
  if (!slots.ok) return slots;
  const metadata = await tables.rows(DeviceMetadata);
  if (!metadata.ok) return metadata;
  await using sessions = new SlotSessions(access, io);
  const bus = await viewBus(slots.value, rows.value.remoteDpus, sessions);
  const here = new Set(slots.value.map(({ dpu }) => dpu));
  const isHere = (vdpu: string): boolean =>
    listItems(rows.value.vdpus.find(({ key }) => key.join("|") === vdpu)?.fields["main_dpu_ids"]).some((dpu) =>
      here.has(dpu),
    );
  const pairs = new Map<string, PairView>();
  await Promise.all(
    rows.value.sets.map(async (set) => {
      if (!listItems(set.fields["vdpu_ids"]).some(isHere)) return;
      const pair = await readPair(set, rows.value, sessions);
      if (pair !== undefined) pairs.set(pair.set, pair);
    }),
  );
  const { region = "", cluster = "" } = metadata.value[0]?.fields ?? {};
  const address = rows.value.npu ?? "no Loopback0 address";
  const view = topologyView({ rows: rows.value, region, cluster, address, slots: slots.value, bus, pairs });
  if (wantsJson(invocation)) printJson(io, "show-topology", view);
  else io.print(renderTopology(view, paintFor(io)));
  return ok();
};
