import { err, ok, type Result } from "@tandem/base";
import { describeStoreError, type Store, type StoreError } from "@tandem/swss";
import type { EndError, Owner } from "../asic-error.js";
import { loadScript } from "./load-script.js";

const CLAIM = loadScript("end_claim");

/** What stands in the owner's key: who, and through which connection of which run of Redis. */
interface Claim extends Owner {
  readonly run: string;
  readonly connection: number;
}

/** Attempts against others that claim the same end at the same time. */
const ATTEMPTS_MAX = 5;

/**
 * One end of a channel, held by one process at a time. Redis itself says whether the owner lives: a process that is
 * gone, in whatever way, has lost its connection, so nobody waits for a lease to run out.
 */
export class EndClaim implements AsyncDisposable {
  /** Aborts when another process took this end while our connection was gone. Its reason is an `EndError`. */
  readonly lost: AbortSignal;
  /** The owner before us died, and Redis too: neither knows how far it came. */
  readonly bothDied: boolean;
  readonly #store: Store;
  readonly #key: string;
  readonly #owner: Owner;
  readonly #lost = new AbortController();
  readonly #unlisten: () => void;
  #value: string;
  #run: string;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(store: Store, key: string, owner: Owner, taken: Taken) {
    this.lost = this.#lost.signal;
    this.bothDied = taken.before !== undefined && taken.before.run !== taken.run;
    this.#store = store;
    this.#key = key;
    this.#owner = owner;
    this.#value = taken.value;
    this.#run = taken.run;
    this.#unlisten = store.onConnect(() => {
      this.#last = this.#renew();
    });
  }

  /** Fails with the owner while its connection stands. `store` must be connected. */
  static async take(store: Store, key: string, owner: Owner): Promise<Result<EndClaim, EndError>> {
    const taken = await take(store, key, owner, undefined);
    return taken.ok ? ok(new EndClaim(store, key, owner, taken.value)) : taken;
  }

  /** The run of Redis in which the claim stands. */
  get run(): string {
    return this.#run;
  }

  /** Leaves the end, so that the next one need not ask whether we live. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#unlisten();
    await this.#last;
    await this.#store.run(CLAIM, [this.#key], [this.#value, ""]);
  }

  /** After a reconnect: another connection, perhaps another run of Redis, perhaps another owner. */
  async #renew(): Promise<void> {
    const taken = await take(this.#store, this.#key, this.#owner, this.#value);
    if (taken.ok) {
      this.#value = taken.value.value;
      this.#run = taken.value.run;
    } else if (taken.error.kind === "taken") this.#lost.abort(taken.error);
  }
}

/** Who holds the end of `key` now; nobody once its connection to Redis is gone. */
export async function holderOf(store: Store, key: string): Promise<Result<Owner | undefined, StoreError>> {
  const facts = await store.pipeline([
    ["GET", key],
    ["INFO", "server"],
  ]);
  if (!facts.ok) return facts;
  const [seen, info] = facts.value;
  if (seen?.ok === false) return seen;
  if (info?.ok === false) return info;
  const claim = decodeClaim(String(seen?.value ?? ""));
  if (claim === undefined || claim.run !== runOf(String(info?.value))) return ok(undefined);
  const clients = await store.command(["CLIENT", "LIST", "ID", String(claim.connection)]);
  return clients.ok ? ok(String(clients.value).trim() === "" ? undefined : ownerOf(claim)) : clients;
}

interface Taken {
  readonly value: string;
  readonly run: string;
  readonly before: Claim | undefined;
}

/** `ours` is what we wrote there before, if we did. */
async function take(
  store: Store,
  key: string,
  owner: Owner,
  ours: string | undefined,
): Promise<Result<Taken, EndError>> {
  const facts = await store.pipeline([
    ["CLIENT", "ID"],
    ["INFO", "server"],
  ]);
  if (!facts.ok) return unusable(facts.error);
  const [id, info] = facts.value;
  if (id?.ok !== true) return unusable(id?.error);
  if (info?.ok !== true) return unusable(info?.error);
  const run = runOf(String(info.value));
  const value = JSON.stringify({ ...owner, run, connection: Number(id.value) } satisfies Claim);
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const seen = await store.command(["GET", key]);
    if (!seen.ok) return unusable(seen.error);
    const text = seen.value === null ? "" : String(seen.value);
    const before = decodeClaim(text);
    if (text !== ours && before !== undefined && before.run === run) {
      const clients = await store.command(["CLIENT", "LIST", "ID", String(before.connection)]);
      if (!clients.ok) return unusable(clients.error);
      if (String(clients.value).trim() !== "") return err({ kind: "taken", owner: ownerOf(before) });
    }
    const claimed = await store.run(CLAIM, [key], [text, value]);
    if (!claimed.ok) return unusable(claimed.error);
    if (claimed.value === 1) return ok({ value, run, before: text === ours ? undefined : before });
  }
  return err({ kind: "unusable", reason: `${key} changes all the time: several processes want this end` });
}

/** Which run of Redis answers. */
function runOf(info: string): string {
  return /^run_id:(\w+)/m.exec(info)?.[1] ?? "";
}

function unusable(error: StoreError | undefined): Result<never, EndError> {
  const reason = error === undefined ? "Redis left out a reply" : describeStoreError(error);
  return err({ kind: "unusable", reason });
}

function ownerOf({ name, host, pid, since }: Owner): Owner {
  return { name, host, pid, since };
}

/** A value that is none of ours says nothing about anybody, and is replaced. */
function decodeClaim(text: string): Claim | undefined {
  try {
    const { name, host, pid, since, run, connection } = JSON.parse(text) as Partial<Claim>;
    const fits = typeof name === "string" && typeof host === "string" && typeof run === "string";
    if (!fits || typeof pid !== "number" || typeof since !== "number" || typeof connection !== "number")
      return undefined;
    return { name, host, pid, since, run, connection };
  } catch {
    return undefined;
  }
}
