import { err, noCrash, ok, type Random, type Result, systemRandom } from "@tandem/base";
import { describeStoreError, type Store, untilConnected } from "@tandem/swss";
import type { BusStream, DialError } from "@tandem/wire";
import type { AsicError, EndError } from "../asic-error.js";
import { type ChannelTrouble, TROUBLE_FOUND_MAX } from "../channel-trouble.js";
import { EventInbox } from "../event-inbox.js";
import { Link } from "../grpc/link.js";
import { channelBus, MESSAGE_BYTES_MAX } from "../grpc/options.js";
import { CODE_TAKEN, decodeResponse, encodeRequest, parseTaken, type SentRequest } from "../grpc/wire.js";
import { LocalClaim } from "../local-claim.js";
import type { AsicNotification } from "../notification.js";
import { isAnswered } from "../op.js";
import { DB_DEFAULT } from "../redis/channel-options.js";
import { type AsicReply, SUCCESS } from "../reply.js";
import { type AsicRequest, isBarrier, parseAsked } from "../request.js";
import { type AsicOutcome, RequestLine, type Ticket } from "../request-line.js";
import { SendLoop } from "../send-loop.js";
import { type AsicClient, REPLY_TIMEOUT_DEFAULT } from "../transport.js";
import { FALLBACKS, type Fallback } from "./fallback.js";
import type { GrpcQueueClientOptions } from "./options.js";
import { QueuedReplies } from "./replies.js";
import { BYTES_MAX_DEFAULT, grpcQueueTraits } from "./traits.js";

/** Requests of one write, and of one script call. */
const BATCH = 128;

/** Notifications that wait for a reader; then nothing is read from the connection any more. */
const NOTIFICATIONS_MAX = 10_000;

/** A request that was sent and whose execution is not known yet. */
interface Sent {
  readonly ticket: Ticket;
  readonly unanswered: boolean;
  way: "direct" | "queue";
  /** Its caller has heard so; until it is executed it counts. */
  accepted: boolean;
}

/**
 * orchagent's end: gRPC while the server is reached, the queue in Redis while it is not. One way at a time: what was on
 * a connection that broke goes first, under its id, and marked.
 */
