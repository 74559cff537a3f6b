import { err, ok, type Result } from "@tandem/base";
import type { Command, FieldValues } from "@tandem/swss";
import { type ObjectId, objectIdValue } from "../object-id.js";
import { isEntryType } from "../object-key.js";
import { splitKey } from "../request.js";
import { attributesOf } from "../sai/check.js";
import { STATUS } from "../status.js";
import { viewOf } from "../view/graph.js";
import { planView } from "../view/plan.js";
import type { AsicObject } from "../virtual-asic/call.js";
import { adoptInternals, dump, switchRows } from "./discovery.js";
import { Settled } from "./journal.js";
import { PROGRESS, RID_TO_VID, SETTLED, SYNCD_STATE, switchRow, VID_TO_RID } from "./names.js";
import { performView } from "./perform-view.js";
import type { Session } from "./session.js";
import { VidMap } from "./vid-map.js";
import { settleView, stateCommand } from "./view-switch.js";

/** How a syncd starts. `auto` takes the ASIC over where it and the rows are of one life, else boots it cold. */
export const START_TYPES = ["auto", "cold", "warm", "fast", "fastfast", "express"] as const;
export type StartType = (typeof START_TYPES)[number];

const SWITCH = "SAI_OBJECT_TYPE_SWITCH";

type Rows = readonly (readonly [key: string, attributes: FieldValues])[];

/** Brings rows, maps and ASIC together. The error is one line: what is wrong, and what to do. */
export async function boot(session: Session, start: StartType): Promise<Result<void, string>> {
  const loaded = await loadSession(session);
  if (!loaded.ok) return loaded;
  const { hidden, bootNeeded, asic } = loaded.value;
  const rows = await session.rows("");
  if (!rows.ok) return rows;
  const objects = await dump(session);
  if (session.broken !== undefined) return err(session.broken);
  const runs = objects.some(({ type }) => type === SWITCH);
  const hasSwitch = rows.value.some(([key]) => splitKey(key)[0] === SWITCH);
  if (start === "warm" && hidden && !hasSwitch)
    return err("warm start, but ASIC_STATE has no switch: start cold, which boots the ASIC anew");
  const isWarm = start === "warm" || start === "auto";
  if (start === "warm" && !hidden)
    session.emit({ kind: "warning", text: "warm start without HIDDEN rows: a cold start" });
  if (isWarm && hidden && !bootNeeded && runs && asic === session.options.asic.boot && isOfOneLife(session, objects)) {
    session.emit({ kind: "booted", how: "taken over", objects: objects.length });
    return ok();
  }
  if (isWarm && hidden && hasSwitch) {
    const why = bootNeeded
      ? "the last boot or view change did not come to its end"
      : "the ASIC is of another life than the rows";
    session.emit({ kind: "warning", text: `${why}: a cold start` });
  }
  return hasSwitch ? bootFromRows(session, rows.value) : bootEmpty(session, hidden);
}

/** How an earlier life left things. */
interface Left {
  /** There are HIDDEN rows: it was not the first one. */
  readonly hidden: boolean;
  /** It came to no end of a boot, or of a view change. */
  readonly bootNeeded: boolean;
  /** The life of the ASIC that it led. */
  readonly asic: string | undefined;
}

/** Reads what the last life left: maps, settled requests, the view. */
export async function loadSession(session: Session): Promise<Result<Left, string>> {
  const { store } = session.options;
  const isFirst = [...session.switches].map((vid) => [vid, switchRow("COLDVIDS", vid, session.isFirst(vid))] as const);
  const reads: readonly Command[] = [
    ["HGETALL", VID_TO_RID],
    ["LRANGE", SETTLED, "0", "-1"],
    ["HGETALL", SYNCD_STATE],
    ["KEYS", "HIDDEN*"],
    ...isFirst.map(([, row]) => ["HGETALL", row] as const),
  ];
  const replies = await store.multi(reads);
  if (!replies.ok)
    return err(
      `ASIC_DB cannot be read: ${replies.error.kind === "refused" ? replies.error.detail : replies.error.kind}`,
    );
  const [map, settled, state, hidden, ...cold] = replies.value as readonly (readonly string[])[];
  session.map = new VidMap(pairs(map ?? []));
  session.settled = new Settled(settled);
  session.cold = new Map(cold.flatMap(pairs));
  const fields = new Map(pairs(state ?? []));
  session.view = fields.get("view") === "init" ? "init" : "apply";
  session.firstRun = fields.get("first_run") === "true" || (hidden ?? []).length === 0;
  return ok({ hidden: (hidden ?? []).length > 0, bootNeeded: fields.has("boot"), asic: fields.get("asic") });
}

/** Whether the objects that the map names are the ASIC's. */
function isOfOneLife(session: Session, objects: readonly AsicObject[]): boolean {
  const switches = objects.filter(({ type }) => type === SWITCH).map(({ id }) => id);
  const known = [...session.switches].map((vid) => session.map.rid(vid)).filter((rid) => rid !== undefined);
  return known.length > 0 && known.every((rid) => switches.includes(rid));
}

