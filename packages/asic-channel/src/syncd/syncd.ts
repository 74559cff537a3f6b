import { err, ok, type Result } from "@tandem/base";
import type { AsicNotification } from "../notification.js";
import { type AsicReply, FAILURE, replyTo, SUCCESS } from "../reply.js";
import { checkRequest } from "../request.js";
import { STATUS } from "../status.js";
import type { AsicHandler, Delivery } from "../transport.js";
import type { AsicEvent } from "../virtual-asic/call.js";
import { boot, type StartType } from "./boot.js";
import { change } from "./change.js";
import { collect } from "./collect.js";
import { differences } from "./drift.js";
import { flush } from "./flush.js";
import { type Intent, parseIntent } from "./journal.js";
import { INTENT } from "./names.js";
import { isBulk, isChange } from "./operation.js";
import { bulkGet, get, query, stats } from "./reading.js";
import { restoreLost } from "./restore.js";
import { deleteRow, writeRow } from "./rows.js";
import { Session, type SessionOptions } from "./session.js";
import { applyView, initView } from "./view-switch.js";

export interface SyncdOptions extends SessionOptions {
  readonly start: StartType;
}

/**
 * What executes the requests of one ASIC, one at a time: the reference server behind every transport.
 *
 * A request with an effect leaves an intent before it and its reply after it, in the same MULTI as its rows. So a crash
 * repeats nothing and loses nothing that was begun: the next life finishes the intent, and a request with an id that
 * comes again gets the reply that it had.
 */
export class Syncd implements AsicHandler, AsyncDisposable {
  readonly #session: Session;
  readonly #listeners = new Set<(notification: AsicNotification) => void>();
  #last: Promise<unknown> = Promise.resolve();
  #seenInit = false;
  #unlisten: () => void = () => {};

  private constructor(session: Session) {
    this.#session = session;
  }

  /** Boots or takes over the ASIC, and finishes what an earlier life began. The error is one line. */
  static async open(options: SyncdOptions): Promise<Result<Syncd, string>> {
    const session = new Session(options);
    const booted = await boot(session, options.start);
    if (!booted.ok) return booted;
    const syncd = new Syncd(session);
    const recovered = await syncd.#recover();
    if (!recovered.ok) return recovered;
    syncd.#unlisten = options.store.onConnect(() => void syncd.#inTurn(() => syncd.#restore()));
    options.asic.onEvent((event) => void syncd.#inTurn(() => syncd.#tell(event)));
    return ok(syncd);
  }

  /** Why it executes nothing any more: the ASIC is gone, or between two views. */
  get broken(): string | undefined {
    return this.#session.broken;
  }

  rowPrefix(): "" | "TEMP_" {
    return this.#session.prefix;
  }

  /** Events of the ASIC, in the channel's ids. Returns the unsubscriber. */
  onNotification(listener: (notification: AsicNotification) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  handle(delivery: Delivery): Promise<AsicReply> {
    return this.#inTurn(async () => {
      const { id, request } = delivery;
      const settled = id === undefined ? undefined : this.#session.settled.get(id);
      if (settled !== undefined) {
        this.#session.emit({ kind: "repeated", op: request.op });
        return settled;
      }
      const reply = await this.#execute({ id, request, rowsWritten: delivery.rowsWritten }, false);
      this.#session.emit({ kind: "request", op: request.op, status: reply.status });
      return reply;
    });
  }

  /** Resolves when what was taken before is done. */
  idle(): Promise<void> {
    return this.#inTurn(async () => {});
  }

