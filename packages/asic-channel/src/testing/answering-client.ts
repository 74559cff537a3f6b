import { ok, type Result } from "@tandem/base";
import type { AsicError } from "../asic-error.js";
import type { AsicNotification } from "../notification.js";
import { type ChannelMode, isAnswered } from "../op.js";
import { type AsicReply, replyTo, SUCCESS } from "../reply.js";
import type { AsicRequest } from "../request.js";
import type { AsicAnswer, AsicClient, TransportTraits } from "../transport.js";

/** How a request ends; `undefined` is success without fields. */
export type Answering = (request: AsicRequest) => AsicReply | AsicError | undefined;

export interface AnsweringClientOptions {
  readonly mode?: ChannelMode;
  readonly answer?: Answering;
  /** Awaited before each answer. */
  readonly before?: (request: AsicRequest) => Promise<void>;
  readonly notifications?: readonly AsicNotification[];
}

/** A client of a server that answers at once what it is told to, and keeps what it was asked. */
export class AnsweringClient implements AsicClient {
  readonly asked: AsicRequest[] = [];
  readonly mode: ChannelMode;
  readonly traits: TransportTraits = {
    name: "streams",
    modes: ["async", "sync"],
    survivesServerRestart: false,
    survivesClientRestart: false,
    redeliversUnacked: false,
    correlation: "id",
    requestsInFlightMax: 1000,
    bytesInFlightMax: undefined,
    observers: false,
    keepsNotifications: false,
    upstreamPeers: false,
  };
  readonly #options: AnsweringClientOptions;
  #before: Promise<unknown> = Promise.resolve();

  constructor(options: AnsweringClientOptions = {}) {
    this.#options = options;
    this.mode = options.mode ?? "sync";
  }

  request(request: AsicRequest): Promise<Result<AsicAnswer, AsicError>> {
    this.asked.push(request);
    const { before = async () => {}, answer = () => undefined } = this.#options;
    const answered = this.#before.then(async (): Promise<Result<AsicAnswer, AsicError>> => {
      await before(request);
      const said = answer(request);
      if (said !== undefined && "kind" in said) return { ok: false, error: said };
      if (!isAnswered(request.op, this.mode)) return ok({ kind: "accepted" });
      return ok({ kind: "replied", reply: said ?? replyTo(request.op, SUCCESS) });
    });
    this.#before = answered;
    return answered;
  }

  async *notifications(_signal: AbortSignal): AsyncIterable<AsicNotification> {
    yield* this.#options.notifications ?? [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#before;
  }
}
