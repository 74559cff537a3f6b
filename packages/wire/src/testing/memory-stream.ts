import { err, ok, type Result } from "@tandem/base";
import type { BusStream, DialError, DialOptions, Endpoint, Metadata, StreamEnd } from "../bus.js";
import { formatEndpoint } from "../endpoint.js";
import { describeFrameError } from "../frame.js";
import { Inbox } from "../inbox.js";
import { metadataFault } from "../metadata.js";
import { GrpcStatus } from "../status.js";
import type { MemoryBus } from "./memory-bus.js";
import type { Lane, MemoryListener, MemoryNetwork, Spanning } from "./memory-network.js";

/** A dial and the stream that comes of it: two ends, two lanes. */
export class MemoryConnection implements Spanning {
  readonly hosts: readonly [string, string];
  readonly #toServer: Lane;
  readonly #toClient: Lane;
  readonly #span: { ended(): void };
  readonly #clientPort: number;
  #listener: MemoryListener | undefined;
  #client: MemoryStream | undefined;
  #server: MemoryStream | undefined;
  #answer: ((result: Result<BusStream, DialError>) => void) | undefined;
  #clientDone = false;
  #serverDone = true;

  constructor(
    private readonly network: MemoryNetwork,
    private readonly dialer: MemoryBus,
    serverHost: string,
    private readonly endpoint: Endpoint,
  ) {
    this.hosts = [dialer.host, serverHost];
    this.#toServer = network.lane(dialer.host, serverHost);
    this.#toClient = network.lane(serverHost, dialer.host);
    this.#clientPort = network.freePort();
    this.#span = network.span(this);
    dialer.adopt(this);
  }

  /** Asks the server; `answer` is called once, unless the dial is given up first. */
  dial(options: DialOptions, answer: (result: Result<BusStream, DialError>) => void): void {
    this.#answer = answer;
    this.#toServer.transmit(() => this.#arrive(options));
  }

  /** The dialer no longer waits. */
  giveUp(): void {
    this.#answer = undefined;
    this.#clientIsDone();
    this.#toServer.transmit(() => this.#server?.finish(CANCELLED));
  }

