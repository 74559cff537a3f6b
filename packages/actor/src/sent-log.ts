import type { Json, Millis } from "@tandem/base";
import { type ServicePath, SwbusErrorCode } from "@tandem/swbus/edge";
import { codeName, type SentDump } from "./dump-format.js";
import type { OutboxEntry } from "./outbox-core.js";

/** Messages kept per actor: one per receiver, key and row. Beyond this the oldest is forgotten. */
const SENT_MAX = 512;

interface Sent {
  readonly key: string;
  /** Receiver, and the row inside when it is one: tells messages of one key apart. */
  readonly to: string;
  data: Json;
  id: bigint;
  readonly createdAt: Millis;
  updatedAt: Millis;
  sentAt: Millis;
  version: number;
  acked: boolean;
  response: string | undefined;
  responseSource: ServicePath | undefined;
}

/**
 * What an actor sent last, for its dump: the newest message per receiver, key and row.
 */
export class SentLog {
  readonly #sent = new Map<string, Sent>();

  /** `now` is wall-clock time. */
  sending(entry: OutboxEntry, now: Millis): void {
    const known = this.#sent.get(entry.slot);
    if (known?.id === entry.id) {
      known.sentAt = now;
      return;
    }
    this.#sent.delete(entry.slot);
    this.#sent.set(entry.slot, {
      key: entry.key,
      to: `${entry.destination}${entry.rowKey === undefined ? "" : ` ${entry.rowKey}`}`,
      data: entry.data,
      id: entry.id,
      createdAt: known?.createdAt ?? now,
      updatedAt: now,
      sentAt: now,
      version: (known?.version ?? 0) + 1,
      acked: false,
      response: undefined,
      responseSource: undefined,
    });
    if (this.#sent.size > SENT_MAX)
      for (const oldest of this.#sent.keys()) {
        this.#sent.delete(oldest);
        break;
      }
  }

  answered(
    { slot, id }: OutboxEntry,
    code: SwbusErrorCode,
    text: string,
    source: ServicePath | undefined,
    settled: boolean,
  ): void {
    const known = this.#sent.get(slot);
    if (known?.id !== id) return;
    known.acked = settled;
    known.response = code === SwbusErrorCode.OK ? "Ok" : `${codeName(code)} (${text})`;
    known.responseSource = source;
  }

  /**
   * By the name under which a dump lists them: the newest message of a key by that key, where sonic-dash-ha's tools look
   * for it; others of the same key with their receiver, which those tools do not show at all.
   */
  *entries(): Iterable<readonly [name: string, sent: SentDump]> {
    const named = new Set<string>();
    for (const sent of [...this.#sent.values()].reverse()) {
      const name = named.has(sent.key) ? `${sent.key} > ${sent.to}` : sent.key;
      named.add(sent.key);
      yield [name, sent];
    }
  }
}
