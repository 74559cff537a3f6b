import type { Kind } from "../value/kind.js";

/** What may be done with an attribute. */
export interface Attribute {
  readonly kind: Kind;
  /** `createOnly` is given at creation and never set; `readOnly` is the switch's own. */
  readonly access: "createSet" | "createOnly" | "readOnly";
  /** A create without it is refused. */
  readonly mandatory: boolean;
  /** Its value where nobody has set one; absent: what the switch does then is not known. */
  readonly value?: string;
  /** It lists (or counts) the objects of a type that name this one in an attribute. */
  readonly members?: { readonly type: string; readonly by: string; readonly as: "list" | "count" };
}

/** One type of objects: its attributes by their whole names, and its statistics. */
export interface ObjectType {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, Attribute>;
  /** Statistics that are counted, by name. */
  readonly stats: readonly string[];
}

/** Attributes as they are declared: names without `SAI_<TYPE>_ATTR_`. */
export type Declared = Readonly<Record<string, Attribute>>;

/** Set at any time. */
export function free(kind: Kind, value?: string): Attribute {
  return { kind, access: "createSet", mandatory: false, ...(value !== undefined && { value }) };
}

/** Given at creation, and set at any time. */
export function needed(kind: Kind): Attribute {
  return { kind, access: "createSet", mandatory: true };
}

/** Given at creation, fixed from then on. */
export function fixed(kind: Kind): Attribute {
  return { kind, access: "createOnly", mandatory: true };
}

/** May be given at creation, fixed from then on. */
export function fixedIfGiven(kind: Kind, value?: string): Attribute {
  return { kind, access: "createOnly", mandatory: false, ...(value !== undefined && { value }) };
}

export function read(kind: Kind, value?: string): Attribute {
  return { kind, access: "readOnly", mandatory: false, ...(value !== undefined && { value }) };
}

/** The objects of `type` whose attribute `by` is this object. */
export function members(kind: Kind, type: string, by: string): Attribute {
  const as = kind.kind === "list" ? "list" : "count";
  const short = by === "" ? "" : `SAI_${type}_ATTR_${by}`;
  return { ...read(kind), members: { type: `SAI_OBJECT_TYPE_${type}`, by: short, as } };
}

/** `name` without `SAI_OBJECT_TYPE_`, e.g. `PORT`. */
export function objectType(name: string, attributes: Declared, stats: readonly string[] = []): ObjectType {
  return {
    name: `SAI_OBJECT_TYPE_${name}`,
    attributes: new Map(Object.entries(attributes).map(([short, it]) => [`SAI_${name}_ATTR_${short}`, it])),
    stats: stats.map((stat) => `SAI_${name}_STAT_${stat}`),
  };
}

/** Statistics whose enum is not named after the type. */
export function withStats(type: ObjectType, stats: readonly string[]): ObjectType {
  return { ...type, stats };
}
