import { type Clock, seconds, type Timer } from "@tandem/base";
import { describeStoreError, type Store, type Stores } from "@tandem/swss";
import type { HamgrdEvent } from "./hamgrd-event.js";
import { openStore } from "./sinks.js";

const SWITCH_DATABASES = ["CONFIG_DB", "APPL_DB", "STATE_DB", "CHASSIS_STATE_DB"] as const;
const DPU_DATABASES = ["DPU_APPL_DB", "DPU_STATE_DB"] as const;

/** A Redis that has not answered by then is told of; one that is only slow to start is not. */
const FIRST_ANSWER = seconds(1);

/** The databases of one Redis: told of as one thing, since they come and go together. */
interface Group {
  /** Empty for the switch's own. */
  readonly container: string;
  readonly stores: readonly Store[];
  readonly lost: Set<Store>;
}

/**
 * Tells when a Redis that a hamgrd needs does not answer, and when it does again. Throws `MissingDatabaseError` for one
 * that the configuration does not name: it can never come.
 */
export class DatabaseWatch implements AsyncDisposable {
  readonly #emit: (event: HamgrdEvent) => void;
  readonly #groups: readonly Group[];
  readonly #timer: Timer;

  constructor(slots: readonly number[], stores: Stores, clock: Clock, emit: (event: HamgrdEvent) => void) {
    this.#emit = emit;
    const group = (container: string, databases: readonly string[]): Group => ({
      container,
      stores: databases.map((db) => openStore(stores, db, container)),
      lost: new Set(),
    });
    this.#groups = [group("", SWITCH_DATABASES), ...slots.map((slot) => group(`dpu${slot}`, DPU_DATABASES))];
    for (const watched of this.#groups) {
      for (const store of watched.stores) {
        store.onDisconnect((detail) => this.#lose(watched, store, detail));
        store.onConnect(() => this.#regain(watched, store));
      }
    }
    this.#timer = clock.setTimer(FIRST_ANSWER, () => void this.#firstLook());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer.cancel();
    await Promise.all(this.#groups.flatMap(({ stores }) => stores).map((store) => store[Symbol.asyncDispose]()));
  }

  async #firstLook(): Promise<void> {
    for (const group of this.#groups) {
      for (const store of group.stores) {
        if (store.connected || group.lost.has(store)) continue;
        const reply = await store.command(["PING"]);
        if (!reply.ok && !store.connected) this.#lose(group, store, describeStoreError(reply.error));
      }
    }
  }

  #lose(group: Group, store: Store, detail: string): void {
    const isFirst = group.lost.size === 0;
    group.lost.add(store);
    if (isFirst) this.#emit({ kind: "databaseLost", container: group.container, detail });
  }

  #regain(group: Group, store: Store): void {
    if (group.lost.delete(store) && group.lost.size === 0) {
      this.#emit({ kind: "databaseBack", container: group.container });
    }
  }
}
