import type { Millis } from "@tandem/base";
import type { ServicePath } from "@tandem/swbus/edge";
import type { Book } from "./book.js";
import type { StandingRow } from "./define-actor.js";
import { type RowOp, sameFields, stampedFields } from "./difference.js";
import { encodeEnvelope, type RowEnvelope } from "./envelope.js";
import type { Refusal } from "./outbox-core.js";
import type { PlaceHost } from "./place-host.js";
import type { RowMoments } from "./row-moments.js";
import type { RowRef } from "./row-ref.js";
import type { SentLog } from "./sent-log.js";
import { markTrace } from "./trace.js";

/** A change of a row that its bridge has not acknowledged. */
export interface Flight {
  readonly ref: RowRef;
  readonly op: "set" | "del";
  readonly row: StandingRow | undefined;
  readonly since: Millis;
  refusal: Refusal | undefined;
}

/** Carries the differences of one actor to producer bridges, group after group. */
export class RowSender {
  readonly #host: PlaceHost;
  readonly #path: ServicePath;
  readonly #messageKey: string;
  readonly #book: Book;
  readonly #log: SentLog;
  readonly #moments: RowMoments;
  readonly #onSettled: (ref: RowRef) => void;
  readonly #flights = new Map<string, Flight>();

  /** `onSettled` is called for each acknowledged change, possibly before `pump` returns. */
  constructor(
    host: PlaceHost,
    path: ServicePath,
    messageKey: string,
    book: Book,
    log: SentLog,
    moments: RowMoments,
    onSettled: (ref: RowRef) => void,
  ) {
    this.#host = host;
    this.#path = path;
    this.#messageKey = messageKey;
    this.#book = book;
    this.#log = log;
    this.#moments = moments;
    this.#onSettled = onSettled;
  }

  get flights(): readonly Flight[] {
    return [...this.#flights.values()];
  }

  get idle(): boolean {
    return this.#flights.size === 0;
  }

  /** Sends what the first group still lacks. The next one goes when all of it is acknowledged. */
  pump(group: readonly RowOp[]): void {
    for (const op of group) {
      if (this.#isFlying(op) || (op.op === "set" && !this.#book.mayGo(op.ref.text))) continue;
      this.#send(op);
    }
  }

  /** Changes on their way to these rows are sent anew, acknowledged or not: their sink has started anew. */
  forget(select: (ref: RowRef) => boolean): void {
    for (const [text, { ref }] of this.#flights) if (select(ref)) this.#flights.delete(text);
  }

  #isFlying(op: RowOp): boolean {
    const flight = this.#flights.get(op.ref.text);
    if (flight === undefined || flight.op !== op.op) return false;
    if (op.op === "del" || flight.row === undefined) return true;
    return flight.row.once === op.row.once && sameFields(flight.row.fields, op.row.fields, op.row.stamps);
  }

  #send(op: RowOp): void {
    const { host, text } = { host: this.#host, text: op.ref.text };
    const row = op.op === "set" ? op.row : undefined;
    const fields = row === undefined ? {} : stampedFields(row, host.clock.now());
    const acked = this.#book.rows.get(text)?.acked;
    // Only a refresh sends what stands there already: a bridge would see no change in it.
    const again = row !== undefined && acked !== undefined && sameFields(fields, acked);
    const operation = row === undefined ? "Del" : "Set";
    const envelope: RowEnvelope = { key: op.ref.key, operation, fields, ...(again && { again }) };
    const flight: Flight = { ref: op.ref, op: op.op, row, since: host.clock.monotonic(), refusal: undefined };
    this.#flights.set(text, flight);
    this.#book.sending(text);
    const data = encodeEnvelope(envelope);
    const mark = this.#moments.sending(text, flight.since);
    if (mark !== undefined) markTrace(data, mark);
    host.outbox.post({
      source: this.#path,
      destination: host.bridgePath(op.ref),
      key: this.#messageKey,
      data,
      purpose: "row",
      rowKey: op.ref.key,
      log: this.#log,
      onSettled: () => {
        // It was sent before its sink started anew: whether it is there, nobody knows, and it goes out again.
        if (this.#flights.get(text) !== flight) return;
        this.#flights.delete(text);
        if (row === undefined) this.#book.deleted(text);
        else this.#book.acknowledged(text, fields, row.once, host.clock.monotonic());
        this.#moments.acknowledged(text, host.clock.monotonic());
        this.#onSettled(op.ref);
      },
      onRefused: (refusal) => {
        flight.refusal = refusal;
      },
    });
  }
}
