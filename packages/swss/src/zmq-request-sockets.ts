import { type Clock, err, type Millis, mapOk, ok, type Result, systemClock, within } from "@tandem/base";
import * as zmq from "zeromq";
import { MESSAGE_BYTES_MAX } from "./binary-serializer.js";
import { bindSocket } from "./bind-socket.js";
import { connectSocket } from "./connect-socket.js";
import type { BindError } from "./push-pull.js";
import type { Replier, RequestError, Requester, RequestSockets } from "./request-reply.js";

/** One-to-one ZMQ sockets. */
export function zmqRequestSockets(clock: Clock = systemClock): RequestSockets {
  return new ZmqRequestSockets(clock);
}

class ZmqRequestSockets implements RequestSockets {
  readonly #clock: Clock;
  readonly #open = new Set<AsyncDisposable>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  requester(endpoint: string): Requester {
    const requester = new ZmqRequester(endpoint, this.#clock, () => this.#open.delete(requester));
    this.#open.add(requester);
    return requester;
  }

  async replier(
    endpoint: string,
    answer: (message: Uint8Array) => Promise<Uint8Array>,
  ): Promise<Result<Replier, BindError>> {
    const make = () => new zmq.Reply({ maxMessageSize: MESSAGE_BYTES_MAX - 1, linger: 0 });
    return mapOk(await bindSocket(make, endpoint), (socket) => {
      const replier = new ZmqReplier(socket, endpoint, answer, () => this.#open.delete(replier));
      this.#open.add(replier);
      return replier;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#open].map((socket) => socket[Symbol.asyncDispose]()));
  }
}

class ZmqRequester implements Requester {
  readonly endpoint: string;
  readonly #clock: Clock;
  readonly #onClose: () => void;
  #socket: zmq.Request;
  #busy = false;
  #closed = false;

  constructor(endpoint: string, clock: Clock, onClose: () => void) {
    this.endpoint = endpoint;
    this.#clock = clock;
    this.#onClose = onClose;
    this.#socket = connect(endpoint);
  }

  async request(message: Uint8Array, limit: Millis): Promise<Result<Uint8Array, RequestError>> {
    const { endpoint } = this;
    if (message.length >= MESSAGE_BYTES_MAX) return err({ kind: "tooLarge", endpoint, limit: MESSAGE_BYTES_MAX });
    if (this.#closed) return err({ kind: "closed", endpoint });
    if (this.#busy) return err({ kind: "busy", endpoint });
    this.#busy = true;
    const reply = await within(this.#clock, limit, exchange(this.#socket, message));
    this.#busy = false;
    if (this.#closed) return err({ kind: "closed", endpoint });
    if (reply !== undefined) return ok(reply);
    // A REQ socket that waits for its reply can do nothing else: only a new one can ask again.
    this.#socket.close();
    this.#socket = connect(endpoint);
    return err({ kind: "timeout", endpoint, limit });
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#socket.close();
    this.#onClose();
    return Promise.resolve();
  }
}

function connect(endpoint: string): zmq.Request {
  return connectSocket(() => new zmq.Request({ linger: 0, maxMessageSize: MESSAGE_BYTES_MAX - 1 }), endpoint);
}

/** The reply; `undefined` when the socket was closed before. */
async function exchange(socket: zmq.Request, message: Uint8Array): Promise<Uint8Array | undefined> {
  try {
    await socket.send(message);
    const [reply] = await socket.receive();
    return reply;
  } catch (error) {
    if (socket.closed) return undefined;
    throw error;
  }
}

const NOTHING = new Uint8Array();

class ZmqReplier implements Replier {
  readonly endpoint: string;
  readonly #socket: zmq.Reply;
  readonly #onClose: () => void;
  #closing = false;

  constructor(
    socket: zmq.Reply,
    endpoint: string,
    answer: (message: Uint8Array) => Promise<Uint8Array>,
    onClose: () => void,
  ) {
    this.#socket = socket;
    this.#onClose = onClose;
    this.endpoint = socket.lastEndpoint ?? endpoint;
    void this.#serve(answer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    this.#onClose();
    this.#socket.close();
  }

  async #serve(answer: (message: Uint8Array) => Promise<Uint8Array>): Promise<void> {
    while (!this.#closing) {
      try {
        const [message = NOTHING] = await this.#socket.receive();
        const reply = await answer(message);
        if (!this.#closing) await this.#socket.send(reply);
      } catch (error) {
        if (!this.#closing) throw error;
      }
    }
  }
}
