import { err, invariant, ok, type Result } from "@tandem/base";
import {
  type ConsulFailure,
  type ConsulSessions,
  type Read,
  type ReadOptions,
  type SessionRequest,
  TXN_OPS_MAX,
  type TxnOp,
} from "./consul-api.js";
import { type Answer, type Call, ConsulHttp, type ConsulHttpOptions, WAIT_DEFAULT } from "./consul-http.js";
import { catalogService, check, fields, kvEntry, Malformed, rows, serviceHealth, text } from "./json-rows.js";

export type HttpConsulOptions = ConsulHttpOptions;

/** Consul's agent over HTTP. Every call resolves; what cannot be read is a failure that says where and what. */
export class HttpConsul implements ConsulSessions, AsyncDisposable {
  readonly #http: ConsulHttp;

  constructor(options: HttpConsulOptions) {
    this.#http = new ConsulHttp(options);
  }

  get(key: string, options?: ReadOptions): ReturnType<ConsulSessions["get"]> {
    return this.#read(`/v1/kv/${keyPath(key)}`, {}, options, (body) => rows(body, kvEntry)[0]);
  }

  list(prefix: string, options?: ReadOptions): ReturnType<ConsulSessions["list"]> {
    return this.#read(`/v1/kv/${keyPath(prefix)}`, { recurse: true }, options, (body) => rows(body, kvEntry));
  }

  put(...[key, value, { signal, ...conditions } = {}]: Parameters<ConsulSessions["put"]>) {
    const path = `/v1/kv/${keyPath(key)}`;
    return this.#write({ method: "PUT", path, query: conditions, body: value, options: given(signal) }, isTrue);
  }

  delete(...[key, { recurse, cas } = {}]: Parameters<ConsulSessions["delete"]>) {
    const query = { ...(recurse === true && { recurse }), cas };
    return this.#write({ method: "DELETE", path: `/v1/kv/${keyPath(key)}`, query }, isTrue);
  }

  async txn(ops: readonly TxnOp[], signal?: AbortSignal): ReturnType<ConsulSessions["txn"]> {
    invariant(ops.length <= TXN_OPS_MAX, `a transaction of ${ops.length} operations`);
    const body = JSON.stringify(ops.map(txnRow));
    const call: Call = { method: "PUT", path: "/v1/txn", body, options: given(signal) };
    const answer = await this.#http.call(call);
    if (!answer.ok) return answer;
    if (answer.value.status === 409) return ok("conflict");
    return answer.value.status === 200 ? ok("done") : err(statusFailure(call, answer.value));
  }

  catalogService(name: string, options?: ReadOptions): ReturnType<ConsulSessions["catalogService"]> {
    const path = `/v1/catalog/service/${encodeURIComponent(name)}`;
    return this.#read(path, {}, options, (body) => rows(body, catalogService));
  }

  serviceHealth(name: string, options?: ReadOptions): ReturnType<ConsulSessions["serviceHealth"]> {
    const path = `/v1/health/service/${encodeURIComponent(name)}`;
    return this.#read(path, {}, options, (body) => rows(body, serviceHealth));
  }

  nodeChecks(node: string, options?: ReadOptions): ReturnType<ConsulSessions["nodeChecks"]> {
    const path = `/v1/health/node/${encodeURIComponent(node)}`;
    return this.#read(path, {}, options, (body) => rows(body, check));
  }

  sessionNode(id: string, options?: ReadOptions): ReturnType<ConsulSessions["sessionNode"]> {
    const path = `/v1/session/info/${encodeURIComponent(id)}`;
    return this.#read(path, {}, options, (body) => rows(body, (row) => text(row, "Node"))[0]);
  }

