import type { Command } from "@tandem/swss";
import { type AsicReply, FAILURE, replyTo } from "../reply.js";
import { splitKey } from "../request.js";
import { attributeOf } from "../sai/catalogue.js";
import { attributesOf } from "../sai/check.js";
import { attributeStatus, STATUS } from "../status.js";
import { isValue } from "../value/check.js";
import { toAsic } from "./change.js";
import { dump } from "./discovery.js";
import { type Intent, intentCommand, settleCommands } from "./journal.js";
import { deleteRow } from "./rows.js";
import type { Session } from "./session.js";

const FDB = "SAI_OBJECT_TYPE_FDB_ENTRY";
const FLUSH = "SAI_OBJECT_TYPE_FDB_FLUSH";

/** `flush`: FDB entries go from the ASIC, then their rows. May be done again: what is gone stays gone. */
export async function flush(session: Session, intent: Intent, recovering: boolean): Promise<AsicReply> {
  const { op, key, fields } = intent.request;
  const [, switchVid] = splitKey(key);
  const refused = (status: string): AsicReply => replyTo(op, status);
  if (session.map.rid(switchVid) === undefined || !session.switches.has(switchVid))
    return refused(STATUS.invalidObjectId);
  const wanted = attributesOf(fields);
  for (const [at, [name, value]] of wanted.entries()) {
    const attribute = attributeOf(FLUSH, name);
    if (attribute === undefined) return refused(attributeStatus("unknown", at));
    if (!isValue(attribute.kind, value)) return refused(attributeStatus("value", at));
  }
  const filters = toAsic(session, wanted);
  if (typeof filters === "string") return refused(filters);
  const { crashPoint } = session.options;
  if (!recovering) {
    const begun = await session.begin([intentCommand(intent)]);
    if (!begun.ok) return refused(begun.error);
    crashPoint.reach("asic.effect.before");
  }
  const done = await session.ask({ call: "flush", filters });
  if (done === undefined) return refused(FAILURE);
  crashPoint.reach("asic.effect.done");
  const reply = replyTo(op, done.status);
  const rows = recovering ? await rowsWithoutEntry(session) : rowsOfGone(session, done.gone ?? []);
  const written = await session.commit([...rows, ...settleCommands(intent.id, reply)]);
  crashPoint.reach("asic.rows.written");
  if (intent.id !== undefined) session.settled.add(intent.id, reply);
  return written.ok ? reply : refused(written.error);
}

function rowsOfGone(session: Session, gone: readonly string[]): readonly Command[] {
  return gone.flatMap((id) => {
    const vid = session.map.toChannel({ type: FDB, id });
    return vid === undefined ? [] : [deleteRow("", { type: FDB, id: vid })];
  });
}

/** After a crash nobody knows any more which entries went: rows whose entry the ASIC does not have. */
async function rowsWithoutEntry(session: Session): Promise<readonly Command[]> {
  const rows = await session.rows("");
  if (!rows.ok) return [];
  const alive = new Set((await dump(session)).filter(({ type }) => type === FDB).map(({ id }) => id));
  return rows.value.flatMap(([key]) => {
    const [type, id] = splitKey(key);
    if (type !== FDB || alive.has(session.map.toAsic({ type, id }) ?? "")) return [];
    return [deleteRow("", { type, id })];
  });
}
