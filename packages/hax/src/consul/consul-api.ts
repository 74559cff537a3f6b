import type { Millis, Result } from "@tandem/base";

/** A key of Consul's store. */
export interface KvEntry {
  readonly key: string;
  /** The value as UTF-8; a `null` value reads as the empty text. */
  readonly text: string;
  /** What a check-and-set compares with. */
  readonly modifyIndex: number;
  /** The session that holds the key's lock. */
  readonly session?: string;
}

/** A call that Consul did not answer as asked; it may be tried again. */
export interface ConsulFailure {
  readonly kind: "unreachable" | "timedOut" | "status" | "malformed" | "cancelled";
  /** What was asked, and what came instead, in words. Never holds a token. */
  readonly what: string;
  /** The HTTP status, where one came. */
  readonly status?: number;
}

export interface ReadOptions {
  /** `consistent` asks the leader, which asks its peers; `stale` takes any server's word. */
  readonly consistency?: "default" | "consistent" | "stale";
  /** Waits until something is newer than this, `waitMs` at most. */
  readonly index?: number;
  /** At most 10 minutes. */
  readonly waitMs?: Millis;
  readonly signal?: AbortSignal;
}

export interface Read<T> {
  readonly value: T;
  /** `X-Consul-Index`, to be given to the next waiting read; one that went back or is below 1 begins anew with 0. */
  readonly index: number;
}

/** One check of an instance or of its node. */
export interface ConsulCheck {
  readonly checkId: string;
  readonly status: string;
  /** Empty for a check of the node. */
  readonly serviceId: string;
}

/** An instance of a service, as the catalog lists it. */
export interface CatalogService {
  readonly node: string;
  readonly serviceId: string;
  /** The service's address, or its node's where it has none of its own. */
  readonly address: string;
  readonly port: number;
  readonly meta: Readonly<Record<string, string>>;
}

/** An instance of a service with its checks and those of its node, in no particular order. */
export interface ServiceHealth {
  readonly node: string;
  readonly serviceId: string;
  readonly service: string;
  readonly checks: readonly ConsulCheck[];
}

export type TxnOp =
  | { readonly verb: "set"; readonly key: string; readonly value: string }
  /** `index` 0: only where the key is absent. */
  | { readonly verb: "cas"; readonly key: string; readonly value: string; readonly index: number }
  | { readonly verb: "delete"; readonly key: string }
  | { readonly verb: "delete-tree"; readonly key: string };

/** Operations that Consul takes in one transaction. */
export const TXN_OPS_MAX = 64;

export interface PutOptions {
  /** Only where the key still has this `modifyIndex`; 0: only where it is absent. */
  readonly cas?: number;
  /** Only where this session can take the key's lock, or holds it. */
  readonly acquire?: string;
  /** Only where this session holds the key's lock, which it gives back. */
  readonly release?: string;
  readonly signal?: AbortSignal;
}

/** What the bridge asks of Consul's agent. Every call resolves; a failure is a value. */
export interface ConsulApi {
  get(key: string, options?: ReadOptions): Promise<Result<Read<KvEntry | undefined>, ConsulFailure>>;
  /** In the order of their keys as text. */
  list(prefix: string, options?: ReadOptions): Promise<Result<Read<readonly KvEntry[]>, ConsulFailure>>;
  /** False when a condition of `options` did not hold. */
  put(key: string, value: string, options?: PutOptions): Promise<Result<boolean, ConsulFailure>>;
  /** All or nothing; `conflict` when an index was another. At most `TXN_OPS_MAX` operations. */
  txn(ops: readonly TxnOp[], signal?: AbortSignal): Promise<Result<"done" | "conflict", ConsulFailure>>;
  catalogService(name: string, options?: ReadOptions): Promise<Result<Read<readonly CatalogService[]>, ConsulFailure>>;
  serviceHealth(name: string, options?: ReadOptions): Promise<Result<Read<readonly ServiceHealth[]>, ConsulFailure>>;
  nodeChecks(node: string, options?: ReadOptions): Promise<Result<Read<readonly ConsulCheck[]>, ConsulFailure>>;
  /** The node of a session; nothing when there is no such session. */
  sessionNode(id: string, options?: ReadOptions): Promise<Result<Read<string | undefined>, ConsulFailure>>;
}

/** A session to be made. */
export interface SessionRequest {
  readonly name: string;
  readonly node: string;
  /** Ids of checks of the node: the session ends when one of them turns critical. */
  readonly checks: readonly string[];
  /** How long nobody gets its locks once it has ended without giving them back. */
  readonly lockDelay: Millis;
  /** It ends unless it is renewed within this time, 10 s to 24 h; absent: it lives as long as its checks. */
  readonly ttl?: Millis;
}

/** What an election, a provisioner and tests ask beyond that. */
export interface ConsulSessions extends ConsulApi {
  delete(
    key: string,
    options?: { readonly recurse?: boolean; readonly cas?: number },
  ): Promise<Result<boolean, ConsulFailure>>;
  /** The id. */
  createSession(request: SessionRequest, signal?: AbortSignal): Promise<Result<string, ConsulFailure>>;
  /** False when there is no such session. */
  renewSession(id: string, signal?: AbortSignal): Promise<Result<boolean, ConsulFailure>>;
  destroySession(id: string, signal?: AbortSignal): Promise<Result<void, ConsulFailure>>;
  /** The name of the agent's own node. */
  agentNode(): Promise<Result<string, ConsulFailure>>;
}

export function describeConsulFailure({ kind, what }: ConsulFailure): string {
  return kind === "cancelled" ? `${what}: given up` : what;
}
