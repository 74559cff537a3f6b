import { err, ok, type Result } from "@tandem/base";
import type { FieldValues } from "@tandem/swss";
import type { AsicNotification } from "../notification.js";
import { type AsicRequest, checkRequest, describeRequestFault, NO_ATTRIBUTES } from "../request.js";
import { formatFields } from "./bars.js";
import type { BulkOp, BulkPart, RecordBody } from "./record.js";

/** What a line is to somebody who plays it. */
export type LineRole =
  /** A request, and the op of the line in which its reply is, if one follows. */
  | { readonly kind: "request"; readonly request: AsicRequest; readonly answeredBy: "A" | "F" | "G" | "E" }
  | { readonly kind: "reply" }
  | { readonly kind: "notification"; readonly notification: AsicNotification }
  | { readonly kind: "pause"; readonly milliseconds: number }
  /** A comment, or what players pass over: queries and counter polling. */
  | { readonly kind: "aside" }
  | { readonly kind: "unreadable"; readonly reason: string };

const OPS = { c: "create", r: "remove", s: "set", g: "get", f: "flush" } as const;
const BULK_NAMES = { C: "bulkcreate", R: "bulkremove", S: "bulkset", B: "bulkget" } as const;

export function roleOf(body: RecordBody): LineRole {
  switch (body.op) {
    case "#":
    case "q":
    case "Q":
    case "p":
      return { kind: "aside" };
    case "a":
      return requestOf(checkRequest("notify", body.view, []), "A");
    case "A":
    case "F":
    case "G":
    case "E":
      return { kind: "reply" };
    case "n":
      return { kind: "notification", notification: { name: body.name, data: body.data, fields: body.fields ?? [] } };
    case "@":
      return { kind: "pause", milliseconds: body.milliseconds };
    case "c":
    case "r":
    case "s":
    case "g":
    case "f": {
      const none: FieldValues = body.op === "c" ? NO_ATTRIBUTES : [];
      const fields = body.op === "r" || body.fields === undefined || body.fields.length === 0 ? none : body.fields;
      const answeredBy = body.op === "g" ? "G" : body.op === "f" ? "F" : "E";
      return requestOf(checkRequest(OPS[body.op], body.key, fields), answeredBy);
    }
    case "C":
    case "R":
    case "S":
    case "B": {
      const fields = body.parts.map(({ head, attributes = "" }) => [head, attributesFor(body.op, attributes)] as const);
      const key = `${body.type}:${fields.length}`;
      return requestOf(checkRequest(BULK_NAMES[body.op], key, fields), body.op === "B" ? "G" : "E");
    }
    case "unknown":
      return { kind: "unreadable", reason: `the op ${body.letter} is none that is known` };
  }
}

function attributesFor(op: BulkOp, attributes: string): string {
  if (op === "R") return "";
  return attributes === "" && op === "C" ? formatFields(NO_ATTRIBUTES) : attributes;
}

function requestOf(checked: ReturnType<typeof checkRequest>, answeredBy: "A" | "F" | "G" | "E"): LineRole {
  return checked.ok
    ? { kind: "request", request: checked.value, answeredBy }
    : { kind: "unreadable", reason: describeRequestFault(checked.error) };
}

/** What a reply line says: a status, the attributes of one object, or the results of many. */
export interface RecordedReply {
  readonly status: string;
  readonly fields: FieldValues;
  readonly parts: readonly BulkPart[];
}

/** The reply that a line holds, if it is one of the op `wanted`. */
export function recordedReply(body: RecordBody, wanted: "A" | "F" | "G" | "E"): Result<RecordedReply, "another op"> {
  if (body.op !== wanted) return err("another op");
  switch (body.op) {
    case "A":
    case "F":
      return ok({ status: body.status, fields: [], parts: [] });
    case "G":
      return body.kind === "single"
        ? ok({ status: body.status, fields: body.fields ?? [], parts: [] })
        : ok({ status: body.status, fields: [], parts: body.parts });
    case "E":
      return ok({ status: body.status, fields: [], parts: (body.statuses ?? []).map((head) => ({ head })) });
    default:
      return err("another op");
  }
}
