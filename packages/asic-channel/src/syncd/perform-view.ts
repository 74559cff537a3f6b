import { err, ok, type Result } from "@tandem/base";
import type { FieldValues } from "@tandem/swss";
import { formatKey, isEntryType } from "../object-key.js";
import { STATUS } from "../status.js";
import type { ViewPlan, ViewStep } from "../view/plan.js";
import type { AsicCall, CallOutcome } from "../virtual-asic/call.js";
import { isMadeBy, isOrphan } from "./change.js";
import { dump } from "./discovery.js";
import { PROGRESS } from "./names.js";
import type { Session } from "./session.js";
import { VidMap } from "./vid-map.js";

/** A step that the ASIC refused, what was performed before it, and the ids as they are since. */
export interface StepFault {
  readonly why: string;
  readonly performed: readonly ViewStep[];
  readonly ids: VidMap;
}

/** Steps that are noted together, at most. */
const NOTED_TOGETHER_MAX = 64;

const NOT_NOTED = "its progress cannot be noted";

/** Behind the steps that are noted together with step `at`: first each alone, then more and more, since they are likely many. */
function groupEnd(at: number): number {
  let [from, size] = [0, 1];
  while (from + size <= at) {
    from += size;
    size = Math.min(NOTED_TOGETHER_MAX, 1 + (from >> 3));
  }
  return from + size;
}

/**
 * Performs the steps of a view change. They are noted in groups when they are done, so that after a crash the next life
 * goes on behind the last group noted; those of the group after it are looked for in the ASIC first. Gives the ids of both
 * views. A step that the ASIC refuses ends it, or is told and left out.
 */
export async function performView(
  session: Session,
  plan: ViewPlan,
  atFault: "stop" | "go on" = "stop",
): Promise<Result<VidMap, StepFault>> {
  const ids = new VidMap(session.map.pairs());
  for (const [vid, was] of plan.bound) {
    const rid = session.map.rid(was);
    if (rid !== undefined) ids.bind(vid, rid);
  }
  const noted = await session.read(["HGETALL", PROGRESS]);
  const performed: ViewStep[] = [];
  const fault = (why: string): Result<never, StepFault> => err({ why, performed, ids });
  if (!noted.ok) return fault(noted.error);
  const notedBefore = pairsOf(noted.value as readonly string[]);
  // Whoever died may have performed the group behind the last one noted.
  const unsureUntil = groupEnd([...notedBefore.keys()].reduce((most, at) => Math.max(most, Number(at) + 1), 0));
  let end = unsureUntil;
  let notes: string[] = [];
  const note = async (): Promise<boolean> => {
    if (notes.length === 0) return true;
    const written = await session.commit([["HSET", PROGRESS, ...notes]]);
    notes = [];
    if (written.ok) session.options.crashPoint.reach("asic.view.step");
    return written.ok;
  };
  for (const [at, step] of plan.steps.entries()) {
    const was = notedBefore.get(String(at));
    if (was !== undefined) {
      if (step.change === "create" && !isEntryType(step.key.type)) ids.bind(step.key.id, was);
      performed.push(step);
      continue;
    }
    const done = await performStep(session, ids, step, at < unsureUntil);
    if (!done.ok && (atFault === "stop" || session.broken !== undefined)) return fault(done.error);
    if (!done.ok) {
      session.emit({ kind: "warning", text: `a row is not in the ASIC: ${done.error}` });
      continue;
    }
    performed.push(step);
    notes.push(String(at), done.value);
    if (at + 1 < end) continue;
    if (!(await note())) return fault(NOT_NOTED);
    end = groupEnd(at + 1);
  }
  if (!(await note())) return fault(NOT_NOTED);
  return ok(ids);
}

/** One step; the RID of what it created. `unsure`: it may have been performed already. */
async function performStep(
  session: Session,
  ids: VidMap,
  step: ViewStep,
  unsure: boolean,
): Promise<Result<string, string>> {
  const call = callOf(ids, step);
  const name = `${step.change} of ${formatKey(step.key)}`;
  if (call === undefined) return err(`${name} names an object that there is not`);
  if (unsure && call.call === "create" && call.id === undefined) {
    const bound = new Set([...ids.pairs()].map(([, rid]) => rid as string));
    const orphan = (await dump(session)).find(
      (object) => isOrphan(session, object) && !bound.has(object.id) && isMadeBy(object, call),
    );
    if (orphan !== undefined) {
      ids.bind(step.key.id, orphan.id);
      return ok(orphan.id);
    }
  }
  const outcome = await session.ask(call);
  if (outcome === undefined) return err("the ASIC is gone");
  if (outcome.status !== STATUS.success && !(unsure && wasDone(step, outcome)))
    return err(`${name}: ${outcome.status}`);
  if (step.change === "create" && !isEntryType(step.key.type)) ids.bind(step.key.id, outcome.id ?? "");
  return ok(step.change === "create" ? (outcome.id ?? "") : "");
}

function wasDone(step: ViewStep, { status }: CallOutcome): boolean {
  // What it was set on may have been removed behind it already.
  if (step.change !== "create") return status === STATUS.notFound;
  return isEntryType(step.key.type) && status === STATUS.alreadyExists;
}

function callOf(ids: VidMap, step: ViewStep): AsicCall | undefined {
  const { type } = step.key;
  const attributes = step.change === "remove" ? [] : translated(ids, step.attributes);
  const id = step.change === "create" && !isEntryType(type) ? undefined : ids.toAsic(step.key);
  if (attributes === undefined || (id === undefined && (step.change !== "create" || isEntryType(type))))
    return undefined;
  if (step.change === "create")
    return { call: "create", type, attributes, label: formatKey(step.key), ...(id !== undefined && { id }) };
  if (step.change === "remove") return { call: "remove", type, id: id as string };
  const [name, value] = attributes[0] ?? ["", ""];
  return { call: "set", type, id: id as string, name, value };
}

function translated(ids: VidMap, attributes: FieldValues): FieldValues | undefined {
  const values = attributes.map(([name, value]) => [name, ids.valueToAsic(value)] as const);
  return values.every(([, value]) => value !== undefined) ? (values as FieldValues) : undefined;
}

function pairsOf(flat: readonly string[]): ReadonlyMap<string, string> {
  return new Map(flat.flatMap((name, i) => (i % 2 === 0 ? [[name, flat[i + 1] as string] as const] : [])));
}
