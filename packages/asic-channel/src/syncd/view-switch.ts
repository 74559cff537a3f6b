import { err, ok, type Result } from "@tandem/base";
import type { Command, FieldValues } from "@tandem/swss";
import { formatKey, isEntryType } from "../object-key.js";
import { type AsicReply, FAILURE, replyTo, SUCCESS } from "../reply.js";
import { splitKey } from "../request.js";
import { viewOf } from "../view/graph.js";
import { planView, type ViewPlan } from "../view/plan.js";
import { viewAfter } from "../view/view-after.js";
import { type Intent, intentCommand, settleCommands } from "./journal.js";
import { PROGRESS, REMOVED, RID_TO_VID, rowKey, STATE_TABLE, SYNCD_STATE, VID_TO_RID } from "./names.js";
import { performView, type StepFault } from "./perform-view.js";
import { bindCommands, deleteKeys, writeRow } from "./rows.js";
import type { Session } from "./session.js";
import { VidMap } from "./vid-map.js";

type Rows = readonly (readonly [key: string, attributes: FieldValues])[];

/** Pairs in one command of a map. */
const MAP_CHUNK = 1000;

/** Which view requests go to, and which life of the ASIC the rows are of, as the next syncd finds it. */
export function stateCommand(session: Session): Command {
  const { boot } = session.options.asic;
  return ["HSET", SYNCD_STATE, "view", session.view, "first_run", String(session.firstRun), "asic", boot];
}

/** INIT_VIEW: what follows is collected under TEMP_ rows. While no view was ever applied it goes to the ASIC directly. */
export async function initView(session: Session, intent: Intent, seenInit: boolean): Promise<AsicReply> {
  const { op } = intent.request;
  const temps = await session.rows("TEMP_");
  if (!temps.ok) return replyTo(op, FAILURE);
  const before = { view: session.view, firstRun: session.firstRun };
  if (!session.firstRun || seenInit) {
    session.firstRun = false;
    session.view = "init";
  }
  const reply = replyTo(op, SUCCESS);
  const cleared = deleteKeys([REMOVED, ...temps.value.map(([key]) => `TEMP_${STATE_TABLE}:${key}`)]);
  const begun = await session.begin([...cleared, stateCommand(session), ...settleCommands(intent.id, reply)]);
  if (!begun.ok) {
    Object.assign(session, before);
    return replyTo(op, begun.error);
  }
  if (intent.id !== undefined) session.settled.add(intent.id, reply);
  if (session.view === "init") session.emit({ kind: "view", to: "init", steps: 0 });
  return reply;
}

/** APPLY_VIEW: the ASIC becomes what the TEMP_ rows say. `recovering`: an earlier life was at it. */
export async function applyView(session: Session, intent: Intent, recovering: boolean): Promise<AsicReply> {
  const { op } = intent.request;
  const reply = replyTo(op, SUCCESS);
  if (session.view === "apply") {
    session.firstRun = false;
    const written = await session.begin([stateCommand(session), ...settleCommands(intent.id, reply)]);
    if (written.ok && intent.id !== undefined) session.settled.add(intent.id, reply);
    return written.ok ? reply : replyTo(op, written.error);
  }
  const plan = await planOf(session);
  if (!plan.ok) {
    session.emit({ kind: "viewFailed", why: plan.error, touched: false });
    return leaveView(session, intent);
  }
  if (!recovering) {
    const begun = await session.begin([["DEL", PROGRESS], intentCommand(intent)]);
    if (!begun.ok) return replyTo(op, begun.error);
    session.options.crashPoint.reach("asic.effect.before");
  }
  const performed = await performView(session, plan.value);
  if (!performed.ok) return failView(session, intent, plan.value, performed.error);
  session.options.crashPoint.reach("asic.effect.done");
  session.view = "apply";
  session.firstRun = false;
  const temps = await session.rows("TEMP_");
  if (!temps.ok)
    return failView(session, intent, plan.value, {
      why: temps.error,
      performed: plan.value.steps,
      ids: performed.value,
    });
  const written = await settleView(session, plan.value, performed.value, [
    ...deleteKeys([REMOVED, ...temps.value.map(([key]) => `TEMP_${STATE_TABLE}:${key}`)]),
    ...settleCommands(intent.id, reply),
  ]);
  session.options.crashPoint.reach("asic.rows.written");
  if (!written.ok) return replyTo(op, written.error);
  if (intent.id !== undefined) session.settled.add(intent.id, reply);
  session.emit({ kind: "view", to: "apply", steps: plan.value.steps.length });
  return reply;
}

/** Both views, compared. Rows decide, so that every life comes to the same plan. */
async function planOf(session: Session): Promise<Result<ViewPlan, string>> {
  const [old, wanted] = [await session.rows(""), await session.rows("TEMP_")];
  if (!old.ok) return old;
  if (!wanted.ok) return wanted;
  const removed = await session.read(["SMEMBERS", REMOVED]);
  if (!removed.ok) return removed;
  const views = [viewOf(withKnown(session, old.value)), viewOf(wanted.value)] as const;
  const [had, has] = views.map((view) =>
    [...view.values()].filter(({ key }) => key.type === "SAI_OBJECT_TYPE_SWITCH").map(({ key }) => key.id),
  ) as [string[], string[]];
  if (had.join() !== has.join())
    return err(`the new view has ${has.join(", ") || "no switch"}, the ASIC has ${had.join(", ") || "none"}`);
  const known = new Set([...session.map.pairs()].map(([vid]) => vid));
  const kept = new Set(session.cold.keys());
  for (const vid of removed.value as readonly string[]) kept.delete(vid);
  return ok(planView(...views, known, kept));
}

