import { BoundedQueue, type Clock, err, type Millis, ok, type Result, type Timer } from "@tandem/base";
import type { SwbusErrorCode } from "../gen/swbus_pb.js";
import { TTL_NEW } from "../message.js";
import type { ServicePath } from "../service-path.js";
import type { EdgeRuntime } from "./edge-runtime.js";
import { newMessage } from "./messages.js";
import type { EdgeBody, EdgeMessage, ResponseContent, SendError } from "./types.js";

/** Answers to one request that may wait for their reader; a request has few. */
const ANSWERS_MAX = 256;

export interface Response {
  readonly source: ServicePath;
  readonly ttl: number;
  readonly code: SwbusErrorCode;
  readonly text: string;
  readonly content?: ResponseContent;
  /** Since the request was sent. */
  readonly elapsed: Millis;
}

/** Why there is no response. */
export type RequestError =
  | { readonly kind: "timeout"; readonly limit: Millis }
  | { readonly kind: "notSent"; readonly error: SendError };

export interface RequestOptions {
  readonly timeout: Millis;
  readonly ttl?: number;
}

/** Asks and waits: a path of its own on an edge, that takes the answers to what it sent. */
export class SimpleClient implements Disposable {
  readonly #pending = new Map<bigint, Answers>();
  readonly #unregister: () => void;

  /** `path` must belong to the edge's service. */
  constructor(
    readonly edge: EdgeRuntime,
    readonly path: ServicePath,
    readonly clock: Clock,
  ) {
    this.#unregister = edge.register(path, "public", (message) => this.#take(message));
  }

  /** One request, its first answer. */
  async request(
    destination: ServicePath,
    body: EdgeBody,
    options: RequestOptions,
  ): Promise<Result<Response, RequestError>> {
    using answers = this.open(destination, body, options.ttl);
    return await answers.next(options.timeout);
  }

  /** One request, as many answers as come (trace-route) until it is disposed of. */
  open(destination: ServicePath, body: EdgeBody, ttl: number = TTL_NEW): Answers {
    const id = this.edge.newId();
    const answers = new Answers(this.clock, () => this.#pending.delete(id));
    this.#pending.set(id, answers);
    const sent = this.edge.send({ ...newMessage(id, this.path, destination, body), ttl });
    if (!sent.ok) answers.failed(sent.error);
    return answers;
  }

  [Symbol.dispose](): void {
    this.#unregister();
    for (const answers of [...this.#pending.values()]) answers[Symbol.dispose]();
  }

  /** Others' answers, and requests, are not for us: a tool serves nothing. */
  #take({ body, source, ttl }: EdgeMessage): boolean {
    if (body.kind !== "response") return true;
    const { code, text, content } = body;
    this.#pending.get(body.requestId)?.push({ source, ttl, code, text, ...(content !== undefined && { content }) });
    return true;
  }
}

/** The answers to one request, in order of arrival. */
export class Answers implements Disposable {
  readonly #queue = new BoundedQueue<Response>(ANSWERS_MAX);
  readonly #began: Millis;
  #error: SendError | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly forget: () => void,
  ) {
    this.#began = clock.monotonic();
  }

  failed(error: SendError): void {
    this.#error = error;
  }

  /** Beyond the bound the rest is not kept. */
  push(response: Omit<Response, "elapsed">): void {
    void this.#queue.tryPush({ ...response, elapsed: (this.clock.monotonic() - this.#began) as Millis });
  }

  /** The next answer; one reader at a time. After `timeout` a later call may still get one. */
  async next(timeout: Millis): Promise<Result<Response, RequestError>> {
    if (this.#error !== undefined) return err({ kind: "notSent", error: this.#error });
    const ready = this.#queue.tryShift();
    if (ready !== undefined) return ok(ready);
    let timer: Timer | undefined;
    const expired = new Promise<undefined>((resolve) => {
      timer = this.clock.setTimer(timeout, () => resolve(undefined));
    });
    const waiting = this.#waiting ?? this.#queue.shift();
    this.#waiting = waiting;
    const response = await Promise.race([waiting, expired]);
    timer?.cancel();
    if (response === undefined) return err({ kind: "timeout", limit: timeout });
    this.#waiting = undefined;
    return ok(response);
  }

  /** A read that a timeout left behind; the next one takes it over, so that no answer is lost. */
  #waiting: Promise<Response | undefined> | undefined;

  [Symbol.dispose](): void {
    this.forget();
    this.#queue.close();
  }
}
