import { type Clock, err, type Millis, ok, type Result, seconds, type Timer } from "@tandem/base";
import type { WatchedCheck } from "../bridge/core/service-watch.js";
import type { CatalogService, ConsulApi, ConsulFailure, KvEntry, Read, ReadOptions } from "../consul/consul-api.js";

/** A Consul in memory: true indexes and waiting reads, sessions as a map, and a switch that makes it fail. */
export class MemoryConsul implements ConsulApi {
  readonly puts: { readonly key: string; readonly value: string }[] = [];
  readonly calls: string[] = [];
  readonly services = new Map<string, (CatalogService & { readonly checks: readonly WatchedCheck[] })[]>();
  readonly sessions = new Map<string, string>();
  /** What every call meets now, `undefined`: nothing is wrong. */
  failure: ConsulFailure | undefined;
  /** Calls that `failure` does not meet, as `health ios`. */
  spared: RegExp | undefined;
  /** Calls never end until they are cancelled. */
  hangs = false;
  /** Puts are taken and not answered; they are carried out by `carryOut`, whoever waits for them still. */
  late = false;
  readonly clock: Clock;
  readonly #held: (() => void)[] = [];
  readonly #keys = new Map<string, KvEntry>();
  readonly #waiting = new Set<() => void>();
  #index = 10;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Puts a key as somebody else would. */
  set(key: string, text: string, session?: string): void {
    this.#index += 1;
    this.#keys.set(key, { key, text, modifyIndex: this.#index, ...(session !== undefined && { session }) });
    this.#wake();
  }

  read(key: string): string | undefined {
    return this.#keys.get(key)?.text;
  }

  /** Registers, or changes the checks of, an instance of a service. */
  register(name: string, service: CatalogService & { readonly checks: readonly WatchedCheck[] }): void {
    const others = (this.services.get(name) ?? []).filter(({ serviceId }) => serviceId !== service.serviceId);
    this.services.set(
      name,
      [...others, service].sort((a, b) => Number(a.serviceId) - Number(b.serviceId)),
    );
    this.#index += 1;
    this.#wake();
  }

  carryOut(): void {
    for (const held of this.#held.splice(0)) held();
  }

  get(key: string, options?: ReadOptions): Promise<Result<Read<KvEntry | undefined>, ConsulFailure>> {
    return this.#answer(`get ${key}`, options, () => this.#keys.get(key));
  }

  list(prefix: string, options?: ReadOptions): Promise<Result<Read<readonly KvEntry[]>, ConsulFailure>> {
    return this.#answer(`list ${prefix}`, options, () =>
      [...this.#keys.values()].filter(({ key }) => key.startsWith(prefix)).sort((a, b) => (a.key < b.key ? -1 : 1)),
    );
  }

  async put(
    key: string,
    value: string,
    options?: { readonly cas?: number; readonly signal?: AbortSignal },
  ): Promise<Result<boolean, ConsulFailure>> {
    this.puts.push({ key, value });
    const carryOut = (): boolean => {
      if (options?.cas !== undefined && options.cas !== (this.#keys.get(key)?.modifyIndex ?? 0)) return false;
      this.set(key, value);
      return true;
    };
    if (this.late) {
      this.#held.push(carryOut);
      await aborted(options?.signal);
    }
    const answer = await this.#answer(`put ${key}`, options, carryOut);
    return answer.ok ? ok(answer.value.value) : answer;
  }

  async txn(...[ops, signal]: Parameters<ConsulApi["txn"]>): ReturnType<ConsulApi["txn"]> {
    const answer = await this.#answer("txn", signal === undefined ? undefined : { signal }, () => {
      const conflict = ops.some((op) => op.verb === "cas" && op.index !== (this.#keys.get(op.key)?.modifyIndex ?? 0));
      if (!conflict)
        for (const op of ops) {
          if (op.verb === "set" || op.verb === "cas") this.set(op.key, op.value);
          else
            for (const key of [...this.#keys.keys()])
              if (op.verb === "delete" ? key === op.key : key.startsWith(op.key)) this.#keys.delete(key);
        }
      return conflict ? ("conflict" as const) : ("done" as const);
    });
    return answer.ok ? ok(answer.value.value) : answer;
  }

  catalogService(name: string, options?: ReadOptions): ReturnType<ConsulApi["catalogService"]> {
    return this.#answer(`catalog ${name}`, options, () => this.services.get(name) ?? []);
  }

  serviceHealth(name: string, options?: ReadOptions): ReturnType<ConsulApi["serviceHealth"]> {
    return this.#answer(`health ${name}`, options, () =>
      (this.services.get(name) ?? []).map((service) => ({ ...service, service: name })),
    );
  }

  nodeChecks(node: string, options?: ReadOptions): ReturnType<ConsulApi["nodeChecks"]> {
    return this.#answer(`checks ${node}`, options, () => {
      const all = [...this.services.values()].flat().filter((service) => service.node === node);
      const checks = all.flatMap((service) => service.checks);
      return checks.filter(({ checkId }, i) => checks.findIndex((other) => other.checkId === checkId) === i);
    });
  }

  sessionNode(id: string, options?: ReadOptions): ReturnType<ConsulApi["sessionNode"]> {
    return this.#answer("session", options, () => this.sessions.get(id));
  }

  async #answer<T>(
    call: string,
    options: ReadOptions | undefined,
    read: () => T,
  ): Promise<Result<Read<T>, ConsulFailure>> {
    const { index, waitMs = seconds(60), signal } = options ?? {};
    this.calls.push(call);
    const failing = (): boolean => this.failure !== undefined && this.spared?.test(call) !== true;
    if (this.hangs) await aborted(signal);
    else if (index !== undefined && index > 0 && !failing()) await this.#changes(index, waitMs, signal);
    else await Promise.resolve();
    if (signal?.aborted) return err({ kind: "cancelled", what: call });
    if (this.failure !== undefined && failing()) return err(this.failure);
    return ok({ value: read(), index: this.#index });
  }

  #changes(index: number, waitMs: Millis, signal: AbortSignal | undefined): Promise<void> {
    if (this.#index > index || signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      let timer: Timer | undefined;
      const done = (): void => {
        timer?.cancel();
        signal?.removeEventListener("abort", done);
        this.#waiting.delete(done);
        resolve();
      };
      timer = this.clock.setTimer(waitMs, done);
      signal?.addEventListener("abort", done, { once: true });
      this.#waiting.add(done);
    });
  }

  #wake(): void {
    for (const done of [...this.#waiting]) done();
  }
}

function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) resolve();
    else signal?.addEventListener("abort", () => resolve(), { once: true });
  });
}
