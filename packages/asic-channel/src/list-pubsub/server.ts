import { err, noCrash, ok, type Result } from "@tandem/base";
import {
  ConsumerTable,
  describeTableError,
  NotificationConsumer,
  NotificationProducer,
  ProducerTable,
  type QueuedChange,
  type ReaderError,
  type Store,
  untilConnected,
} from "@tandem/swss";
import type { AsicError, EndError } from "../asic-error.js";
import { type ChannelTrouble, TROUBLE_FOUND_MAX } from "../channel-trouble.js";
import type { AsicNotification } from "../notification.js";
import { ASIC_OPS, isAnswered, isAsicOp } from "../op.js";
import { DB_DEFAULT, type RedisChannelOptions } from "../redis/channel-options.js";
import { EndClaim } from "../redis/end-claim.js";
import { type AsicReply, FAILURE, replyTo } from "../reply.js";
import { describeRequestFault } from "../request.js";
import type { AsicHandler, AsicServer } from "../transport.js";
import { LOOK_EVERY } from "./reply-line.js";
import { listPubsubTraits } from "./traits.js";
import {
  channelName,
  decodeRequest,
  opOfEntry,
  ownerKey,
  REPLY_TABLE,
  REQUEST_TABLE,
  type RestartKind,
  restartKindOf,
  writesRows,
} from "./wire.js";

/** What syncd answers to a request that is none. */
const INVALID = "SAI_STATUS_INVALID_PARAMETER";

export interface ListPubsubServerOptions extends RedisChannelOptions {
  /** syncd is asked to stop, over `RESTARTQUERY`. */
  readonly onRestartQuery?: (kind: RestartKind) => void;
  /** The requests go on to another server, which writes their rows: async mode does not write them as it pops. */
  readonly leavesRows?: boolean;
}

/** syncd's end of upstream's channel. What it has popped is gone from Redis: if it dies then, those requests are lost. */
export class ListPubsubServer implements AsicServer {
  readonly traits = listPubsubTraits();
  readonly #options: ListPubsubServerOptions;
  readonly #store: Store;
  readonly #claim: EndClaim;
  readonly #replies: ProducerTable;
  readonly #events: NotificationProducer;
  readonly #stops: NotificationConsumer;
  /** Answers that are owed for entries nobody could read. */
  #unreadable: AsicReply[] = [];
  /** The last pop has written the rows of what it took. */
  #writesRows = false;
  #closed = false;

  private constructor(options: ListPubsubServerOptions, store: Store, claim: EndClaim) {
    this.#options = options;
    this.#store = store;
    this.#claim = claim;
    this.#replies = new ProducerTable(store, REPLY_TABLE);
    this.#events = new NotificationProducer(store, channelName(store.db.name, "NOTIFICATIONS"));
    const stops = channelName(store.db.name, "RESTARTQUERY");
    this.#stops = new NotificationConsumer(store, stops, { clock: options.clock });
    void this.#hearStops();
  }

  /** Waits for Redis. Rejects only when `signal` aborts. */
  static async open(
    options: ListPubsubServerOptions,
    signal?: AbortSignal,
  ): Promise<Result<ListPubsubServer, EndError>> {
    const opened = options.stores.open({ db: options.db ?? DB_DEFAULT });
    if (!opened.ok) return err({ kind: "unusable", reason: `no database ${options.db ?? DB_DEFAULT}` });
    const store = opened.value;
    try {
      await untilConnected(store, signal);
      const claim = await EndClaim.take(store, ownerKey("server"), options.owner);
      if (claim.ok) return ok(new ListPubsubServer(options, store, claim.value));
      await store[Symbol.asyncDispose]();
      return claim;
    } catch (aborted) {
      await store[Symbol.asyncDispose]();
      throw aborted;
    }
  }

