import { err, type Millis, ok, type Result } from "@tandem/base";
import type { LinkId } from "../../link/ha-link.js";
import type { ProcessEvent, ProcessType } from "../../motr/message.js";

/** A message whose sender waits to hear that it is safe. */
export interface Owed {
  readonly link: LinkId;
  readonly tag: bigint;
  /** When it came, monotonic. */
  readonly at: Millis;
}

/** One put that is owed to Consul. */
export interface PendingPut {
  readonly key: string;
  readonly value: string;
  /** Grows with each put, over all keys. */
  readonly seq: number;
}

interface Line {
  /** On its way to Consul. */
  sent: (PendingPut & { owed: Owed[] }) | undefined;
  /** Oldest first; one at most, unless every event is to be put. */
  readonly next: (PendingPut & { owed: Owed[] })[];
  attempt: number;
  /** Not tried again before. */
  notBefore: number;
  /** Stored puts' senders that wait until the journal has forgotten an older put of this key. */
  stored: Owed[];
  /** Newest put of this key that the journal on disk holds; 0 none. */
  journaled: number;
}

export type EventBookError = { readonly kind: "full"; readonly limit: number };

export interface EventBookOptions {
  /** Puts that wait; a process that would need one more is told to come again. */
  readonly limit: number;
  /** `newest`: a newer event replaces one of its process that is not on its way. `every`: all are put, one by one. */
  readonly keep: "newest" | "every";
}

/**
 * The events of processes between their coming and their being safe. For each key one put at a time, in the order of the
 * events; other keys do not wait for it. Pure: the shell puts, writes the journal, and tells what came of it.
 */
export class EventBook {
  readonly #lines = new Map<string, Line>();
  readonly #options: EventBookOptions;
  #seq = 0;
  #waiting = 0;

  constructor(options: EventBookOptions) {
    this.#options = options;
  }

  /** Puts not yet in Consul. */
  get waiting(): number {
    return this.#waiting;
  }

  get keys(): number {
    return this.#lines.size;
  }

