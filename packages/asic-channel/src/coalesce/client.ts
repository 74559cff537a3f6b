import { type Clock, type Millis, millis, ok, sleep } from "@tandem/base";
import type { ChannelTrouble } from "../channel-trouble.js";
import type { AsicNotification } from "../notification.js";
import { type ChannelMode, isAnswered } from "../op.js";
import { type AsicReply, SUCCESS } from "../reply.js";
import { type AsicRequest, isBarrier } from "../request.js";
import { type AsicOutcome, RequestLine, type Ticket } from "../request-line.js";
import { SendLoop } from "../send-loop.js";
import { STATUS } from "../status.js";
import { type AsicClient, REPLY_TIMEOUT_DEFAULT, type TransportTraits } from "../transport.js";
import { Backlog, type Due, isState } from "./backlog.js";

/** Requests of state that are on their way at a time: each of another key. */
const WINDOW = 64;
/** Pause before what was not taken is sent again. */
const AGAIN_AFTER = millis(200);
/** Requests that may wait here. */
const REQUESTS_MAX_DEFAULT = 100_000;

export interface CoalescingOptions {
  readonly clock: Clock;
  /** In sync mode everything is answered, so nothing is coalesced. Default async. */
  readonly mode?: ChannelMode;
  /** Of what is answered, its time here included. Default `REPLY_TIMEOUT_DEFAULT`. */
  readonly replyTimeout?: Millis;
  /** Default 100,000. */
  readonly requestsMax?: number;
  readonly onTrouble?: (trouble: ChannelTrouble) => void;
}

/** What such a client promises over a channel that promises `traits`. */
export function coalescingTraits(traits: TransportTraits, requestsMax = REQUESTS_MAX_DEFAULT): TransportTraits {
  return {
    ...traits,
    modes: ["async", "sync"],
    survivesServerRestart: true,
    survivesClientRestart: false,
    coalesces: true,
    tellsRefusals: true,
    requestsInFlightMax: requestsMax,
    bytesInFlightMax: undefined,
  };
}

/** What waits beside state: a ticket whose caller waits too, or `accepted`. */
type Item = Ticket | "accepted";

/**
 * orchagent's end over a channel in sync mode, whichever that is. In async mode what is accepted waits here until it is
 * executed, and of state (`isState`) only the last word waits. While the server is away memory grows with keys, not with
 * changes; what is in the channel never exceeds a window. What waits here goes with this process: a client that comes
 * after it says its view anew.
 */
export class CoalescingClient implements AsicClient {
  readonly mode: ChannelMode;
  readonly traits: TransportTraits;
  readonly #channel: AsicClient;
  readonly #options: CoalescingOptions;
  readonly #line: RequestLine;
  readonly #backlog = new Backlog<Item>();
  /** Sent before, and how that ended is not known. */
  readonly #unsure = new WeakSet<AsicRequest>();
  readonly #closing = new AbortController();
  readonly #sends = new SendLoop(async () => this.#sendAll());
  #under = 0;

  /** `channel` is in sync mode; it is closed with this client. */
  constructor(channel: AsicClient, options: CoalescingOptions) {
    const { clock, mode = "async", replyTimeout = REPLY_TIMEOUT_DEFAULT, requestsMax = REQUESTS_MAX_DEFAULT } = options;
    this.traits = coalescingTraits(channel.traits, requestsMax);
    this.mode = mode;
    this.#channel = channel;
    this.#options = options;
    this.#line = new RequestLine({
      ...{ clock, replyTimeout, limit: requestsMax, holds: isBarrier },
      onWaiting: () => this.#sends.ask(),
    });
    this.#line.obstacle = "what was accepted before it is not executed yet";
  }

  /** Requests that wait here or are on their way. */
  get size(): number {
    return this.#backlog.size;
  }

  request(request: AsicRequest, signal?: AbortSignal): Promise<AsicOutcome> {
    return this.#line.request(request, signal);
  }

  notifications(signal: AbortSignal): AsyncIterable<AsicNotification> {
    return this.#channel.notifications(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#line.close("this end of the channel was closed");
    await this.#sends.idle();
    await this.#channel[Symbol.asyncDispose]();
    const { size: count } = this.#backlog;
    if (count > 0) this.#trouble({ kind: "undelivered", count });
  }

  #sendAll(): void {
    for (const ticket of this.#line.take(Number.POSITIVE_INFINITY)) this.#enter(ticket);
    while (this.#under < WINDOW && !this.#closing.signal.aborted) {
      const due = this.#backlog.take(WINDOW - this.#under);
      if (due.length === 0) return;
      for (const each of due) void this.#send(each);
    }
  }

  /** What is not answered is accepted as it comes in, or finds no room. */
  #enter(ticket: Ticket): void {
    const { request } = ticket;
    const { requestsInFlightMax: limit } = this.traits;
    if (isAnswered(request.op, this.mode)) {
      this.#backlog.addOne(request, ticket);
      return;
    }
    const state = isState(request);
    const fits = state ? this.#backlog.addState(request, limit) : this.#backlog.size < limit;
    if (fits && !state) this.#backlog.addOne(request, "accepted");
    this.#line.settle(
      ticket,
      fits ? ok({ kind: "accepted" }) : { ok: false, error: { kind: "queueFull", unit: "requests", limit } },
    );
  }

  async #send(due: Due<Item>): Promise<void> {
    const { request, item } = due;
    const ticket = item === undefined || item === "accepted" ? undefined : item;
    this.#under += 1;
    if (ticket === undefined) await this.#deliver(due);
    else {
      if (this.#line.leaves(ticket)) this.#line.settle(ticket, await this.#channel.request(request));
      this.#backlog.done(due);
    }
    this.#under -= 1;
    this.#sends.ask();
  }

  /** Nobody waits for its reply: it goes again until it is executed, and a refusal is told. */
  async #deliver(due: Due<Item>): Promise<void> {
    const { request } = due;
    const outcome = await this.#channel.request(request);
    if (outcome.ok) {
      if (outcome.value.kind === "replied") this.#tell(request, outcome.value.reply);
      this.#backlog.done(due);
      return;
    }
    const { error } = outcome;
    if (error.kind === "invalidRequest") {
      this.#backlog.done(due);
      return;
    }
    if (error.kind === "unknown") this.#unsure.add(request);
    this.#backlog.again(due);
    // Of what left the channel has waited already; all else comes back at once.
    if (error.kind !== "unknown")
      await sleep(this.#options.clock, AGAIN_AFTER, this.#closing.signal).catch(() => undefined);
  }

  #tell(request: AsicRequest, said: AsicReply): void {
    const { op, key } = request;
    const reply = this.#unsure.has(request) ? doneBefore(request, said) : said;
    if (reply.status === SUCCESS) return;
    this.#trouble({ kind: "refusedLater", op, key, status: reply.status, fields: reply.fields });
  }

  #trouble(trouble: ChannelTrouble): void {
    this.#options.onTrouble?.(trouble);
  }
}

/**
 * The reply to what may have been executed before. Nothing else changes an object between two sendings, so one that is
 * there already was made by the first, and one that is gone was removed by it; of a bulk each by itself.
 */
function doneBefore({ op }: AsicRequest, reply: AsicReply): AsicReply {
  const accepted = op.endsWith("create") ? STATUS.alreadyExists : op.endsWith("remove") ? STATUS.notFound : undefined;
  const isDone = (status: string): boolean => status === SUCCESS || status === accepted;
  const statuses = reply.fields.length === 0 ? [reply.status] : reply.fields.map(([status]) => status);
  return statuses.every(isDone) ? { ...reply, status: SUCCESS } : reply;
}