  createSession({ name, node, checks, lockDelay, ttl }: SessionRequest, signal?: AbortSignal) {
    const body = JSON.stringify({
      ...{ Name: name, Node: node, Checks: checks, LockDelay: `${lockDelay}ms`, Behavior: "release" },
      ...(ttl !== undefined && { TTL: `${ttl}ms` }),
    });
    const call: Call = { method: "PUT", path: "/v1/session/create", body, options: given(signal) };
    return this.#write(call, (answer) => text(fields(JSON.parse(answer)), "ID"));
  }

  async renewSession(id: string, signal?: AbortSignal): ReturnType<ConsulSessions["renewSession"]> {
    const call: Call = {
      ...{ method: "PUT", path: `/v1/session/renew/${encodeURIComponent(id)}` },
      options: given(signal),
    };
    const renewed = await this.#write(call, () => true);
    return !renewed.ok && renewed.error.status === 404 ? ok(false) : renewed;
  }

  destroySession(id: string, signal?: AbortSignal): ReturnType<ConsulSessions["destroySession"]> {
    const path = `/v1/session/destroy/${encodeURIComponent(id)}`;
    return this.#write({ method: "PUT", path, options: given(signal) }, () => undefined);
  }

  async agentNode(): ReturnType<ConsulSessions["agentNode"]> {
    const decode = (body: unknown): string => text(fields(fields(body).Config), "NodeName");
    const self = await this.#read("/v1/agent/self", {}, undefined, decode);
    return self.ok ? ok(self.value.value) : self;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#http[Symbol.asyncDispose]();
  }

  /** 404 reads as `null`. */
  async #read<T>(
    path: string,
    query: Call["query"],
    options: ReadOptions | undefined,
    decode: (body: unknown) => T,
  ): Promise<Result<Read<T>, ConsulFailure>> {
    const { consistency = "default", index = 0, waitMs = WAIT_DEFAULT } = options ?? {};
    const call: Call = {
      ...{ method: "GET", path, options },
      query: {
        ...query,
        ...(consistency !== "default" && { [consistency]: true as const }),
        ...(index > 0 && { index, wait: `${waitMs}ms` }),
      },
    };
    const answer = await this.#http.call(call);
    if (!answer.ok) return answer;
    const { status, body } = answer.value;
    if (status !== 200 && status !== 404) return err(statusFailure(call, answer.value));
    return understood(call, () => ({
      value: decode(status === 404 ? null : JSON.parse(body)),
      index: answer.value.index,
    }));
  }

  async #write<T>(call: Call, decode: (body: string) => T): Promise<Result<T, ConsulFailure>> {
    const answer = await this.#http.call(call);
    if (!answer.ok) return answer;
    if (answer.value.status !== 200) return err(statusFailure(call, answer.value));
    return understood(call, () => decode(answer.value.body));
  }
}

function understood<T>({ method, path }: Call, decode: () => T): Result<T, ConsulFailure> {
  try {
    return ok(decode());
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof Malformed)) throw error;
    return err({ kind: "malformed", what: `${method} ${path}: an answer that cannot be read: ${error.message}` });
  }
}

function isTrue(body: string): boolean {
  const said = body.trim();
  if (said !== "true" && said !== "false") throw new Malformed("expected true or false");
  return said === "true";
}

function given(signal: AbortSignal | undefined): Call["options"] {
  return signal === undefined ? undefined : { signal };
}

function txnRow(op: TxnOp): unknown {
  const value = op.verb === "set" || op.verb === "cas" ? { Value: Buffer.from(op.value).toString("base64") } : {};
  return { KV: { Verb: op.verb, Key: op.key, ...value, ...(op.verb === "cas" && { Index: op.index }) } };
}

function statusFailure({ method, path }: Call, { status, body }: Answer): ConsulFailure {
  const said = body.trim().split("\n")[0]?.slice(0, 120) ?? "";
  return { kind: "status", status, what: `${method} ${path}: ${status}${said === "" ? "" : ` ${said}`}` };
}

function keyPath(key: string): string {
  return key.split("/").map(encodeURIComponent).join("/");
}
