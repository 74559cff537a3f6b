import { err, noCrash, ok, type Random, type Result, sleep, systemRandom } from "@tandem/base";
import { describeStoreError, EventPull, type Store, type Stores, untilConnected } from "@tandem/swss";
import type { AsicError, EndError } from "../asic-error.js";
import { type ChannelTrouble, TROUBLE_FOUND_MAX } from "../channel-trouble.js";
import { EventInbox } from "../event-inbox.js";
import { LOOK_EVERY } from "../list-pubsub/reply-line.js";
import { LocalClaim } from "../local-claim.js";
import type { AsicNotification } from "../notification.js";
import { type ChannelMode, isAnswered } from "../op.js";
import { DB_DEFAULT } from "../redis/channel-options.js";
import {
  decodeQueued,
  finishRequest,
  isUpTo,
  markTaken,
  peekRequests,
  putRequests,
  type QueueEntry,
  queuePlace,
  takenUpTo,
} from "../redis/request-queue.js";
import type { AsicReply } from "../reply.js";
import { type AsicRequest, isBarrier } from "../request.js";
import { type AsicOutcome, RequestLine, type Ticket } from "../request-line.js";
import { SendLoop } from "../send-loop.js";
import { type AsicClient, REPLY_TIMEOUT_DEFAULT } from "../transport.js";
import { Asker } from "./asker.js";
import { HELLO_REQUEST, isHelloReply, splitId, withId } from "./ids.js";
import { socketOptions, type ZmqClientOptions } from "./options.js";
import { zmqOutboxTraits } from "./traits.js";
import { decodeNotification, decodeReplyTo, encodeRequest, isWakeUp, textOf } from "./wire.js";

/** Where requests stand until they are answered. */
export const OUTBOX = queuePlace("ZMQ_OUTBOX");

/** Requests of one script call, and of one look into the outbox. */
const BATCH = 128;

/** Notifications that wait for a reader; then the socket holds them, and beyond its mark syncd. */
const NOTIFICATIONS_MAX = 1000;

export interface ZmqOutboxOptions extends Omit<ZmqClientOptions, "sending"> {
  readonly stores: Stores;
  /** Database that carries the outbox; default `ASIC_DB`. */
  readonly db?: string;
  readonly mode: ChannelMode;
}

/**
 * orchagent's end of upstream's ZMQ channel, with every request in Redis before it is sent. Against a server of ours each
 * carries an id, so what may have been executed can be sent again. Against another one it goes as upstream has it: what was
 * on the wire when that died is reported as unknown, everything else waits for the next.
 */
export class ZmqOutboxClient implements AsicClient {
  readonly traits;
  readonly mode;
  readonly #options: ZmqOutboxOptions;
  readonly #store: Store;
  readonly #claim: LocalClaim;
  #pull: EventPull | undefined;
  readonly #line: RequestLine;
  readonly #asker: Asker;
  readonly #events = new EventInbox(NOTIFICATIONS_MAX);
  readonly #epoch: string;
  /** Up to where entries were sent before this client began. */
  readonly #takenBefore: string;
  readonly #closing = new AbortController();
  /** Tickets whose requests stand in the outbox, by id. */
  readonly #stored = new Map<string, Ticket>();
  readonly #puts = new SendLoop(() => this.#putAll());
  #wake: () => void = () => {};
  readonly #sending: Promise<void>;
  #asked = { connections: -1, ours: false };