  /** The process of one end is gone; its kernel tells the other end, if it still can. */
  abandon(bus: MemoryBus): void {
    const gone: StreamEnd = { code: GrpcStatus.unavailable, detail: "the connection was closed" };
    if (bus === this.dialer) {
      this.#answer = undefined;
      this.#client?.mute();
      this.#clientIsDone();
      this.#toServer.transmit(() => this.#server?.finish(gone));
    }
    if (bus === this.#listener?.bus) {
      this.#server?.mute();
      this.#serverIsDone();
      this.#toClient.transmit(() => {
        this.#settle(err({ kind: "unreachable", endpoint: this.endpoint, detail: gone.detail }));
        this.#client?.finish(gone);
      });
    }
  }

  closeServer(listener: MemoryListener, code: number, detail: string): void {
    if (this.#listener === listener) this.#server?.close(code, detail);
  }

  silent(): void {
    this.#finish(`nothing heard for ${this.network.limits.silence} ms`);
  }

  reset(): void {
    this.#finish("the connection was reset");
  }

  #finish(detail: string): void {
    this.#client?.finish({ code: GrpcStatus.unavailable, detail });
    this.#server?.finish({ code: GrpcStatus.unavailable, detail });
  }

  #arrive(options: DialOptions): void {
    if (this.#answer === undefined) return;
    const listener = this.network.listeners.get(this.endpoint);
    if (listener === undefined) {
      this.#reject({ kind: "unreachable", endpoint: this.endpoint, detail: `connection refused ${this.endpoint}` });
      return;
    }
    if (listener.options.method !== options.method) {
      this.#refuse(GrpcStatus.unimplemented, `unknown method ${options.method}`);
      return;
    }
    if (listener.streams >= this.network.limits.streamsMax) {
      this.#refuse(GrpcStatus.resourceExhausted, `no more than ${this.network.limits.streamsMax} streams`);
      return;
    }
    const remote = formatEndpoint(this.dialer.host, this.#clientPort);
    const answer = listener.options.accept(options.metadata, remote, { local: this.endpoint });
    if (!answer.accept) {
      this.#refuse(answer.code, answer.detail);
      return;
    }
    const fault = metadataFault(answer.metadata);
    if (fault !== undefined) {
      this.#refuse(GrpcStatus.internal, fault);
      return;
    }
    this.#listener = listener;
    this.#serverDone = false;
    listener.streams += 1;
    listener.bus.adopt(this);
    this.#client = new MemoryStream("client", this.network, this.#toServer, answer.metadata, this.endpoint);
    this.#server = new MemoryStream("server", this.network, this.#toClient, options.metadata, remote);
    this.#client.peer = this.#server;
    this.#server.peer = this.#client;
    void this.#server.ended.then(() => this.#serverIsDone());
    void this.#client.ended.then(() => this.#clientIsDone());
    // Before anything that `serve` sends.
    const client = this.#client;
    this.#toClient.transmit(() => this.#settle(ok(client)));
    answer.serve(this.#server);
  }

  #refuse(code: number, detail: string): void {
    this.#reject({ kind: "refused", endpoint: this.endpoint, code, detail });
  }

  #reject(error: DialError): void {
    this.#toClient.transmit(() => {
      this.#settle(err(error));
      this.#clientIsDone();
    });
  }

  #settle(result: Result<BusStream, DialError>): void {
    const answer = this.#answer;
    this.#answer = undefined;
    answer?.(result);
  }

  #clientIsDone(): void {
    this.#clientDone = true;
    if (this.#serverDone || this.#listener?.bus !== this.dialer) this.dialer.release(this);
    if (this.#serverDone) this.#span.ended();
  }

  #serverIsDone(): void {
    if (this.#serverDone || this.#listener === undefined) return;
    this.#serverDone = true;
    this.#listener.streams -= 1;
    // A process may have dialed itself: then its other end still needs it.
    if (this.#listener.bus !== this.dialer || this.#clientDone) this.#listener.bus.release(this);
    if (this.#clientDone) this.#span.ended();
  }
}

/** What the other end is told when a client ends a stream with a code, or stops waiting. */
const CANCELLED: StreamEnd = { code: GrpcStatus.cancelled, detail: "the peer reset the stream (HTTP/2 code 8)" };

/** A burst on its way: all that was sent at one instant. */
interface Burst {
  readonly sentAt: number;
  readonly messages: Uint8Array[];
}

class MemoryStream implements BusStream {
  readonly batches: AsyncIterable<readonly Uint8Array[]>;
  readonly ended: Promise<StreamEnd>;
  peer: MemoryStream | undefined;
  readonly #inbox: Inbox;
  #burst: Burst | undefined;
  /** Bytes sent that the other end has not read. */
  #outstanding = 0;
  #waiters: (() => void)[] = [];
  #finished = false;
  #muted = false;
  #resolveEnded: (end: StreamEnd) => void = () => {};

  constructor(
    private readonly role: "client" | "server",
    private readonly network: MemoryNetwork,
    private readonly lane: Lane,
    readonly metadata: Metadata,
    readonly remote: Endpoint,
  ) {
    this.#inbox = new Inbox((bytes) => this.peer?.credit(bytes));
    this.batches = this.#inbox;
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
  }

  send(message: Uint8Array): boolean {
    if (this.#finished || this.#muted) return false;
    const { messageBytesMax, highWater, queueBytesMax } = this.network.limits;
    if (message.length > messageBytesMax) {
      const error = { kind: "tooLarge", code: 8, length: message.length, limit: messageBytesMax } as const;
      this.close(error.code, describeFrameError(error));
      return false;
    }
    this.#outstanding += message.length;
    if (this.#outstanding > queueBytesMax) {
      this.close(GrpcStatus.resourceExhausted, `${this.#outstanding} bytes queued: the peer does not read`);
      return false;
    }
    const now = this.network.clock.monotonic();
    if (this.#burst?.sentAt === now) this.#burst.messages.push(message);
    else {
      const burst: Burst = { sentAt: now, messages: [message] };
      this.#burst = burst;
      this.lane.transmit(() => {
        if (this.#burst === burst) this.#burst = undefined;
        this.peer?.arrive(burst.messages);
      });
    }
    return this.#outstanding <= highWater;
  }

  get queuedBytes(): number {
    return this.#finished ? 0 : this.#outstanding;
  }

  drained(): Promise<void> {
    if (this.#finished || this.#outstanding <= this.network.limits.highWater) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  close(code: number = GrpcStatus.ok, detail = ""): void {
    if (this.#finished || this.#muted) return;
    const end = { code, detail };
    const told = this.role === "server" || code === GrpcStatus.ok ? end : CANCELLED;
    this.#burst = undefined;
    this.lane.transmit(() => this.peer?.finish(told));
    this.finish(end);
  }

  /** The process of this end is gone: nothing reaches it. */
  mute(): void {
    this.#muted = true;
    this.#inbox.clear();
  }

  arrive(messages: readonly Uint8Array[]): void {
    if (this.#muted || this.#finished) return;
    this.#inbox.push(messages);
  }

  /** The other end has read `bytes` of messages. */
  credit(bytes: number): void {
    this.#outstanding = Math.max(0, this.#outstanding - bytes);
    if (this.#outstanding <= this.network.limits.highWater) this.#wake();
  }

  finish(end: StreamEnd): void {
    if (this.#finished || this.#muted) return;
    this.#finished = true;
    this.#inbox.end();
    this.#wake();
    this.#resolveEnded(end);
  }

  #wake(): void {
    for (const wake of this.#waiters.splice(0)) wake();
  }
}
