import type { Command } from "@tandem/swss";
import { isEntryType } from "../object-key.js";
import type { AsicReply } from "../reply.js";
import { faultOfCreate, faultOfSet } from "../sai/check.js";
import { STATUS } from "../status.js";
import { change, replyWith } from "./change.js";
import { type Intent, settleCommands } from "./journal.js";
import { REMOVED } from "./names.js";
import { isBulk, type Operation, operationsOf } from "./operation.js";
import { deleteRow, writeRow } from "./rows.js";
import type { Session } from "./session.js";

const SWITCH = "SAI_OBJECT_TYPE_SWITCH";

/** Objects that a view takes as they are: they cannot be made or unmade, or not in bulk, while it is being built. */
const NOT_MADE: ReadonlySet<string> = new Set(["SAI_OBJECT_TYPE_PORT"]);
const NOT_IN_BULK: ReadonlySet<string> = new Set([
  ...[SWITCH, "SAI_OBJECT_TYPE_PORT", "SAI_OBJECT_TYPE_SCHEDULER_GROUP", "SAI_OBJECT_TYPE_INGRESS_PRIORITY_GROUP"],
]);
const NOT_SET_IN_BULK: ReadonlySet<string> = new Set([SWITCH, "SAI_OBJECT_TYPE_SCHEDULER_GROUP"]);

/** A change while a view is being built: it is recorded under TEMP_ rows, and has no effect yet. */
export async function collect(session: Session, intent: Intent, recovering: boolean): Promise<AsicReply> {
  const { request, id, rowsWritten } = intent;
  const operations = operationsOf(request, session.switches);
  const [only] = operations;
  if (only?.change === "create" && only.key.type === SWITCH && !isBulk(request.op) && only.fault === undefined) {
    if (session.map.rid(only.key.id) === undefined) {
      const made = await change(session, intent, recovering);
      if (made.status !== STATUS.success) return made;
    }
  }
  const statuses = operations.map((operation) => faultOf(operation, isBulk(request.op)) ?? STATUS.success);
  const reply = replyWith(intent, statuses);
  const rows = operations.flatMap((operation, at): readonly Command[] => {
    const { change: what, key, attributes } = operation;
    // A row that was written as the request was taken must not get into the view.
    if (statuses[at] !== STATUS.success) return rowsWritten && what === "create" ? [deleteRow("TEMP_", key)] : [];
    if (rowsWritten) return [];
    return [what === "remove" ? deleteRow("TEMP_", key) : writeRow("TEMP_", key, attributes)];
  });
  const removed = operations
    .filter(
      ({ change: what, key }, at) => what === "remove" && statuses[at] === STATUS.success && session.cold.has(key.id),
    )
    .map(({ key }) => key.id);
  if (removed.length > 0) rows.push(["SADD", REMOVED, ...removed]);
  const written = await session.begin([...rows, ...settleCommands(id, reply)]);
  if (!written.ok)
    return replyWith(
      intent,
      operations.map(() => written.error),
    );
  if (id !== undefined) session.settled.add(id, reply);
  session.options.crashPoint.reach("asic.rows.written");
  return reply;
}

function faultOf({ change: what, key, attributes, fault }: Operation, inBulk: boolean): string | undefined {
  if (fault !== undefined) return fault;
  const { type } = key;
  if (what === "set") {
    const [name, value] = attributes[0] ?? ["", ""];
    return inBulk && NOT_SET_IN_BULK.has(type) ? STATUS.notSupported : faultOfSet(type, name, value);
  }
  if (!isEntryType(type) && (NOT_MADE.has(type) || (inBulk && NOT_IN_BULK.has(type)))) return STATUS.notSupported;
  if (what === "remove") return type === SWITCH ? STATUS.notSupported : undefined;
  return faultOfCreate(type, attributes);
}
