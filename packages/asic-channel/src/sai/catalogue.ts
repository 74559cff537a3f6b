import * as acl from "./acl.js";
import type { Attribute, ObjectType } from "./attribute.js";
import * as bridge from "./bridge.js";
import * as dash from "./dash.js";
import * as port from "./port.js";
import * as qos from "./qos.js";
import * as route from "./route.js";
import { SWITCH } from "./switch.js";

const isObjectType = (value: unknown): value is ObjectType =>
  typeof value === "object" && value !== null && "attributes" in value;

const TYPES: ReadonlyMap<string, ObjectType> = new Map(
  [SWITCH, ...[port, bridge, route, qos, acl, dash].flatMap((module) => Object.values(module))]
    .filter(isObjectType)
    .map((type) => [type.name, type]),
);

/** Every object type that is declared here. */
export function objectTypes(): readonly ObjectType[] {
  return [...TYPES.values()];
}

export function objectTypeOf(name: string): ObjectType | undefined {
  return TYPES.get(name);
}

export function attributeOf(type: string, name: string): Attribute | undefined {
  return TYPES.get(type)?.attributes.get(name);
}
