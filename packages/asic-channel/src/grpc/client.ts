import { err, ok, type Random, type Result, systemRandom } from "@tandem/base";
import type { DialError } from "@tandem/wire";
import type { EndError } from "../asic-error.js";
import { TROUBLE_FOUND_MAX } from "../channel-trouble.js";
import { EventInbox } from "../event-inbox.js";
import { LocalClaim } from "../local-claim.js";
import type { AsicNotification } from "../notification.js";
import { type AsicRequest, isBarrier } from "../request.js";
import { type AsicOutcome, RequestLine, type Ticket } from "../request-line.js";
import { SendLoop } from "../send-loop.js";
import { type AsicClient, REPLY_TIMEOUT_DEFAULT } from "../transport.js";
import { Link } from "./link.js";
import { channelBus, type GrpcClientOptions, MESSAGE_BYTES_MAX } from "./options.js";
import { BYTES_MAX_DEFAULT, grpcTraits } from "./traits.js";
import { CODE_TAKEN, decodeResponse, encodeRequest, parseTaken } from "./wire.js";

/** Requests of one write. */
const BATCH = 64;

/** Notifications that wait for a reader; then nothing is read from the connection any more. */
const NOTIFICATIONS_MAX = 10_000;

/** orchagent's end of the gRPC channel: one stream, many requests on it. */
export class GrpcChannelClient implements AsicClient {
  readonly traits;
  readonly mode = "sync";
  readonly #options: GrpcClientOptions;
  readonly #claim: LocalClaim;
  readonly #line: RequestLine;
  readonly #link: Link;
  readonly #events = new EventInbox(NOTIFICATIONS_MAX);
  /** Names this client among all that there ever were. */
  readonly #epoch: string;
  /** What was sent and has no reply yet, by number. */
  readonly #asked = new Map<number, Ticket>();
  #bytes = 0;
  readonly #sends = new SendLoop(async () => {
    while (await this.#sendSome());
  });
  #refusedBefore = false;
  #closed = false;

  private constructor(options: GrpcClientOptions, claim: LocalClaim, random: Random) {
    const { clock, replyTimeout = REPLY_TIMEOUT_DEFAULT, requestsMax, bytesMax, endpoint, owner } = options;
    this.traits = grpcTraits(requestsMax, bytesMax);
    this.#options = options;
    this.#claim = claim;
    this.#epoch = random.uuid();
    this.#line = new RequestLine({
      clock,
      replyTimeout,
      limit: this.traits.requestsInFlightMax,
      holds: isBarrier,
      onWaiting: () => this.#sends.ask(),
    });
    this.#line.obstacle = `no server is at ${endpoint}`;
    this.#link = new Link({
      ...{ bus: options.bus ?? channelBus(), endpoint, owner, clock, random },
      onUp: () => {
        this.#refusedBefore = false;
        this.#line.obstacle = "those before it have no reply yet";
        this.#sends.ask();
      },
      onMessages: (messages) => this.#hear(messages),
      onDown: (reason) => this.#lose(reason),
      onFailed: (error) => this.#onFailed(error),
    });
  }

  /** Waits for one attempt to reach the server; without one it goes on looking for it. */
  static async open(
    options: GrpcClientOptions,
    random: Random = systemRandom,
  ): Promise<Result<GrpcChannelClient, EndError>> {
    const claim = await LocalClaim.take(`grpc:client:${options.endpoint}`, options.owner, options.clock);
    if (!claim.ok) return claim;
    const client = new GrpcChannelClient(options, claim.value, random);
    const failed = await client.#link.first;
    if (failed?.kind !== "refused") return ok(client);
    await client[Symbol.asyncDispose]();
    if (failed.code === CODE_TAKEN) return err(parseTaken(failed.detail));
    return err({ kind: "unusable", reason: `${options.endpoint} refuses the channel: ${failed.detail}` });
  }

  request(request: AsicRequest, signal?: AbortSignal): Promise<AsicOutcome> {
    const size = bytesOf(request);
    const limit = this.traits.bytesInFlightMax ?? BYTES_MAX_DEFAULT;
    if (this.#bytes + size > limit && !this.#closed)
      return Promise.resolve(err({ kind: "queueFull", unit: "bytes", limit }));
    this.#bytes += size;
    const outcome = this.#line.request(request, signal);
    const free = (): void => {
      this.#bytes -= size;
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
    await this.#claim[Symbol.asyncDispose]();
  }

  /** Whether there may be more to send. */
  async #sendSome(): Promise<boolean> {
    const { stream } = this.#link;
    if (stream === undefined) {
      if (!this.#closed) this.#link.poke();
      return false;
    }
    // Those that were given up count until their replies come: a server that hangs is not sent more and more.
    const room = this.traits.requestsInFlightMax - this.#asked.size;
    const tickets = this.#line.take(Math.min(BATCH, room));
    let flows = true;
    for (const ticket of tickets) {
      const id = `${this.#epoch}:${ticket.number}`;
      const message = encodeRequest({ id, request: ticket.request, repeated: false, unanswered: false });
      if (message.length > MESSAGE_BYTES_MAX) {
        const reason = `it makes a message of ${message.length} bytes, the most is ${MESSAGE_BYTES_MAX}`;
        this.#line.settle(ticket, err({ kind: "refused", reason }));
      } else if (this.#line.leaves(ticket)) {
        this.#asked.set(ticket.number, ticket);
        flows = stream.send(message);
      }
    }
    if (!flows) await stream.drained();
    return tickets.length > 0;
  }

  #hear(messages: readonly Uint8Array[]): Promise<void> | undefined {
    let full: Promise<void> | undefined;
    const wasFull = this.#asked.size >= this.traits.requestsInFlightMax;
    for (const message of messages) {
      const response = decodeResponse(message);
      if (!response.ok) this.#malformed(response.error, message);
      else if (response.value.kind === "notification") full = this.#events.push(response.value.notification);
      else if (response.value.kind === "reply") {
        const { id, reply } = response.value;
        const number = Number(id.slice(id.lastIndexOf(":") + 1));
        const ticket = id.startsWith(`${this.#epoch}:`) ? this.#asked.get(number) : undefined;
        this.#asked.delete(number);
        if (ticket !== undefined) this.#line.settle(ticket, ok({ kind: "replied", reply }));
      }
    }
    if (wasFull) this.#sends.ask();
    return full;
  }

  /** The stream ended: nobody will tell how those on it fared. */
  #lose(reason: string): void {
    const { endpoint } = this.#options;
    this.#line.obstacle = `no server is at ${endpoint}`;
    const lost = [...this.#asked.values()];
    this.#asked.clear();
    for (const ticket of lost)
      this.#line.settle(ticket, err({ kind: "unknown", reason: `the server at ${endpoint} went: ${reason}` }));
  }

  #onFailed(error: DialError): void {
    if (error.kind !== "refused") return;
    this.#line.obstacle = `${error.endpoint} refuses the channel: ${error.detail}`;
    if (this.#refusedBefore) return;
    this.#refusedBefore = true;
    const taken = error.code === CODE_TAKEN ? parseTaken(error.detail) : undefined;
    if (taken?.kind === "taken") this.#options.onTrouble?.({ kind: "displaced", owner: taken.owner });
    else this.#options.onTrouble?.({ kind: "refused", where: error.endpoint, detail: error.detail });
  }

  #malformed(detail: string, message: Uint8Array): void {
    const found = Buffer.from(message.subarray(0, TROUBLE_FOUND_MAX)).toString("latin1");
    this.#options.onTrouble?.({ kind: "malformed", where: this.#options.endpoint, detail, found });
  }
}

/** What a request weighs while it waits. */
function bytesOf({ key, fields }: AsicRequest): number {
  let bytes = key.length;
  for (const [name, value] of fields) bytes += name.length + value.length;
  return bytes;
}
