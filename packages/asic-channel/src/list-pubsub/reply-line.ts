import { type Clock, err, type Millis, ok, seconds } from "@tandem/base";
import { ConsumerTable, describeTableError, type ProducerTable, type ReaderError, type Store } from "@tandem/swss";
import type { ChannelTrouble } from "../channel-trouble.js";
import { ASIC_OPS } from "../op.js";
import type { AsicReply } from "../reply.js";
import { type AsicRequest, isBarrier } from "../request.js";
import type { RequestLine, Ticket } from "../request-line.js";
import { decodeReply, entryOf, fenceBehind, REPLY_TABLE } from "./wire.js";

/** A wake-up that got lost is repaired by then. */
export const LOOK_EVERY = seconds(1);

interface ReplyLineOptions {
  readonly clock: Clock;
  readonly replyTimeout: Millis;
  readonly onTrouble: (trouble: ChannelTrouble) => void;
}

/**
 * Replies of a channel on which they name no request. As long as every reply has come, the next one is the answer to
 * the request that is out. After one was given up, and at the start, nobody can tell: then a fence goes first, a query
 * whose reply has an op of its own, and what comes before that reply is stale.
 */
export class ReplyLine implements AsyncDisposable {
  readonly #requests: ProducerTable;
  readonly #line: RequestLine;
  readonly #options: ReplyLineOptions;
  readonly #replies: ConsumerTable;
  readonly #closing = new AbortController();
  /** Ops of replies that may still come. Unknown at the start: an earlier client may have left some. */
  #owed: Set<string> | undefined = new Set();
  #fence: { readonly request: AsicRequest; readonly since: Millis } | undefined;
  /** A view change was given up, and may happen at any time. */
  #owesView = false;
  #unreadable: string | undefined;

  constructor(store: Store, requests: ProducerTable, line: RequestLine, options: ReplyLineOptions) {
    this.#requests = requests;
    this.#line = line;
    this.#options = options;
    this.#replies = new ConsumerTable(store, REPLY_TABLE, {
      clock: options.clock,
      modifyRows: false,
      lookEvery: LOOK_EVERY,
      onError: (error) => this.#onError(error),
    });
  }

  get owesView(): boolean {
    return this.#owesView;
  }

  untilSubscribed(signal?: AbortSignal): Promise<boolean> {
    return this.#replies.untilSubscribed(signal);
  }

  /** True once every reply of the past has come, or will be known as stale; false when `ticket` is over before. */
  async catchUp(ticket: Ticket): Promise<boolean> {
    while (this.#owed !== undefined) {
      if (this.#line.isOver(ticket)) return false;
      this.#line.obstacle = "the server has not answered what was sent before";
      await this.#sendFence(this.#owed);
      const op = this.#fence === undefined ? undefined : ASIC_OPS[this.#fence.request.op].reply;
      const limit = op === undefined ? LOOK_EVERY : this.#options.replyTimeout;
      const reply = await this.#next(ticket, (found) => found.op === op, limit);
      if (reply === undefined) continue;
      this.#owed = undefined;
      this.#fence = undefined;
      this.#owesView = false;
    }
    return !this.#line.isOver(ticket);
  }

  /** Waits for the reply to `ticket`, which is in the list, and settles it. */
  async answer(ticket: Ticket): Promise<void> {
    const { reply: op } = ASIC_OPS[ticket.request.op];
    const reply = await this.#next(ticket, (found) => found.op === op);
    if (reply !== undefined) return this.#line.settle(ticket, ok({ kind: "replied", reply }));
    if (this.#unreadable === undefined) {
      this.#owed = new Set([op]);
      this.#owesView ||= isBarrier(ticket.request);
      return;
    }
    this.#line.settle(ticket, err({ kind: "unknown", reason: `the reply cannot be read: ${this.#unreadable}` }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#replies.close();
  }

  /** One fence is out at a time. It goes out again only when its server took it and let it fall. */
  async #sendFence(owed: Set<string>): Promise<void> {
    const { clock, replyTimeout } = this.#options;
    if (this.#fence !== undefined) {
      if (clock.monotonic() - this.#fence.since < replyTimeout) return;
      const waiting = await this.#requests.count();
      if (!waiting.ok || waiting.value > 0) return;
      owed.add(ASIC_OPS[this.#fence.request.op].reply);
    }
    this.#fence = undefined;
    if (!this.#requests.store.connected) return;
    const request = fenceBehind(owed);
    const written = await this.#requests.write([entryOf(request)]);
    if (written.ok) this.#fence = { request, since: clock.monotonic() };
    else if (written.error.kind === "disconnected") owed.add(ASIC_OPS[request.op].reply);
    else this.#line.obstacle = describeTableError(written.error);
  }

  /** The next reply that fits; others are stale. `undefined` when `ticket` is over, the reply unreadable, or after `limit`. */
  async #next(ticket: Ticket, fits: (reply: AsicReply) => boolean, limit?: Millis): Promise<AsicReply | undefined> {
    this.#unreadable = undefined;
    const over = new AbortController();
    this.#line.whenOver(ticket, () => over.abort());
    const timer = limit === undefined ? undefined : this.#options.clock.setTimer(limit, () => over.abort());
    const ended = AbortSignal.any([over.signal, this.#closing.signal]);
    try {
      while (!ended.aborted) {
        const popped = await this.#replies.pops();
        for (const entry of popped.ok ? popped.value : []) {
          const reply = decodeReply(entry);
          if (!reply.ok) this.#malformed(reply.error, `${entry.op} ${entry.key}`);
          else if (fits(reply.value)) return reply.value;
        }
        if (this.#unreadable !== undefined) return undefined;
        await this.#replies.ready(ended).catch(() => false);
      }
      return undefined;
    } finally {
      timer?.cancel();
    }
  }

  #onError(error: ReaderError): void {
    if (error.kind !== "badEntry") {
      this.#options.onTrouble({ kind: "refused", where: REPLY_TABLE, detail: describeTableError(error) });
      return;
    }
    this.#unreadable = error.detail;
    this.#malformed(error.detail, error.entry);
  }

  #malformed(detail: string, found: string): void {
    this.#options.onTrouble({ kind: "malformed", where: REPLY_TABLE, detail, found });
  }
}
