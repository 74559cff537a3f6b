import type { Command, FieldValues } from "@tandem/swss";
import { type ObjectId, switchOf } from "../object-id.js";
import { formatKey, idsInKey, isEntryType, type ObjectKey } from "../object-key.js";
import { type AsicReply, replyTo } from "../reply.js";
import { attributeStatus, STATUS } from "../status.js";
import type { AsicCall, AsicObject, CallOutcome } from "../virtual-asic/call.js";
import { adoptInternals, dump, releaseGone, switchRows } from "./discovery.js";
import { type Intent, intentCommand, settleCommands } from "./journal.js";
import { rowKey } from "./names.js";
import { isBulk, type Operation, operationsOf } from "./operation.js";
import { bindCommands, deleteRow, releaseCommands, replaceRow, writeRow } from "./rows.js";
import type { Session } from "./session.js";

/** Types that come with objects of their own, and take them along. */
const WITH_PARTS: ReadonlySet<string> = new Set(["SAI_OBJECT_TYPE_SWITCH", "SAI_OBJECT_TYPE_PORT"]);

/** Objects of a bulk request that the ASIC is asked for together. */
export const BULK_PART = 64;

/** One object's change on its way: refused, or a call. */
type Prepared = { readonly status: string } | { readonly call: AsicCall };

/**
 * Executes a request that creates, removes or sets: intent, effect, then rows, maps and reply in one MULTI.
 * `recovering`: it was begun in an earlier life, and may have had its effect, whole or in part.
 */
export async function change(session: Session, intent: Intent, recovering: boolean): Promise<AsicReply> {
  const operations = operationsOf(intent.request, session.switches);
  const made = new Set<string>();
  const prepared = operations.map((operation): Prepared => {
    const { key } = operation;
    const again = operation.change === "create" && !isEntryType(key.type) && made.has(key.id);
    made.add(key.id);
    return again ? { status: STATUS.alreadyExists } : prepare(session, operation);
  });
  const { crashPoint } = session.options;
  if (!recovering && prepared.some((it) => "call" in it)) {
    const begun = await session.begin([intentCommand(intent)]);
    if (!begun.ok)
      return replyWith(
        intent,
        operations.map(() => begun.error),
      );
    crashPoint.reach("asic.effect.before");
  }
  const outcomes = recovering
    ? await performAgain(session, operations, prepared, intent.rowsWritten)
    : await perform(session, prepared);
  if (outcomes === undefined)
    return replyWith(
      intent,
      operations.map(() => STATUS.failure),
    );
  crashPoint.reach("asic.effect.done");
  const reply = replyWith(
    intent,
    outcomes.map(({ status }) => status),
  );
  const rows = await rowsOf(session, operations, outcomes, intent.rowsWritten);
  const written = await session.commit([...rows, ...settleCommands(intent.id, reply)]);
  crashPoint.reach("asic.rows.written");
  if (intent.id !== undefined) session.settled.add(intent.id, reply);
  return written.ok
    ? reply
    : replyWith(
        intent,
        operations.map(() => written.error),
      );
}

/** The reply that tells each object's status. */
export function replyWith({ request }: Intent, statuses: readonly string[]): AsicReply {
  if (!isBulk(request.op)) return replyTo(request.op, statuses[0] ?? STATUS.success);
  const all = statuses.every((status) => status === STATUS.success) ? STATUS.success : STATUS.failure;
  return replyTo(
    request.op,
    all,
    statuses.map((status) => [status, ""]),
  );
}

function prepare(session: Session, { change, key, attributes, fault }: Operation): Prepared {
  if (fault !== undefined) return { status: fault };
  const { map } = session;
  const id = map.toAsic(key);
  if (change === "create") {
    const entry = isEntryType(key.type);
    if (!entry && id !== undefined) return { status: STATUS.alreadyExists };
    if (entry && id === undefined) return { status: STATUS.invalidObjectId };
    const values = toAsic(session, attributes);
    if (typeof values === "string") return { status: values };
    const label = formatKey(key);
    return { call: { call: "create", type: key.type, attributes: values, label, ...(entry && { id: id as string }) } };
  }
  if (id === undefined) return { status: STATUS.notFound };
  if (change === "remove") return { call: { call: "remove", type: key.type, id } };
  const values = toAsic(session, attributes);
  if (typeof values === "string") return { status: values };
  const [name, value] = values[0] ?? ["", ""];
  return { call: { call: "set", type: key.type, id, name, value } };
}

/** Attributes in the ASIC's ids, or the status that blames one that names no object. */
export function toAsic(session: Session, attributes: FieldValues): FieldValues | string {
  const values: [string, string][] = [];
  for (const [at, [name, value]] of attributes.entries()) {
    const mapped = session.map.valueToAsic(value);
    if (mapped === undefined) return attributeStatus("value", at);
    values.push([name, mapped]);
  }
  return values;
}

async function perform(session: Session, prepared: readonly Prepared[]): Promise<readonly CallOutcome[] | undefined> {
  const calls = prepared.flatMap((it) => ("call" in it ? [it.call] : []));
  if (calls.length === 0) return prepared.map((it) => ({ status: "status" in it ? it.status : "" }));
  const outcomes: CallOutcome[] = [];
  for (let at = 0; at < calls.length; at += BULK_PART) {
    if (at > 0) session.options.crashPoint.reach("asic.effect.part");
    const part = calls.slice(at, at + BULK_PART);
    const [only] = part;
    const done =
      part.length === 1 && only !== undefined
        ? await session.ask(only)
        : await session.ask({ call: "all", calls: part });
    if (done === undefined) return undefined;
    outcomes.push(...(part.length === 1 ? [done] : (done.all ?? [])));
  }
  return prepared.map((it) => ("status" in it ? it : (outcomes.shift() as CallOutcome)));
}

