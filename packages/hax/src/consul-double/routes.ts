import type { Millis } from "@tandem/base";
import {
  catalogNodesView,
  catalogServicesView,
  catalogServiceView,
  keyRow,
  keyView,
  membersBody,
  nodeHealthView,
  serviceHealthView,
  sessionRow,
  sessionView,
  type View,
} from "./answers.js";
import { NODE_CHECK } from "./catalog.js";
import type { ConsulState } from "./consul-state.js";
import { parseJson, parseService, parseSession, parseStatus, parseTxn, textOf } from "./requests.js";

export interface Ask {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string;
}

/** A text body goes as it is, anything else as JSON. `index` makes a read one that can wait. */
export interface Reply {
  readonly status: number;
  readonly body?: unknown;
  readonly index?: number;
}

type Handler = (state: ConsulState, node: string, ask: Ask, arg: string, now: Millis) => Reply;

const DONE: Reply = { status: 200, body: "" };

const ROUTES: readonly (readonly [method: string, path: RegExp, Handler])[] = [
  ["GET", /^\/v1\/kv\/(.*)$/, (state, _, { query }, key) => read(keyView(state, key, query.has("recurse")))],
  ["PUT", /^\/v1\/kv\/(.+)$/, putKey],
  ["DELETE", /^\/v1\/kv\/(.*)$/, deleteKey],
  ["PUT", /^\/v1\/txn$/, txn],
  ["GET", /^\/v1\/catalog\/nodes$/, (state) => read(catalogNodesView(state))],
  ["GET", /^\/v1\/catalog\/services$/, (state) => read(catalogServicesView(state))],
  ["GET", /^\/v1\/catalog\/service\/(.+)$/, (state, _, __, name) => read(catalogServiceView(state, name))],
  ["GET", /^\/v1\/health\/node\/(.+)$/, (state, _, __, name) => read(nodeHealthView(state, name))],
  ["GET", /^\/v1\/health\/service\/(.+)$/, (state, _, __, name) => read(serviceHealthView(state, name))],
  ["GET", /^\/v1\/agent\/self$/, (_, node) => json({ Config: { NodeName: node, Datacenter: "dc1" } })],
  ["GET", /^\/v1\/agent\/members$/, (state) => json(membersBody(state))],
  ["PUT", /^\/v1\/agent\/force-leave\/(.+)$/, forceLeave],
  ["PUT", /^\/v1\/agent\/service\/register$/, registerService],
  ["PUT", /^\/v1\/agent\/service\/deregister\/(.+)$/, deregisterService],
  ["PUT", /^\/v1\/agent\/check\/(?:pass|warn|fail|update)\/(.+)$/, setCheck],
  ["PUT", /^\/v1\/session\/create$/, createSession],
  ["PUT", /^\/v1\/session\/renew\/(.+)$/, renewSession],
  ["PUT", /^\/v1\/session\/destroy\/(.+)$/, destroySession],
  ["GET", /^\/v1\/session\/info\/(.+)$/, (state, _, __, id) => read(sessionView(state, id))],
];

/** One request against what the cluster remembers. */
export function route(state: ConsulState, node: string, ask: Ask, now: Millis): Reply {
  const fits = ROUTES.filter(([, path]) => path.test(ask.path));
  const found = fits.find(([method]) => method === ask.method);
  if (found === undefined) {
    if (fits.length === 0) return { status: 404, body: "Not Found: the double does not know this path" };
    return { status: 405, body: `method ${ask.method} not allowed` };
  }
  const [, path, handle] = found;
  return handle(state, node, ask, decodeURIComponent(path.exec(ask.path)?.[1] ?? ""), now);
}

function read({ body, index }: View): Reply {
  return body === undefined ? { status: 404, body: "", index } : { status: 200, body, index };
}

function json(body: unknown): Reply {
  return { status: 200, body };
}

function refused(status: number, body: string): Reply {
  return { status, body };
}

