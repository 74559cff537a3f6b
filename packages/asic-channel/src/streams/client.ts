import { BoundedQueue, err, noCrash, ok, type Random, type Result, systemRandom } from "@tandem/base";
import { describeStoreError, type Store, type StoreError, untilConnected } from "@tandem/swss";
import type { AsicError, EndError } from "../asic-error.js";
import { type ChannelTrouble, TROUBLE_FOUND_MAX } from "../channel-trouble.js";
import type { AsicNotification } from "../notification.js";
import { isAnswered } from "../op.js";
import { DB_DEFAULT, REQUESTS_MAX_DEFAULT, type RedisClientOptions } from "../redis/channel-options.js";
import { EndClaim } from "../redis/end-claim.js";
import { orAborted } from "../redis/or-aborted.js";
import { type AsicRequest, isBarrier } from "../request.js";
import { type AsicOutcome, RequestLine, type Ticket } from "../request-line.js";
import { SendLoop } from "../send-loop.js";
import { type AsicClient, REPLY_TIMEOUT_DEFAULT } from "../transport.js";
import { ResponseReader } from "./response-reader.js";
import { type ClientStart, openClient, type StoredAs, type StreamBounds, storeRequests } from "./scripts.js";
import { BYTES_MAX_DEFAULT, RETAINED_MAX_DEFAULT, streamsTraits } from "./traits.js";
import {
  comparePositions,
  decodeResponse,
  ownerKey,
  POSITION_FIRST,
  type Position,
  RESPONSE_STREAM,
  STATE,
  type StreamEntry,
} from "./wire.js";

/** Requests of one script call. */
const BATCH = 256;
/** Notifications that wait for their reader; those of a reader that is away stay in the stream. */
const NOTIFICATIONS_MAX = 10_000;

export interface StreamsClientOptions extends RedisClientOptions {
  /** Bytes of the requests that may wait. Default 256 MiB. */
  readonly bytesMax?: number;
  /** Entries of both streams when an archiver does not get on. Default 2,000,000. */
  readonly retainedMax?: number;
  readonly random?: Random;
}

interface Stores {
  readonly store: Store;
  /** Of its own, since reads block. */
  readonly reading: Store;
}

/** orchagent's end of the stream transport. */
export class StreamsClient implements AsicClient {
  readonly traits;
  readonly mode;
  readonly #options: StreamsClientOptions;
  readonly #stores: Stores;
  readonly #claim: EndClaim;
  readonly #epoch: string;
  readonly #bounds: StreamBounds;
  readonly #line: RequestLine;
  readonly #reader: ResponseReader;
  /** Tickets in Redis whose replies are awaited, by number; in order. */
  readonly #asked = new Map<number, Ticket>();
  readonly #events = new BoundedQueue<readonly [Position, AsicNotification]>(NOTIFICATIONS_MAX);
  readonly #closing = new AbortController();
  readonly #reading: Promise<void>;
  #accepted = 0;
  #seen: Position;
  #saving: Promise<unknown> | undefined;
  readonly #sends = new SendLoop(() => this.#sendAll());
  #reconnected = false;

