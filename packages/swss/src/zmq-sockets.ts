import { err, mapOk, ok, type Result } from "@tandem/base";
import * as zmq from "zeromq";
import { MESSAGE_BYTES_MAX } from "./binary-serializer.js";
import { bindSocket } from "./bind-socket.js";
import { connectSocket } from "./connect-socket.js";
import type { BindError, Pull, Push, PushError, Sockets } from "./push-pull.js";

/** Messages that either side of a connection holds: `MQ_WATERMARK` of sonic-swss-common. */
const HIGH_WATER_MARK = 10_000;

/** A dead peer is noticed after 5 s of silence and 5 unanswered probes, as in sonic-swss-common. */
const KEEPALIVE = { tcpKeepalive: 1, tcpKeepaliveIdle: 5, tcpKeepaliveInterval: 1, tcpKeepaliveCount: 5 } as const;

/** What ZMQ connections are bound to. */
export interface ZmqSocketsOptions {
  /** VRF or other network device that connections are bound to. */
  readonly device?: string;
}

/** ZMQ sockets of state tables. */
export function zmqSockets(options: ZmqSocketsOptions = {}): Sockets {
  return new ZmqSockets(options);
}

class ZmqSockets implements Sockets {
  readonly #device: { readonly interface?: string };
  readonly #open = new Set<AsyncDisposable>();

  constructor({ device }: ZmqSocketsOptions) {
    this.#device = device === undefined ? {} : { interface: device };
  }

  push(endpoint: string): Push {
    const make = () =>
      new zmq.Push({
        ...KEEPALIVE,
        ...this.#device,
        sendHighWaterMark: HIGH_WATER_MARK,
        sendTimeout: 0,
        linger: 0,
      });
    const push = new ZmqPush(make, endpoint, () => this.#open.delete(push));
    this.#open.add(push);
    return push;
  }

  async pull(
    endpoint: string,
    listener: (message: Uint8Array) => void | Promise<void>,
  ): Promise<Result<Pull, BindError>> {
    const make = () =>
      new zmq.Pull({
        ...KEEPALIVE,
        ...this.#device,
        receiveHighWaterMark: HIGH_WATER_MARK,
        maxMessageSize: MESSAGE_BYTES_MAX - 1,
      });
    return mapOk(await bindSocket(make, endpoint), (socket) => {
      const pull = new ZmqPull(socket, endpoint, listener, () => this.#open.delete(pull));
      this.#open.add(pull);
      return pull;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#open].map((socket) => socket[Symbol.asyncDispose]()));
  }
}

class ZmqPush implements Push {
  readonly endpoint: string;
  readonly #socket: zmq.Push;
  readonly #closed: () => void;
  readonly #listeners = new Set<() => void>();

  constructor(make: () => zmq.Push, endpoint: string, closed: () => void) {
    this.endpoint = endpoint;
    this.#closed = closed;
    this.#socket = connectSocket(make, endpoint, ({ events }) => {
      events.on("handshake", () => {
        for (const listener of this.#listeners) listener();
      });
    });
  }

  async push(message: Uint8Array): Promise<Result<void, PushError>> {
    if (message.length >= MESSAGE_BYTES_MAX) {
      return err({ kind: "tooLarge", endpoint: this.endpoint, limit: MESSAGE_BYTES_MAX });
    }
    if (this.#socket.closed) return err({ kind: "closed", endpoint: this.endpoint });
    try {
      // With no send timeout the library decides at once, so sends never overlap.
      await this.#socket.send(message);
      return ok();
    } catch (error) {
      if (this.#socket.closed) return err({ kind: "closed", endpoint: this.endpoint });
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      return err({ kind: "full", endpoint: this.endpoint, limit: HIGH_WATER_MARK });
    }
  }

  onConnect(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  [Symbol.asyncDispose](): Promise<void> {
    if (!this.#socket.closed) this.#socket.close();
    this.#closed();
    return Promise.resolve();
  }
}

class ZmqPull implements Pull {
  readonly endpoint: string;
  readonly #socket: zmq.Pull;
  readonly #closed: () => void;
  #closing = false;

  constructor(
    socket: zmq.Pull,
    endpoint: string,
    listener: (message: Uint8Array) => void | Promise<void>,
    closed: () => void,
  ) {
    this.#socket = socket;
    this.#closed = closed;
    // A wildcard port has become a number.
    this.endpoint = socket.lastEndpoint ?? endpoint;
    void this.#receive(listener);
  }

  /** The endpoint is free soon afterwards; whoever binds it here waits for that. Does not wait for a listener that holds back. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    this.#closed();
    this.#socket.close();
  }

  /** One at a time: what the listener has not taken waits in the socket, and beyond its mark at the sender. */
  async #receive(listener: (message: Uint8Array) => void | Promise<void>): Promise<void> {
    while (!this.#closing) {
      const frames = await this.#next();
      const message = frames?.[0];
      // A message is a single frame; the sender of more is no peer of ours.
      if (frames === undefined || message === undefined || frames.length > 1) continue;
      const taken = listener(message);
      if (taken !== undefined) await taken;
    }
  }

  async #next(): Promise<readonly Uint8Array[] | undefined> {
    try {
      return await this.#socket.receive();
    } catch (error) {
      if (this.#closing) return undefined;
      throw error;
    }
  }
}