/** Objects that the ASIC has though their row is lost are in the old view all the same. */
export function withKnown(session: Session, rows: Rows): Rows {
  const keys = new Set(rows.map(([key]) => key));
  const lost = [...session.map.pairs()].flatMap(([vid]) => {
    const type = session.cold.get(vid) ?? session.typeOf(vid);
    const key = `${type}:${vid}`;
    return type === undefined || keys.has(key) ? [] : [[key, []] as const];
  });
  return [...rows, ...lost];
}

/** Rows and maps as the plan leaves them, all in one MULTI. */
export async function settleView(
  session: Session,
  plan: ViewPlan,
  ids: VidMap,
  more: readonly Command[],
): Promise<Result<void, string>> {
  const old = await session.rows("");
  if (!old.ok) return err(FAILURE);
  const pairs = plan.rows.flatMap(([{ type, id }]) => {
    const rid = isEntryType(type) ? undefined : ids.rid(id);
    return rid === undefined ? [] : [[id, rid] as const];
  });
  const named = new Set(pairs.map(([vid]) => vid));
  for (const vid of session.cold.keys()) {
    const rid = ids.rid(vid);
    if (rid !== undefined && !named.has(vid)) pairs.push([vid, rid]);
  }
  session.map = new VidMap(pairs);
  const kept = new Set(plan.rows.map(([key]) => rowKey("", key)));
  const gone = old.value.map(([key]) => `${STATE_TABLE}:${key}`).filter((key) => !kept.has(key));
  const changed = changedRows(plan, new Map(old.value));
  return session.commit([
    ...deleteKeys([...gone, ...changed.map(([key]) => rowKey("", key))]),
    ...changed.map(([key, attributes]) => writeRow("", key, attributes)),
    ["DEL", VID_TO_RID, RID_TO_VID, PROGRESS],
    ...chunks(pairs).flatMap(bindCommands),
    stateCommand(session),
    ...more,
  ]);
}

/** Rows that are not as they are already. */
function changedRows(
  plan: ViewPlan,
  old: ReadonlyMap<string, readonly (readonly [string, string])[]>,
): ViewPlan["rows"] {
  return plan.rows.filter(([key, attributes]) => {
    const was = old.get(formatKey(key));
    if (was === undefined) return true;
    const fields = new Map(was.filter(([name]) => name !== "NULL"));
    return fields.size !== attributes.length || attributes.some(([name, value]) => fields.get(name) !== value);
  });
}

/** The comparison failed: nothing is changed, the old view stands. */
async function leaveView(session: Session, intent: Intent): Promise<AsicReply> {
  const reply = replyTo(intent.request.op, FAILURE);
  session.view = "apply";
  const left = await session.commit([["DEL", PROGRESS], stateCommand(session), ...settleCommands(intent.id, reply)]);
  if (left.ok && intent.id !== undefined) session.settled.add(intent.id, reply);
  return reply;
}

/**
 * A step was refused: those before it are undone, and the old view stands. Where that is refused too the ASIC is neither
 * view: nothing is executed any more, and the next start boots it anew from the old view's rows, as it does when this
 * process dies in between.
 */
async function failView(session: Session, intent: Intent, plan: ViewPlan, fault: StepFault): Promise<AsicReply> {
  const { performed } = fault;
  const why = `${fault.why}, at step ${performed.length + 1} of ${plan.steps.length}`;
  if (performed.length === 0) {
    session.emit({ kind: "viewFailed", why, touched: false });
    return leaveView(session, intent);
  }
  const reply = replyTo(intent.request.op, FAILURE);
  session.view = "apply";
  const noted = await session.commit([
    ["DEL", PROGRESS],
    ["HSET", SYNCD_STATE, "boot", `a view was applied in part: ${why}`],
    stateCommand(session),
    ...settleCommands(intent.id, reply),
  ]);
  if (noted.ok && intent.id !== undefined) session.settled.add(intent.id, reply);
  const undone =
    noted.ok && session.broken === undefined ? await undoView(session, plan, fault) : err("ASIC_DB takes no writes");
  if (undone.ok) {
    session.emit({
      kind: "viewFailed",
      why: `${why}; what was done is undone, in ${undone.value} steps`,
      touched: false,
    });
    return reply;
  }
  session.broken ??= `a view was applied in part: ${why}; it cannot be undone: ${undone.error}`;
  session.emit({ kind: "viewFailed", why: `${why}; it cannot be undone: ${undone.error}`, touched: true });
  return reply;
}

/** Back to the old view from what the ASIC holds, which is a view as well. The steps that it took. */
async function undoView(
  session: Session,
  plan: ViewPlan,
  { performed, ids }: StepFault,
): Promise<Result<number, string>> {
  const rows = await session.rows("");
  if (!rows.ok) return rows;
  const old = withKnown(session, rows.value);
  const now = viewAfter(old, plan, performed);
  const back = planView(
    viewOf(now),
    viewOf(old),
    new Set(now.map(([key]) => splitKey(key)[1])),
    new Set(session.cold.keys()),
  );
  session.map = new VidMap(ids.pairs());
  for (const [vid, was] of plan.bound) if (vid !== was) session.map.release(vid);
  // Releasing the new id of an object forgets whose it is: the old one has it again.
  session.map = new VidMap(session.map.pairs());
  const performedBack = await performView(session, back);
  if (!performedBack.ok) return err(performedBack.error.why);
  const settled = await settleView(session, back, performedBack.value, [["HDEL", SYNCD_STATE, "boot"]]);
  return settled.ok ? ok(back.steps.length) : settled;
}

function chunks<T>(items: readonly T[]): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / MAP_CHUNK) }, (_, at) =>
    items.slice(at * MAP_CHUNK, (at + 1) * MAP_CHUNK),
  );
}
