import type { DesiredHaState, OperationType, PinnedState } from "@tandem/hamgrd";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type Answer, refusalAnswer } from "../core/answer.js";
import {
  type Expected,
  type Mutation,
  nameOfScope,
  nameOfSet,
  type ScopeInput,
  type SetInput,
} from "../core/mutation.js";
import { entityTag, parseEntityTag } from "../core/version.js";
import type { View } from "../core/views.js";
import type { Northbound } from "../northbound.js";
import type { Answered } from "../request-store.js";
import {
  APPROVAL_BODY,
  CHANGE_HEADERS,
  CREATE_HEADERS,
  ID_PARAMS,
  INTENT_BODY,
  KEY_HEADERS,
  LISTS,
  PINS_BODY,
  RESET_BODY,
  SCOPE_BODY,
  SCOPE_PARAMS,
  SET_BODY,
  SET_PARAMS,
} from "./schemas.js";

type Send = (reply: FastifyReply, answer: Answer) => FastifyReply;
interface ScopeParams {
  readonly vdpu: string;
  readonly scope: string;
}

/** A header that a mutation cannot do without is missing. RFC 6585. */
class PreconditionRequiredError extends Error {
  override readonly name = "PreconditionRequiredError";
  readonly statusCode = 428;
}

/** Every resource of the API. */
export function addRoutes(app: FastifyInstance, northbound: Northbound, send: Send): void {
  const answer = (reply: FastifyReply, { answer: given, repeated }: Answered): FastifyReply => {
    if (repeated) reply.header("idempotent-replayed", "true");
    const { version } = given.body;
    if (given.status < 300 && typeof version === "string") reply.header("etag", entityTag(version));
    if (given.status === 503) reply.header("retry-after", "1");
    return send(reply, given);
  };
  const change = async (request: FastifyRequest, reply: FastifyReply, mutation: Mutation): Promise<FastifyReply> =>
    answer(reply, await northbound.mutate(keyOf(request), mutation, expectedOf(request)));
  const found = (reply: FastifyReply, view: View | undefined, what: string): FastifyReply => {
    if (view === undefined) return send(reply, refusalAnswer({ kind: "notFound", what }));
    if (typeof view["version"] === "string") reply.header("etag", entityTag(view["version"]));
    return send(reply, { status: 200, body: { schema: "tandem.api.v1", ...view } });
  };
  const scopeOf = (request: FastifyRequest): ScopeParams => request.params as ScopeParams;
  const setOf = (request: FastifyRequest): string => (request.params as { readonly set: string }).set;

  app.get("/v1/sets", { schema: get("HA sets of this switch", LISTS.sets) }, () => ({
    schema: "tandem.api.v1",
    sets: northbound.sets(),
  }));
  app.get("/v1/sets/:set", { schema: { ...get("One HA set"), params: SET_PARAMS } }, (request, reply) =>
    found(reply, northbound.set(setOf(request)), nameOfSet(setOf(request))),
  );
  app.put(
    "/v1/sets/:set",
    { schema: { summary: "Create an HA set", params: SET_PARAMS, headers: CREATE_HEADERS, body: SET_BODY } },
    (request, reply) =>
      change(request, reply, { kind: "createSet", set: setOf(request), input: request.body as SetInput }),
  );
  app.put(
    "/v1/sets/:set/pins",
    { schema: { summary: "Pin probe states of vDPUs", params: SET_PARAMS, headers: CHANGE_HEADERS, body: PINS_BODY } },
    (request, reply) => {
      const { pins } = request.body as { readonly pins: Readonly<Record<string, PinnedState>> };
      return change(request, reply, { kind: "pin", set: setOf(request), pins });
    },
  );
  app.delete(
    "/v1/sets/:set",
    { schema: { summary: "Delete an HA set", params: SET_PARAMS, headers: CHANGE_HEADERS } },
    (request, reply) => change(request, reply, { kind: "deleteSet", set: setOf(request) }),
  );

  app.get("/v1/scopes", { schema: get("HA scopes of this switch, each with its row of state", LISTS.scopes) }, () => ({
    schema: "tandem.api.v1",
    scopes: northbound.scopes(),
  }));
  app.get("/v1/scopes/:vdpu/:scope", { schema: { ...get("One HA scope"), params: SCOPE_PARAMS } }, (request, reply) => {
    const { vdpu, scope } = scopeOf(request);
    return found(reply, northbound.scope(vdpu, scope), nameOfScope({ vdpu, scope }));
  });
  app.put(
    "/v1/scopes/:vdpu/:scope",
    { schema: { summary: "Create an HA scope", params: SCOPE_PARAMS, headers: CREATE_HEADERS, body: SCOPE_BODY } },
    (request, reply) =>
      change(request, reply, { kind: "createScope", ...scopeOf(request), input: request.body as ScopeInput }),
  );
  app.patch(
    "/v1/scopes/:vdpu/:scope",
    {
      schema: {
        summary: "Desired state, and admin state",
        description: "desired_ha_state dead is the planned shutdown; disabled takes the scope out of service.",
        params: SCOPE_PARAMS,
        headers: CHANGE_HEADERS,
        body: INTENT_BODY,
      },
    },
    (request, reply) => {
      const { desired_ha_state: desired, disabled } = request.body as {
        readonly desired_ha_state?: DesiredHaState;
        readonly disabled?: boolean;
      };
      return change(request, reply, {
        ...{ kind: "intend", ...scopeOf(request) },
        ...(desired !== undefined && { desired }),
        ...(disabled !== undefined && { disabled }),
      });
    },
  );
  app.post(
    "/v1/scopes/:vdpu/:scope/approvals",
    {
      schema: {
        summary: "Approve a pending operation",
        description: "410: it is not pending any more. 409: it is of another type, or the scope is at another version.",
        params: SCOPE_PARAMS,
        headers: CHANGE_HEADERS,
        body: APPROVAL_BODY,
      },
    },
    (request, reply) => {
      const { id, type } = request.body as { readonly id: string; readonly type: OperationType };
      return change(request, reply, { kind: "approve", ...scopeOf(request), id, type });
    },
  );
  app.delete(
    "/v1/scopes/:vdpu/:scope",
    { schema: { summary: "Delete an HA scope", params: SCOPE_PARAMS, headers: CHANGE_HEADERS } },
    (request, reply) => change(request, reply, { kind: "deleteScope", ...scopeOf(request) }),
  );
  app.post(
    "/v1/scopes/:vdpu/:scope/reset",
    {
      schema: {
        summary: "Bring a scope back after a restart of its DPU",
        description:
          "Deletes scope and set, waits for midplane and control plane, creates both again. Goes on after a restart of this process.",
        params: SCOPE_PARAMS,
        headers: CHANGE_HEADERS,
        body: RESET_BODY,
      },
    },
    async (request, reply) => {
      const { planes_within_seconds: within } = request.body as { readonly planes_within_seconds: number };
      const input = { ...scopeOf(request), expected: expectedOf(request), planesWithin: within * 1000 };
      return answer(reply, await northbound.startReset(keyOf(request), input));
    },
  );

  app.get("/v1/resets", { schema: get("Resets under way, and the last that ended", LISTS.resets) }, () => ({
    schema: "tandem.api.v1",
    resets: northbound.resets(),
  }));
  app.get("/v1/resets/:id", { schema: { ...get("One reset"), params: ID_PARAMS } }, (request, reply) => {
    const { id } = request.params as { readonly id: string };
    return found(reply, northbound.reset(id), `reset ${id}`);
  });
  app.delete(
    "/v1/resets/:id",
    { schema: { summary: "Cut a reset short: what was deleted is put back", params: ID_PARAMS, headers: KEY_HEADERS } },
    async (request, reply) => {
      const { id } = request.params as { readonly id: string };
      return answer(reply, await northbound.cancelReset(keyOf(request), id));
    },
  );

  app.get("/v1/operations", { schema: get("Operations that wait for an approval", LISTS.operations) }, () => ({
    schema: "tandem.api.v1",
    operations: northbound.operations(),
  }));
  app.get("/v1/dpus", { schema: get("DPUs of this switch, their planes and resets", LISTS.dpus) }, () => ({
    schema: "tandem.api.v1",
    dpus: northbound.dpus(),
  }));
}

function get(summary: string, answer: object = LISTS.one): { summary: string; response: { 200: object } } {
  return { summary, response: { 200: answer } };
}

function keyOf(request: FastifyRequest): string {
  return request.headers["idempotency-key"] as string;
}

/** `If-None-Match: *` says absent, `If-Match` names a version. */
function expectedOf(request: FastifyRequest): Expected {
  const tag = request.headers["if-match"];
  if (tag === undefined) return { kind: "absent" };
  const version = parseEntityTag(tag);
  if (version === undefined) throw new PreconditionRequiredError('If-Match: expected one version, like "3"');
  return { kind: "version", version };
}
