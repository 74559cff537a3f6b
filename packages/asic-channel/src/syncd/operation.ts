import type { FieldValues } from "@tandem/swss";
import { NULL_OBJECT_ID, type ObjectId, objectIdParts, switchOf } from "../object-id.js";
import { idsInKey, isEntryType, type ObjectKey, parseKeyId } from "../object-key.js";
import type { AsicRequest } from "../request.js";
import { splitKey } from "../request.js";
import { attributesOf } from "../sai/check.js";
import { objectTypeNumber } from "../sai/object-types.js";
import { STATUS } from "../status.js";

/** One change of one object, as a request asks for it. */
export interface Operation {
  readonly change: "create" | "remove" | "set";
  readonly key: ObjectKey;
  readonly attributes: FieldValues;
  /** It cannot be done as it stands: the status that it is refused with. */
  readonly fault?: string;
}

const CHANGES: Readonly<Record<string, Operation["change"]>> = {
  ...{ create: "create", remove: "remove", set: "set" },
  ...{ bulkcreate: "create", bulkremove: "remove", bulkset: "set" },
};

/** Whether the op changes objects. */
export function isChange(op: string): boolean {
  return Object.hasOwn(CHANGES, op);
}

export function isBulk(op: string): boolean {
  return op.startsWith("bulk");
}

/** What a changing request asks, object by object; `switches` are the VIDs that this ASIC may have. */
export function operationsOf(request: AsicRequest, switches: ReadonlySet<string>): readonly Operation[] {
  const change = CHANGES[request.op] as Operation["change"];
  const [type, id] = splitKey(request.key);
  if (!isBulk(request.op)) return [operationOf(change, type, id, attributesOf(request.fields), switches)];
  return request.fields.map(([object, joined]) => {
    const attributes = change === "remove" ? [] : splitJoined(joined);
    if (attributes === undefined || (change === "set" && attributes.length !== 1))
      return { change, key: { type, id: object }, attributes: [], fault: STATUS.invalidParameter };
    return operationOf(change, type, object, attributesOf(attributes), switches);
  });
}

function operationOf(
  change: Operation["change"],
  type: string,
  id: string,
  attributes: FieldValues,
  switches: ReadonlySet<string>,
): Operation {
  const key = parseObject(type, id, switches);
  const operation = { change, key: key ?? { type, id }, attributes };
  return key === undefined ? { ...operation, fault: STATUS.invalidObjectId } : operation;
}

/** The object that a key names; `undefined` when it is malformed, of another type, or of another switch. */
export function parseObject(type: string, id: string, switches: ReadonlySet<string>): ObjectKey | undefined {
  const parsed = parseKeyId(type, id);
  if (!parsed.ok || parsed.value === NULL_OBJECT_ID) return undefined;
  const key = { type, id: parsed.value };
  const ids = isEntryType(type) ? idsInKey(key) : [parsed.value as ObjectId];
  if (!ids.every((oid) => switches.has(switchOf(oid)))) return undefined;
  const number = isEntryType(type) ? undefined : objectTypeNumber(type);
  const { type: found, extension } = objectIdParts(ids[0] ?? NULL_OBJECT_ID);
  return number === undefined || (found === number && !extension) ? key : undefined;
}

/** `A=v|B=v` of a bulk op; `undefined` when a piece has no `=`. */
export function splitJoined(joined: string): FieldValues | undefined {
  const pieces = joined.split("|").filter((piece) => piece !== "");
  if (!pieces.every((piece) => piece.includes("="))) return undefined;
  return pieces.map((piece) => {
    const at = piece.indexOf("=");
    return [piece.slice(0, at), piece.slice(at + 1)];
  });
}

export function joinAttributes(attributes: FieldValues): string {
  return attributes.map(([name, value]) => `${name}=${value}`).join("|");
}