export class GrpcQueueClient implements AsicClient {
  readonly traits;
  readonly mode;
  readonly #options: GrpcQueueClientOptions;
  readonly #store: Store;
  readonly #fallback: Fallback;
  readonly #claim: LocalClaim;
  readonly #line: RequestLine;
  readonly #link: Link;
  readonly #events = new EventInbox(NOTIFICATIONS_MAX);
  readonly #replies: QueuedReplies;
  /** Names this client among all that there ever were. */
  readonly #epoch: string;
  /** By number, which is the order in which they went. */
  readonly #sent = new Map<number, Sent>();
  /** What may have been executed, and goes before everything else. */
  #again: Sent[] = [];
  #waitingBytes = 0;
  /** Requests up to this number are held by both ends, or were. */
  #receivedUpTo = 0;
  /** Accepted and not known to be executed. */
  #accepted = 0;
  #acceptedBytes = 0;
  readonly #sends = new SendLoop(async () => {
    while (!this.#closed && (await this.#sendSome()));
  });
  #refusedBefore = false;
  #closed = false;

  private constructor(options: GrpcQueueClientOptions, store: Store, claim: LocalClaim, end: string, random: Random) {
    const { clock, mode, replyTimeout = REPLY_TIMEOUT_DEFAULT, requestsMax, bytesMax, endpoint, owner } = options;
    this.traits = grpcQueueTraits(requestsMax, bytesMax);
    this.mode = mode;
    this.#options = options;
    this.#store = store;
    this.#fallback = FALLBACKS[options.fallback ?? "stream"];
    this.#claim = claim;
    this.#epoch = random.uuid();
    this.#line = new RequestLine({
      clock,
      replyTimeout,
      limit: this.traits.requestsInFlightMax,
      holds: isBarrier,
      onWaiting: () => this.#sends.ask(),
    });
    this.#line.obstacle = `neither a server at ${endpoint} nor Redis is reached`;
    this.#replies = new QueuedReplies(store, this.#fallback, clock, end, {
      reply: (id, reply, asked) => {
        const number = this.#numberOf(id);
        if (number !== undefined && !this.#sent.has(number)) this.#refusedLater(parseAsked(asked), reply);
        this.#executed(id, reply);
      },
      malformed: (where, detail, found) => this.#trouble({ kind: "malformed", where, detail, found }),
    });
    store.onConnect(() => this.#sends.ask());
    this.#link = new Link({
      ...{ bus: options.bus ?? channelBus(), endpoint, owner, clock, random },
      onUp: () => {
        this.#refusedBefore = false;
        this.#sends.ask();
      },
      onMessages: (messages) => this.#hear(messages),
      onDown: () => this.#recall(),
      onFailed: (error) => this.#onFailed(error),
    });
  }

  /** Waits for Redis, and for one attempt to reach the server. Rejects only when `signal` aborts. */
  static async open(
    options: GrpcQueueClientOptions,
    signal?: AbortSignal,
    random: Random = systemRandom,
  ): Promise<Result<GrpcQueueClient, EndError>> {
    const db = options.db ?? DB_DEFAULT;
    const opened = options.stores.open({ db });
    if (!opened.ok) return err({ kind: "unusable", reason: `no database ${db}` });
    const store = opened.value;
    try {
      await untilConnected(store, signal);
    } catch (aborted) {
      await store[Symbol.asyncDispose]();
      throw aborted;
    }
    const claim = await LocalClaim.take(`grpc-queue:client:${options.endpoint}`, options.owner, options.clock);
    const end = claim.ok ? await FALLBACKS[options.fallback ?? "stream"].repliesEnd(store) : undefined;
    if (!claim.ok || !end?.ok) {
      if (claim.ok) await claim.value[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      if (!claim.ok) return claim;
      return err({ kind: "unusable", reason: end?.ok === false ? describeStoreError(end.error) : db });
    }
    const client = new GrpcQueueClient(options, store, claim.value, end.value, random);
    await client.#replies.listen();
    const failed = await client.#link.first;
    if (failed?.kind !== "refused") return ok(client);
    await client[Symbol.asyncDispose]();
    if (failed.code === CODE_TAKEN) return err(parseTaken(failed.detail));
    return err({ kind: "unusable", reason: `${options.endpoint} refuses the channel: ${failed.detail}` });
  }

  /** Which way requests go now. */
  get way(): "direct" | "queue" {
    return this.#link.stream === undefined ? "queue" : "direct";
  }

  request(request: AsicRequest, signal?: AbortSignal): Promise<AsicOutcome> {
    const size = bytesOf(request);
    const full = this.#closed ? undefined : this.#whyFull(size);
    if (full !== undefined) return full;
    this.#waitingBytes += size;
    const outcome = this.#line.request(request, signal);
    const free = (): void => {
      this.#waitingBytes -= size;
    };
    outcome.then(free, free);
    return outcome;
  }

  notifications(signal: AbortSignal): AsyncIterable<AsicNotification> {
    return this.#events.events(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#line.close("this end of the channel was closed");
    this.#events.close();
    await this.#link[Symbol.asyncDispose]();
    await this.#sends.idle();
    await this.#replies[Symbol.asyncDispose]();
    await this.#claim[Symbol.asyncDispose]();
    await this.#store[Symbol.asyncDispose]();
  }

  #whyFull(size: number): Promise<AsicOutcome> | undefined {
    const { requestsInFlightMax, bytesInFlightMax = BYTES_MAX_DEFAULT } = this.traits;
    const error: AsicError | undefined =
      this.#line.size + this.#accepted >= requestsInFlightMax
        ? { kind: "queueFull", unit: "requests", limit: requestsInFlightMax }
        : this.#waitingBytes + this.#acceptedBytes + size > bytesInFlightMax
          ? { kind: "queueFull", unit: "bytes", limit: bytesInFlightMax }
          : undefined;
    if (error === undefined) return undefined;
    // In a later turn: a caller that tries again at once must not keep the replies from being read.
    return new Promise((resolve) => setImmediate(() => resolve(err(error))));
  }

  /** Whether there may be more to send. */
  async #sendSome(): Promise<boolean> {
    const { stream } = this.#link;
    if (stream === undefined && !this.#store.connected) {
      this.#link.poke();
      return false;
    }
    const again = this.#again.splice(0, BATCH);
    const tickets = again.length > 0 ? again.map(({ ticket }) => ticket) : this.#line.take(BATCH);
    const leaving = tickets.filter((ticket) => again.length > 0 || this.#mayLeave(ticket));
    if (leaving.length > 0) {
      if (stream !== undefined) await this.#sendDirect(stream, leaving, again.length > 0);
      else await this.#sendQueued(leaving, again.length > 0);
    }
    return tickets.length > 0;
  }

  #mayLeave(ticket: Ticket): boolean {
    // A text has three bytes a character at most, and a value beside it is shorter.
    if (bytesOf(ticket.request) * 8 < MESSAGE_BYTES_MAX) return this.#line.leaves(ticket);
    const { length } = encodeRequest(this.#formOf(ticket, false));
    if (length <= MESSAGE_BYTES_MAX) return this.#line.leaves(ticket);
    const reason = `it makes a message of ${length} bytes, the most is ${MESSAGE_BYTES_MAX}`;
    this.#line.settle(ticket, err({ kind: "refused", reason }));
    return false;
  }

  #formOf({ number, request }: Ticket, repeated: boolean): SentRequest {
    const unanswered = !isAnswered(request.op, this.mode);
    return { id: `${this.#epoch}:${number}`, request, repeated, unanswered };
  }

  async #sendDirect(stream: BusStream, tickets: readonly Ticket[], repeated: boolean): Promise<void> {
    let flows = true;
    for (const ticket of tickets) {
      const form = this.#formOf(ticket, repeated);
      this.#goes(ticket, form.unanswered, "direct");
      flows = stream.send(encodeRequest(form));
    }
    if (!flows) await stream.drained();
  }

  async #sendQueued(tickets: readonly Ticket[], repeated: boolean): Promise<void> {
    const forms = tickets.map((ticket) => this.#formOf(ticket, repeated));
    for (const [i, ticket] of tickets.entries()) this.#goes(ticket, forms[i]?.unanswered === true, "queue");
    const put = await this.#fallback.put(this.#store, this.traits.requestsInFlightMax, forms);
    if (put.ok) {
      (this.#options.crash ?? noCrash).reach("asic.request.stored");
      for (const ticket of tickets.slice(0, put.value)) this.#stored(ticket);
      const limit = this.traits.requestsInFlightMax;
      for (const ticket of tickets.slice(put.value))
        this.#notStored(ticket, { kind: "queueFull", unit: "requests", limit });
    } else if (put.error.kind === "disconnected") {
      // They may stand there: they go again, marked, so that the server executes each of them once.
      this.#again = [...tickets.flatMap(({ number }) => this.#sent.get(number) ?? []), ...this.#again];
    } else {
      const reason = describeStoreError(put.error);
      for (const ticket of tickets)
        this.#notStored(ticket, repeated ? { kind: "unknown", reason } : { kind: "refused", reason });
    }
  }

  #goes(ticket: Ticket, unanswered: boolean, way: Sent["way"]): void {
    const sent = this.#sent.get(ticket.number);
    if (sent === undefined) this.#sent.set(ticket.number, { ticket, unanswered, way, accepted: false });
    else sent.way = way;
  }

  /** It stands in the queue. Nobody tells later that an unanswered one is executed, and nobody needs to. */
  #stored({ number }: Ticket): void {
    const sent = this.#sent.get(number);
    if (sent?.unanswered !== true) return;
    this.#accept(sent);
    this.#forget(number);
  }

  #notStored(ticket: Ticket, error: AsicError): void {
    this.#forget(ticket.number);
    this.#line.settle(ticket, err(error));
  }

  #accept(sent: Sent): void {
    if (this.#line.isOver(sent.ticket)) return;
    sent.accepted = true;
    this.#accepted += 1;
    this.#acceptedBytes += bytesOf(sent.ticket.request);
    this.#line.settle(sent.ticket, ok({ kind: "accepted" }));
  }

  #forget(number: number): void {
    const sent = this.#sent.get(number);
    this.#sent.delete(number);
    if (sent?.accepted !== true) return;
    this.#accepted -= 1;
    this.#acceptedBytes -= bytesOf(sent.ticket.request);
  }

  #hear(messages: readonly Uint8Array[]): Promise<void> | undefined {
    let full: Promise<void> | undefined;
    for (const message of messages) {
      const response = decodeResponse(message);
      if (!response.ok) {
        const found = Buffer.from(message.subarray(0, TROUBLE_FOUND_MAX)).toString("latin1");
        this.#trouble({ kind: "malformed", where: this.#options.endpoint, detail: response.error, found });
      } else if (response.value.kind === "notification") full = this.#events.push(response.value.notification);
      else if (response.value.kind === "reply") this.#executed(response.value.id, response.value.reply);
      else this.#received(response.value.id);
    }
    return full;
  }

  /** Held by both ends: it goes on when one of them dies. */
  #received(id: string): void {
    const last = this.#numberOf(id) ?? 0;
    for (; this.#receivedUpTo < last; this.#receivedUpTo++) {
      const sent = this.#sent.get(this.#receivedUpTo + 1);
      if (sent?.unanswered === true) this.#accept(sent);
    }
  }

  #executed(id: string, reply: AsicReply): void {
    const number = this.#numberOf(id);
    const sent = number === undefined ? undefined : this.#sent.get(number);
    if (number === undefined || sent === undefined) return;
    if (sent.unanswered) {
      this.#accept(sent);
      if (reply.status !== SUCCESS) this.#refusedLater(sent.ticket.request, reply);
    }
    this.#forget(number);
    this.#line.settle(sent.ticket, ok({ kind: "replied", reply }));
  }

  #refusedLater(asked: Pick<AsicRequest, "op" | "key"> | undefined, { status, fields }: AsicReply): void {
    if (asked === undefined) return;
    const { op, key } = asked;
    this.#trouble({ kind: "refusedLater", op, key, status, fields });
  }

  #numberOf(id: string): number | undefined {
    return id.startsWith(`${this.#epoch}:`) ? Number(id.slice(this.#epoch.length + 1)) : undefined;
  }

  /** The connection broke: what was on it and is not known to be executed goes again. */
  #recall(): void {
    const again = new Set(this.#again);
    for (const sent of this.#sent.values()) if (sent.way === "direct") again.add(sent);
    this.#again = [...again].sort((a, b) => a.ticket.number - b.ticket.number);
    this.#sends.ask();
  }

  #onFailed(error: DialError): void {
    if (error.kind !== "refused" || this.#refusedBefore) return;
    this.#refusedBefore = true;
    const taken = error.code === CODE_TAKEN ? parseTaken(error.detail) : undefined;
    if (taken?.kind === "taken") this.#trouble({ kind: "displaced", owner: taken.owner });
    else this.#trouble({ kind: "refused", where: error.endpoint, detail: error.detail });
  }

  #trouble(trouble: ChannelTrouble): void {
    this.#options.onTrouble?.(trouble);
  }
}

/** What a request weighs while it waits. */
function bytesOf({ key, fields }: AsicRequest): number {
  let bytes = key.length;
  for (const [name, value] of fields) bytes += name.length + value.length;
  return bytes;
}
