import type { Json } from "@tandem/base";
import type { StructuredPayload } from "@tandem/swbus/edge";
import type { Fields } from "@tandem/swss";

/** Resource type of bridges: `<base>/swss-common-bridge/<DB>|<TABLE>`. */
export const BRIDGE_TYPE = "swss-common-bridge";

/**
 * One change of one row between a bridge and an actor, in the form that sonic-dash-ha bridges use:
 * `{"key", "operation": "Set"|"Del", "field_values": {…}}`.
 */
export interface RowEnvelope {
  readonly key: string;
  readonly operation: "Set" | "Del";
  /** The whole row; empty for Del. */
  readonly fields: Fields;
  /**
   * The row is to be deleted and written in one step: an earlier Del of it was not acknowledged. Travels as the member
   * `replace`, which bridges that do not know it ignore.
   */
  readonly replace?: true;
  /**
   * The row is to be written although it equals what was written: its refresh is due, and whoever takes it acts on each
   * row. Travels as the member `again`, which bridges that do not know it ignore.
   */
  readonly again?: true;
}

export function encodeEnvelope(envelope: RowEnvelope): Json {
  const { key, operation, fields, replace, again } = envelope;
  return { key, operation, field_values: fields, ...(replace && { replace }), ...(again && { again }) };
}

/** Unknown members are ignored; values that are not text, a wrong operation or a missing member make it `undefined`. */
export function decodeEnvelope(data: Json): RowEnvelope | undefined {
  if (!isObject(data)) return undefined;
  const { key, operation, field_values: fields, replace, again } = data;
  if (typeof key !== "string" || (operation !== "Set" && operation !== "Del")) return undefined;
  if (!isObject(fields)) return undefined;
  for (const name in fields) if (typeof fields[name] !== "string") return undefined;
  const marks = { ...(replace === true && { replace }), ...(again === true && { again }) } as const;
  return { key, operation, fields: fields as Fields, ...marks };
}

/** Payload of a data request: UTF-8 JSON `{"key": text, "data": any}`, or that object itself. */
export function decodePayload(payload: Uint8Array | StructuredPayload): StructuredPayload | undefined {
  if (!(payload instanceof Uint8Array)) return payload;
  let parsed: Json;
  try {
    parsed = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload)) as Json;
  } catch {
    return undefined;
  }
  if (!isObject(parsed) || typeof parsed["key"] !== "string" || parsed["data"] === undefined) return undefined;
  const { key, data, trace } = parsed;
  return { key, data, ...(trace !== undefined && { trace }) } as StructuredPayload;
}

export function isObject(data: Json | undefined): data is { readonly [member: string]: Json | undefined } {
  return typeof data === "object" && data !== null && !Array.isArray(data);
}