/** Nothing to bring back: an ASIC without power, and no maps of an earlier life. */
async function bootEmpty(session: Session, hidden: boolean): Promise<Result<void, string>> {
  await session.ask({ call: "reset" });
  const names = ["LANES", "HIDDEN", "COLDVIDS"] as const;
  const gone = [...session.switches].flatMap((vid) => names.map((name) => switchRow(name, vid, session.isFirst(vid))));
  session.map = new VidMap();
  session.cold = new Map();
  session.view = "apply";
  session.firstRun = true;
  const cleared = await session.commit([
    ["DEL", VID_TO_RID, RID_TO_VID, PROGRESS, SYNCD_STATE, ...gone],
    stateCommand(session),
  ]);
  if (!cleared.ok) return err("ASIC_DB takes no writes");
  if (hidden) session.emit({ kind: "warning", text: "maps of an earlier life are cleared: ASIC_STATE has no switch" });
  session.emit({ kind: "booted", how: "first", objects: 0 });
  return ok();
}

/** The ASIC is reset, and everything that the rows say is made again: new RIDs behind the old VIDs. */
async function bootFromRows(session: Session, rows: Rows): Promise<Result<void, string>> {
  const noted = await session.commit([
    ["HSET", SYNCD_STATE, "boot", "a boot from rows is not at its end"],
    ["DEL", PROGRESS],
  ]);
  if (!noted.ok) return err("ASIC_DB takes no writes");
  await session.ask({ call: "reset" });
  const oldCold = session.cold;
  session.map = new VidMap();
  session.cold = new Map();
  const commands: Command[] = [];
  for (const [key, fields] of rows) {
    const [type, vid] = splitKey(key);
    if (type !== SWITCH) continue;
    const made = await session.ask({ call: "create", type, attributes: initial(fields), label: key });
    if (made?.status !== STATUS.success || made.id === undefined)
      return err(`the switch ${vid} of ASIC_STATE cannot be created: ${made?.status ?? "the ASIC is gone"}`);
    session.map.bind(vid, made.id);
    const objects = await dump(session);
    const adopted = await adoptInternals(session, vid, objects, likeBefore(oldCold, objects));
    if (!adopted.ok) return adopted;
    commands.push(["DEL", switchRow("COLDVIDS", vid, session.isFirst(vid))]);
    commands.push(...adopted.value.filter(([name, row]) => name === "HSET" && row?.startsWith("COLDVIDS")));
    commands.push(...(await switchRows(session, vid, objects)));
  }
  const made = [...session.map.pairs()].map(([vid]) => `${session.cold.get(vid) ?? session.typeOf(vid)}:${vid}`);
  const given = new Map(rows.map(([key, fields]) => [key, initial(fields)]));
  const old = viewOf(made.map((key) => [key, splitKey(key)[0] === SWITCH ? (given.get(key) ?? []) : []] as const));
  const known = new Set([...session.map.pairs()].map(([vid]) => vid));
  const plan = planView(old, viewOf(rows), known, new Set(session.cold.keys()));
  const performed = await performView(session, plan, "go on");
  if (!performed.ok) return err(performed.error.why);
  const settled = await settleView(session, plan, performed.value, [...commands, ["HDEL", SYNCD_STATE, "boot"]]);
  if (!settled.ok) return err("ASIC_DB takes no writes");
  session.emit({ kind: "booted", how: "cold", objects: plan.rows.length });
  return ok();
}

/** Attributes of a switch that name no objects: those are set once the objects are there. */
function initial(fields: FieldValues): FieldValues {
  return attributesOf(fields).filter(([, value]) => !value.includes("oid:0x"));
}

/** Objects that the switch comes with keep their VIDs: of each type the first is the first again. */
function likeBefore(cold: ReadonlyMap<string, string>, objects: readonly AsicObject[]): ReadonlyMap<string, string> {
  const taken = new Map<string, string>();
  const byType = new Map<string, string[]>();
  const inOrder = [...cold].sort(([a], [b]) => (objectIdValue(a as ObjectId) < objectIdValue(b as ObjectId) ? -1 : 1));
  for (const [vid, type] of inOrder) byType.set(type, [...(byType.get(type) ?? []), vid]);
  const internals = objects.filter(({ type, internal }) => internal && !isEntryType(type));
  for (const { type, id } of internals.toSorted((a, b) =>
    objectIdValue(a.id as ObjectId) < objectIdValue(b.id as ObjectId) ? -1 : 1,
  )) {
    const vid = byType.get(type)?.shift();
    if (vid !== undefined) taken.set(id, vid);
  }
  return taken;
}

function pairs(flat: readonly string[]): readonly (readonly [string, string])[] {
  return flat.flatMap((name, i) => (i % 2 === 0 ? [[name, flat[i + 1] as string] as const] : []));
}
