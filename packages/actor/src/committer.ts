import { describeStoreError } from "@tandem/swss";
import type { Book } from "./book.js";
import type { StandingRow } from "./define-actor.js";
import type { Difference } from "./difference.js";
import { MEMORY_FIELD } from "./ledger.js";
import type { PlaceHost } from "./place-host.js";
import type { RowRef } from "./row-ref.js";

/** What one step wants to be in Redis before anything else happens. */
export interface CommitPlan {
  readonly rows: readonly StandingRow[];
  /** Memory as JSON text; `undefined` for none. */
  readonly memory: string | undefined;
  /** Asked again at each try: acknowledgements may have come meanwhile. */
  readonly difference: () => Difference;
}

/** Puts own rows, memory and ledger of one actor into STATE_DB, in one MULTI, however long that takes. */
export class Committer {
  readonly #host: PlaceHost;
  readonly #actor: string;
  readonly #book: Book;
  readonly #memoryKey: string;
  #memoryStored: string | undefined;
  #busy = false;
  #closed = false;

  /** `memory` is what an earlier process has stored. */
  constructor(host: PlaceHost, actor: string, book: Book, memoryKey: string, memory: string | undefined) {
    this.#host = host;
    this.#actor = actor;
    this.#book = book;
    this.#memoryKey = memoryKey;
    this.#memoryStored = memory;
  }

  /** Whether a MULTI is on its way. */
  get busy(): boolean {
    return this.#busy;
  }

  /** Memory as Redis has it. */
  get memoryStored(): string | undefined {
    return this.#memoryStored;
  }

  /** Redis has lost it. */
  forgetMemory(): void {
    this.#memoryStored = undefined;
  }

  /** The own rows that were written or deleted, or `undefined` when the place was closed first. */
  async commit(plan: CommitPlan): Promise<readonly RowRef[] | undefined> {
    const { state, crashPoint, clock, emit } = this.#host;
    let told = false;
    for (let attempt = 0; ; attempt++) {
      const times = { monotonic: clock.monotonic(), wall: clock.now() };
      const commit = this.#book.commit(plan.difference(), plan.rows, ownRedisKey, times);
      const commands = [...commit.commands, ...this.#memoryCommands(plan.memory)];
      if (commands.length === 0) return commit.apply();
      crashPoint.reach("actor.commit.before");
      this.#busy = true;
      const done = await state.multi(commands);
      this.#busy = false;
      if (this.#closed) return undefined;
      if (done.ok) {
        crashPoint.reach("actor.commit.persisted");
        this.#memoryStored = plan.memory;
        return commit.apply();
      }
      if (!told && done.error.kind !== "disconnected") {
        told = true;
        emit({ kind: "storeFailed", where: `commit of ${this.#actor}`, detail: describeStoreError(done.error) });
      }
      await this.#host.pauseForStore(attempt);
      if (this.#closed) return undefined;
    }
  }

  close(): void {
    this.#closed = true;
  }

  #memoryCommands(memory: string | undefined): readonly [string, ...string[]][] {
    if (memory === this.#memoryStored) return [];
    return [memory === undefined ? ["DEL", this.#memoryKey] : ["HSET", this.#memoryKey, MEMORY_FIELD, memory]];
  }
}

function ownRedisKey(ref: RowRef): string {
  return `${ref.tableName}|${ref.key}`;
}
