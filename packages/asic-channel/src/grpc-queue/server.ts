import { err, noCrash, ok, type Result, sleep, type Timer } from "@tandem/base";
import { describeStoreError, type Store, type StoreError, type Subscription, untilConnected } from "@tandem/swss";
import type { AsicError, EndError } from "../asic-error.js";
import { type ChannelTrouble, TROUBLE_FOUND_MAX } from "../channel-trouble.js";
import { GrpcChannelServer } from "../grpc/server.js";
import { LOOK_EVERY } from "../list-pubsub/reply-line.js";
import type { AsicNotification } from "../notification.js";
import { DB_DEFAULT } from "../redis/channel-options.js";
import { decodeQueued, isUpTo, markTaken, type QueueEntry, takenUpTo } from "../redis/request-queue.js";
import { Remembered } from "../remembered.js";
import { type AsicReply, SUCCESS } from "../reply.js";
import { askedText } from "../request.js";
import { STATUS } from "../status.js";
import type { AsicHandler, AsicServer, Delivery } from "../transport.js";
import { FALLBACKS, type Fallback, oldestOf, type Waiting } from "./fallback.js";
import type { GrpcQueueServerOptions } from "./options.js";
import { grpcQueueTraits } from "./traits.js";

/** Requests that are looked at together. */
const BATCH = 128;

/** Whatever a client chose is drained. */
const EVERY = Object.values(FALLBACKS);

/** Of all of them. */
const { place: PLACE } = FALLBACKS.stream;

/** More than can be on a connection and not answered when that breaks. */
const REMEMBERED_MAX = 16_384;

/**
 * syncd's end: gRPC for a client that reaches it, and the queue of what was sent while it was away, be that a stream or a
 * list. The queue is drained before the first request of a connection; an entry leaves it when its effect and its rows are
 * there.
 */
export class GrpcQueueServer implements AsicServer {
  readonly traits = grpcQueueTraits();
  readonly #options: GrpcQueueServerOptions;
  readonly #store: Store;
  readonly #grpc: GrpcChannelServer;
  /** Up to where a server before this one took entries: those that are still there may have been executed. */
  readonly #takenBefore: string;
  readonly #remembered = new Remembered(REMEMBERED_MAX);
  readonly #closing = new AbortController();
  readonly #wakeUps: Subscription[] = [];
  #looking: Timer | undefined;
  #waiting = false;

  private constructor(options: GrpcQueueServerOptions, store: Store, grpc: GrpcChannelServer, takenBefore: string) {
    this.#options = options;
    this.#store = store;
    this.#grpc = grpc;
    this.#takenBefore = takenBefore;
  }

  /** Waits for Redis. Rejects only when `signal` aborts. */
  static async open(options: GrpcQueueServerOptions, signal?: AbortSignal): Promise<Result<GrpcQueueServer, EndError>> {
    const db = options.db ?? DB_DEFAULT;
    const opened = options.stores.open({ db });
    if (!opened.ok) return err({ kind: "unusable", reason: `no database ${db}` });
    const store = opened.value;
    const close = async (error: EndError): Promise<Result<never, EndError>> => {
      await store[Symbol.asyncDispose]();
      return err(error);
    };
    try {
      await untilConnected(store, signal);
    } catch (aborted) {
      await store[Symbol.asyncDispose]();
      throw aborted;
    }
    const taken = await takenUpTo(store, PLACE);
    if (!taken.ok) return close({ kind: "unusable", reason: describeStoreError(taken.error) });
    let open: (server: GrpcQueueServer) => void = () => {};
    const ready = new Promise<GrpcQueueServer>((resolve) => {
      open = resolve;
    });
    const grpc = await GrpcChannelServer.open({
      ...options,
      beforeFirst: () => ready.then((server) => server.drain()),
    });
    if (!grpc.ok) return close(grpc.error);
    const server = new GrpcQueueServer(options, store, grpc.value, taken.value);
    await server.#listen();
    open(server);
    return ok(server);
  }

  /** Whether a client holds the channel. */
  get hasClient(): boolean {
    return this.#grpc.hasClient;
  }