  /** Takes an event; a full book refuses it. */
  offer(key: string, value: string, owed: readonly Owed[], now: Millis): Result<"added" | "replaced", EventBookError> {
    const line = this.#lines.get(key) ?? newLine(now);
    const last = line.next[line.next.length - 1];
    if (this.#options.keep === "newest" && last !== undefined) {
      last.owed.push(...owed);
      line.next[line.next.length - 1] = { key, value, seq: this.#nextSeq(), owed: last.owed };
      return ok("replaced");
    }
    if (this.#waiting >= this.#options.limit) return err({ kind: "full", limit: this.#options.limit });
    line.next.push({ key, value, seq: this.#nextSeq(), owed: [...owed] });
    this.#lines.set(key, line);
    this.#waiting += 1;
    return ok("added");
  }

  /** The put to send now; it is on its way until `stored` or `failed` says otherwise. `fresh`: one that never failed. */
  take(now: Millis, which: "any" | "fresh" = "any"): PendingPut | undefined {
    for (const [key, line] of this.#lines) {
      if (line.sent !== undefined || line.next.length === 0 || line.notBefore > now) continue;
      if (which === "fresh" && line.attempt > 0) continue;
      line.sent = line.next.shift();
      // To the end of the round: a busy process has its turn after all others had theirs.
      this.#lines.delete(key);
      this.#lines.set(key, line);
      return line.sent;
    }
    return undefined;
  }

  /** When `take` may have something that it has not now. */
  get nextTry(): number | undefined {
    let next: number | undefined;
    for (const line of this.#lines.values()) {
      if (line.sent !== undefined || line.next.length === 0) continue;
      if (next === undefined || line.notBefore < next) next = line.notBefore;
    }
    return next;
  }

  /** The put is in Consul. Gives whom to tell now. */
  stored({ key, seq }: PendingPut): readonly Owed[] {
    const line = this.#sentLine(key, seq);
    if (line?.sent === undefined) return [];
    const { owed } = line.sent;
    line.sent = undefined;
    line.attempt = 0;
    this.#waiting -= 1;
    if (line.journaled !== 0) {
      // The journal would put an older value over this one after a crash: it forgets first.
      line.stored.push(...owed);
      return [];
    }
    this.#sweep(key, line);
    return owed;
  }

  /** The put failed: it is the next of its key again, unless a newer one waits. Gives the number of its failures. */
  failed({ key, seq }: PendingPut, notBefore: (attempt: number) => number): number {
    const line = this.#sentLine(key, seq);
    if (line?.sent === undefined) return 0;
    const { sent } = line;
    line.sent = undefined;
    line.attempt += 1;
    line.notBefore = notBefore(line.attempt - 1);
    const newer = line.next[0];
    if (newer !== undefined && this.#options.keep === "newest") {
      newer.owed.unshift(...sent.owed);
      this.#waiting -= 1;
    } else line.next.unshift(sent);
    return line.attempt;
  }

  /** Consul answers again: nothing waits for its time, and failures of before count no more. */
  retryNow(now: Millis): void {
    for (const line of this.#lines.values()) {
      line.notBefore = Math.min(line.notBefore, now);
      line.attempt = 0;
    }
  }

  /** When the oldest of those who wait came; nothing when nobody does. */
  get oldest(): Millis | undefined {
    let oldest: Millis | undefined;
    for (const { sent, next } of this.#lines.values())
      for (const { owed } of sent === undefined ? next : [sent, ...next]) {
        const at = owed[0]?.at;
        if (at !== undefined && (oldest === undefined || at < oldest)) oldest = at;
      }
    return oldest;
  }

  /** What the journal must hold now: every put that is not in Consul, oldest first. */
  snapshot(): readonly PendingPut[] {
    const puts: PendingPut[] = [];
    for (const { sent, next } of this.#lines.values())
      for (const { key, value, seq } of sent === undefined ? next : [sent, ...next]) puts.push({ key, value, seq });
    return puts.sort((a, b) => a.seq - b.seq);
  }

  /** Whether the journal holds what is in Consul; somebody may wait until it does not. */
  get mustForget(): boolean {
    for (const { sent, next, stored } of this.#lines.values())
      if (stored.length > 0 || (sent === undefined && next.length === 0)) return true;
    return false;
  }

  /** The journal on disk is `snapshot`. Gives whom to tell: what they sent is safe. */
  journaled(snapshot: readonly PendingPut[]): readonly Owed[] {
    const newest = new Map<string, number>();
    for (const { key, seq } of snapshot) newest.set(key, Math.max(seq, newest.get(key) ?? 0));
    const safe: Owed[] = [];
    for (const [key, line] of [...this.#lines]) {
      line.journaled = newest.get(key) ?? 0;
      if (line.journaled === 0) safe.push(...line.stored.splice(0));
      for (const put of line.sent === undefined ? line.next : [line.sent, ...line.next])
        if (put.seq <= line.journaled) safe.push(...put.owed.splice(0));
      this.#sweep(key, line);
    }
    return safe;
  }

  /** Puts that a former life of this process left in its journal. They go first. */
  restore(puts: readonly PendingPut[], now: Millis): void {
    for (const { key, value } of puts) {
      const line = this.#lines.get(key) ?? newLine(now);
      const seq = this.#nextSeq();
      line.next.push({ key, value, seq, owed: [] });
      line.journaled = seq;
      this.#lines.set(key, line);
      this.#waiting += 1;
    }
  }

  /** Value by key of what is not in Consul yet, the newest of each. */
  pendingValues(): ReadonlyMap<string, string> {
    const values = new Map<string, string>();
    for (const [key, { sent, next }] of this.#lines) {
      const newest = next[next.length - 1] ?? sent;
      if (newest !== undefined) values.set(key, newest.value);
    }
    return values;
  }

  /** Value of a key that is not in Consul yet. */
  pendingValue(key: string): string | undefined {
    const line = this.#lines.get(key);
    return (line?.next[line.next.length - 1] ?? line?.sent)?.value;
  }

  #sentLine(key: string, seq: number): Line | undefined {
    const line = this.#lines.get(key);
    return line?.sent?.seq === seq ? line : undefined;
  }

  #sweep(key: string, line: Line): void {
    const idle = line.sent === undefined && line.next.length === 0 && line.stored.length === 0;
    if (idle && line.journaled === 0) this.#lines.delete(key);
  }

  #nextSeq(): number {
    this.#seq += 1;
    return this.#seq;
  }
}

function newLine(now: Millis): Line {
  return { sent: undefined, next: [], attempt: 0, notBefore: now, stored: [], journaled: 0 };
}

/** The value of `processes/<fid>`, byte for byte as Python's `json.dumps` writes it. */
export function statusText(event: ProcessEvent, type: ProcessType): string {
  return `{"state": "M0_CONF_HA_PROCESS_${event}", "type": "M0_CONF_HA_PROCESS_${type}"}`;
}
