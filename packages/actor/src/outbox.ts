import type { Clock, CrashPoint, Json, Millis, Random, Timer } from "@tandem/base";
import { dataMessage, type EdgeRuntime, type SendError, type ServicePath, SwbusErrorCode } from "@tandem/swbus/edge";
import { type Dispatch, OutboxCore, type OutboxEntry } from "./outbox-core.js";
import type { RuntimeTallies } from "./tallies.js";

export interface OutboxOptions {
  readonly edge: EdgeRuntime;
  readonly clock: Clock;
  readonly random: Random;
  readonly crashPoint: CrashPoint;
  readonly tallies?: RuntimeTallies;
  /** Hears of each message that is put in. */
  readonly onPost?: () => void;
  /** The member `trace` of a message with this data that leaves the process; none when absent. */
  readonly wireTrace?: (data: Json) => Json | undefined;
}

/** Sends what actors dispatch until it is settled. One per runtime; one timer, set for the earliest re-send. */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #core: OutboxCore;
  readonly #stopListening: () => void;
  #timer: Timer | undefined;
  #timerDue: Millis | undefined;
  #closed = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#core = new OutboxCore(() => options.edge.newId(), options.random);
    this.#stopListening = options.edge.onConnect(() => this.#kick((entry) => !this.#isLocal(entry.destination)));
  }

  /** Messages that are not settled. */
  get size(): number {
    return this.#core.size;
  }

  entries(): Iterable<OutboxEntry> {
    return this.#core.entries();
  }

  /** Sends now and again until settled, superseded or cancelled. `onSettled` may be called before this returns. */
  post(dispatch: Dispatch): void {
    if (this.#closed) return;
    const entry = this.#core.put(dispatch, this.#options.clock.monotonic());
    const { tallies } = this.#options;
    if (tallies !== undefined) tallies.messagesPeak = Math.max(tallies.messagesPeak, this.#core.size);
    if (!this.#isLocal(entry.destination)) entry.wireTrace = this.#options.wireTrace?.(entry.data);
    this.#options.onPost?.();
    this.#transmit(entry);
    this.#arm(entry.dueAt);
  }

  /** Handles an answer that arrived at the path of an actor. */
  answer(requestId: bigint, code: SwbusErrorCode, text: string, source: ServicePath | undefined): void {
    this.#core.answer(requestId, code, text, source, this.#options.clock.monotonic());
  }

  /** Something has appeared at `path` in this process: what waits for it goes out at once. */
  appeared(path: ServicePath): void {
    this.#kick((entry) => entry.destination.equals(path));
  }

  cancel(select: (entry: OutboxEntry) => boolean): void {
    this.#core.cancel(select);
  }

  close(): void {
    this.#closed = true;
    this.#stopListening();
    this.#timer?.cancel();
  }

  #isLocal(destination: ServicePath): boolean {
    return destination.servicePrefix === this.#options.edge.basePath.servicePrefix;
  }

  #kick(select: (entry: OutboxEntry) => boolean): void {
    this.#core.kick(select, this.#options.clock.monotonic());
    this.#sendDue();
  }

  #sendDue(): void {
    for (const entry of this.#core.due(this.#options.clock.monotonic())) this.#transmit(entry);
    const due = this.#core.nextDue();
    if (due !== undefined) this.#arm(due);
  }

  #transmit(entry: OutboxEntry): void {
    const { edge, clock, crashPoint, tallies } = this.#options;
    crashPoint.reach("actor.send.each");
    // Before sending: a receiver in this process may answer before `send` returns.
    if (entry.sends > 0 && tallies !== undefined) tallies.resends += 1;
    else tallies?.sent(entry.source.resourceType, entry.key);
    this.#core.sent(entry, clock.monotonic());
    entry.log?.sending(entry, clock.now());
    const { key, data, wireTrace: trace } = entry;
    const payload = { key, data, ...(trace !== undefined && { trace }) };
    const sent = edge.send(dataMessage(entry.id, entry.source, entry.destination, payload));
    if (!sent.ok) this.answer(entry.id, codeOf(sent.error), describeSendError(sent.error), undefined);
  }

  /** The timer may ring early, never late: settled entries do not move it. */
  #arm(due: Millis): void {
    if (this.#closed || this.#core.size === 0) return;
    if (this.#timerDue !== undefined && this.#timerDue <= due) return;
    this.#timer?.cancel();
    this.#timerDue = due;
    this.#timer = this.#options.clock.setTimer((due - this.#options.clock.monotonic()) as Millis, () => {
      this.#timerDue = undefined;
      this.#sendDue();
    });
  }
}

function codeOf(error: SendError): SwbusErrorCode {
  switch (error.kind) {
    case "notConnected":
      return SwbusErrorCode.CONNECTION_ERROR;
    case "noRoute":
      return SwbusErrorCode.NO_ROUTE;
    case "queueFull":
      return SwbusErrorCode.QUEUE_FULL;
    case "tooLarge":
      return SwbusErrorCode.INVALID_PAYLOAD;
  }
}

function describeSendError(error: SendError): string {
  switch (error.kind) {
    case "notConnected":
      return "no connection to swbusd";
    case "noRoute":
      return `nothing is registered at ${error.destination}`;
    case "queueFull":
      return error.limit === undefined
        ? `${error.destination} cannot take more now: its queue is full`
        : `${error.limit} bytes already wait for swbusd`;
    case "tooLarge":
      return `${error.size} bytes, at most ${error.limit} can be sent`;
  }
}
