import { err, ok, type Result } from "@tandem/base";
import { MESSAGE_BYTES_MAX } from "../binary-serializer.js";
import type { BindError, Pull, Push, PushError, Sockets } from "../push-pull.js";

type Listener = (message: Uint8Array) => void | Promise<void>;

/**
 * The wires of a simulated world: everybody whose sockets are made on one `MemoryWires` can reach each other. An endpoint
 * bound to host `*` is reached under every host name.
 */
export class MemoryWires {
  /** Messages that a sender holds. */
  readonly limit: number;
  readonly #bound = new Map<string, MemoryPull>();
  readonly #pushes = new Set<MemoryPush>();
  readonly #full = new Set<string>();

  constructor(limit = 10_000) {
    this.limit = limit;
  }

  /** Sockets of one process. Disposing them is that process' death: what it had not sent or read is lost. */
  sockets(): Sockets {
    return new MemorySockets(this);
  }

  /** Cuts the connections to `endpoint`: what is under way is lost, and senders connect again. */
  cut(endpoint: string): void {
    const pull = this.find(endpoint);
    if (pull === undefined) return;
    pull.forget();
    for (const push of this.#pushes) {
      if (this.find(push.endpoint) === pull && !push.notice()) push.connected(pull);
    }
  }

  /**
   * The receiver's host goes without a word, as when it loses power: what senders push from now on is lost, until they learn
   * of it. They do by `notice`, or by pushing to whoever listens there then.
   */
  sever(endpoint: string): void {
    const pull = this.find(endpoint);
    if (pull !== undefined) for (const push of this.#pushes) if (this.find(push.endpoint) === pull) push.sever();
  }

  /** Senders learn that the receiver of `sever` is gone: they connect again as soon as somebody listens. */
  notice(endpoint: string): void {
    for (const push of this.#pushes) if (push.endpoint === endpoint) push.notice();
  }

  /** Senders to `endpoint` hold all that they may, and take nothing more: nobody has read for long. */
  setFull(endpoint: string, full: boolean): void {
    if (full) this.#full.add(endpoint);
    else this.#full.delete(endpoint);
  }

  isFull(endpoint: string): boolean {
    return this.#full.has(endpoint);
  }

  find(endpoint: string): MemoryPull | undefined {
    return this.#bound.get(endpoint) ?? this.#bound.get(endpoint.replace(/^tcp:\/\/.*:/, "tcp://*:"));
  }

  bind(pull: MemoryPull): boolean {
    if (this.#bound.has(pull.endpoint)) return false;
    this.#bound.set(pull.endpoint, pull);
    for (const push of this.#pushes) if (this.find(push.endpoint) === pull) push.connected(pull);
    return true;
  }

  unbind(pull: MemoryPull): void {
    if (this.#bound.get(pull.endpoint) === pull) this.#bound.delete(pull.endpoint);
  }

  attach(push: MemoryPush): void {
    this.#pushes.add(push);
    const pull = this.find(push.endpoint);
    // The caller of `push` has not had the time to listen yet.
    if (pull !== undefined) queueMicrotask(() => push.connected(pull));
  }

  detach(push: MemoryPush): void {
    this.#pushes.delete(push);
  }
}

class MemorySockets implements Sockets {
  readonly #wires: MemoryWires;
  readonly #open = new Set<AsyncDisposable>();

  constructor(wires: MemoryWires) {
    this.#wires = wires;
  }

  push(endpoint: string): Push {
    const push = new MemoryPush(this.#wires, endpoint, () => this.#open.delete(push));
    this.#open.add(push);
    this.#wires.attach(push);
    return push;
  }

  pull(endpoint: string, listener: Listener): Promise<Result<Pull, BindError>> {
    const pull = new MemoryPull(this.#wires, endpoint, listener, () => this.#open.delete(pull));
    if (!this.#wires.bind(pull)) {
      return Promise.resolve(err({ kind: "bindFailed", endpoint, detail: "Address already in use" }));
    }
    this.#open.add(pull);
    return Promise.resolve(ok(pull));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#open].map((socket) => socket[Symbol.asyncDispose]()));
  }
}

class MemoryPush implements Push {
  readonly endpoint: string;
  readonly #wires: MemoryWires;
  readonly #onClose: () => void;
  readonly #listeners = new Set<() => void>();
  #queue: Uint8Array[] = [];
  #closed = false;
  /** Connected to somebody who is gone, without knowing. */
  #severed = false;

  constructor(wires: MemoryWires, endpoint: string, onClose: () => void) {
    this.endpoint = endpoint;
    this.#wires = wires;
    this.#onClose = onClose;
  }

  push(message: Uint8Array): Promise<Result<void, PushError>> {
    const { endpoint } = this;
    const { limit } = this.#wires;
    if (this.#closed) return Promise.resolve(err({ kind: "closed", endpoint }));
    if (message.length >= MESSAGE_BYTES_MAX) {
      return Promise.resolve(err({ kind: "tooLarge", endpoint, limit: MESSAGE_BYTES_MAX }));
    }
    if (this.#queue.length >= limit || this.#wires.isFull(endpoint)) {
      return Promise.resolve(err({ kind: "full", endpoint, limit }));
    }
    if (this.#severed) {
      // Sent into the old connection, which whoever listens now refuses: that is how the sender notices.
      if (this.#wires.find(endpoint) !== undefined) queueMicrotask(() => void this.notice());
      return Promise.resolve(ok());
    }
    this.#queue.push(message.slice());
    this.#wires.find(endpoint)?.offer(this);
    return Promise.resolve(ok());
  }

  onConnect(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  sever(): void {
    this.#severed = true;
    this.#queue = [];
  }

  /** Whether there was something to notice. */
  notice(): boolean {
    if (!this.#severed) return false;
    this.#severed = false;
    const pull = this.#wires.find(this.endpoint);
    if (pull !== undefined) this.connected(pull);
    return true;
  }

  connected(pull: MemoryPull): void {
    if (this.#closed || this.#severed || this.#wires.find(this.endpoint) !== pull) return;
    for (const listener of [...this.#listeners]) listener();
    pull.offer(this);
  }

  /** Everything queued, for the receiver that takes it over. */
  drain(most: number): Uint8Array[] {
    return this.#queue.splice(0, most);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#queue = [];
    this.#wires.detach(this);
    this.#onClose();
    return Promise.resolve();
  }
}

class MemoryPull implements Pull {
  readonly endpoint: string;
  readonly #wires: MemoryWires;
  readonly #listener: Listener;
  readonly #onClose: () => void;
  readonly #waiting = new Set<MemoryPush>();
  #received: Uint8Array[] = [];
  #closed = false;
  #delivering = false;

  constructor(wires: MemoryWires, endpoint: string, listener: Listener, onClose: () => void) {
    this.endpoint = endpoint;
    this.#wires = wires;
    this.#listener = listener;
    this.#onClose = onClose;
  }

  /** `push` has something. */
  offer(push: MemoryPush): void {
    this.#waiting.add(push);
    if (!this.#delivering) void this.#deliver();
  }

  /** What was received and not yet handed out is gone. */
  forget(): void {
    this.#received = [];
  }

  /** Does not wait for a listener that holds back. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.forget();
    this.#wires.unbind(this);
    this.#onClose();
    return Promise.resolve();
  }

  async #deliver(): Promise<void> {
    this.#delivering = true;
    await undefined;
    while (!this.#closed) {
      this.#fill();
      const message = this.#received.shift();
      if (message === undefined) break;
      await this.#listener(message);
    }
    this.#delivering = false;
  }

  /** Takes from the senders in turn, as far as there is room: the rest stays with them and fills them up. */
  #fill(): void {
    for (const push of this.#waiting) {
      const room = this.#wires.limit - this.#received.length;
      if (room <= 0) return;
      const messages = push.drain(room);
      this.#received.push(...messages);
      if (messages.length < room) this.#waiting.delete(push);
    }
  }
}
