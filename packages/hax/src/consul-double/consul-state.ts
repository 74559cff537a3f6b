import { err, type Millis, millis, ok, type Random, type Result } from "@tandem/base";
import { Catalog, type Check, type CheckStatus, type Instance } from "./catalog.js";
import { KvStore } from "./kv-store.js";
import type { SavedState } from "./saved-state.js";

/** A session, as it was asked for. */
export interface Session {
  readonly id: string;
  readonly name: string;
  readonly node: string;
  readonly checks: readonly string[];
  readonly lockDelay: Millis;
  readonly behavior: "release" | "delete";
  readonly ttl: Millis | undefined;
  readonly createIndex: number;
}

export interface PutConditions {
  readonly cas?: number | undefined;
  readonly acquire?: string | undefined;
  readonly release?: string | undefined;
  readonly flags?: number | undefined;
}

export type StoredOp =
  | { readonly verb: "set"; readonly key: string; readonly value: string | null }
  | { readonly verb: "cas"; readonly key: string; readonly value: string | null; readonly index: number }
  | { readonly verb: "delete" | "delete-tree"; readonly key: string };

/** Sessions whose TTL has passed are ended after up to twice that time; the double takes it at its word. */
type Alive = { readonly session: Session; expires: number | undefined };

/** Raft index 1 is the first thing a server writes. */
const FIRST_INDEX = 1;

/**
 * What a Consul cluster remembers: keys, catalog, checks and sessions under one raft index. Time comes with each call;
 * nothing here waits.
 */