  private constructor(options: ZmqOutboxOptions, store: Store, claim: LocalClaim, taken: string, random: Random) {
    const { clock, mode, replyTimeout = REPLY_TIMEOUT_DEFAULT, requestsMax } = options;
    this.traits = zmqOutboxTraits(requestsMax);
    this.mode = mode;
    this.#options = options;
    this.#store = store;
    this.#claim = claim;
    this.#takenBefore = taken;
    this.#epoch = random.uuid();
    this.#line = new RequestLine({
      clock,
      replyTimeout,
      limit: this.traits.requestsInFlightMax,
      holds: isBarrier,
      onWaiting: () => this.#puts.ask(),
    });
    this.#line.obstacle = "Redis cannot be reached";
    this.#asker = new Asker(options);
    store.onConnect(() => {
      this.#puts.ask();
      this.#wake();
    });
    this.#sending = this.#sendAll();
  }

  /** Waits for Redis. Rejects only when `signal` aborts. */
  static async open(
    options: ZmqOutboxOptions,
    signal?: AbortSignal,
    random: Random = systemRandom,
  ): Promise<Result<ZmqOutboxClient, EndError>> {
    const { context, clock, owner, db = DB_DEFAULT } = options;
    const opened = options.stores.open({ db });
    if (!opened.ok) return err({ kind: "unusable", reason: `no database ${db}` });
    const store = opened.value;
    const fail = async (error: EndError, claim?: LocalClaim): Promise<Result<never, EndError>> => {
      await claim?.[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      return err(error);
    };
    try {
      await untilConnected(store, signal);
    } catch (aborted) {
      await store[Symbol.asyncDispose]();
      throw aborted;
    }
    const claim = await LocalClaim.take(`zmq:client:${context.zmqEndpoint}`, owner, clock);
    if (!claim.ok) return fail(claim.error);
    const taken = await takenUpTo(store, OUTBOX);
    if (!taken.ok) return fail({ kind: "unusable", reason: describeStoreError(taken.error) }, claim.value);
    const client = new ZmqOutboxClient(options, store, claim.value, taken.value, random);
    const bound = await EventPull.bind(context.zmqNotificationEndpoint, socketOptions(options, 0), (frame) =>
      client.#hear(frame),
    );
    if (bound.ok) {
      client.#pull = bound.value;
      return ok(client);
    }
    await client[Symbol.asyncDispose]();
    return err({ kind: "unusable", reason: `${bound.error.endpoint}: cannot listen there (${bound.error.detail})` });
  }

  request(request: AsicRequest, signal?: AbortSignal): Promise<AsicOutcome> {
    return this.#line.request(request, signal);
  }

  notifications(signal: AbortSignal): AsyncIterable<AsicNotification> {
    return this.#events.events(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#line.close("this end of the channel was closed");
    this.#events.close();
    this.#wake();
    await this.#asker[Symbol.asyncDispose]();
    await this.#pull?.[Symbol.asyncDispose]();
    await this.#puts.idle();
    await this.#sending;
    await this.#claim[Symbol.asyncDispose]();
    await this.#store[Symbol.asyncDispose]();
  }

  async #putAll(): Promise<void> {
    if (!this.#store.connected) return;
    for (let tickets = this.#line.take(BATCH); tickets.length > 0; tickets = this.#line.take(BATCH))
      await this.#putSome(tickets);
  }

  async #putSome(tickets: readonly Ticket[]): Promise<void> {
    const leaving = tickets.filter((ticket) => this.#mayLeave(ticket));
    const forms = leaving.map(({ number, request }) => ({
      ...{ id: `${this.#epoch}:${number}`, request, repeated: false },
      unanswered: !isAnswered(request.op, this.mode),
    }));
    for (const [i, { id }] of forms.entries()) this.#stored.set(id, leaving[i] as Ticket);
    const limit = this.traits.requestsInFlightMax;
    const put = forms.length === 0 ? ok(0) : await putRequests(this.#store, OUTBOX, limit, forms);
    if (put.ok) (this.#options.crash ?? noCrash).reach("asic.request.stored");
    for (const [i, { id, unanswered }] of forms.entries()) {
      const ticket = leaving[i] as Ticket;
      const failed: AsicError | undefined = !put.ok
        ? { kind: put.error.kind === "disconnected" ? "unknown" : "refused", reason: describeStoreError(put.error) }
        : i >= put.value
          ? { kind: "queueFull", unit: "requests", limit }
          : undefined;
      if (failed !== undefined) {
        this.#stored.delete(id);
        this.#line.settle(ticket, err(failed));
      } else if (unanswered) this.#line.settle(ticket, ok({ kind: "accepted" }));
    }
    this.#wake();
  }

  #mayLeave(ticket: Ticket): boolean {
    const reason = this.#asker.faultOf(encodeRequest(ticket.request));
    if (reason === undefined) return this.#line.leaves(ticket);
    this.#line.settle(ticket, err({ kind: "refused", reason }));
    return false;
  }

  /** What stands in the outbox, oldest first, one after the other. */
  async #sendAll(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const awake = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      const peeked = await peekRequests(this.#store, OUTBOX, BATCH);
      const entries = peeked.ok ? peeked.value : [];
      const last = entries.at(-1);
      if (last === undefined || !(await markTaken(this.#store, OUTBOX, last.position)).ok) {
        await awake;
        continue;
      }
      for (const entry of entries) if (!signal.aborted) await this.#deliver(entry);
    }
  }

  /** Until the entry is answered, or nobody can tell whether it was executed. */
  async #deliver(entry: QueueEntry): Promise<void> {
    const decoded = decodeQueued(entry);
    if (!decoded.ok) {
      const found = JSON.stringify([...entry.fields]).slice(0, TROUBLE_FOUND_MAX);
      this.#trouble({ kind: "malformed", where: `${OUTBOX.queue} ${entry.position}`, detail: decoded.error, found });
      return this.#finish(entry);
    }
    const { id, request } = decoded.value;
    let repeated = isUpTo(entry.position, this.#takenBefore);
    const { clock, replyTimeout = REPLY_TIMEOUT_DEFAULT } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const deadline = clock.monotonic() + replyTimeout;
      await this.#asker.untilConnected(signal);
      const ours = signal.aborted ? undefined : await this.#meet(deadline);
      if (ours === undefined) continue;
      if (repeated && !ours) return this.#lose(entry, id, request);
      const fields = ours ? withId(request.fields, { id, repeated }) : request.fields;
      const frame = await this.#asker.exchange(encodeRequest({ ...request, fields }), deadline);
      if (signal.aborted) return;
      repeated = true;
      if (frame === undefined) continue;
      const reply = decodeReplyTo(request, frame);
      if (!reply.ok) this.#malformed(this.#options.context.zmqEndpoint, reply.error, frame);
      return this.#answered(entry, id, reply);
    }
  }

  /** Whether one of ours is at the other end of this connection; `undefined` when it went before it said so. */
  async #meet(deadline: number): Promise<boolean | undefined> {
    const { connections } = this.#asker;
    if (this.#asked.connections === connections) return this.#asked.ours;
    const frame = await this.#asker.exchange(encodeRequest(HELLO_REQUEST), deadline);
    if (frame === undefined) return undefined;
    const reply = decodeReplyTo(HELLO_REQUEST, frame);
    this.#asked = { connections, ours: reply.ok && isHelloReply(reply.value) };
    return this.#asked.ours;
  }

  async #answered(entry: QueueEntry, id: string, reply: Result<AsicReply, string>): Promise<void> {
    await this.#finish(entry);
    const ticket = this.#stored.get(id);
    this.#stored.delete(id);
    if (ticket === undefined) return;
    if (reply.ok) {
      const [fields] = splitId(reply.value.fields);
      this.#line.settle(ticket, ok({ kind: "replied", reply: { ...reply.value, fields } }));
    } else this.#line.settle(ticket, err({ kind: "unknown", reason: `the reply cannot be used: ${reply.error}` }));
  }

  /** It went to a server that knows no ids, and that server went. */
  async #lose(entry: QueueEntry, id: string, { op, key }: AsicRequest): Promise<void> {
    const { zmqEndpoint } = this.#options.context;
    await this.#finish(entry);
    const ticket = this.#stored.get(id);
    this.#stored.delete(id);
    if (ticket === undefined || this.#line.isOver(ticket))
      this.#trouble({ kind: "unfinished", where: zmqEndpoint, detail: `${op} ${key}` });
    else
      this.#line.settle(
        ticket,
        err({ kind: "unknown", reason: `the server at ${zmqEndpoint} went before it replied` }),
      );
  }

  async #finish({ position }: QueueEntry): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const finished = await finishRequest(this.#store, OUTBOX, position, "", undefined);
      if (finished.ok) return;
      const { kind } = finished.error;
      if (kind !== "disconnected")
        this.#trouble({ kind: "refused", where: OUTBOX.queue, detail: describeStoreError(finished.error) });
      await (kind === "disconnected"
        ? untilConnected(this.#store, signal)
        : sleep(this.#options.clock, LOOK_EVERY, signal)
      ).catch(() => undefined);
    }
  }

  #hear(frame: Uint8Array): Promise<void> | undefined {
    const event = decodeNotification(frame);
    if (event.ok) return this.#events.push(event.value);
    if (!isWakeUp(frame)) this.#malformed(this.#options.context.zmqNotificationEndpoint, event.error, frame);
    return undefined;
  }

  #malformed(where: string, detail: string, frame: Uint8Array): void {
    this.#trouble({ kind: "malformed", where, detail, found: textOf(frame) });
  }

  #trouble(trouble: ChannelTrouble): void {
    this.#options.onTrouble?.(trouble);
  }
}
