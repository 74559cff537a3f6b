import { err, noCrash, ok, type Result } from "@tandem/base";
import type { EndError } from "../asic-error.js";
import type { AsicNotification } from "../notification.js";
import { ASIC_OPS, type ChannelMode, isAnswered } from "../op.js";
import { type AsicRequest, isBarrier } from "../request.js";
import { type AsicOutcome, RequestLine, type Ticket } from "../request-line.js";
import { type AsicClient, REPLY_TIMEOUT_DEFAULT } from "../transport.js";
import { decodeNotification, decodeReply, encodeRequest, textOf } from "../zmq/wire.js";
import { splitAsked } from "./asked.js";
import { ChannelFile } from "./channel-file.js";
import type { ShmClientOptions } from "./options.js";
import { Ring, type RingDamage } from "./ring.js";
import { shmTraits } from "./traits.js";
import { nextEpoch } from "./wire.js";

/** Requests that are taken from the line at a time. */
const PIPELINE = 256;

/** orchagent's end of a channel in shared memory. */
export class ShmChannelClient implements AsicClient {
  readonly traits;
  readonly mode: ChannelMode;
  readonly #options: ShmClientOptions;
  readonly #file: ChannelFile;
  readonly #line: RequestLine;
  readonly #closing = new AbortController();
  readonly #epoch: number;
  readonly #bytesMax: number;
  /** What left and is owed a reply, by its number. */
  readonly #asked = new Map<number, Ticket>();
  readonly #listening: Promise<void>;
  #reader: (() => void) | undefined;
  #sending = false;

