import { err, ok, type Result } from "@tandem/base";
import { ChangeSource, type ReaderOptions } from "./change-source.js";
import { type FieldValues, pairsOf } from "./field-values.js";
import { SteadySubscription } from "./steady-subscription.js";
import type { Store } from "./store.js";
import type { ReaderError } from "./table-error.js";

/** A received notification; `data` is the producer's second text, and fields may be none. */
export interface Notification {
  readonly op: string;
  readonly data: string;
  readonly fieldValues: FieldValues;
}

/** Which messages a `NotificationConsumer` keeps, and how many. */
export interface NotificationConsumerOptions extends ReaderOptions<ReaderError> {
  /** `dedupe`: a message that equals one still waiting takes its place at the end. Default `fifo`. */
  readonly queue?: "fifo" | "dedupe";
  /** Ops to keep; others are dropped as they arrive. Default: all. */
  readonly ops?: readonly string[];
  /** Messages that may wait; beyond it the oldest is dropped and reported as `overflow`. */
  readonly limit?: number;
}

const NOTIFICATION_BATCH_DEFAULT = 2048;
const WAITING_MAX_DEFAULT = 16_384;

/** Receives notifications from the moment it is subscribed; what is published while it is not connected is lost. */
export class NotificationConsumer extends ChangeSource<Notification, never, ReaderError> {
  readonly channel: string;
  readonly #subscription: SteadySubscription;
  readonly #limit: number;
  readonly #dedupe: boolean;
  readonly #ops: ReadonlySet<string> | undefined;
  /** Waiting payloads, oldest first, under their number; with `dedupe` under themselves. */
  readonly #waiting = new Map<string | number, string>();
  #number = 0;

  constructor(store: Store, channel: string, options: NotificationConsumerOptions = {}) {
    super(options);
    this.channel = channel;
    this.#limit = options.limit ?? WAITING_MAX_DEFAULT;
    this.#dedupe = options.queue === "dedupe";
    this.#ops = options.ops === undefined ? undefined : new Set(options.ops);
    this.#subscription = new SteadySubscription(
      store,
      this.clock,
      () => store.subscribe(channel, (payload) => this.#receive(payload)),
      { standing: () => {}, failed: (error) => this.report(error) },
    );
  }

  /** True once notifications arrive; false when closed before. Rejects only when `signal` aborts. */
  untilSubscribed(signal?: AbortSignal): Promise<boolean> {
    return this.#subscription.untilStanding(signal);
  }

  /** Whether something waits. */
  peek(): boolean {
    return this.#waiting.size > 0;
  }

  /** The oldest one. */
  pop(): Notification | undefined {
    return this.#take(1)[0];
  }

  override pops(batch = NOTIFICATION_BATCH_DEFAULT): Promise<Result<readonly Notification[], never>> {
    return Promise.resolve(ok(this.#take(batch)));
  }

  protected override release(): Promise<void> {
    return this.#subscription[Symbol.asyncDispose]();
  }

  #receive(payload: string): void {
    if (this.#ops !== undefined && !this.#ops.has(opOf(payload))) return;
    const key = this.#dedupe ? payload : this.#number++;
    this.#waiting.delete(key);
    if (this.#waiting.size >= this.#limit) {
      const [oldest] = this.#waiting.keys();
      if (oldest !== undefined) this.#waiting.delete(oldest);
      this.report({ kind: "overflow", channel: this.channel, limit: this.#limit });
    }
    this.#waiting.set(key, payload);
    this.wake.raise();
  }

  #take(batch: number): Notification[] {
    const taken: Notification[] = [];
    for (const [key, payload] of this.#waiting) {
      if (taken.length >= batch) break;
      this.#waiting.delete(key);
      const notification = decodeNotification(payload);
      if (notification.ok) taken.push(notification.value);
      else {
        const { error: detail } = notification;
        this.report({ kind: "badPayload", channel: this.channel, detail, payload: payload.slice(0, 200) });
      }
    }
    if (this.#waiting.size > 0) this.wake.raise();
    return taken;
  }
}

/** The text between the first `["` and the next `"`, which is how swss-common filters before it parses. */
function opOf(payload: string): string {
  const start = payload.indexOf('["');
  const end = start < 0 ? -1 : payload.indexOf('"', start + 2);
  return end < 0 ? "" : payload.slice(start + 2, end);
}

/** A notification's payload: a JSON array of strings, op and data first. Fails with what was expected. */
export function decodeNotification(payload: string): Result<Notification, string> {
  let list: unknown;
  try {
    list = JSON.parse(payload);
  } catch {
    return err("JSON was expected");
  }
  if (!Array.isArray(list) || !list.every((item): item is string => typeof item === "string")) {
    return err("a JSON array of strings was expected");
  }
  const [op, data] = list;
  if (op === undefined || data === undefined || list.length % 2 === 1) {
    return err("op, data and pairs of field and value were expected");
  }
  return ok({ op, data, fieldValues: pairsOf(list, 2) });
}
