import { ok, type Result } from "@tandem/base";
import type { Command } from "@tandem/swss";
import { isEntryType } from "../object-key.js";
import { listItems } from "../value/list.js";
import type { AsicObject } from "../virtual-asic/call.js";
import { switchRow } from "./names.js";
import { bindCommands, deleteRow, releaseCommands, writeRow } from "./rows.js";
import type { Session } from "./session.js";

/** Objects that every switch has for itself: HIDDEN names them by these attributes. */
const HIDDEN_ATTRIBUTES = [
  "SAI_SWITCH_ATTR_CPU_PORT",
  "SAI_SWITCH_ATTR_DEFAULT_VIRTUAL_ROUTER_ID",
  "SAI_SWITCH_ATTR_DEFAULT_STP_INST_ID",
  "SAI_SWITCH_ATTR_DEFAULT_VLAN_ID",
  "SAI_SWITCH_ATTR_DEFAULT_1Q_BRIDGE_ID",
  "SAI_SWITCH_ATTR_DEFAULT_TRAP_GROUP",
] as const;

const LANES = "SAI_PORT_ATTR_HW_LANE_LIST";

/** Objects in one answer: a line between syncd and ASIC is bounded. */
const PAGE = 10_000;

/** Every object of the ASIC; none when it is gone. */
export async function dump(session: Session): Promise<readonly AsicObject[]> {
  const objects: AsicObject[] = [];
  for (;;) {
    const page = (await session.ask({ call: "dump", from: objects.length, max: PAGE }))?.objects ?? [];
    for (const object of page) objects.push(object);
    if (page.length < PAGE) return session.broken === undefined ? objects : [];
  }
}

/** Objects that came with a switch or port get VIDs, rows, and their place in COLDVIDS. `taken` are VIDs of old ones. */
export async function adoptInternals(
  session: Session,
  switchVid: string,
  objects: readonly AsicObject[],
  taken: ReadonlyMap<string, string> = new Map(),
): Promise<Result<readonly Command[], string>> {
  const fresh = objects.filter(({ type, id }) => !isEntryType(type) && session.map.vid(id) === undefined);
  const found = fresh.filter(({ internal }) => internal);
  const unnamed = found.filter(({ id }) => !taken.has(id));
  const vids = await session.allocate(
    unnamed.map(({ type }) => type),
    switchVid,
  );
  if (!vids.ok) return vids;
  const named = new Map(unnamed.map(({ id }, at) => [id, vids.value[at]]));
  const pairs: [string, string][] = [];
  const rows: Command[] = [];
  for (const { type, id } of found) {
    const vid = taken.get(id) ?? named.get(id);
    if (vid === undefined) continue;
    pairs.push([vid, id]);
    session.map.bind(vid, id);
    session.cold.set(vid, type);
    rows.push(writeRow("", { type, id: vid }, []));
  }
  if (pairs.length === 0) return ok([]);
  session.emit({ kind: "discovered", objects: pairs.length });
  const cold = switchRow("COLDVIDS", switchVid, session.isFirst(switchVid));
  const types = pairs.flatMap(([vid]) => [vid, session.cold.get(vid) as string]);
  return ok([...rows, ...bindCommands(pairs), ["HSET", cold, ...types]]);
}

/** LANES and HIDDEN of a switch, from what the ASIC says now. */
export async function switchRows(
  session: Session,
  switchVid: string,
  objects: readonly AsicObject[],
): Promise<readonly Command[]> {
  const rid = session.map.rid(switchVid) ?? "";
  const hidden = await session.ask({
    ...{ call: "get", type: "SAI_OBJECT_TYPE_SWITCH", id: rid },
    fields: HIDDEN_ATTRIBUTES.map((name) => [name, ""]),
  });
  const ports = objects.filter(({ type }) => type === "SAI_OBJECT_TYPE_PORT");
  const lanes = await session.ask({
    call: "all",
    calls: ports.map(({ type, id }) => ({ call: "get", type, id, fields: [[LANES, ""]] }) as const),
  });
  const laneFields = (lanes?.all ?? []).flatMap(({ fields }, at) =>
    listItems(fields?.[0]?.[1] ?? "").flatMap((lane) => [lane, ports[at]?.id ?? ""]),
  );
  const isFirst = session.isFirst(switchVid);
  const lanesRow = switchRow("LANES", switchVid, isFirst);
  const hiddenFields = (hidden?.fields ?? []).flat();
  return [
    ["DEL", lanesRow],
    ...(laneFields.length > 0 ? [["HSET", lanesRow, ...laneFields] as const] : []),
    ...(hiddenFields.length > 0 ? [["HSET", switchRow("HIDDEN", switchVid, isFirst), ...hiddenFields] as const] : []),
  ];
}

/** What went with a removed port or switch loses its VID and its row. */
export function releaseGone(session: Session, switchVid: string, objects: readonly AsicObject[]): readonly Command[] {
  const alive = new Set(objects.map(({ id }) => id));
  const gone = [...session.map.pairs()].filter(([, rid]) => !alive.has(rid));
  const rows = gone.flatMap(([vid]) => {
    const type = session.cold.get(vid) ?? session.typeOf(vid);
    session.map.release(vid);
    session.cold.delete(vid);
    return type === undefined ? [] : [deleteRow("", { type, id: vid })];
  });
  if (gone.length === 0) return [];
  const cold = switchRow("COLDVIDS", switchVid, session.isFirst(switchVid));
  return [...rows, ...releaseCommands(gone), ["HDEL", cold, ...gone.map(([vid]) => vid)]];
}