export class ConsulState {
  readonly kv = new KvStore();
  readonly catalog = new Catalog();
  readonly #sessions = new Map<string, Alive>();
  /** Keys that nobody gets before this time. */
  readonly #delays = new Map<string, number>();
  readonly #random: Random;
  #index = FIRST_INDEX;
  #restores = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  get index(): number {
    return this.#index;
  }

  /** How often indexes began anew. */
  get restores(): number {
    return this.#restores;
  }

  /** What a restarted server finds on its disk. */
  save(): SavedState {
    const sessions = [...this.#sessions.values()].map(({ session }) => session);
    return { index: this.#index, ...this.kv.save(), ...this.catalog.save(), sessions };
  }

  /** To be called on a new state. A new leader counts the time of sessions from its beginning, and knows no lock delay. */
  restore(saved: SavedState, now: Millis): void {
    this.#index = saved.index;
    this.kv.restore(saved);
    this.catalog.restore(saved);
    for (const session of saved.sessions) this.#sessions.set(session.id, { session, expires: deadline(session, now) });
  }

  put(key: string, value: string | null, conditions: PutConditions, now: Millis): Result<boolean, string> {
    const { cas, acquire, release, flags = 0 } = conditions;
    const stored = this.kv.get(key);
    if (cas !== undefined && cas !== (stored?.modifyIndex ?? 0)) return ok(false);
    if (acquire !== undefined) {
      if (!this.#sessions.has(acquire)) return err(`invalid session "${acquire}"`);
      if (stored?.session !== undefined && stored.session !== acquire) return ok(false);
      if ((this.#delays.get(key) ?? 0) > now) return ok(false);
    }
    if (release !== undefined && stored?.session !== release) return ok(false);
    const index = this.#next();
    this.kv.set(key, value, flags, index);
    if (acquire !== undefined) this.kv.lock(key, acquire, index);
    if (release !== undefined) this.kv.unlock(key, index);
    return ok(true);
  }

  delete(key: string, { recurse, cas }: { readonly recurse: boolean; readonly cas?: number | undefined }): boolean {
    if (cas !== undefined && cas !== (this.kv.get(key)?.modifyIndex ?? 0)) return false;
    const gone = recurse ? this.kv.list(key).map((stored) => stored.key) : this.kv.get(key) === undefined ? [] : [key];
    if (gone.length === 0) return true;
    const index = this.#next();
    for (const each of gone) this.kv.delete(each, index);
    return true;
  }

  /** All or nothing; the errors name the operations that did not hold. */
  txn(ops: readonly StoredOp[]): Result<void, readonly { readonly opIndex: number; readonly what: string }[]> {
    // A later operation sees what an earlier one of the same transaction wrote: only its first touch can conflict here.
    const touched = new Set<string>();
    const errors = ops.flatMap((op, opIndex) => {
      const stale = op.verb === "cas" && (touched.has(op.key) || op.index !== (this.kv.get(op.key)?.modifyIndex ?? 0));
      touched.add(op.key);
      return stale ? [{ opIndex, what: `failed to set key "${op.key}", index is stale` }] : [];
    });
    if (errors.length > 0) return err(errors);
    const index = this.#next();
    for (const op of ops) {
      if (op.verb === "set" || op.verb === "cas") this.kv.set(op.key, op.value, 0, index);
      else if (op.verb === "delete") this.kv.delete(op.key, index);
      else for (const { key } of this.kv.list(op.key)) this.kv.delete(key, index);
    }
    return ok();
  }

  createSession(asked: Omit<Session, "id" | "createIndex">, now: Millis): Result<Session, string> {
    if (!this.catalog.hasNode(asked.node)) return err(`Missing node registration for "${asked.node}"`);
    for (const id of asked.checks) {
      const check = this.catalog.check(asked.node, id);
      if (check === undefined) return err(`Missing check '${id}' registration`);
      if (check.status === "critical") return err(`Check '${id}' is in critical state`);
    }
    const session = { ...asked, id: this.#random.uuid(), createIndex: this.#next() };
    this.#sessions.set(session.id, { session, expires: deadline(session, now) });
    return ok(session);
  }

  session(id: string): Session | undefined {
    return this.#sessions.get(id)?.session;
  }

  renewSession(id: string, now: Millis): Session | undefined {
    const alive = this.#sessions.get(id);
    if (alive !== undefined) alive.expires = deadline(alive.session, now);
    return alive?.session;
  }

  /** Its locks go; asked for, they are free at once, else the lock delay holds. */
  endSession(id: string, now: Millis, why: "destroyed" | "invalidated"): void {
    const session = this.session(id);
    if (session === undefined) return;
    this.#sessions.delete(id);
    const index = this.#next();
    for (const { key } of this.kv.heldBy(id)) {
      if (session.behavior === "delete") this.kv.delete(key, index);
      else this.kv.unlock(key, index);
      if (why === "invalidated" && session.lockDelay > 0) this.#delays.set(key, now + session.lockDelay);
    }
  }

  /** Ends what time has ended; says when something next ends by itself. */
  tick(now: Millis): Millis | undefined {
    for (const [key, until] of this.#delays) if (until <= now) this.#delays.delete(key);
    for (const [id, { expires }] of [...this.#sessions])
      if (expires !== undefined && expires <= now) this.endSession(id, now, "invalidated");
    const next = Math.min(...[...this.#sessions.values()].map(({ expires }) => expires ?? Number.POSITIVE_INFINITY));
    return Number.isFinite(next) ? millis(next) : undefined;
  }

  registerNode(node: string, address: string): void {
    this.catalog.putNode(node, address, this.#next());
  }

  registerService(instance: Instance, check: Check | undefined): void {
    this.catalog.putInstance(instance, check, this.#next());
  }

  deregisterService(node: string, serviceId: string): void {
    this.catalog.dropInstance(node, serviceId, this.#next());
  }

  /** False when there is no such check. A session that names a critical check ends. */
  setCheck(node: string, checkId: string, status: CheckStatus, output: string, now: Millis): boolean {
    const check = this.catalog.check(node, checkId);
    if (check === undefined) return false;
    if (check.status === status && check.output === output) return true;
    this.catalog.setCheck(check, status, output, this.#next());
    if (status !== "critical") return true;
    for (const { session } of [...this.#sessions.values()])
      if (session.node === node && session.checks.includes(checkId)) this.endSession(session.id, now, "invalidated");
    return true;
  }

  /** As after a restore from a snapshot: indexes begin low again. */
  resetIndex(): void {
    this.#index = FIRST_INDEX;
    this.#restores += 1;
    this.kv.renumber(() => this.#next());
    this.catalog.renumber(() => this.#next());
  }

  #next(): number {
    this.#index += 1;
    return this.#index;
  }
}

function deadline({ ttl }: Session, now: Millis): number | undefined {
  return ttl === undefined || ttl === 0 ? undefined : now + ttl;
}
