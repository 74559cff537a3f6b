import { err, noCrash, ok, type Result, unreachable } from "@tandem/base";
import {
  describeStoreError,
  describeTableError,
  NotificationConsumer,
  ProducerTable,
  type Store,
  untilConnected,
  type WriteError,
} from "@tandem/swss";
import type { AsicError, EndError } from "../asic-error.js";
import type { AsicNotification } from "../notification.js";
import { isAnswered } from "../op.js";
import { DB_DEFAULT, REQUESTS_MAX_DEFAULT, type RedisClientOptions } from "../redis/channel-options.js";
import { EndClaim } from "../redis/end-claim.js";
import type { AsicRequest } from "../request.js";
import { type AsicOutcome, RequestLine, type Ticket } from "../request-line.js";
import { SendLoop } from "../send-loop.js";
import { type AsicClient, REPLY_TIMEOUT_DEFAULT } from "../transport.js";
import { ReplyLine } from "./reply-line.js";
import { listPubsubTraits } from "./traits.js";
import { channelName, entryOf, notificationOf, ownerKey, REQUEST_TABLE, refusalOf, SYNC_ONLY_OPS } from "./wire.js";

/** Requests of one script call: upstream's client has a pipeline of so many. */
const PIPELINE = 128;

/** orchagent's end of upstream's channel, as sonic-sairedis speaks it in `redis_async` and `redis_sync`. */
export class ListPubsubClient implements AsicClient {
  readonly traits;
  readonly mode;
  readonly #options: RedisClientOptions;
  readonly #store: Store;
  readonly #claim: EndClaim;
  readonly #line: RequestLine;
  readonly #requests: ProducerTable;
  readonly #replies: ReplyLine;
  readonly #events: NotificationConsumer;
  readonly #closing = new AbortController();
  /** Entries that may be in the list; Redis says how many when it seems to be full. */
  #queued = 0;
  readonly #sends = new SendLoop(() => this.#sendAll());