  /** Finishes what it was given; rows and ASIC stay as they are. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#unlisten();
    await this.idle();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #execute(intent: Intent, recovering: boolean): Promise<AsicReply> {
    const session = this.#session;
    const { op, key, fields } = intent.request;
    if (session.broken !== undefined) return refusal(intent, FAILURE);
    if (!checkRequest(op, key, fields).ok) return refusal(intent, STATUS.invalidParameter);
    if (isChange(op)) {
      const perform = session.view === "init" ? collect : change;
      return perform(session, intent, recovering);
    }
    switch (op) {
      case "get":
        return get(session, intent.request);
      case "bulkget":
        return bulkGet(session, intent.request);
      case "get_stats":
      case "clear_stats":
        return stats(session, intent.request);
      case "flush":
        return flush(session, intent, recovering);
      case "notify":
        return this.#notify(intent, recovering);
      case "attribute_capability_query":
      case "attr_enum_values_capability_query":
      case "object_type_get_availability_query":
      case "stats_capability_query":
      case "stats_st_capability_query":
        return query(session, intent.request);
      default:
        // Counters are polled elsewhere, and no port here flaps.
        return replyTo(op, "SAI_STATUS_NOT_IMPLEMENTED");
    }
  }

  async #notify(intent: Intent, recovering: boolean): Promise<AsicReply> {
    const { op, key } = intent.request;
    if (key === "INIT_VIEW") {
      const reply = await initView(this.#session, intent, this.#seenInit);
      if (reply.status === SUCCESS) this.#seenInit = true;
      return reply;
    }
    if (key === "APPLY_VIEW") {
      const reply = await applyView(this.#session, intent, recovering);
      this.#seenInit = false;
      if (this.#session.broken !== undefined) this.#shutdownRequest();
      return reply;
    }
    if (key === "SYNCD_INVOKE_DUMP") {
      const dumped = await this.#session.ask({ call: "dump" });
      return replyTo(op, dumped?.status ?? FAILURE);
    }
    const found = await differences(this.#session);
    if (!found.ok) return replyTo(op, FAILURE);
    for (const { text } of found.value.findings) this.#session.emit({ kind: "warning", text });
    return replyTo(op, found.value.findings.length === 0 ? SUCCESS : FAILURE);
  }

  async #recover(): Promise<Result<void, string>> {
    const text = await this.#session.read(["GET", INTENT]);
    if (!text.ok) return text;
    if (text.value === null) return ok();
    const intent = parseIntent(String(text.value));
    if (intent === undefined) {
      this.#session.emit({ kind: "warning", text: `${INTENT} is none of ours: it is dropped` });
      const dropped = await this.#session.commit([["DEL", INTENT]]);
      return dropped.ok ? ok() : err("ASIC_DB takes no writes");
    }
    const { op, key } = intent.request;
    const reply = await this.#execute(intent, true);
    this.#session.emit({ kind: "recovered", op, key, status: reply.status });
    return this.#session.broken === undefined ? ok() : err(this.#session.broken);
  }

  async #restore(): Promise<void> {
    const restored = await restoreLost(this.#session);
    if (!restored.ok) this.#session.emit({ kind: "rowsRefused", why: restored.error });
  }

  /** An event in the channel's ids; learnt addresses have rows. */
  async #tell({ name, data }: AsicEvent): Promise<void> {
    const session = this.#session;
    const translated = session.map.valueToChannel(data);
    if (translated === undefined) {
      session.emit({ kind: "warning", text: `${name} names an object that the channel has no id for: not told` });
      return;
    }
    if (name === "fdb_event") await session.begin(fdbRows(translated));
    for (const listener of this.#listeners) listener({ name, data: translated, fields: [] });
  }

  #shutdownRequest(): void {
    const known = [...this.#session.switches].filter((vid) => this.#session.map.rid(vid) !== undefined);
    for (const vid of known.length > 0 ? known : ["oid:0x0"]) {
      const notification = { name: "switch_shutdown_request", data: JSON.stringify({ switch_id: vid }), fields: [] };
      for (const listener of this.#listeners) listener(notification);
    }
  }
}

function refusal({ request }: Intent, status: string): AsicReply {
  const { op, fields } = request;
  return isBulk(op)
    ? replyTo(
        op,
        STATUS.failure,
        fields.map(() => [status, ""]),
      )
    : replyTo(op, status);
}

interface FdbEvent {
  readonly fdb_entry: string;
  readonly fdb_event: string;
  readonly list: readonly { readonly id: string; readonly value: string }[];
}

function fdbRows(data: string) {
  const events = JSON.parse(data) as readonly FdbEvent[];
  return events.map(({ fdb_entry: id, fdb_event: event, list }) => {
    const key = { type: "SAI_OBJECT_TYPE_FDB_ENTRY", id };
    if (!event.endsWith("LEARNED")) return deleteRow("", key);
    return writeRow(
      "",
      key,
      list.map(({ id: name, value }) => [name, value] as const),
    );
  });
}