  async serve(handler: AsicHandler, signal: AbortSignal): Promise<Result<void, EndError>> {
    this.#drainSoon();
    return this.#grpc.serve(
      {
        rowPrefix: () => handler.rowPrefix(),
        handle: (delivery) => this.#handle(handler, delivery),
      },
      signal,
    );
  }

  notify(notification: AsicNotification): Promise<Result<void, AsicError>> {
    return this.#grpc.notify(notification);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#looking?.cancel();
    await this.#grpc[Symbol.asyncDispose]();
    for (const wakeUp of this.#wakeUps) await wakeUp.close();
    await this.#store[Symbol.asyncDispose]();
  }

  /** Executes what stands in the queue, until nothing does. */
  async drain(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      const waiting = await this.#oldest();
      const last = waiting.at(-1)?.entry;
      if (last === undefined) return;
      (this.#options.crash ?? noCrash).reach("asic.request.taken");
      if ((await this.#persist(PLACE.taken, () => markTaken(this.#store, PLACE, last.position))) === undefined) return;
      for (const each of waiting) if (!(await this.#execute(each))) return;
    }
  }

  /** What is to be executed next; nothing once this end is closed. */
  async #oldest(): Promise<readonly Waiting[]> {
    const looked = new Map<Fallback, readonly QueueEntry[]>();
    for (const fallback of EVERY) {
      const peeked = await this.#persist(fallback.place.queue, () => fallback.peek(this.#store, BATCH));
      if (peeked === undefined) return [];
      looked.set(fallback, peeked.value);
    }
    return oldestOf(looked, BATCH);
  }

  /** False when this end is closed before the entry is done. */
  async #execute(waiting: Waiting): Promise<boolean> {
    const { entry, fallback } = waiting;
    const { position } = entry;
    const decoded = decodeQueued(entry);
    if (!decoded.ok) {
      const found = JSON.stringify([...entry.fields]).slice(0, TROUBLE_FOUND_MAX);
      this.#trouble({ kind: "malformed", where: `${fallback.place.queue} ${position}`, detail: decoded.error, found });
      const refusal: AsicReply = { op: "getresponse", status: STATUS.invalidParameter, fields: [] };
      return this.#finish(waiting, refusal);
    }
    const { id, request, unanswered } = decoded.value;
    const repeated = decoded.value.repeated || isUpTo(position, this.#takenBefore);
    const { desk, taps } = this.#grpc;
    taps.request(id, request);
    const delivery = { request, id: id === "" ? position : id, repeated, unanswered, rowsWritten: false };
    const reply = await desk.execute(delivery, (said) => taps.reply(id, said));
    if (reply === undefined) return false;
    // Who was told that it is accepted must still hear that it is not done.
    if (unanswered && reply.status !== SUCCESS) return this.#finish(waiting, reply, askedText(request));
    return this.#finish(waiting, unanswered ? undefined : reply);
  }

  async #finish({ entry, fallback }: Waiting, reply: AsicReply | undefined, asked?: string): Promise<boolean> {
    const { queue } = fallback.place;
    const finished = await this.#persist(queue, () => fallback.finish(this.#store, entry, reply, asked));
    if (finished === undefined) return false;
    const { crash = noCrash } = this.#options;
    crash.reach("asic.reply.stored");
    crash.reach("asic.request.acked");
    return true;
  }

  /** What was executed in this life is not executed again, whichever way it comes a second time. */
  async #handle(handler: AsicHandler, delivery: Delivery): Promise<AsicReply> {
    const { id } = delivery;
    const known = id === undefined ? undefined : this.#remembered.get(id);
    if (known !== undefined) return known;
    const reply = await handler.handle(delivery);
    if (id !== undefined) this.#remembered.add(id, reply);
    return reply;
  }

  /** Tries until Redis does it, since nothing may pass what waits there; absent once this end is closed. */
  async #persist<T>(
    where: string,
    call: () => Promise<Result<T, StoreError>>,
  ): Promise<{ readonly value: T } | undefined> {
    for (;;) {
      const done = await call();
      if (this.#closing.signal.aborted) return undefined;
      if (done.ok) return { value: done.value };
      const { error } = done;
      if (error.kind !== "disconnected") this.#trouble({ kind: "refused", where, detail: describeStoreError(error) });
      const { signal } = this.#closing;
      await (error.kind === "disconnected"
        ? untilConnected(this.#store, signal)
        : sleep(this.#options.clock, LOOK_EVERY, signal)
      ).catch(() => undefined);
    }
  }

  async #listen(): Promise<void> {
    for (const { place } of EVERY) {
      const wakeUps = await this.#store.subscribe(place.queueChannel, () => this.#drainSoon());
      if (wakeUps.ok) this.#wakeUps.push(wakeUps.value);
    }
    this.#store.onConnect(() => this.#drainSoon());
    this.#look();
  }

  /** A wake-up that got lost is repaired by then. */
  #look(): void {
    this.#looking = this.#options.clock.setTimer(LOOK_EVERY, () => {
      if (this.#closing.signal.aborted) return;
      this.#drainSoon();
      this.#look();
    });
  }

  #drainSoon(): void {
    if (this.#waiting || !this.#store.connected) return;
    this.#waiting = this.#grpc.interleave(async () => {
      this.#waiting = false;
      await this.drain();
    });
  }

  #trouble(trouble: ChannelTrouble): void {
    this.#options.onTrouble?.(trouble);
  }
}
