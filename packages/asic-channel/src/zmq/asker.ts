import { millis } from "@tandem/base";
import { LockstepClient } from "@tandem/swss";
import { socketOptions, type ZmqClientOptions } from "./options.js";

/** As libsairedis closes its sockets: what they hold goes out for ever. */
const LINGER_UPSTREAM = -1;

/** The REQ socket of a client: one frame out, one frame back, and what is done when nothing comes back. */
export class Asker implements AsyncDisposable {
  readonly #options: ZmqClientOptions;
  readonly #careful: boolean;
  readonly #socket: LockstepClient;
  /** Called when the connection comes or goes. */
  #onConnection: () => void = () => {};
  #connections = 0;

  constructor(options: ZmqClientOptions) {
    this.#options = options;
    this.#careful = (options.sending ?? "careful") === "careful";
    const limits = socketOptions(options, this.#careful ? 0 : LINGER_UPSTREAM);
    this.#socket = new LockstepClient(options.context.zmqEndpoint, limits, () => {
      if (this.#socket.connected) this.#connections += 1;
      this.#onConnection();
    });
  }

  /** How many connections there were: whoever is at the other end may be another one each time. */
  get connections(): number {
    return this.#connections;
  }

  /** Why a frame must not be sent; `undefined` when it may. */
  faultOf(frame: Uint8Array): string | undefined {
    const { messageBytesMax } = socketOptions(this.#options, 0);
    if (frame.length <= messageBytesMax) return undefined;
    return `it makes a frame of ${frame.length} bytes, the most is ${messageBytesMax}`;
  }

  /** Resolves when a connection stands, or `over` aborts; at once when sending as upstream does. */
  async untilConnected(over: AbortSignal): Promise<void> {
    if (!this.#careful) return;
    if (this.#socket.connected || over.aborted) return;
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (!this.#socket.connected && !over.aborted) return;
        over.removeEventListener("abort", look);
        resolve();
      };
      this.#onConnection = look;
      over.addEventListener("abort", look);
    });
    this.#onConnection = () => {};
  }

  /** The reply; `undefined` when the server went before it, or at `deadline` (monotonic). One at a time. */
  async exchange(frame: Uint8Array, deadline: number): Promise<Uint8Array | undefined> {
    const { clock } = this.#options;
    const timer = clock.setTimer(millis(Math.max(0, deadline - clock.monotonic())), () => this.#socket.renew());
    // Who executed it is gone, or its reply is: a socket that goes on waiting would wait in vain.
    if (this.#careful) this.#onConnection = () => this.#socket.connected || this.#socket.renew();
    const reply = await this.#socket.exchange(frame);
    this.#onConnection = () => {};
    timer.cancel();
    return reply;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#socket[Symbol.asyncDispose]();
  }
}
