import type { ConsulApi, PutOptions, ReadOptions, TxnOp } from "./consul-api.js";

/**
 * What one piece of work sees of Consul: equal reads are one call, also while the first is under way, and a write makes
 * the next one ask again. A failure is not kept. Lives as long as its piece of work, so nothing in it grows old.
 */
export class CachedReads implements ConsulApi {
  readonly #consul: ConsulApi;
  readonly #answers = new Map<string, Promise<{ readonly ok: boolean }>>();

  constructor(consul: ConsulApi) {
    this.#consul = consul;
  }

  get(key: string, options?: ReadOptions): ReturnType<ConsulApi["get"]> {
    return this.#once("get", key, options, () => this.#consul.get(key, options));
  }

  list(prefix: string, options?: ReadOptions): ReturnType<ConsulApi["list"]> {
    return this.#once("list", prefix, options, () => this.#consul.list(prefix, options));
  }

  catalogService(name: string, options?: ReadOptions): ReturnType<ConsulApi["catalogService"]> {
    return this.#once("catalogService", name, options, () => this.#consul.catalogService(name, options));
  }

  serviceHealth(name: string, options?: ReadOptions): ReturnType<ConsulApi["serviceHealth"]> {
    return this.#once("serviceHealth", name, options, () => this.#consul.serviceHealth(name, options));
  }

  nodeChecks(node: string, options?: ReadOptions): ReturnType<ConsulApi["nodeChecks"]> {
    return this.#once("nodeChecks", node, options, () => this.#consul.nodeChecks(node, options));
  }

  sessionNode(id: string, options?: ReadOptions): ReturnType<ConsulApi["sessionNode"]> {
    return this.#once("sessionNode", id, options, () => this.#consul.sessionNode(id, options));
  }

  put(key: string, value: string, options?: PutOptions): ReturnType<ConsulApi["put"]> {
    return this.#write(() => this.#consul.put(key, value, options));
  }

  txn(ops: readonly TxnOp[], signal?: AbortSignal): ReturnType<ConsulApi["txn"]> {
    return this.#write(() => this.#consul.txn(ops, signal));
  }

  /** Reads that wait are questions of their own. */
  #once<T extends { readonly ok: boolean }>(
    call: string,
    subject: string,
    { index = 0, consistency = "default" }: ReadOptions = {},
    ask: () => Promise<T>,
  ): Promise<T> {
    if (index > 0) return ask();
    const name = `${call} ${consistency} ${subject}`;
    const known = this.#answers.get(name) as Promise<T> | undefined;
    if (known !== undefined) return known;
    const answer = ask();
    this.#answers.set(name, answer);
    void answer.then(({ ok }) => {
      if (!ok && this.#answers.get(name) === answer) this.#answers.delete(name);
    });
    return answer;
  }

  /** What was read before or meanwhile may be another now. */
  async #write<T>(write: () => Promise<T>): Promise<T> {
    this.#answers.clear();
    const done = await write();
    this.#answers.clear();
    return done;
  }
}