  async serve(handler: AsicHandler, signal: AbortSignal): Promise<Result<void, EndError>> {
    const { clock } = this.#options;
    const ended = AbortSignal.any([signal, this.#claim.lost]);
    await using requests = new ConsumerTable(this.#store, REQUEST_TABLE, {
      clock,
      modifyRows: () => this.#asksForRows(handler),
      rowPrefix: () => handler.rowPrefix(),
      lookEvery: LOOK_EVERY,
      onError: (error) => this.#onError(error),
    });
    while (!ended.aborted) {
      const popped = await requests.pops();
      if (!popped.ok) this.#onError(popped.error);
      const entries = popped.ok ? popped.value : [];
      if (entries.length > 0) this.#reach("asic.request.taken");
      for (const reply of this.#unreadable.splice(0)) await this.#reply(reply);
      // Popped requests are in no other place any more: all of them are finished, as upstream does.
      for (const entry of entries) await this.#execute(handler, entry);
      if (entries.length === 0) await requests.ready(ended).catch(() => false);
    }
    return this.#claim.lost.aborted ? err(this.#claim.lost.reason as EndError) : ok();
  }

  async notify({ name, data, fields }: AsicNotification): Promise<Result<void, AsicError>> {
    if (this.#closed) return err({ kind: "closed" });
    const sent = await this.#events.send(name, data, fields);
    if (sent.ok) return ok();
    const reason = describeTableError(sent.error);
    return err(sent.error.kind === "disconnected" ? { kind: "unknown", reason } : { kind: "refused", reason });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#stops.close();
    await this.#claim[Symbol.asyncDispose]();
    await this.#store[Symbol.asyncDispose]();
  }

  /** Asked at each pop, for all that it takes. */
  #asksForRows(handler: AsicHandler): boolean {
    const { mode, leavesRows } = this.#options;
    this.#writesRows = mode === "async" && leavesRows !== true && handler.takesRows?.() !== false;
    return this.#writesRows;
  }

  async #execute(handler: AsicHandler, entry: QueuedChange): Promise<void> {
    const { mode } = this.#options;
    const request = decodeRequest(entry);
    if (!request.ok) {
      const detail = describeRequestFault(request.error);
      this.#trouble({ kind: "malformed", where: REQUEST_TABLE, detail, found: `${entry.op} ${entry.key}` });
      if (entry.key !== "" && (isAsicOp(entry.op) ? isAnswered(entry.op, mode) : mode === "sync"))
        await this.#reply(refusalTo(entry.op));
      return;
    }
    const unanswered = !isAnswered(request.value.op, mode);
    const rowsWritten = this.#writesRows && writesRows(request.value.op);
    const reply = await handler.handle({
      request: request.value,
      id: undefined,
      repeated: false,
      unanswered,
      rowsWritten,
    });
    if (!unanswered) await this.#reply(reply);
  }

  /** A reply of which nobody knows whether it arrived is not sent again: its client would take it for the next one. */
  async #reply(reply: AsicReply): Promise<void> {
    await untilConnected(this.#store, this.#claim.lost).catch(() => undefined);
    const sent = await this.#replies.set(reply.status, reply.fields, reply.op);
    if (sent.ok) return this.#reach("asic.reply.stored");
    const detail = describeTableError(sent.error);
    this.#trouble({ kind: "replyLost", detail });
    if (sent.error.kind === "invalidChange") await this.#replies.set(FAILURE, [], reply.op);
  }

  async #hearStops(): Promise<void> {
    for await (const stops of this.#stops)
      for (const { op } of stops) this.#options.onRestartQuery?.(restartKindOf(op));
  }

  #onError(error: ReaderError): void {
    if (error.kind === "disconnected") return;
    if (error.kind !== "badEntry") {
      this.#trouble({ kind: "refused", where: REQUEST_TABLE, detail: describeTableError(error) });
      return;
    }
    const { detail, entry } = error;
    this.#trouble({ kind: "malformed", where: REQUEST_TABLE, detail, found: entry.slice(0, TROUBLE_FOUND_MAX) });
    const { op, answered } = opOfEntry(entry, this.#options.mode);
    if (answered) this.#unreadable.push(refusalTo(op));
  }

  #trouble(trouble: ChannelTrouble): void {
    this.#options.onTrouble?.(trouble);
  }

  #reach(point: "asic.request.taken" | "asic.reply.stored"): void {
    (this.#options.crash ?? noCrash).reach(point);
  }
}

function refusalTo(op: string): AsicReply {
  return isAsicOp(op) ? replyTo(op, INVALID) : { op: ASIC_OPS.create.reply, status: INVALID, fields: [] };
}
