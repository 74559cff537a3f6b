import { err, noCrash, ok, type Result } from "@tandem/base";
import { describeStoreError, type Store, type StoreError, untilConnected } from "@tandem/swss";
import type { AsicError, EndError } from "../asic-error.js";
import { type ChannelTrouble, TROUBLE_FOUND_MAX } from "../channel-trouble.js";
import type { AsicNotification } from "../notification.js";
import { isAnswered } from "../op.js";
import { DB_DEFAULT, type RedisChannelOptions } from "../redis/channel-options.js";
import { EndClaim } from "../redis/end-claim.js";
import { orAborted } from "../redis/or-aborted.js";
import { Remembered } from "../remembered.js";
import { type AsicReply, SUCCESS } from "../reply.js";
import { STATUS } from "../status.js";
import type { AsicHandler, AsicServer } from "../transport.js";
import { Finisher } from "./finisher.js";
import { RequestReader } from "./request-reader.js";
import { publish } from "./scripts.js";
import { KEEP_DEFAULT, streamsTraits } from "./traits.js";
import { decodeRequest, ownerKey, REQUEST_STREAM, type StreamEntry } from "./wire.js";

/** Requests whose replies a server remembers, for when Redis forgets that they were done. */
const REMEMBERED_MAX = 4096;

export interface StreamsServerOptions extends RedisChannelOptions {
  /** Entries of both streams that stay when everybody has them. Default 20,000. */
  readonly keep?: number;
}

/** syncd's end of the stream transport: a request is let go after its effect, its rows and its reply. */
export class StreamsServer implements AsicServer {
  readonly traits = streamsTraits();
  readonly #options: StreamsServerOptions;
  readonly #store: Store;
  /** Of its own, since reads block. */
  readonly #reading: Store;
  readonly #claim: EndClaim;
  readonly #remembered = new Remembered(REMEMBERED_MAX);
  #closed = false;

  private constructor(options: StreamsServerOptions, store: Store, reading: Store, claim: EndClaim) {
    this.#options = options;
    this.#store = store;
    this.#reading = reading;
    this.#claim = claim;
  }

  /** Waits for Redis. Rejects only when `signal` aborts. */
  static async open(options: StreamsServerOptions, signal?: AbortSignal): Promise<Result<StreamsServer, EndError>> {
    const db = options.db ?? DB_DEFAULT;
    const opened = options.stores.open({ db });
    const reading = options.stores.open({ db, own: true });
    if (!opened.ok || !reading.ok) return err({ kind: "unusable", reason: `no database ${db}` });
    try {
      await Promise.all([untilConnected(opened.value, signal), untilConnected(reading.value, signal)]);
      const claim = await EndClaim.take(opened.value, ownerKey("server"), options.owner);
      if (claim.ok) return ok(new StreamsServer(options, opened.value, reading.value, claim.value));
      await Promise.all([opened.value[Symbol.asyncDispose](), reading.value[Symbol.asyncDispose]()]);
      return claim;
    } catch (aborted) {
      await Promise.all([opened.value[Symbol.asyncDispose](), reading.value[Symbol.asyncDispose]()]);
      throw aborted;
    }
  }

  async serve(handler: AsicHandler, signal: AbortSignal): Promise<Result<void, EndError>> {
    const { crash = noCrash } = this.#options;
    const ended = AbortSignal.any([signal, this.#claim.lost]);
    const reader = new RequestReader(this.#reading, this.#claim.bothDied);
    const finisher = new Finisher(this.#store, { ...this.#facts(), crash }, () => reader.pause());
    let refused = false;
    while (!ended.aborted) {
      // A read that waits is left behind when the server is to stop; what it takes after that is pending.
      const read = await orAborted(reader.next(), ended);
      if (read === undefined) break;
      if (read.ok) {
        if (read.value.length > 0) crash.reach("asic.request.taken");
        for (const entry of read.value) {
          if (ended.aborted) break;
          await this.#execute(handler, entry, reader.isInherited(entry.position), finisher, this.#claim.lost);
        }
      } else await this.#untilReadable(read.error, reader, refused, ended);
      refused = !read.ok && read.error.kind === "refused";
      finisher.kick(this.#claim.lost);
    }
    if (this.#store.connected) await finisher.flush();
    return this.#claim.lost.aborted ? err(this.#claim.lost.reason as EndError) : ok();
  }

  async notify(notification: AsicNotification): Promise<Result<void, AsicError>> {
    if (this.#closed) return err({ kind: "closed" });
    const published = await publish(this.#store, this.#facts().keep, notification);
    if (published.ok) return ok();
    const reason = describeStoreError(published.error);
    return err(published.error.kind === "disconnected" ? { kind: "unknown", reason } : { kind: "refused", reason });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#claim[Symbol.asyncDispose]();
    await this.#reading[Symbol.asyncDispose]();
    await this.#store[Symbol.asyncDispose]();
  }

  async #execute(
    handler: AsicHandler,
    { position, fields }: StreamEntry,
    inherited: boolean,
    finisher: Finisher,
    signal: AbortSignal,
  ): Promise<void> {
    if (fields === undefined) {
      this.#trouble({ kind: "missed", where: REQUEST_STREAM, until: position });
      return finisher.add({ position, size: "", id: undefined, reply: undefined }, signal);
    }
    const decoded = decodeRequest(fields);
    if (!decoded.ok) {
      const found = JSON.stringify([...fields]).slice(0, TROUBLE_FOUND_MAX);
      this.#trouble({ kind: "malformed", where: `${REQUEST_STREAM} ${position}`, detail: decoded.error, found });
      const id = fields.get("id");
      const reply: AsicReply = { op: "getresponse", status: STATUS.invalidParameter, fields: [] };
      const size = fields.get("size") ?? "";
      return finisher.add({ position, size, id, reply: id === undefined ? undefined : reply }, signal);
    }
    const { id, size, request } = decoded.value;
    const unanswered = !isAnswered(request.op, this.#options.mode);
    const known = id === undefined ? undefined : this.#remembered.get(id);
    const reply =
      known ??
      (await handler.handle({ request, id: id ?? position, repeated: inherited, unanswered, rowsWritten: false }));
    if (id !== undefined) this.#remembered.add(id, reply);
    // Who was told that it is accepted must still hear that it is not done.
    const refused = unanswered && reply.status !== SUCCESS;
    await finisher.add(
      { position, size, id, reply: unanswered && !refused ? undefined : reply, asked: refused ? request : undefined },
      signal,
    );
  }

  async #untilReadable(error: StoreError, reader: RequestReader, told: boolean, signal: AbortSignal): Promise<void> {
    await untilConnected(this.#reading, signal).catch(() => undefined);
    if (error.kind === "disconnected") return;
    if (!told) this.#trouble({ kind: "refused", where: REQUEST_STREAM, detail: describeStoreError(error) });
    await reader.pause();
  }

  #facts(): { readonly keep: number; readonly onTrouble: (trouble: ChannelTrouble) => void } {
    return { keep: this.#options.keep ?? KEEP_DEFAULT, onTrouble: (trouble) => this.#trouble(trouble) };
  }

  #trouble(trouble: ChannelTrouble): void {
    this.#options.onTrouble?.(trouble);
  }
}
