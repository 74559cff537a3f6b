import { err, type Result } from "@tandem/base";
import type { AsicError } from "./asic-error.js";
import type { AsicNotification } from "./notification.js";
import type { Recorder } from "./recorder.js";
import type { AsicRequest } from "./request.js";
import type { AsicAnswer, AsicClient, TransportTraits } from "./transport.js";

/** A client of which all that is said is recorded. Whoever opened the recorder closes it, after this client. */
export class RecordingClient implements AsicClient {
  readonly #client: AsicClient;
  readonly #recorder: Recorder;

  constructor(client: AsicClient, recorder: Recorder) {
    this.#client = client;
    this.#recorder = recorder;
  }

  get traits(): TransportTraits {
    return this.#client.traits;
  }

  get mode(): AsicClient["mode"] {
    return this.#client.mode;
  }

  async request(request: AsicRequest, signal?: AbortSignal): Promise<Result<AsicAnswer, AsicError>> {
    const turn = this.#recorder.asked(request);
    try {
      const answer = await this.#client.request(request, signal);
      this.#recorder.ended(turn, answer);
      return answer;
    } catch (error) {
      this.#recorder.ended(turn, err({ kind: "unknown", reason: "the caller did not wait for it" }));
      throw error;
    }
  }

  async *notifications(signal: AbortSignal): AsyncIterable<AsicNotification> {
    for await (const notification of this.#client.notifications(signal)) {
      this.#recorder.notified(notification);
      yield notification;
    }
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#client[Symbol.asyncDispose]();
  }
}
