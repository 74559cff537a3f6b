import { type Clock, type Result, seconds, type Timer } from "@tandem/base";
import type { Store, StoreError, Subscription } from "./store.js";
import { WakeUp } from "./wake-up.js";

/** Pause before the next attempt after Redis itself refused. */
export const RETRY_DELAY = seconds(1);

interface SubscriptionEvents {
  /** It stands, or stands again after a reconnect: what was published before is lost, so read everything. */
  standing(): void;
  /** Redis itself refused; it is tried again after a second. */
  failed(error: StoreError): void;
}

/** A subscription that is tried until it stands, and that says when it stood up again. */
export class SteadySubscription implements AsyncDisposable {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #subscribe: () => Promise<Result<Subscription, StoreError>>;
  readonly #events: SubscriptionEvents;
  readonly #stopListening: () => void;
  #subscription: Subscription | undefined;
  #waiters: WakeUp[] = [];
  #retry: Timer | undefined;
  #attempting = false;
  #again = false;
  #closed = false;

  constructor(
    store: Store,
    clock: Clock,
    subscribe: () => Promise<Result<Subscription, StoreError>>,
    events: SubscriptionEvents,
  ) {
    this.#store = store;
    this.#clock = clock;
    this.#subscribe = subscribe;
    this.#events = events;
    this.#stopListening = store.onConnect(() => this.#connected());
    void this.#attempt();
  }

  /** True once the subscription stands; false when it was closed before. Rejects only when `signal` aborts. */
  untilStanding(signal?: AbortSignal): Promise<boolean> {
    if (this.#closed) return Promise.resolve(false);
    if (this.#subscription !== undefined && this.#store.connected) return Promise.resolve(true);
    const waiter = new WakeUp();
    this.#waiters.push(waiter);
    return waiter.wait(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopListening();
    this.#retry?.cancel();
    for (const waiter of this.#waiters.splice(0)) waiter.close();
    await this.#subscription?.close();
  }

  #connected(): void {
    if (this.#subscription !== undefined) this.#stands();
    else if (this.#attempting) this.#again = true;
    else void this.#attempt();
  }

  #stands(): void {
    for (const waiter of this.#waiters.splice(0)) waiter.raise();
    this.#events.standing();
  }

  async #attempt(): Promise<void> {
    this.#attempting = true;
    this.#retry?.cancel();
    do {
      this.#again = false;
      const subscribed = await this.#subscribe();
      if (subscribed.ok) {
        this.#attempting = false;
        if (this.#closed) {
          await subscribed.value.close();
          return;
        }
        this.#subscription = subscribed.value;
        this.#stands();
        return;
      }
      if (this.#closed) return;
      // Without a connection there is nothing to tell: the next one starts it again.
      if (subscribed.error.kind !== "disconnected") {
        this.#events.failed(subscribed.error);
        this.#retry = this.#clock.setTimer(RETRY_DELAY, () => void this.#attempt());
      }
    } while (this.#again);
    this.#attempting = false;
  }
}
