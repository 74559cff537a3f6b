import { type Json, jsonEqual } from "@tandem/base";
import { type ServicePath, SwbusErrorCode } from "@tandem/swbus/edge";
import type { AnyStatePort } from "./define-actor.js";
import type { Post } from "./wants.js";

interface Subscriber {
  readonly path: ServicePath;
}

/** The state that one actor publishes, and those who registered for it. */
export class Publisher {
  readonly #port: AnyStatePort;
  readonly #actorPath: ServicePath;
  readonly #post: Post;
  readonly #subscribers = new Map<string, Subscriber>();
  /** What a step wants published, raw and encoded. */
  #state: unknown;
  #desired: Json | undefined;
  /** What went out: all rows of its step were acknowledged. */
  #released: Json | undefined;

  constructor(port: AnyStatePort, actorPath: ServicePath, post: Post) {
    this.#port = port;
    this.#actorPath = actorPath;
    this.#post = post;
  }

  get port(): AnyStatePort {
    return this.#port;
  }

  /** What went out last. */
  get released(): Json | undefined {
    return this.#released;
  }

  /** What the last step wants published. */
  get desired(): Json | undefined {
    return this.#desired;
  }

  /** Those who registered. */
  get size(): number {
    return this.#subscribers.size;
  }

  get subscribers(): readonly ServicePath[] {
    return [...this.#subscribers.values()].map(({ path }) => path);
  }

  /** Takes over what a step publishes. Returns whether it is new. */
  update(state: unknown): boolean {
    if (state === this.#state && (state === undefined) === (this.#desired === undefined)) return false;
    this.#state = state;
    const encoded = state === undefined ? undefined : this.#port.encode(state);
    if (encoded === undefined ? this.#desired === undefined : jsonEqual(encoded, this.#desired)) return false;
    this.#desired = encoded;
    return encoded !== undefined;
  }

  /** All rows of the step are acknowledged: what it publishes goes out, if it is new. */
  release(): void {
    if (this.#desired === this.#released) return;
    this.#released = this.#desired;
    if (this.#released === undefined) return;
    for (const subscriber of this.#subscribers.values()) this.#send(subscriber, this.#released, "message");
  }

  /** A registration: each is answered with the state that is out. */
  register(path: ServicePath, active: boolean): void {
    if (!active) {
      this.#subscribers.delete(path.key);
      return;
    }
    const subscriber: Subscriber = { path };
    this.#subscribers.set(path.key, subscriber);
    if (this.#released !== undefined) this.#send(subscriber, this.#released, "message");
  }

  /** The actor goes: whoever registered hears it once, if the definition has words for it. */
  farewell(words: ((last: unknown) => unknown) | undefined): void {
    const last = this.#state;
    const spoken = this.#released !== undefined;
    this.#state = undefined;
    this.#desired = undefined;
    this.#released = undefined;
    if (words === undefined || !spoken || last === undefined) return;
    const data = this.#port.encode(words(last));
    for (const subscriber of this.#subscribers.values()) this.#send(subscriber, data, "goodbye");
  }

  #send(subscriber: Subscriber, data: Json, purpose: "message" | "goodbye"): void {
    const { path } = subscriber;
    // A subscriber of this process that is gone registers again when it comes back. One behind the bus may only have
    // become unreachable, and does not know it: it is tried until it answers.
    const local = path.servicePrefix === this.#actorPath.servicePrefix;
    this.#post({
      destination: path,
      key: `${this.#port.update}|${this.#actorPath.resourceId}`,
      data,
      purpose: local && purpose === "message" ? "state" : purpose,
      onSettled: ({ code }) => {
        if (code === SwbusErrorCode.NO_ROUTE) this.#forget(subscriber);
      },
    });
  }

  #forget(subscriber: Subscriber): void {
    if (this.#subscribers.get(subscriber.path.key) === subscriber) this.#subscribers.delete(subscriber.path.key);
  }
}
