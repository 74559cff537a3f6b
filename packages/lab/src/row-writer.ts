import { type Clock, type Millis, millis, sleep } from "@tandem/base";
import { type Command, describeStoreError, type Fields, type Store, untilConnected } from "@tandem/swss";

interface PendingRow {
  readonly del: boolean;
  readonly fields: Fields;
}

/**
 * Writes rows as a simulated device does: in order, again after a lost connection, merged per key while they wait, so
 * what waits is bounded by the number of keys.
 */
export class RowWriter {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #warn: (text: string) => void;
  readonly #closing = new AbortController();
  #pending = new Map<string, PendingRow>();
  #flushing: Promise<void> | undefined;
  #delay = millis(0);
  #held = false;
  /** Rows as they stand once everything is written. */
  readonly #standing = new Map<string, Fields>();

  constructor(store: Store, clock: Clock, warn: (text: string) => void) {
    this.#store = store;
    this.#clock = clock;
    this.#warn = warn;
  }

  /** Fault: rows reach the database so much later. */
  setDelay(delay: Millis): void {
    this.#delay = delay;
  }

  /** Fault: nothing is written until it is let go; what waits stays merged per key. */
  setHeld(held: boolean): void {
    this.#held = held;
    if (!held && this.#pending.size > 0) this.#flushing ??= this.#flush();
  }

  /** Writes every row again as it stands. */
  repeat(): void {
    for (const [key, fields] of this.#standing) this.#put(key, { del: false, fields });
  }

  /** A row as it stands for the writer, whatever the database holds. */
  standing(key: string): Fields | undefined {
    return this.#standing.get(key);
  }

  /** Merges `fields` into the row at the whole Redis key `key`. */
  hset(key: string, fields: Fields): void {
    this.#standing.set(key, { ...this.#standing.get(key), ...fields });
    const waiting = this.#pending.get(key);
    this.#put(key, { del: waiting?.del ?? false, fields: { ...waiting?.fields, ...fields } });
  }

  del(key: string): void {
    this.#standing.delete(key);
    this.#put(key, { del: true, fields: {} });
  }

  /** Forgets what was not sent yet, and what stands. */
  drop(): void {
    this.#standing.clear();
    this.#pending = new Map();
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    while (this.#flushing !== undefined) await this.#flushing;
  }

  async close(): Promise<void> {
    this.drop();
    this.#closing.abort();
    await this.idle();
  }

  #put(key: string, row: PendingRow): void {
    if (this.#closing.signal.aborted) return;
    this.#pending.delete(key);
    this.#pending.set(key, row);
    if (!this.#held) this.#flushing ??= this.#flush();
  }

  /** Its last look at what waits and its end are one step: nothing is put between them. */
  async #flush(): Promise<void> {
    await undefined;
    try {
      await this.#writeAll(this.#closing.signal);
    } finally {
      this.#flushing = undefined;
    }
  }

  async #writeAll(signal: AbortSignal): Promise<void> {
    while (this.#pending.size > 0 && !this.#held && !signal.aborted) {
      if (this.#delay > 0) await sleep(this.#clock, this.#delay, signal).catch(() => undefined);
      const rows = this.#pending;
      this.#pending = new Map();
      const written = await this.#store.pipeline([...rows].flatMap(([key, row]) => commandsOf(key, row)));
      if (written.ok) {
        for (const reply of written.value) if (!reply.ok) this.#warn(describeStoreError(reply.error));
        continue;
      }
      // HSET and DEL may be repeated; what was put meanwhile is newer.
      for (const [key, row] of this.#pending) rows.set(key, merge(rows.get(key), row));
      this.#pending = signal.aborted ? new Map() : rows;
      if (this.#store.connected) await sleep(this.#clock, RETRY_AFTER, signal).catch(() => this.drop());
      else await untilConnected(this.#store, signal).catch(() => this.drop());
    }
  }
}

/** Pause after a failure of a connected store. */
const RETRY_AFTER = millis(100);

function merge(older: PendingRow | undefined, newer: PendingRow): PendingRow {
  if (older === undefined || newer.del) return newer;
  return { del: older.del, fields: { ...older.fields, ...newer.fields } };
}

function commandsOf(key: string, row: PendingRow): Command[] {
  const commands: Command[] = row.del ? [["DEL", key]] : [];
  const flat = Object.entries(row.fields).flat();
  if (flat.length > 0) commands.push(["HSET", key, ...flat]);
  return commands;
}
