import { setImmediate } from "node:timers/promises";
import { BoundedQueue, err, noCrash, ok, type Result } from "@tandem/base";
import { type BusServer, type BusStream, GrpcStatus } from "@tandem/wire";
import type { AsicError, EndError, Owner } from "../asic-error.js";
import { type ChannelTrouble, TROUBLE_FOUND_MAX } from "../channel-trouble.js";
import { LocalClaim } from "../local-claim.js";
import type { AsicNotification } from "../notification.js";
import type { AsicReply } from "../reply.js";
import { splitKey } from "../request.js";
import { STATUS } from "../status.js";
import type { AsicHandler, AsicServer } from "../transport.js";
import { RequestDesk } from "./desk.js";
import { channelBus, type GrpcServerOptions, MESSAGE_BYTES_MAX } from "./options.js";
import { SaiServiceServer } from "./service.js";
import { Taps } from "./taps.js";
import { grpcTraits } from "./traits.js";
import {
  CHANNEL_METHOD,
  CODE_TAKEN,
  decodeOwner,
  decodeRequest,
  encodeNotification,
  encodeReceived,
  encodeReply,
  formatTaken,
  OWNER_HEADER,
  type SentRequest,
} from "./wire.js";

/** Bytes of notifications and replies that a client has not read; further notifications are refused. */
const UNREAD_BYTES_MAX = 4 * 1024 * 1024;

/** Requests that have arrived and wait for those before them. */
const ARRIVED_MAX = 1024;

/** Executed requests after which the event loop gets its turn: replies leave while the next ones are executed. */
const REPLIES_TOGETHER = 64;

/** What a connection brought, or work that takes its turn between. */
type Arrived = SentRequest | (() => Promise<void>);

/** The client whose channel it is. */
interface Session {
  readonly stream: BusStream;
  readonly owner: Owner | undefined;
}

/** syncd's end of the gRPC channel. */
export class GrpcChannelServer implements AsicServer {
  readonly traits = grpcTraits();
  readonly #options: GrpcServerOptions;
  readonly #claim: LocalClaim;
  readonly #desk = new RequestDesk();
  readonly #taps: Taps;
  #bus: BusServer | undefined;
  #service: SaiServiceServer | undefined;
  #session: Session | undefined;
  #working: Promise<void> = Promise.resolve();
  #arrived: BoundedQueue<Arrived> | undefined;
  #closed = false;

  private constructor(options: GrpcServerOptions, claim: LocalClaim) {
    this.#options = options;
    this.#claim = claim;
    this.#taps = new Taps(() => options.clock.now());
  }

  static async open(options: GrpcServerOptions): Promise<Result<GrpcChannelServer, EndError>> {
    const { endpoint, serviceEndpoint, owner, clock } = options;
    const claim = await LocalClaim.take(`grpc:server:${endpoint}`, owner, clock);
    if (!claim.ok) return claim;
    const server = new GrpcChannelServer(options, claim.value);
    const listening = await server.#listen();
    if (listening.ok) return ok(server);
    await server[Symbol.asyncDispose]();
    return err({ kind: "unusable", reason: `${listening.error} (channel ${endpoint}, service ${serviceEndpoint})` });
  }

  /** Where requests that come by another way take their turn. */
  get desk(): RequestDesk {
    return this.#desk;
  }

  get taps(): Taps {
    return this.#taps;
  }

  /** Whether a client holds the channel. */
  get hasClient(): boolean {
    return this.#session !== undefined;
  }

  /** Who looks on: observers and subscribers. */
  get observers(): number {
    return this.#taps.size;
  }

