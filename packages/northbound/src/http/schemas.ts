import { OPERATION_TYPES } from "@tandem/hamgrd";

/** JSON schemas of requests and answers: what is validated is what the OpenAPI page says. */

/** No separator of a row key, no comma of a list, nothing that needs quoting. */
const name = { type: "string", pattern: "^[^,:|\\s/?#%]{1,64}$" } as const;
const names = { type: "array", items: name, minItems: 1, maxItems: 8 } as const;
const pin = { type: "string", enum: ["none", "up", "down"] } as const;
const body = (properties: object, required: readonly string[] = []) =>
  ({ type: "object", additionalProperties: false, properties, required }) as const;

export const ID_PARAMS = body({ id: name }, ["id"]);
export const SET_PARAMS = body({ set: name }, ["set"]);
export const SCOPE_PARAMS = body({ vdpu: name, scope: name }, ["vdpu", "scope"]);

const idempotencyKey = {
  type: "string",
  pattern: "^[\\w.:-]{1,128}$",
  description: "Names the request: sent again with the same key it gets the same answer and changes nothing.",
} as const;

/** Of a mutation of a row that exists. */
export const CHANGE_HEADERS = {
  type: "object",
  properties: {
    "idempotency-key": idempotencyKey,
    "if-match": { type: "string", description: 'The version that the row is taken to be at, e.g. "3".' },
  },
  required: ["idempotency-key", "if-match"],
} as const;

/** Of a request that creates. */
export const CREATE_HEADERS = {
  type: "object",
  properties: {
    "idempotency-key": idempotencyKey,
    "if-none-match": { type: "string", enum: ["*"], description: "Says that there is no such row yet." },
  },
  required: ["idempotency-key", "if-none-match"],
} as const;

export const KEY_HEADERS = {
  type: "object",
  properties: { "idempotency-key": idempotencyKey },
  required: ["idempotency-key"],
} as const;

export const SET_BODY = body(
  {
    vip_v4: { type: "string", format: "ipv4" },
    vip_v6: { type: "string", format: "ipv6" },
    vdpu_ids: { ...names, minItems: 2, maxItems: 2 },
    scope: { type: "string", enum: ["dpu", "eni"] },
    preferred_vdpu_id: { ...names, minItems: 0 },
    pinned_vdpu_bfd_probe_states: { type: "array", items: pin, maxItems: 8 },
    preferred_standalone_vdpu_index: { type: "integer", minimum: 0, maximum: 1 },
  },
  ["vdpu_ids"],
);

export const PINS_BODY = body(
  { pins: { type: "object", propertyNames: name, additionalProperties: pin, minProperties: 1, maxProperties: 8 } },
  ["pins"],
);

const desired = { type: "string", enum: ["unspecified", "dead", "active", "standalone"] } as const;

export const SCOPE_BODY = body(
  {
    ha_set_id: name,
    owner: { type: "string", enum: ["dpu", "switch", "unspecified"] },
    disabled: { type: "boolean" },
    desired_ha_state: desired,
  },
  ["ha_set_id"],
);

export const INTENT_BODY = {
  ...body({ desired_ha_state: desired, disabled: { type: "boolean" } }),
  minProperties: 1,
} as const;

export const APPROVAL_BODY = body(
  { id: { type: "string", pattern: "^[\\w.-]{1,64}$" }, type: { type: "string", enum: OPERATION_TYPES } },
  ["id", "type"],
);

export const RESET_BODY = body({
  planes_within_seconds: { type: "integer", minimum: 1, maximum: 86_400, default: 1800 },
});

const any = { type: "object", additionalProperties: true } as const;
const list = (member: string) =>
  ({
    type: "object",
    additionalProperties: true,
    properties: { [member]: { type: "array", items: any } },
  }) as const;

export const LISTS = {
  sets: list("sets"),
  scopes: list("scopes"),
  dpus: list("dpus"),
  operations: list("operations"),
  resets: list("resets"),
  one: any,
} as const;
