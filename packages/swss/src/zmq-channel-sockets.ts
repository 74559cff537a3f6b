import { mapOk, type Result } from "@tandem/base";
import * as zmq from "zeromq";
import { bindSocket } from "./bind-socket.js";
import { connectSocket } from "./connect-socket.js";
import type { BindError } from "./push-pull.js";

/** How the sockets of sonic-sairedis' channel are: upstream sets none of these, so libzmq's defaults hold there. */
export interface ChannelSocketOptions {
  /** A longer message ends the connection of whoever sends it. */
  readonly messageBytesMax: number;
  /** Messages that a socket holds in each direction. */
  readonly highWaterMark: number;
  /** How long a closed socket goes on sending, in milliseconds; -1 is for ever. */
  readonly lingerMs: number;
}

/** The asking end of lock-step (ZMQ REQ, connects): one message, one reply. */
export class LockstepClient implements AsyncDisposable {
  readonly #endpoint: string;
  readonly #options: ChannelSocketOptions;
  readonly #onChange: () => void;
  #socket: zmq.Request;
  #connected = false;
  #closed = false;

  /** `onChange` is called whenever `connected` became another. */
  constructor(endpoint: string, options: ChannelSocketOptions, onChange: () => void) {
    this.#endpoint = endpoint;
    this.#options = options;
    this.#onChange = onChange;
    this.#socket = this.#connect();
  }

  /** Whether a connection stands. Without one, what is sent waits in the socket. */
  get connected(): boolean {
    return this.#connected;
  }

  /** Sends, and resolves with the reply; `undefined` when the socket was renewed or closed before. One at a time. */
  async exchange(message: Uint8Array): Promise<Uint8Array | undefined> {
    const socket = this.#socket;
    try {
      await socket.send(message);
      const [reply] = await socket.receive();
      return reply;
    } catch (error) {
      if (socket.closed) return undefined;
      throw error;
    }
  }

  /** Gives up what was sent: a REQ socket that waits for its reply can do nothing else, so another takes its place. */
  renew(): void {
    if (this.#closed) return;
    this.#socket.close();
    this.#set(false);
    this.#socket = this.#connect();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    if (!this.#socket.closed) this.#socket.close();
  }

  #connect(): zmq.Request {
    const { messageBytesMax, highWaterMark, lingerMs } = this.#options;
    const make = () =>
      new zmq.Request({
        linger: lingerMs,
        maxMessageSize: messageBytesMax,
        sendHighWaterMark: highWaterMark,
        receiveHighWaterMark: highWaterMark,
      });
    return connectSocket(make, this.#endpoint, (socket) => {
      socket.events.on("handshake", () => {
        if (socket === this.#socket) this.#set(true);
      });
      socket.events.on("disconnect", () => {
        if (socket === this.#socket) this.#set(false);
      });
    });
  }

  #set(connected: boolean): void {
    if (this.#closed || this.#connected === connected) return;
    this.#connected = connected;
    this.#onChange();
  }
}

/** The answering end of lock-step (ZMQ REP, binds): after each message its reply, and only then the next message. */
export class LockstepServer implements AsyncDisposable {
  readonly #socket: zmq.Reply;
  #closing = false;

  private constructor(socket: zmq.Reply) {
    this.#socket = socket;
  }

  static async bind(endpoint: string, options: ChannelSocketOptions): Promise<Result<LockstepServer, BindError>> {
    const { messageBytesMax, highWaterMark, lingerMs } = options;
    const limits = { sendHighWaterMark: highWaterMark, receiveHighWaterMark: highWaterMark };
    const make = () => new zmq.Reply({ ...limits, linger: lingerMs, maxMessageSize: messageBytesMax });
    return mapOk(await bindSocket(make, endpoint), (socket) => new LockstepServer(socket));
  }

  /** The frames of the next message; `undefined` once this end is closed. */
  async receive(): Promise<readonly Uint8Array[] | undefined> {
    try {
      return await this.#socket.receive();
    } catch (error) {
      if (this.#closing) return undefined;
      throw error;
    }
  }

  /** The reply to what was received last. Resolves when it is in the socket; after a close it is dropped. */
  async send(reply: Uint8Array): Promise<void> {
    try {
      if (!this.#closing) await this.#socket.send(reply);
    } catch (error) {
      if (!this.#closing) throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    this.#socket.close();
  }
}

/** The receiving end of events (ZMQ PULL, binds). */
export class EventPull implements AsyncDisposable {
  readonly #socket: zmq.Pull;

  private constructor(socket: zmq.Pull, listener: (message: Uint8Array) => void | Promise<void>) {
    this.#socket = socket;
    void this.#receive(listener);
  }

  /** `listener` gets each message in order; a promise that it returns holds back the next. */
  static async bind(
    endpoint: string,
    { messageBytesMax, highWaterMark }: ChannelSocketOptions,
    listener: (message: Uint8Array) => void | Promise<void>,
  ): Promise<Result<EventPull, BindError>> {
    const make = () =>
      new zmq.Pull({ receiveHighWaterMark: highWaterMark, maxMessageSize: messageBytesMax, linger: 0 });
    return mapOk(await bindSocket(make, endpoint), (socket) => new EventPull(socket, listener));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#socket.closed) this.#socket.close();
  }

  async #receive(listener: (message: Uint8Array) => void | Promise<void>): Promise<void> {
    while (!this.#socket.closed) {
      try {
        const [message, ...others] = await this.#socket.receive();
        // A message is a single frame; the sender of more is no peer of ours.
        if (message === undefined || others.length > 0) continue;
        const taken = listener(message);
        if (taken !== undefined) await taken;
      } catch (error) {
        if (!this.#socket.closed) throw error;
      }
    }
  }
}

/** The sending end of events (ZMQ PUSH, connects). */
export class EventPush implements AsyncDisposable {
  readonly #socket: zmq.Push;
  #connected = false;

  constructor(endpoint: string, { highWaterMark, lingerMs }: ChannelSocketOptions) {
    const make = () => new zmq.Push({ sendHighWaterMark: highWaterMark, sendTimeout: 0, linger: lingerMs });
    this.#socket = connectSocket(make, endpoint, ({ events }) => {
      events.on("handshake", () => {
        this.#connected = true;
      });
      events.on("disconnect", () => {
        this.#connected = false;
      });
    });
  }

  /** Whether somebody listens. Without, up to the mark of messages wait here. */
  get connected(): boolean {
    return this.#connected && !this.#socket.closed;
  }

  /** False when the high-water mark is reached, or this end is closed. */
  async push(message: Uint8Array): Promise<boolean> {
    try {
      // With no send timeout the library decides at once.
      await this.#socket.send(message);
      return true;
    } catch (error) {
      if (this.#socket.closed || (error as NodeJS.ErrnoException).code === "EAGAIN") return false;
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#socket.closed) this.#socket.close();
  }
}