  private constructor(options: ShmClientOptions, file: ChannelFile) {
    const { clock, replyTimeout = REPLY_TIMEOUT_DEFAULT, requestsMax, bytesMax = file.requests.capacity } = options;
    this.traits = shmTraits(requestsMax, bytesMax);
    this.mode = options.mode;
    this.#options = options;
    this.#file = file;
    this.#bytesMax = bytesMax;
    this.#epoch = nextEpoch(file.epoch, clock.now() / 1000);
    // From here on nothing is said to the client before; what was said to it nobody reads.
    file.epoch = this.#epoch;
    file.replies.clear();
    file.notifications.recoverConsumer();
    if (file.requests.recoverProducer().torn)
      this.#malformed("a request was expected", "half of one: the client before this one died");
    this.#line = new RequestLine({
      clock,
      replyTimeout,
      limit: this.traits.requestsInFlightMax,
      holds: isBarrier,
      onWaiting: () => this.#send(),
    });
    this.#listening = this.#listen();
  }

  static async open(options: ShmClientOptions): Promise<Result<ShmChannelClient, EndError>> {
    const file = ChannelFile.open(options, "client");
    return file.ok ? ok(new ShmChannelClient(options, file.value)) : file;
  }

  request(request: AsicRequest, signal?: AbortSignal): Promise<AsicOutcome> {
    return this.#line.request(request, signal);
  }

  /** They stay in the file until they are read here, and are handed over at most once. */
  async *notifications(signal: AbortSignal): AsyncGenerator<AsicNotification> {
    const ended = AbortSignal.any([signal, this.#closing.signal]);
    const { notifications, lookout } = this.#file;
    const wake = (): void => this.#reader?.();
    ended.addEventListener("abort", wake, { once: true });
    while (!ended.aborted) {
      const next = notifications.peek();
      if (next === undefined) {
        await new Promise<void>((resolve) => {
          this.#reader = resolve;
          lookout.wake();
        });
        this.#reader = undefined;
      } else if (next.kind === "damaged") {
        this.#damaged("a notification", next.damage);
        notifications.release(next.damage.next, undefined);
      } else {
        const { payload, sequence, next: behind } = next.record;
        const event = decodeNotification(payload);
        if (!event.ok) this.#malformed(event.error, textOf(payload));
        notifications.release(behind, sequence);
        if (event.ok) yield event.value;
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#line.close("this end of the channel was closed");
    this.#file.lookout.wake();
    await this.#listening;
    this.#file.close();
  }

  #send(): void {
    if (this.#sending) return;
    this.#sending = true;
    // What is asked in one turn goes out together.
    queueMicrotask(() => {
      this.#sending = false;
      if (this.#closing.signal.aborted) return;
      for (let tickets = this.#line.take(PIPELINE); tickets.length > 0; tickets = this.#line.take(PIPELINE))
        for (const ticket of tickets) this.#put(ticket);
      this.#file.wakeOther();
      if (this.#asked.size > 0) this.#file.lookout.wake();
    });
  }

  #put(ticket: Ticket): void {
    const outcome = this.#tryPut(ticket);
    if (outcome !== undefined) this.#line.settle(ticket, outcome);
  }

  /** How it ended, if it did: it was not put, or nobody answers it. */
  #tryPut(ticket: Ticket): AsicOutcome | undefined {
    const { requests } = this.#file;
    const limit = this.traits.requestsInFlightMax;
    const payload = encodeRequest(ticket.request);
    if (payload.length > requests.payloadMax)
      return err({ kind: "refused", reason: `it makes ${payload.length} bytes, the most is ${requests.payloadMax}` });
    if (requests.count >= limit) return err({ kind: "queueFull", unit: "requests", limit });
    if (requests.used + Ring.sizeOf(payload.length) > this.#bytesMax)
      return err({ kind: "queueFull", unit: "bytes", limit: this.#bytesMax });
    if (!this.#line.leaves(ticket)) return undefined;
    const sequence = requests.put(payload, this.#epoch, this.#options.clock.now());
    if (sequence === undefined) return err({ kind: "queueFull", unit: "bytes", limit: requests.capacity });
    (this.#options.crash ?? noCrash).reach("asic.request.stored");
    if (!isAnswered(ticket.request.op, this.mode)) return ok({ kind: "accepted" });
    this.#asked.set(sequence, ticket);
    this.#line.whenOver(ticket, () => this.#asked.delete(sequence));
    return undefined;
  }

  async #listen(): Promise<void> {
    const { replies, notifications, lookout } = this.#file;
    const worth = (): boolean =>
      replies.peek() !== undefined || (this.#reader !== undefined && notifications.peek() !== undefined);
    while (!this.#closing.signal.aborted) {
      this.#hear();
      if (notifications.peek() !== undefined) this.#reader?.();
      await lookout.until(worth, this.#closing.signal);
    }
  }

  #hear(): void {
    const { replies } = this.#file;
    for (let next = replies.peek(); next !== undefined; next = replies.peek()) {
      if (next.kind === "damaged") {
        this.#damaged("a reply", next.damage);
        replies.release(next.damage.next, undefined);
        continue;
      }
      const { payload, sequence, epoch, next: behind } = next.record;
      // A reply that comes twice, or late, finds no ticket.
      const ticket = epoch === this.#epoch ? this.#asked.get(sequence) : undefined;
      if (ticket !== undefined) this.#answer(ticket, payload);
      else if (epoch === this.#epoch) this.#hearRefusal(payload);
      replies.release(behind, sequence);
    }
  }

  #answer(ticket: Ticket, payload: Uint8Array): void {
    const reply = decodeReply(payload);
    const { reply: op } = ASIC_OPS[ticket.request.op];
    const fault = reply.ok ? `${op} was expected, found ${reply.value.op}` : reply.error;
    if (reply.ok && reply.value.op === op) {
      this.#line.settle(ticket, ok({ kind: "replied", reply: reply.value }));
      return;
    }
    this.#malformed(fault, textOf(payload));
    this.#line.settle(ticket, err({ kind: "unknown", reason: `the reply cannot be used: ${fault}` }));
  }

  /** Of a request that nobody waits for any more there is a reply only where it was accepted and then refused. */
  #hearRefusal(payload: Uint8Array): void {
    const reply = decodeReply(payload);
    const refusal = reply.ok ? splitAsked(reply.value) : undefined;
    if (refusal !== undefined) this.#options.onTrouble?.({ kind: "refusedLater", ...refusal });
  }

  #damaged(what: string, { detail }: RingDamage): void {
    this.#malformed(`${what} was expected`, detail);
  }

  #malformed(detail: string, found: string): void {
    this.#options.onTrouble?.({ kind: "malformed", where: this.#options.path, detail, found });
  }
}
