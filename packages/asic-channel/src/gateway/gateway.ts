import { type Clock, millis, type Result, seconds, sleep, untilAborted } from "@tandem/base";
import type { AsicError, EndError } from "../asic-error.js";
import type { AsicNotification } from "../notification.js";
import { type AsicReply, FAILURE, replyTo, SUCCESS } from "../reply.js";
import {
  type AsicAnswer,
  type AsicClient,
  type AsicHandler,
  type AsicServer,
  type Delivery,
  REPLY_TIMEOUT_DEFAULT,
} from "../transport.js";
import type { GatewayEvent } from "./gateway-event.js";
import { mayGoAgain, settleRepeated, statusOf } from "./outcome.js";

/** Pause before a request or an event that was not taken is offered again. */
export const AGAIN_AFTER = millis(200);
/** Times that an event is offered to a client in front. */
const OFFERS_MAX = 50;
/** From the wish to stop until the request in hand is given up. */
export const GRACE = seconds(5);

export interface GatewayOptions {
  /** Where orchagent comes in: a gateway is its syncd. */
  readonly front: AsicServer;
  /** Where requests go: a gateway is syncd's orchagent. */
  readonly back: AsicClient;
  readonly clock: Clock;
  readonly onEvent?: (event: GatewayEvent) => void;
}

/**
 * Passes requests on in order, one at a time, and replies and events back. It keeps nothing itself: a request is done in
 * front when it is done behind, so while the side behind takes nothing, everything waits in front, within its bounds.
 */
export class Gateway implements AsicHandler {
  readonly #options: GatewayOptions;
  /** When what is in hand is given up. */
  readonly #late = new AbortController();

  private constructor(options: GatewayOptions) {
    this.#options = options;
  }

  /** Until `stop` aborts, or an end is taken over. What is in hand then has `GRACE`. Closes neither end. */
  static async run(options: GatewayOptions, stop: AbortSignal): Promise<Result<void, EndError>> {
    const { front, clock } = options;
    const gateway = new Gateway(options);
    const over = new AbortController();
    const telling = gateway.#tell(over.signal);
    const waiting = untilAborted(AbortSignal.any([stop, over.signal]))
      .then(() => sleep(clock, GRACE, over.signal))
      .then(
        () => gateway.#late.abort(),
        () => undefined,
      );
    const served = front.serve(gateway, stop);
    // A front that delivers again keeps the request in hand, which then is never settled here.
    const ended = front.traits.redeliversUnacked
      ? await Promise.race([
          served,
          untilAborted(gateway.#late.signal).then(() => ({ ok: true, value: undefined }) as const),
        ])
      : await served;
    over.abort();
    await Promise.all([telling, waiting]);
    return ended;
  }

  /** A gateway writes no rows. */
  rowPrefix(): "" {
    return "";
  }

  async handle(delivery: Delivery): Promise<AsicReply> {
    const { request, repeated, unanswered } = delivery;
    const { op, key } = request;
    if (repeated) this.#event({ kind: "repeated", op, key });
    const outcome = await this.#passOn(delivery);
    if (outcome === undefined) {
      if (!this.#options.front.traits.redeliversUnacked) return replyTo(op, FAILURE);
      this.#event({ kind: "left", op, key });
      return new Promise(() => {});
    }
    if (!outcome.ok) {
      const { error } = outcome;
      this.#event({ kind: "request", op, outcome: error.kind });
      if (unanswered) this.#event({ kind: "lost", op, key, error });
      return replyTo(op, statusOf(error));
    }
    this.#event({ kind: "request", op, outcome: outcome.value.kind });
    if (outcome.value.kind === "accepted") return replyTo(op, SUCCESS);
    return repeated ? settleRepeated(request, outcome.value.reply) : outcome.value.reply;
  }

  /**
   * What became of it behind; absent when it was in hand for too long after the wish to stop. What nobody waits for is
   * offered until it is taken; what somebody waits for, as long as that one waits, and only where there was no room.
   */
  async #passOn({ request, unanswered }: Delivery): Promise<Result<AsicAnswer, AsicError> | undefined> {
    const { back, clock } = this.#options;
    const until = clock.monotonic() + REPLY_TIMEOUT_DEFAULT;
    const { op, key } = request;
    let waits = false;
    try {
      for (;;) {
        const outcome = await back.request(request, this.#late.signal);
        const again =
          !outcome.ok &&
          mayGoAgain(outcome.error) &&
          (unanswered || (outcome.error.kind === "queueFull" && clock.monotonic() < until));
        if (!again) {
          if (waits) this.#event({ kind: "goesOn" });
          return outcome;
        }
        if (!waits) this.#event({ kind: "waits", op, key, error: outcome.error });
        waits = true;
        await sleep(clock, AGAIN_AFTER, this.#late.signal);
      }
    } catch {
      return undefined;
    }
  }

  async #tell(signal: AbortSignal): Promise<void> {
    for await (const notification of this.#options.back.notifications(signal)) {
      const told = await this.#offer(notification, signal);
      if (told.ok) this.#event({ kind: "notification" });
      else this.#event({ kind: "notificationLost", name: notification.name, error: told.error });
    }
  }

  /** Events behind it wait meanwhile, where the side behind keeps them. */
  async #offer(notification: AsicNotification, signal: AbortSignal): Promise<Result<void, AsicError>> {
    const { front, clock } = this.#options;
    for (let offer = 1; ; offer++) {
      const told = await front.notify(notification);
      if (told.ok || told.error.kind !== "refused" || offer >= OFFERS_MAX || !front.traits.keepsNotifications)
        return told;
      const paused = await sleep(clock, AGAIN_AFTER, signal).then(
        () => true,
        () => false,
      );
      if (!paused) return told;
    }
  }

  #event(event: GatewayEvent): void {
    this.#options.onEvent?.(event);
  }
}