/** As `perform`, where any of it may have been done: what there is already is not done twice. */
async function performAgain(
  session: Session,
  operations: readonly Operation[],
  prepared: readonly Prepared[],
  rowsWritten: boolean,
): Promise<readonly CallOutcome[] | undefined> {
  const objects = await dump(session);
  const entries = new Set(objects.map(({ type, id }) => `${type}:${id}`));
  const orphans = new Set(objects.filter((object) => isOrphan(session, object)));
  const outcomes: CallOutcome[] = [];
  const done = new Set<string>();
  for (const [at, it] of prepared.entries()) {
    const { key, change } = operations[at] as Operation;
    const text = formatKey(key);
    if (!("call" in it)) {
      outcomes.push(it);
      continue;
    }
    const { call } = it;
    if (call.call === "create" && !done.has(text)) {
      const isOurs =
        call.id !== undefined &&
        entries.has(`${call.type}:${call.id}`) &&
        (rowsWritten || !(await hasRow(session, key)));
      const orphan = call.id === undefined ? [...orphans].find((object) => isMadeBy(object, call)) : undefined;
      if (orphan !== undefined) orphans.delete(orphan);
      if (isOurs || orphan !== undefined) {
        outcomes.push({ status: STATUS.success, id: orphan?.id ?? call.id ?? "" });
        done.add(text);
        continue;
      }
    }
    const outcome = await session.ask(call);
    if (outcome === undefined) return undefined;
    const wasRemoved = change === "remove" && outcome.status === STATUS.notFound && !done.has(text);
    const isRemoved = wasRemoved && (rowsWritten || !isEntryType(key.type) || (await hasRow(session, key)));
    outcomes.push(isRemoved ? { status: STATUS.success } : outcome);
    done.add(text);
  }
  return outcomes;
}

async function hasRow(session: Session, key: ObjectKey): Promise<boolean> {
  const found = await session.read(["EXISTS", rowKey("", key)]);
  return found.ok && found.value === 1;
}

export function isOrphan(session: Session, { type, id, internal }: AsicObject): boolean {
  return !internal && !isEntryType(type) && session.map.vid(id) === undefined;
}

export function isMadeBy(
  object: AsicObject,
  call: { readonly type: string; readonly attributes: FieldValues },
): boolean {
  if (object.type !== call.type || object.attributes.length !== call.attributes.length) return false;
  const values = new Map(object.attributes);
  return call.attributes.every(([name, value]) => values.get(name) === value);
}

/** Rows and maps after the effects; the map in memory follows. */
async function rowsOf(
  session: Session,
  operations: readonly Operation[],
  outcomes: readonly CallOutcome[],
  rowsWritten: boolean,
): Promise<readonly Command[]> {
  const commands: Command[] = [];
  const bound: [string, string][] = [];
  const released: [string, string][] = [];
  const failed: ObjectKey[] = [];
  const parts: Operation[] = [];
  for (const [at, operation] of operations.entries()) {
    const { change, key, attributes } = operation;
    const { status, id } = outcomes[at] as CallOutcome;
    if (status !== STATUS.success) {
      failed.push(key);
      continue;
    }
    if (WITH_PARTS.has(key.type) && change !== "set") parts.push(operation);
    if (change === "create" && !isEntryType(key.type)) {
      session.map.bind(key.id, id as string);
      bound.push([key.id, id as string]);
    }
    if (change === "remove" && !isEntryType(key.type)) {
      released.push([key.id, session.map.rid(key.id) ?? ""]);
      session.map.release(key.id);
    }
    if (rowsWritten) continue;
    if (change === "remove") commands.push(deleteRow("", key));
    else commands.push(writeRow("", key, attributes));
  }
  commands.push(...bindCommands(bound), ...releaseCommands(released));
  if (parts.length > 0) commands.push(...(await partsOf(session, parts)));
  if (rowsWritten && failed.length > 0) commands.push(...(await restoreRows(session, failed)));
  return commands;
}

async function partsOf(session: Session, parts: readonly Operation[]): Promise<readonly Command[]> {
  const objects = await dump(session);
  const commands: Command[] = [];
  for (const { key, change } of parts) {
    const ofSwitch = switchOf(key.id as ObjectId);
    if (change === "remove") commands.push(...releaseGone(session, ofSwitch, objects));
    else {
      const adopted = await adoptInternals(session, ofSwitch, objects);
      if (adopted.ok) commands.push(...adopted.value);
      else session.emit({ kind: "rowsRefused", why: adopted.error });
    }
    if (session.map.rid(ofSwitch) !== undefined) commands.push(...(await switchRows(session, ofSwitch, objects)));
  }
  return commands;
}

/** Rows that were written ahead of an effect that did not come: they show what the ASIC has. */
async function restoreRows(session: Session, keys: readonly ObjectKey[]): Promise<readonly Command[]> {
  const objects = new Map((await dump(session)).map((object) => [`${object.type}:${object.id}`, object]));
  return keys.flatMap((key) => {
    if (idsInKey(key).some((vid) => !session.switches.has(switchOf(vid)))) return [deleteRow("", key)];
    const object = objects.get(`${key.type}:${session.map.toAsic(key) ?? ""}`);
    if (object === undefined) return [deleteRow("", key)];
    const attributes = object.attributes.map(
      ([name, value]) => [name, session.map.valueToChannel(value) ?? value] as const,
    );
    return replaceRow("", key, attributes);
  });
}