  private constructor(
    options: StreamsClientOptions,
    stores: Stores,
    claim: EndClaim,
    epoch: string,
    start: ClientStart,
  ) {
    const { clock, mode, replyTimeout = REPLY_TIMEOUT_DEFAULT, requestsMax = REQUESTS_MAX_DEFAULT } = options;
    const { bytesMax = BYTES_MAX_DEFAULT, retainedMax = RETAINED_MAX_DEFAULT } = options;
    this.traits = streamsTraits(requestsMax, bytesMax);
    this.mode = mode;
    this.#options = options;
    this.#stores = stores;
    this.#claim = claim;
    this.#epoch = epoch;
    this.#bounds = { requests: requestsMax, bytes: bytesMax, retained: retainedMax };
    this.#line = new RequestLine({
      clock,
      replyTimeout,
      limit: requestsMax,
      holds: isBarrier,
      onWaiting: () => this.#sends.ask(),
    });
    this.#seen = start.seen ?? POSITION_FIRST;
    if (start.trimmed !== undefined && comparePositions(this.#seen, start.trimmed) < 0)
      this.#trouble({ kind: "missed", where: RESPONSE_STREAM, until: start.trimmed });
    this.#reader = new ResponseReader(stores.reading, this.#seen);
    this.#reading = this.#read();
    stores.store.onConnect(() => {
      this.#reconnected = true;
      this.#sends.ask();
    });
    claim.lost.addEventListener("abort", () => {
      const lost = claim.lost.reason as EndError;
      this.#trouble({ kind: "displaced", owner: lost.kind === "taken" ? lost.owner : undefined });
      this.#line.close("another client took the channel");
    });
  }

  /** Waits for Redis. Rejects only when `signal` aborts. */
  static async open(options: StreamsClientOptions, signal?: AbortSignal): Promise<Result<StreamsClient, EndError>> {
    const db = options.db ?? DB_DEFAULT;
    const opened = options.stores.open({ db });
    const reading = options.stores.open({ db, own: true });
    if (!opened.ok || !reading.ok) return err({ kind: "unusable", reason: `no database ${db}` });
    const stores = { store: opened.value, reading: reading.value };
    try {
      await Promise.all([untilConnected(stores.store, signal), untilConnected(stores.reading, signal)]);
      const claim = await EndClaim.take(stores.store, ownerKey("client"), options.owner);
      if (!claim.ok) {
        await dispose(stores);
        return claim;
      }
      const epoch = (options.random ?? systemRandom).uuid();
      const start = await openClient(stores.store, epoch);
      if (start.ok) return ok(new StreamsClient(options, stores, claim.value, epoch, start.value));
      await claim.value[Symbol.asyncDispose]();
      await dispose(stores);
      return err({ kind: "unusable", reason: describeStoreError(start.error) });
    } catch (aborted) {
      await dispose(stores);
      throw aborted;
    }
  }

  request(request: AsicRequest, signal?: AbortSignal): Promise<AsicOutcome> {
    return this.#line.request(request, signal);
  }

  async *notifications(signal: AbortSignal): AsyncGenerator<AsicNotification> {
    const ended = AbortSignal.any([signal, this.#closing.signal]);
    while (!ended.aborted) {
      const event = this.#events.tryShift() ?? (await orAborted(this.#events.shift(), ended));
      if (event === undefined) return;
      try {
        yield event[1];
      } finally {
        this.#seen = event[0];
        this.#save();
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#line.close("this end of the channel was closed");
    this.#events.close();
    await this.#sends.idle();
    await this.#saving;
    await this.#stores.reading[Symbol.asyncDispose]();
    await this.#reading;
    await this.#claim[Symbol.asyncDispose]();
    await this.#stores.store[Symbol.asyncDispose]();
  }

  async #sendAll(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    if (this.#reconnected) await this.#sendLost(Number.POSITIVE_INFINITY);
    for (let tickets = this.#line.take(BATCH); tickets.length > 0; tickets = this.#line.take(BATCH))
      await this.#put(tickets);
  }

  /** Puts tickets into the stream, however often the connection is lost meanwhile: their numbers are stored once. */
  async #put(tickets: readonly Ticket[]): Promise<void> {
    for (;;) {
      await this.#untilConnected(tickets);
      // What was lost goes first, or its numbers would count as stored.
      if (this.#reconnected) await this.#sendLost((tickets[0] as Ticket).number);
      const leaving = tickets.filter((ticket) => this.#line.leaves(ticket));
      if (leaving.length === 0) return;
      const requests = leaving.map(({ number, request }) => ({
        number,
        request,
        answered: isAnswered(request.op, this.mode),
      }));
      for (const [i, { answered }] of requests.entries()) if (answered) this.#await(leaving[i] as Ticket);
      const stored = await storeRequests(this.#stores.store, this.#epoch, this.#bounds, requests);
      if (stored.ok) {
        (this.#options.crash ?? noCrash).reach("asic.request.stored");
        for (const [i, ticket] of leaving.entries()) this.#fare(ticket, stored.value[i] as StoredAs);
        return;
      }
      this.#line.obstacle = describeStoreError(stored.error);
      if (stored.error.kind === "disconnected") continue;
      for (const ticket of leaving) this.#line.settle(ticket, err(notStored(stored.error)));
      return;
    }
  }

  /** Its reply is awaited until it has an outcome. */
  #await(ticket: Ticket): void {
    this.#asked.set(ticket.number, ticket);
    this.#line.whenOver(ticket, () => this.#asked.delete(ticket.number));
  }

  #fare(ticket: Ticket, fate: StoredAs): void {
    if (fate === "stored") {
      if (isAnswered(ticket.request.op, this.mode)) return;
      this.#accepted += 1;
      this.#line.settle(ticket, ok({ kind: "accepted" }));
    } else if (fate === "displaced") this.#line.settle(ticket, err({ kind: "closed" }));
    else {
      const limit = fate === "unarchived" ? this.#bounds.retained : this.#bounds[fate];
      this.#line.settle(ticket, err({ kind: "queueFull", unit: fate, limit }));
    }
  }

  /** After a reconnect Redis may have lost its newest data. What is older than `before` and still has a caller goes again. */
  async #sendLost(before: number): Promise<void> {
    this.#reconnected = false;
    const state = await this.#stores.store.command(["HMGET", STATE, "client", "last", "accepted"]);
    if (!state.ok) {
      this.#reconnected = true;
      return;
    }
    const [client, last, accepted] = state.value as readonly (string | null)[];
    if (client !== null && client !== this.#epoch) return;
    const lost = this.#accepted - Number(accepted ?? 0);
    if (lost > 0) this.#trouble({ kind: "lost", where: STATE, count: lost });
    this.#accepted -= Math.max(0, lost);
    const kept = Number(last ?? 0);
    const again = [...this.#asked.values()].filter(({ number }) => number > kept && number < before);
    for (let i = 0; i < again.length; i += BATCH) await this.#put(again.slice(i, i + BATCH));
  }

  async #untilConnected(tickets: readonly Ticket[]): Promise<void> {
    const { store } = this.#stores;
    while (!store.connected) {
      const last = tickets.findLast((ticket) => !this.#line.isOver(ticket));
      if (last === undefined) return;
      this.#line.obstacle = "Redis cannot be reached";
      const over = new AbortController();
      this.#line.whenOver(last, () => {
        this.#asked.delete(last.number);
        over.abort();
      });
      await untilConnected(store, over.signal).catch(() => undefined);
    }
  }

  async #read(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      await untilConnected(this.#stores.reading, this.#closing.signal).catch(() => undefined);
      const read = await this.#reader.next();
      if (read.ok) for (const entry of read.value) this.#hear(entry);
      else if (read.error.kind === "refused") {
        this.#trouble({ kind: "refused", where: RESPONSE_STREAM, detail: describeStoreError(read.error) });
        await this.#reader.pause();
      }
    }
  }

  #hear({ position, fields = new Map() }: StreamEntry): void {
    const response = decodeResponse(fields);
    if (!response.ok) {
      const found = JSON.stringify([...fields]).slice(0, TROUBLE_FOUND_MAX);
      this.#trouble({ kind: "malformed", where: `${RESPONSE_STREAM} ${position}`, detail: response.error, found });
      return;
    }
    if (response.value.kind === "notification") {
      const event = [position, response.value.notification] as const;
      if (this.#events.tryPush(event).ok || this.#events.closed) return;
      this.#events.tryShift();
      this.#events.tryPush(event);
      this.#trouble({ kind: "overflow", where: RESPONSE_STREAM, limit: NOTIFICATIONS_MAX });
      return;
    }
    const { id = "", reply, asked } = response.value;
    const colon = id.indexOf(":");
    if (id.slice(0, colon) !== this.#epoch) return;
    const { status, fields: statuses } = reply;
    if (asked !== undefined) this.#trouble({ kind: "refusedLater", ...asked, status, fields: statuses });
    const ticket = this.#asked.get(Number(id.slice(colon + 1)));
    if (ticket !== undefined) this.#line.settle(ticket, ok({ kind: "replied", reply }));
  }

  /** One write is under way at a time; the next one takes what was read meanwhile. */
  #save(): void {
    if (this.#saving !== undefined || this.#closing.signal.aborted) return;
    const seen = this.#seen;
    this.#saving = this.#stores.store.command(["HSET", STATE, "seen", seen]).then((saved) => {
      this.#saving = undefined;
      if (saved.ok && this.#seen !== seen) this.#save();
    });
  }

  #trouble(trouble: ChannelTrouble): void {
    this.#options.onTrouble?.(trouble);
  }
}

async function dispose({ store, reading }: Stores): Promise<void> {
  await Promise.all([store[Symbol.asyncDispose](), reading[Symbol.asyncDispose]()]);
}

function notStored(error: StoreError): AsicError {
  return { kind: "refused", reason: describeStoreError(error) };
}