function putKey(state: ConsulState, _: string, { query, body }: Ask, key: string, now: Millis): Reply {
  const cas = wholeOf(query, "cas");
  const flags = wholeOf(query, "flags");
  if (cas === "bad" || flags === "bad") return refused(400, "Invalid cas or flags: expected a number");
  const [acquire, release] = [query.get("acquire") ?? undefined, query.get("release") ?? undefined];
  const value = body === "" ? null : Buffer.from(body).toString("base64");
  const put = state.put(key, value, { cas, flags, acquire, release }, now);
  return put.ok ? json(put.value) : refused(500, put.error);
}

function deleteKey(state: ConsulState, _: string, { query }: Ask, key: string): Reply {
  const cas = wholeOf(query, "cas");
  if (cas === "bad") return refused(400, "Invalid cas: expected a number");
  return json(state.delete(key, { recurse: query.has("recurse"), cas }));
}

function txn(state: ConsulState, _: string, { body }: Ask): Reply {
  const parsed = parseJson(body);
  const ops = parsed.ok ? parseTxn(parsed.value) : parsed;
  if (!ops.ok) return refused(ops.error.startsWith("Transaction contains") ? 413 : 400, ops.error);
  const done = state.txn(ops.value);
  if (!done.ok) {
    const errors = done.error.map(({ opIndex, what }) => ({ OpIndex: opIndex, What: what }));
    return { status: 409, body: { Results: null, Errors: errors } };
  }
  const written = ops.value.flatMap(({ verb, key }) => {
    const stored = verb === "set" || verb === "cas" ? state.kv.get(key) : undefined;
    return stored === undefined ? [] : [{ KV: keyRow({ ...stored, value: null }) }];
  });
  return json({ Results: written, Errors: null });
}

function forceLeave(state: ConsulState, _: string, __: Ask, node: string, now: Millis): Reply {
  if (!state.setCheck(node, NODE_CHECK, "critical", "Agent not live or unreachable", now))
    return refused(500, `agent: No node found with name '${node}'`);
  return DONE;
}

function registerService(state: ConsulState, node: string, { body }: Ask): Reply {
  const parsed = parseJson(body);
  const asked = parsed.ok ? parseService(parsed.value, node) : parsed;
  if (!asked.ok) return refused(400, asked.error);
  state.registerService(asked.value.instance, asked.value.check);
  return DONE;
}

function deregisterService(state: ConsulState, node: string, _: Ask, id: string): Reply {
  state.deregisterService(node, id);
  return DONE;
}

function setCheck(state: ConsulState, node: string, { path, query, body }: Ask, id: string, now: Millis): Reply {
  const verb = path.split("/")[4] as string;
  const parsed = verb === "update" ? parseJson(body) : undefined;
  if (parsed?.ok === false) return refused(400, parsed.error);
  const status = parseStatus(parsed === undefined ? verb : textOf(parsed.value, "Status"));
  if (status === undefined) return refused(400, "Invalid check status");
  const output = parsed === undefined ? (query.get("note") ?? "") : textOf(parsed.value, "Output");
  return state.setCheck(node, id, status, output, now) ? DONE : refused(404, `Unknown check ID "${id}"`);
}

function createSession(state: ConsulState, node: string, { body }: Ask, _: string, now: Millis): Reply {
  const parsed = parseJson(body === "" ? "{}" : body);
  const asked = parsed.ok ? parseSession(parsed.value, node) : parsed;
  if (!asked.ok) return refused(400, asked.error);
  const created = state.createSession(asked.value, now);
  return created.ok ? json({ ID: created.value.id }) : refused(500, created.error);
}

function renewSession(state: ConsulState, _: string, __: Ask, id: string, now: Millis): Reply {
  const session = state.renewSession(id, now);
  return session === undefined ? refused(404, `Session id '${id}' not found`) : json([sessionRow(session)]);
}

function destroySession(state: ConsulState, _: string, __: Ask, id: string, now: Millis): Reply {
  state.endSession(id, now, "destroyed");
  return json(true);
}

function wholeOf(query: URLSearchParams, name: string): number | undefined | "bad" {
  const text = query.get(name);
  if (text === null) return undefined;
  return /^\d+$/.test(text) ? Number(text) : "bad";
}
