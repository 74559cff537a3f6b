import { err, ok, type Result } from "@tandem/base";
import { EventPull } from "@tandem/swss";
import type { EndError } from "../asic-error.js";
import { EventInbox } from "../event-inbox.js";
import { LocalClaim } from "../local-claim.js";
import type { AsicNotification } from "../notification.js";
import type { AsicRequest } from "../request.js";
import { type AsicOutcome, RequestLine, type Ticket } from "../request-line.js";
import { SendLoop } from "../send-loop.js";
import { type AsicClient, REPLY_TIMEOUT_DEFAULT } from "../transport.js";
import { Asker } from "./asker.js";
import { socketOptions, type ZmqClientOptions } from "./options.js";
import { zmqTraits } from "./traits.js";
import { decodeNotification, decodeReplyTo, encodeRequest, isWakeUp, textOf } from "./wire.js";

/** Notifications that wait for a reader; then the socket holds them, and beyond its mark syncd. */
const NOTIFICATIONS_MAX = 1000;

/** orchagent's end of upstream's ZMQ channel: REQ and PULL. */
export class ZmqChannelClient implements AsicClient {
  readonly traits;
  readonly mode = "sync";
  readonly #options: ZmqClientOptions;
  readonly #claim: LocalClaim;
  readonly #line: RequestLine;
  readonly #asker: Asker;
  #pull: EventPull | undefined;
  readonly #events = new EventInbox(NOTIFICATIONS_MAX);
  #ignored = 0;
  readonly #sends = new SendLoop(() => this.#sendAll());
  #closed = false;

  private constructor(options: ZmqClientOptions, claim: LocalClaim) {
    const { clock, replyTimeout = REPLY_TIMEOUT_DEFAULT, requestsMax } = options;
    this.traits = zmqTraits(requestsMax);
    this.#options = options;
    this.#claim = claim;
    this.#line = new RequestLine({
      clock,
      replyTimeout,
      limit: this.traits.requestsInFlightMax,
      // Replies name no request, so one is on its way.
      holds: () => true,
      onWaiting: () => this.#sends.ask(),
    });
    this.#asker = new Asker(options);
  }

  static async open(options: ZmqClientOptions): Promise<Result<ZmqChannelClient, EndError>> {
    const { context, clock, owner } = options;
    const claim = await LocalClaim.take(`zmq:client:${context.zmqEndpoint}`, owner, clock);
    if (!claim.ok) return claim;
    const client = new ZmqChannelClient(options, claim.value);
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

  /** Frames that were no notification, such as the wake-up that upstream sends to itself. */
  get ignoredFrames(): number {
    return this.#ignored;
  }

  request(request: AsicRequest, signal?: AbortSignal): Promise<AsicOutcome> {
    return this.#line.request(request, signal);
  }

  notifications(signal: AbortSignal): AsyncIterable<AsicNotification> {
    return this.#events.events(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#line.close("this end of the channel was closed");
    this.#events.close();
    await this.#asker[Symbol.asyncDispose]();
    await this.#pull?.[Symbol.asyncDispose]();
    await this.#sends.idle();
    await this.#claim[Symbol.asyncDispose]();
  }

  async #sendAll(): Promise<void> {
    for (let [ticket] = this.#line.take(1); ticket !== undefined; [ticket] = this.#line.take(1))
      await this.#ask(ticket);
  }

  async #ask(ticket: Ticket): Promise<void> {
    const frame = encodeRequest(ticket.request);
    const reason = this.#asker.faultOf(frame);
    if (reason !== undefined) {
      this.#line.settle(ticket, err({ kind: "refused", reason }));
      return;
    }
    const { zmqEndpoint } = this.#options.context;
    const over = new AbortController();
    this.#line.obstacle = `no server is at ${zmqEndpoint}`;
    this.#line.whenOver(ticket, () => over.abort());
    await this.#asker.untilConnected(over.signal);
    this.#line.obstacle = "the request before it has no reply yet";
    if (!this.#line.leaves(ticket)) return;
    // A caller may have gone before; its reply is waited for all the same, as long as it may come.
    const reply = await this.#asker.exchange(frame, ticket.deadline);
    if (reply !== undefined) return this.#answer(ticket, reply);
    this.#line.settle(ticket, err({ kind: "unknown", reason: `the server at ${zmqEndpoint} went before it replied` }));
  }

  #answer(ticket: Ticket, frame: Uint8Array): void {
    const reply = decodeReplyTo(ticket.request, frame);
    if (reply.ok) {
      this.#line.settle(ticket, ok({ kind: "replied", reply: reply.value }));
      return;
    }
    this.#malformed(this.#options.context.zmqEndpoint, reply.error, frame);
    this.#line.settle(ticket, err({ kind: "unknown", reason: `the reply cannot be used: ${reply.error}` }));
  }

  #hear(frame: Uint8Array): Promise<void> | undefined {
    const event = decodeNotification(frame);
    if (event.ok) return this.#events.push(event.value);
    this.#ignored += 1;
    if (!isWakeUp(frame)) this.#malformed(this.#options.context.zmqNotificationEndpoint, event.error, frame);
    return undefined;
  }

  #malformed(where: string, detail: string, frame: Uint8Array): void {
    this.#options.onTrouble?.({ kind: "malformed", where, detail, found: textOf(frame) });
  }
}
