import { err, ok, type Result } from "@tandem/base";
import type { FieldValues } from "@tandem/swss";
import { ASIC_OPS, type AsicOp, isAsicOp, VIEW_KEYS } from "./op.js";

/**
 * One request from orchagent to syncd, the same on every transport. The key is `TYPE:id`, `TYPE:count` of a bulk op, the
 * word of a view, a switch, or what a counter op names; the fields are ordered, and positional in queries.
 */
export interface AsicRequest {
  readonly op: AsicOp;
  readonly key: string;
  readonly fields: FieldValues;
}

/** What stands in place of attributes where there are none. */
export const NO_ATTRIBUTES: FieldValues = [["NULL", "NULL"]];

/** A request that no server could make sense of: where, and what was expected there. */
export interface RequestFault {
  readonly kind: "invalidRequest";
  /** `op`, `key`, or `fields`. */
  readonly where: "op" | "key" | "fields";
  readonly expected: string;
  readonly found: string;
}

/** Longest text of a faulty request that an error repeats. */
const FOUND_MAX = 120;

/** The request, if it has the shape that its op demands. Attribute names and values are the server's to judge. */
export function checkRequest(op: string, key: string, fields: FieldValues): Result<AsicRequest, RequestFault> {
  const fault = (where: RequestFault["where"], expected: string, found: string): Result<never, RequestFault> =>
    err({ kind: "invalidRequest", where, expected, found: found.slice(0, FOUND_MAX) });
  if (!isAsicOp(op)) return fault("op", `one of ${Object.keys(ASIC_OPS).join(", ")}`, op);
  if (key === "") return fault("key", "a key", "none");
  const wanted = KEY_FORMS[ASIC_OPS[op].key];
  if (!wanted.form.test(key)) return fault("key", wanted.expected, key);
  if (ASIC_OPS[op].key === "bulk" && Number(key.slice(key.lastIndexOf(":") + 1)) !== fields.length)
    return fault("fields", `as many objects as the key ${key} counts`, `${fields.length}`);
  if (op === "set" && fields.length !== 1) return fault("fields", "exactly one attribute", `${fields.length}`);
  if (op === "remove" && fields.length !== 0) return fault("fields", "none", `${fields.length}`);
  return ok({ op, key, fields });
}

const KEY_FORMS: Readonly<
  Record<(typeof ASIC_OPS)[AsicOp]["key"], { readonly form: RegExp; readonly expected: string }>
> = {
  object: { form: /^SAI_OBJECT_TYPE_[A-Z0-9_]+:./s, expected: "SAI_OBJECT_TYPE_…:<object>" },
  bulk: { form: /^SAI_OBJECT_TYPE_[A-Z0-9_]+:\d{1,9}$/, expected: "SAI_OBJECT_TYPE_…:<count>" },
  flush: { form: /^SAI_OBJECT_TYPE_FDB_FLUSH:./s, expected: "SAI_OBJECT_TYPE_FDB_FLUSH:<switch>" },
  view: { form: new RegExp(`^(${VIEW_KEYS.join("|")})$`), expected: `one of ${VIEW_KEYS.join(", ")}` },
  switch: { form: /./s, expected: "the object id of a switch" },
  counters: { form: /./s, expected: "the group, or the group and its objects" },
};

export function describeRequestFault(fault: RequestFault): string {
  return `${fault.where} of the request: expected ${fault.expected}, found ${JSON.stringify(fault.found)}`;
}

/** A view change: nothing may be queued behind it before it is answered, since it decides where rows go. */
export function isBarrier(request: AsicRequest): boolean {
  return request.op === "notify";
}

/** `TYPE` and `id` of a key. Ids contain colons; the type ends at the first one. */
export function splitKey(key: string): readonly [type: string, id: string] {
  const colon = key.indexOf(":");
  return colon < 0 ? [key, ""] : [key.slice(0, colon), key.slice(colon + 1)];
}

/** What a request asks, as a refusal that comes later names it: `op key`. */
export function askedText({ op, key }: AsicRequest): string {
  return `${op} ${key}`;
}

export function parseAsked(text: string): Pick<AsicRequest, "op" | "key"> | undefined {
  const [op = ""] = text.split(" ", 1);
  return isAsicOp(op) ? { op, key: text.slice(op.length + 1) } : undefined;
}