  private constructor(options: RedisClientOptions, store: Store, claim: EndClaim) {
    const { clock, mode, replyTimeout = REPLY_TIMEOUT_DEFAULT, requestsMax = REQUESTS_MAX_DEFAULT } = options;
    const onTrouble = options.onTrouble ?? (() => {});
    this.traits = listPubsubTraits(requestsMax);
    this.mode = mode;
    this.#options = options;
    this.#store = store;
    this.#claim = claim;
    this.#line = new RequestLine({
      clock,
      replyTimeout,
      limit: requestsMax,
      // Upstream's replies name no request: one may be on its way.
      holds: (request) => isAnswered(request.op, mode),
      onWaiting: () => this.#sends.ask(),
    });
    this.#requests = new ProducerTable(store, REQUEST_TABLE, { extraOps: SYNC_ONLY_OPS });
    this.#replies = new ReplyLine(store, this.#requests, this.#line, { clock, replyTimeout, onTrouble });
    const channel = channelName(store.db.name, "NOTIFICATIONS");
    this.#events = new NotificationConsumer(store, channel, {
      clock,
      onError: (error) => {
        if (error.kind === "overflow") onTrouble({ kind: "overflow", where: channel, limit: error.limit });
        else if (error.kind === "badPayload")
          onTrouble({ kind: "malformed", where: channel, detail: error.detail, found: error.payload });
        else onTrouble({ kind: "refused", where: channel, detail: describeTableError(error) });
      },
    });
    claim.lost.addEventListener("abort", () => {
      const lost = claim.lost.reason as EndError;
      onTrouble({ kind: "displaced", owner: lost.kind === "taken" ? lost.owner : undefined });
      this.#line.close("another client took the channel");
    });
  }

  /** Waits for Redis; resolves when replies and events are heard. Rejects only when `signal` aborts. */
  static async open(options: RedisClientOptions, signal?: AbortSignal): Promise<Result<ListPubsubClient, EndError>> {
    const opened = options.stores.open({ db: options.db ?? DB_DEFAULT });
    if (!opened.ok) return err({ kind: "unusable", reason: `no database ${options.db ?? DB_DEFAULT}` });
    const store = opened.value;
    try {
      await untilConnected(store, signal);
      const claim = await EndClaim.take(store, ownerKey("client"), options.owner);
      if (!claim.ok) {
        await store[Symbol.asyncDispose]();
        return claim;
      }
      const client = new ListPubsubClient(options, store, claim.value);
      await Promise.all([client.#replies.untilSubscribed(signal), client.#events.untilSubscribed(signal)]);
      return ok(client);
    } catch (aborted) {
      await store[Symbol.asyncDispose]();
      throw aborted;
    }
  }

  request(request: AsicRequest, signal?: AbortSignal): Promise<AsicOutcome> {
    return this.#line.request(request, signal);
  }

  async *notifications(signal: AbortSignal): AsyncGenerator<AsicNotification> {
    const ended = AbortSignal.any([signal, this.#closing.signal]);
    for (;;) {
      const event = this.#events.pop();
      if (ended.aborted) return;
      if (event !== undefined) yield notificationOf(event.op, event.data, event.fieldValues);
      else if (!(await this.#events.ready(ended).catch(() => false))) return;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#line.close("this end of the channel was closed");
    await this.#replies[Symbol.asyncDispose]();
    await this.#events.close();
    await this.#sends.idle();
    await this.#claim[Symbol.asyncDispose]();
    await this.#store[Symbol.asyncDispose]();
  }

  async #sendAll(): Promise<void> {
    for (let tickets = this.#line.take(PIPELINE); tickets.length > 0; tickets = this.#line.take(PIPELINE)) {
      const last = tickets.at(-1) as Ticket;
      const asks = isAnswered(last.request.op, this.mode);
      await this.#keep(asks ? tickets.slice(0, -1) : tickets);
      if (asks) await this.#ask(last);
    }
  }

  /** Requests that are done for their callers when they are in the list. */
  async #keep(tickets: readonly Ticket[]): Promise<void> {
    // A view that may not have changed yet decides where the rows of all behind it go.
    if (this.#replies.owesView) for (const ticket of tickets) if (await this.#replies.catchUp(ticket)) break;
    if (tickets.length > 0) await this.#put(tickets, () => ok({ kind: "accepted" }));
  }

  async #ask(ticket: Ticket): Promise<void> {
    if (!(await this.#replies.catchUp(ticket))) return;
    if (await this.#put([ticket], () => undefined)) await this.#replies.answer(ticket);
  }

  /**
   * Puts tickets into the list; false when none can be there. One that was given up meanwhile, or of which Redis said
   * nothing, may be, and then it may be answered. `stored` is their outcome, if they have one by then.
   */
  async #put(tickets: readonly Ticket[], stored: () => AsicOutcome | undefined): Promise<boolean> {
    const ready = await this.#untilReady(tickets);
    const limit = this.traits.requestsInFlightMax;
    if (this.#queued + ready.length > limit) await this.#count();
    const leaving: Ticket[] = [];
    for (const ticket of ready) {
      const refusal = refusalOf(ticket.request, this.mode);
      if (refusal !== undefined) this.#line.settle(ticket, err(refusal));
      else if (this.#queued >= limit) this.#line.settle(ticket, err({ kind: "queueFull", unit: "requests", limit }));
      else if (this.#line.leaves(ticket)) {
        this.#queued += 1;
        leaving.push(ticket);
      }
    }
    if (leaving.length === 0) return false;
    const written = await this.#requests.write(leaving.map(({ request }) => entryOf(request)));
    // One that no list can hold keeps all of them out: then each goes by itself.
    if (written.ok || written.error.kind !== "invalidChange" || leaving.length === 1)
      return this.#fare(leaving, written, stored);
    const fared = leaving.map(async (ticket) =>
      this.#fare([ticket], await this.#requests.write([entryOf(ticket.request)]), stored),
    );
    return (await Promise.all(fared)).includes(true);
  }

  /** Whether one of them can be in the list. */
  #fare(tickets: readonly Ticket[], written: Result<void, WriteError>, stored: () => AsicOutcome | undefined): boolean {
    for (const ticket of tickets) {
      if (written.ok) (this.#options.crash ?? noCrash).reach("asic.request.stored");
      const outcome = written.ok ? stored() : err(notWritten(written.error));
      if (outcome !== undefined) this.#line.settle(ticket, outcome);
    }
    return written.ok || written.error.kind === "disconnected";
  }

  async #count(): Promise<void> {
    const count = await this.#requests.count();
    if (count.ok) this.#queued = count.value;
  }

  /** The tickets that are still wanted once Redis is there. */
  async #untilReady(tickets: readonly Ticket[]): Promise<readonly Ticket[]> {
    while (!this.#store.connected) {
      const waiting = tickets.filter((ticket) => !this.#line.isOver(ticket));
      const last = waiting.at(-1);
      if (last === undefined) return [];
      this.#line.obstacle = "Redis cannot be reached";
      const over = new AbortController();
      this.#line.whenOver(last, () => over.abort());
      await untilConnected(this.#store, over.signal).catch(() => undefined);
    }
    return tickets;
  }
}

function notWritten(error: WriteError): AsicError {
  switch (error.kind) {
    case "invalidChange":
      return { kind: "invalidRequest", where: "fields", expected: error.detail, found: error.key };
    case "disconnected":
      return { kind: "unknown", reason: describeStoreError(error) };
    case "refused":
    case "queueFull":
      return { kind: "refused", reason: describeStoreError(error) };
    default:
      return unreachable(error);
  }
}
