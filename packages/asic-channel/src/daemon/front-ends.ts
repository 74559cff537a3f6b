import { err, ok, type Result } from "@tandem/base";
import { type AsicError, describeEndError, type EndError } from "../asic-error.js";
import type { AsicNotification } from "../notification.js";
import type { AsicHandler, AsicServer, TransportName } from "../transport.js";

export interface FrontEndsOptions {
  readonly open: (name: TransportName) => Promise<Result<AsicServer, EndError>>;
  readonly handlerOf: (name: TransportName) => AsicHandler;
  /** A front end has ended by itself. */
  readonly onEnded: (name: TransportName, error: EndError) => void;
  /** An event was not told over one. */
  readonly onUntold: (name: TransportName, notification: AsicNotification, error: AsicError) => void;
}

/** The front ends of one syncd; further ones may come while it serves. */
export class FrontEnds implements AsyncDisposable {
  readonly #options: FrontEndsOptions;
  readonly #servers = new Map<TransportName, AsicServer>();
  readonly #serving: Promise<void>[] = [];
  /** Given once requests are taken. */
  #stop: AbortSignal | undefined;

  constructor(options: FrontEndsOptions) {
    this.#options = options;
  }

  get names(): readonly TransportName[] {
    return [...this.#servers.keys()];
  }

  /** Opens one, unless it is open. The error is one line. */
  async open(name: TransportName): Promise<Result<void, string>> {
    if (this.#servers.has(name)) return ok();
    const server = await this.#options.open(name);
    if (!server.ok) return err(`${name}: ${describeEndError(server.error)}`);
    this.#servers.set(name, server.value);
    this.#serve(name, server.value);
    return ok();
  }

  /** Takes requests until `stop` aborts. */
  begin(stop: AbortSignal): void {
    this.#stop = stop;
    for (const [name, server] of this.#servers) this.#serve(name, server);
  }

  /** Resolves when the requests in hand are done, behind `stop`. */
  async idle(): Promise<void> {
    await Promise.all(this.#serving);
  }

  /** Tells an event over one of them, or over all. Resolves when all have taken or refused it. */
  async notify(notification: AsicNotification, only?: TransportName): Promise<void> {
    const told = [...this.#servers].map(async ([name, server]) => {
      if (only !== undefined && name !== only) return;
      const sent = await server.notify(notification);
      if (!sent.ok) this.#options.onUntold(name, notification, sent.error);
    });
    await Promise.all(told);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of [...this.#servers.values()].reverse()) await server[Symbol.asyncDispose]();
  }

  #serve(name: TransportName, server: AsicServer): void {
    if (this.#stop === undefined) return;
    const serving = server.serve(this.#options.handlerOf(name), this.#stop).then((ended) => {
      if (!ended.ok) this.#options.onEnded(name, ended.error);
    });
    this.#serving.push(serving);
  }
}
