import { type Clock, type Millis, within } from "@tandem/base";
import { describeAsicError } from "../asic-error.js";
import type { AsicNotification } from "../notification.js";
import type { AsicRequest } from "../request.js";
import type { AsicOutcome } from "../request-line.js";
import { STATUS } from "../status.js";
import type { AsicClient, TransportName } from "../transport.js";

/**
 * The question behind everything else: a query with too few fields, which any syncd refuses and none executes. Whatever was
 * sent before it is done when it is answered, whether its caller waited for it or not.
 */
const BARRIER: AsicRequest = { op: "attribute_capability_query", key: "oid:0x0", fields: [] };

/** The last event that syncd tells over a transport that is left; its data is the generation of the move. */
const MOVED = "tandem_channel_moved";

export function movedNotification(generation: number): AsicNotification {
  return { name: MOVED, data: String(generation), fields: [] };
}

/** The generation of the move that an event stands for; absent for every other event. */
export function moveOf({ name, data }: AsicNotification): number | undefined {
  return name === MOVED ? Number(data) : undefined;
}

/** A client of one transport, and what is under way there. */
export class ClientEnd {
  readonly transport: TransportName;
  readonly client: AsicClient;
  /** The move that made it the one that is used. */
  readonly generation: number;
  readonly #leaving = new AbortController();
  #under = 0;
  #whenIdle: (() => void) | undefined;

  constructor(transport: TransportName, client: AsicClient, generation: number) {
    this.transport = transport;
    this.client = client;
    this.generation = generation;
  }

  /** Aborts when its last event was read. */
  get left(): AbortSignal {
    return this.#leaving.signal;
  }

  leave(): void {
    this.#leaving.abort();
  }

  send(request: AsicRequest, signal: AbortSignal | undefined): Promise<AsicOutcome> {
    this.#under += 1;
    const outcome = this.client.request(request, signal);
    outcome.then(this.#over, this.#over);
    return outcome;
  }

  /** Resolves when every caller has heard. */
  idle(): Promise<void> {
    if (this.#under === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenIdle = resolve;
    });
  }

  /** Nothing once syncd has done all that was sent before; else, in words, why that is not known. */
  async emptied(clock: Clock, limit: Millis): Promise<string | undefined> {
    const answer = await within(clock, limit, this.client.request(BARRIER));
    if (answer === undefined) return `${this.transport} was not empty within ${limit / 1000} s`;
    if (!answer.ok) return `${this.transport}: ${describeAsicError(answer.error)}`;
    if (answer.value.kind !== "replied") return `${this.transport} gives no answer`;
    if (answer.value.reply.status === STATUS.inUse) return `${this.transport}: syncd serves another client`;
    return undefined;
  }

  readonly #over = (): void => {
    this.#under -= 1;
    if (this.#under > 0) return;
    this.#whenIdle?.();
    this.#whenIdle = undefined;
  };
}