  /**
   * Does `task` between two requests of the client that is there; without one, when what the last one sent is done. False
   * when too much waits: it is to be tried later.
   */
  interleave(task: () => Promise<void>): boolean {
    if (this.#arrived !== undefined) return this.#arrived.tryPush(task).ok;
    this.#working = this.#working.then(task);
    return true;
  }

  async serve(handler: AsicHandler, signal: AbortSignal): Promise<Result<void, EndError>> {
    await this.#desk.serve(handler, signal);
    return ok();
  }

  async notify(notification: AsicNotification): Promise<Result<void, AsicError>> {
    if (this.#closed) return err({ kind: "closed" });
    this.#taps.notification(notification);
    const stream = this.#session?.stream;
    if (stream === undefined) return err({ kind: "refused", reason: "no client is there to hear it" });
    if (stream.queuedBytes > UNREAD_BYTES_MAX)
      return err({ kind: "refused", reason: `the client has ${stream.queuedBytes} bytes to read already` });
    stream.send(encodeNotification(notification));
    return ok();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#desk.close();
    const session = this.#session;
    // Without an error: what was answered goes out first.
    session?.stream.close(GrpcStatus.ok);
    await session?.stream.ended;
    this.#service?.[Symbol.dispose]();
    await this.#bus?.[Symbol.asyncDispose]();
    await this.#claim[Symbol.asyncDispose]();
  }

  async #listen(): Promise<Result<void, string>> {
    const { endpoint, serviceEndpoint, bus = channelBus() } = this.#options;
    const listening = await bus.listen({
      endpoint,
      method: CHANNEL_METHOD,
      accept: (metadata) => {
        const owner = decodeOwner(metadata[OWNER_HEADER]);
        if (this.#closed) return { accept: false, code: GrpcStatus.unavailable, detail: "the server is stopping" };
        if (this.#session !== undefined)
          return { accept: false, code: CODE_TAKEN, detail: formatTaken(this.#session.owner) };
        return { accept: true, metadata: {}, serve: (stream) => void this.#serveClient({ stream, owner }) };
      },
    });
    if (!listening.ok) return err(listening.error.detail);
    this.#bus = listening.value;
    if (serviceEndpoint === undefined) return ok();
    const service = await SaiServiceServer.listen(serviceEndpoint, {
      desk: this.#desk,
      taps: this.#taps,
      holder: () => (this.#session === undefined ? undefined : formatTaken(this.#session.owner)),
    });
    if (!service.ok) return service;
    this.#service = service.value;
    return ok();
  }

  /**
   * What has arrived waits here, so that the client can be told, but not more than the bound: then nothing is read from the
   * connection, and HTTP/2 stops the client.
   */
  async #serveClient(session: Session): Promise<void> {
    this.#session = session;
    const { stream } = session;
    void stream.ended.then(() => {
      if (this.#session === session) this.#session = undefined;
    });
    const arrived = new BoundedQueue<Arrived>(ARRIVED_MAX);
    this.#arrived = arrived;
    // What an earlier client sent comes first.
    this.#working = this.#working.then(() => this.#work(stream, arrived));
    for await (const messages of stream.batches) {
      let received: string | undefined;
      for (const message of messages) {
        const sent = this.#decode(stream, message);
        if (sent === undefined) continue;
        if (sent.unanswered) received = sent.id;
        if (!arrived.tryPush(sent).ok) await arrived.push(sent);
      }
      if (received !== undefined) stream.send(encodeReceived(received));
      await stream.drained();
    }
    arrived.close();
    if (this.#arrived === arrived) this.#arrived = undefined;
  }

  async #work(stream: BusStream, arrived: BoundedQueue<Arrived>): Promise<void> {
    let first = true;
    let executed = 0;
    for await (const next of arrived) {
      if (typeof next === "function") {
        await next();
        continue;
      }
      if (first) await this.#options.beforeFirst?.();
      first = false;
      if (this.#closed) return;
      const { id, request, repeated, unanswered } = next;
      this.#reach("asic.request.taken");
      this.#taps.request(id, request);
      await this.#desk.execute({ request, id, repeated, unanswered, rowsWritten: false }, (reply) => {
        this.#taps.reply(id, reply);
        this.#reply(stream, id, splitKey(request.key)[0], reply);
      });
      executed += 1;
      if (executed % REPLIES_TOGETHER === 0) await setImmediate();
    }
  }

  #decode(stream: BusStream, message: Uint8Array): SentRequest | undefined {
    const decoded = decodeRequest(message);
    if (decoded.ok) return decoded.value;
    const { id, detail } = decoded.error;
    const found = Buffer.from(message.subarray(0, TROUBLE_FOUND_MAX)).toString("latin1");
    this.#trouble({ kind: "malformed", where: this.#options.endpoint, detail, found });
    const reply: AsicReply = { op: "getresponse", status: STATUS.invalidParameter, fields: [] };
    if (id !== "") stream.send(encodeReply(id, "", reply));
    return undefined;
  }

  #reply(stream: BusStream, id: string, type: string, reply: AsicReply): void {
    const message = encodeReply(id, type, reply);
    if (message.length <= MESSAGE_BYTES_MAX) stream.send(message);
    else {
      const detail = `it makes a message of ${message.length} bytes, the most is ${MESSAGE_BYTES_MAX}`;
      this.#trouble({ kind: "replyLost", detail });
      stream.send(encodeReply(id, type, { op: reply.op, status: STATUS.failure, fields: [] }));
    }
    this.#reach("asic.reply.stored");
  }

  #trouble(trouble: ChannelTrouble): void {
    this.#options.onTrouble?.(trouble);
  }

  #reach(point: "asic.request.taken" | "asic.reply.stored"): void {
    (this.#options.crash ?? noCrash).reach(point);
  }
}
