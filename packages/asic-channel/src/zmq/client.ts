import { err, millis, ok, type Result } from "@tandem/base";
import { LockstepClient, type Sockets, zmqSockets } from "@tandem/swss";
import type { EndError } from "../asic-error.js";
import { EventInbox } from "../event-inbox.js";
import { LocalClaim } from "../local-claim.js";
import type { AsicNotification } from "../notification.js";
import { ASIC_OPS } from "../op.js";
import type { AsicReply } from "../reply.js";
import type { AsicRequest } from "../request.js";
import { type AsicOutcome, RequestLine, type Ticket } from "../request-line.js";
import { type AsicClient, REPLY_TIMEOUT_DEFAULT } from "../transport.js";
import { socketOptions, type ZmqClientOptions } from "./options.js";
import { zmqTraits } from "./traits.js";
import { decodeNotification, decodeReply, encodeRequest, textOf } from "./wire.js";

/** Notifications that wait for a reader; then the socket holds them, and beyond its mark syncd. */
const NOTIFICATIONS_MAX = 1000;

/** As libsairedis closes its sockets: what they hold goes out for ever. */
const LINGER_UPSTREAM = -1;

/** orchagent's end of upstream's ZMQ channel: REQ and PULL. */
export class ZmqChannelClient implements AsicClient {
  readonly traits;
  readonly mode = "sync";
  readonly #options: ZmqClientOptions;
  readonly #careful: boolean;
  readonly #claim: LocalClaim;
  readonly #line: RequestLine;
  readonly #requests: LockstepClient;
  readonly #sockets: Sockets;
  readonly #events = new EventInbox(NOTIFICATIONS_MAX);
  #ignored = 0;
  /** Called when the connection comes or goes. */
  #onConnection: () => void = () => {};
  #sending: Promise<void> | undefined;
  #waiting = false;
  #closed = false;

  private constructor(options: ZmqClientOptions, claim: LocalClaim, sockets: Sockets) {
    const { clock, replyTimeout = REPLY_TIMEOUT_DEFAULT, requestsMax, context } = options;
    this.traits = zmqTraits(requestsMax);
    this.#options = options;
    this.#careful = (options.sending ?? "careful") === "careful";
    this.#claim = claim;
    this.#sockets = sockets;
    this.#line = new RequestLine({
      clock,
      replyTimeout,
      limit: this.traits.requestsInFlightMax,
      // Replies name no request, so one is on its way.
      holds: () => true,
      onWaiting: () => this.#send(),
    });
    const sockopts = socketOptions(options, this.#careful ? 0 : LINGER_UPSTREAM);
    this.#requests = new LockstepClient(context.zmqEndpoint, sockopts, () => this.#onConnection());
  }

  static async open(options: ZmqClientOptions): Promise<Result<ZmqChannelClient, EndError>> {
    const { context, clock, owner } = options;
    const claim = await LocalClaim.take(`zmq:client:${context.zmqEndpoint}`, owner, clock);
    if (!claim.ok) return claim;
    const { highWaterMark, messageBytesMax } = socketOptions(options, 0);
    const sockets = zmqSockets({ highWaterMark, messageBytesMax: messageBytesMax + 1 });
    const client = new ZmqChannelClient(options, claim.value, sockets);
    const bound = await sockets.pull(context.zmqNotificationEndpoint, (frame) => client.#hear(frame));
    if (bound.ok) return ok(client);
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
    await this.#requests[Symbol.asyncDispose]();
    await this.#sockets[Symbol.asyncDispose]();
    await this.#sending;
    await this.#claim[Symbol.asyncDispose]();
  }

  #send(): void {
    this.#waiting = true;
    this.#sending ??= this.#sendAll();
  }

  async #sendAll(): Promise<void> {
    await Promise.resolve();
    while (this.#waiting) {
      this.#waiting = false;
      for (let [ticket] = this.#line.take(1); ticket !== undefined; [ticket] = this.#line.take(1))
        await this.#ask(ticket);
    }
    this.#sending = undefined;
  }

  async #ask(ticket: Ticket): Promise<void> {
    const frame = encodeRequest(ticket.request);
    const { messageBytesMax } = socketOptions(this.#options, 0);
    if (frame.length > messageBytesMax) {
      const reason = `it makes a frame of ${frame.length} bytes, the most is ${messageBytesMax}`;
      return this.#line.settle(ticket, err({ kind: "refused", reason }));
    }
    if (this.#careful) await this.#untilConnected(ticket);
    if (!this.#line.leaves(ticket)) return;
    const { clock, context } = this.#options;
    // A caller may have gone before; its reply is waited for all the same, as long as it may come.
    const timer = clock.setTimer(millis(ticket.deadline - clock.monotonic()), () => this.#requests.renew());
    // Who executed it is gone, or its reply is: a socket that goes on waiting would wait in vain.
    if (this.#careful) this.#onConnection = () => this.#requests.connected || this.#requests.renew();
    const reply = await this.#requests.exchange(frame);
    this.#onConnection = () => {};
    timer.cancel();
    if (reply !== undefined) return this.#answer(ticket, reply);
    const reason = `the server at ${context.zmqEndpoint} went before it replied`;
    this.#line.settle(ticket, err({ kind: "unknown", reason }));
  }

  #answer(ticket: Ticket, frame: Uint8Array): void {
    const reply = fitting(ticket.request, frame);
    if (reply.ok) {
      this.#line.settle(ticket, ok({ kind: "replied", reply: reply.value }));
      return;
    }
    this.#malformed(this.#options.context.zmqEndpoint, reply.error, frame);
    this.#line.settle(ticket, err({ kind: "unknown", reason: `the reply cannot be used: ${reply.error}` }));
  }

  /** Resolves when a connection stands, or the ticket is over. */
  async #untilConnected(ticket: Ticket): Promise<void> {
    this.#line.obstacle = `no server is at ${this.#options.context.zmqEndpoint}`;
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (this.#requests.connected || this.#line.isOver(ticket)) resolve();
      };
      this.#onConnection = look;
      this.#line.whenOver(ticket, look);
      look();
    });
    this.#onConnection = () => {};
    this.#line.obstacle = "the request before it has no reply yet";
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

/** The reply, if it is one to such a request. */
function fitting(request: AsicRequest, frame: Uint8Array): Result<AsicReply, string> {
  const reply = decodeReply(frame);
  const { reply: op } = ASIC_OPS[request.op];
  if (!reply.ok || reply.value.op === op) return reply;
  return err(`${op} was expected, found ${reply.value.op}`);
}

/** What upstream's client sends to its own socket when it stops. */
function isWakeUp(frame: Uint8Array): boolean {
  return frame.length === 1 && frame[0] === "1".charCodeAt(0);
}
