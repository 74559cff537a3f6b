import type { Json, Millis } from "@tandem/base";
import { type ServicePath, SwbusErrorCode } from "@tandem/swbus/edge";
import { codeName, type SentDump } from "./dump-format.js";
import type { OutboxEntry } from "./outbox-core.js";

/** Keys kept per actor. Actors send under few keys; beyond this the oldest key is forgotten. */
const SENT_KEYS_MAX = 512;

interface Sent {
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
 * The newest message of each key that an actor sent, for its dump. Keyed by message key; messages of one key to several
 * receivers, or of several rows, show the newest only.
 */
export class SentLog {
  readonly #sent = new Map<string, Sent>();

  /** `now` is wall-clock time. */
  sending(entry: OutboxEntry, now: Millis): void {
    const known = this.#sent.get(entry.key);
    if (known?.id === entry.id) {
      known.sentAt = now;
      return;
    }
    this.#sent.delete(entry.key);
    this.#sent.set(entry.key, {
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
    if (this.#sent.size > SENT_KEYS_MAX)
      for (const oldest of this.#sent.keys()) {
        this.#sent.delete(oldest);
        break;
      }
  }

  answered(
    { key, id }: OutboxEntry,
    code: SwbusErrorCode,
    text: string,
    source: ServicePath | undefined,
    settled: boolean,
  ): void {
    const known = this.#sent.get(key);
    if (known?.id !== id) return;
    known.acked = settled;
    known.response = code === SwbusErrorCode.OK ? "Ok" : `${codeName(code)} (${text})`;
    known.responseSource = source;
  }

  *entries(): Iterable<SentDump> {
    for (const [key, sent] of this.#sent) yield { key, ...sent };
  }
}
