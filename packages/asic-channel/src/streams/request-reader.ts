import { ok, type Result } from "@tandem/base";
import type { Command, Reply, Store, StoreError } from "@tandem/swss";
import {
  CONSUMER,
  comparePositions,
  decodeRead,
  GROUP,
  POSITION_FIRST,
  type Position,
  REQUEST_STREAM,
  type StreamEntry,
} from "./wire.js";

const BATCH = "128";
/** Milliseconds that one read waits for something new: so long a server that is asked to stop may go on waiting. */
const BLOCK_MS = "1000";

/**
 * Requests in order: first what was taken and not finished, then what is new. After anything that went wrong it begins
 * again with what is pending, since a read whose reply got lost has taken entries all the same.
 */
export class RequestReader {
  readonly #store: Store;
  /** The owner before died together with Redis: it may have executed what Redis takes for new. */
  readonly #doubtAll: boolean;
  #phase: "claim" | "pending" | "new" = "claim";
  #from: Position = POSITION_FIRST;
  /** Entries up to here were there before us: another server may have executed them. */
  #inherited: Position | undefined;

  /** `store` must have a connection of its own: reads block. */
  constructor(store: Store, doubtAll: boolean) {
    this.#store = store;
    this.#doubtAll = doubtAll;
  }

  isInherited(position: Position): boolean {
    return this.#inherited !== undefined && comparePositions(position, this.#inherited) <= 0;
  }

  /** The next entries; none is a normal answer. */
  async next(): Promise<Result<readonly StreamEntry[], StoreError>> {
    const read = await this.#next();
    if (!read.ok) this.#phase = "claim";
    return read;
  }

  /** Resolves when something new comes, at the latest after a second: for when reading as a server is refused. */
  async pause(): Promise<void> {
    await this.#store.command(["XREAD", "BLOCK", BLOCK_MS, "STREAMS", REQUEST_STREAM, "$"]);
  }

  async #next(): Promise<Result<readonly StreamEntry[], StoreError>> {
    if (this.#phase === "claim") {
      const claimed = await this.#claim();
      if (!claimed.ok) return claimed;
      this.#phase = "pending";
      this.#from = POSITION_FIRST;
    }
    if (this.#phase === "pending") {
      const pending = await this.#read(["COUNT", BATCH], this.#from);
      if (!pending.ok || pending.value.length > 0) {
        if (pending.ok) this.#from = (pending.value.at(-1) as StreamEntry).position;
        return pending;
      }
      this.#phase = "new";
    }
    return this.#read(["COUNT", BATCH, "BLOCK", BLOCK_MS], ">");
  }

  async #read(options: readonly string[], from: string): Promise<Result<readonly StreamEntry[], StoreError>> {
    const read = await this.#store.command([
      ...(["XREADGROUP", "GROUP", GROUP, CONSUMER, ...options, "STREAMS", REQUEST_STREAM, from] as Command),
    ]);
    return read.ok ? ok(decodeRead(read.value).get(REQUEST_STREAM) ?? []) : read;
  }

  /** Makes the group, and everything pending ours, whoever took it. */
  async #claim(): Promise<Result<void, StoreError>> {
    const made = await this.#store.command(["XGROUP", "CREATE", REQUEST_STREAM, GROUP, "0", "MKSTREAM"]);
    if (!made.ok && !(made.error.kind === "refused" && /^BUSYGROUP/.test(made.error.detail))) return made;
    if (this.#inherited === undefined) {
      const inherited = await this.#findInherited();
      if (!inherited.ok) return inherited;
      this.#inherited = inherited.value;
    }
    let cursor = POSITION_FIRST;
    do {
      const claimed = await this.#store.command([
        ...(["XAUTOCLAIM", REQUEST_STREAM, GROUP, CONSUMER, "0", cursor, "COUNT", "1000", "JUSTID"] as const),
      ]);
      if (!claimed.ok) return claimed;
      cursor = String((claimed.value as readonly Reply[])[0]);
    } while (cursor !== POSITION_FIRST);
    return ok();
  }

  async #findInherited(): Promise<Result<Position, StoreError>> {
    const command: Command = this.#doubtAll ? ["XINFO", "STREAM", REQUEST_STREAM] : ["XINFO", "GROUPS", REQUEST_STREAM];
    const info = await this.#store.command(command);
    if (!info.ok) return info;
    const facts = this.#doubtAll ? [info.value] : (info.value as readonly Reply[]);
    for (const fact of facts as readonly (readonly Reply[])[]) {
      if (!this.#doubtAll && factOf(fact, "name") !== GROUP) continue;
      return ok(String(factOf(fact, this.#doubtAll ? "last-generated-id" : "last-delivered-id")));
    }
    return ok(POSITION_FIRST);
  }
}

/** XINFO replies with names and values in turn. */
export function factOf(flat: readonly Reply[], name: string): Reply | undefined {
  for (let i = 0; i + 1 < flat.length; i += 2) if (flat[i] === name) return flat[i + 1];
  return undefined;
}
