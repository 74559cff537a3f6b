import type { FieldValues } from "@tandem/swss";
import { attributeStatus, STATUS } from "../status.js";
import { isValue } from "../value/check.js";
import type { ObjectType } from "./attribute.js";
import { objectTypeOf } from "./catalogue.js";

/** Attributes of a request; `NULL` stands for none. */
export function attributesOf(fields: FieldValues): FieldValues {
  return fields.filter(([name]) => name !== "NULL");
}

/** The status that a create of such an object is refused with; `undefined`: nothing is wrong with its attributes. */
export function faultOfCreate(type: string, attributes: FieldValues): string | undefined {
  const declared = objectTypeOf(type);
  if (declared === undefined) return STATUS.invalidObjectType;
  const seen = new Set<string>();
  for (const [at, [name, value]] of attributes.entries()) {
    const attribute = declared.attributes.get(name);
    if (attribute === undefined) return attributeStatus("unknown", at);
    if (attribute.access === "readOnly" || seen.has(name)) return attributeStatus("invalid", at);
    if (!isValue(attribute.kind, value)) return attributeStatus("value", at);
    seen.add(name);
  }
  return mandatoryOf(declared).every((name) => seen.has(name)) ? undefined : STATUS.mandatoryMissing;
}

/** As `faultOfCreate`, for one attribute that is set. */
export function faultOfSet(type: string, name: string, value: string): string | undefined {
  const declared = objectTypeOf(type);
  if (declared === undefined) return STATUS.invalidObjectType;
  const attribute = declared.attributes.get(name);
  if (attribute === undefined) return attributeStatus("unknown", 0);
  if (attribute.access !== "createSet") return attributeStatus("invalid", 0);
  return isValue(attribute.kind, value) ? undefined : attributeStatus("value", 0);
}

const mandatory = new WeakMap<ObjectType, readonly string[]>();

function mandatoryOf(type: ObjectType): readonly string[] {
  const known = mandatory.get(type);
  if (known !== undefined) return known;
  const names = [...type.attributes].filter(([, attribute]) => attribute.mandatory).map(([name]) => name);
  mandatory.set(type, names);
  return names;
}
