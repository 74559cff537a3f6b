import { type Clock, err, type Millis, ok, type Result, within } from "@tandem/base";
import { MESSAGE_BYTES_MAX } from "../binary-serializer.js";
import type { BindError } from "../push-pull.js";
import type { Replier, RequestError, Requester, RequestSockets } from "../request-reply.js";

interface Asked {
  readonly message: Uint8Array;
  /** Whether somebody still waits for the reply. */
  wanted: boolean;
  readonly replied: (reply: Uint8Array) => void;
}

type Answer = (message: Uint8Array) => Promise<Uint8Array>;

/** One-to-one wires of a simulated world. A request waits at its endpoint until somebody binds it. */
export class MemoryRequestWires {
  readonly #clock: Clock;
  readonly #bound = new Map<string, Answer>();
  readonly #asked = new Map<string, Asked[]>();
  readonly #serving = new Set<string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Sockets of one process. */
  sockets(): RequestSockets {
    const open = new Set<AsyncDisposable>();
    const own = <T extends AsyncDisposable>(socket: T): T => {
      open.add(socket);
      return socket;
    };
    return {
      requester: (endpoint) => own(this.#requester(endpoint)),
      replier: (endpoint, answer) => {
        const replier = this.#replier(endpoint, answer);
        return Promise.resolve(replier.ok ? ok(own(replier.value)) : replier);
      },
      [Symbol.asyncDispose]: async () => {
        await Promise.all([...open].map((socket) => socket[Symbol.asyncDispose]()));
      },
    };
  }

  #requester(endpoint: string): Requester {
    let busy = false;
    let close: (() => void) | undefined;
    let closed = false;
    return {
      endpoint,
      request: async (message: Uint8Array, limit: Millis): Promise<Result<Uint8Array, RequestError>> => {
        if (message.length >= MESSAGE_BYTES_MAX) return err({ kind: "tooLarge", endpoint, limit: MESSAGE_BYTES_MAX });
        if (closed) return err({ kind: "closed", endpoint });
        if (busy) return err({ kind: "busy", endpoint });
        let replied: (reply: Uint8Array | undefined) => void = () => {};
        const reply = new Promise<Uint8Array | undefined>((resolve) => {
          replied = resolve;
        });
        const asked: Asked = { message: message.slice(), wanted: true, replied };
        close = () => replied(undefined);
        busy = true;
        this.#ask(endpoint, asked);
        const got = await within(this.#clock, limit, reply);
        asked.wanted = false;
        busy = false;
        if (got !== undefined) return ok(got);
        return err(closed ? { kind: "closed", endpoint } : { kind: "timeout", endpoint, limit });
      },
      [Symbol.asyncDispose]: () => {
        closed = true;
        close?.();
        return Promise.resolve();
      },
    };
  }

  #replier(endpoint: string, answer: Answer): Result<Replier, BindError> {
    if (this.#bound.has(endpoint)) return err({ kind: "bindFailed", endpoint, detail: "Address already in use" });
    this.#bound.set(endpoint, answer);
    void this.#serve(endpoint);
    return ok({
      endpoint,
      [Symbol.asyncDispose]: () => {
        if (this.#bound.get(endpoint) === answer) this.#bound.delete(endpoint);
        return Promise.resolve();
      },
    });
  }

  #ask(endpoint: string, asked: Asked): void {
    this.#asked.set(endpoint, [...(this.#asked.get(endpoint) ?? []), asked]);
    void this.#serve(endpoint);
  }

  async #serve(endpoint: string): Promise<void> {
    if (this.#serving.has(endpoint)) return;
    this.#serving.add(endpoint);
    await undefined;
    for (let answer = this.#bound.get(endpoint); answer !== undefined; answer = this.#bound.get(endpoint)) {
      const next = this.#asked.get(endpoint)?.shift();
      if (next === undefined) break;
      if (!next.wanted) continue;
      const reply = await answer(next.message);
      if (this.#bound.get(endpoint) === answer && next.wanted) next.replied(reply);
    }
    this.#serving.delete(endpoint);
  }
}
