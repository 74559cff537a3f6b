import { err, ok, type Result } from "@tandem/base";
import type {
  Bus,
  BusServer,
  BusStream,
  DialError,
  DialOptions,
  Endpoint,
  ListenError,
  ListenOptions,
} from "../bus.js";
import { formatEndpoint, parseEndpoint } from "../endpoint.js";
import { metadataFault } from "../metadata.js";
import { GrpcStatus } from "../status.js";
import type { MemoryListener, MemoryNetwork } from "./memory-network.js";
import { MemoryConnection } from "./memory-stream.js";

/** One simulated process' end of a `MemoryNetwork`: the bus port without sockets. */
export class MemoryBus implements Bus {
  #abandoned = false;
  readonly #listening = new Set<Endpoint>();
  readonly #connections = new Set<MemoryConnection>();

  /** Made by `MemoryNetwork.bus`. */
  constructor(
    private readonly network: MemoryNetwork,
    readonly host: string,
  ) {}

  /**
   * The process dies as after kill -9: nothing of its own returns, resolves or arrives any more, and its peers see
   * their streams end with UNAVAILABLE (after the silence limit, if the link is cut).
   */
  abandon(): void {
    if (this.#abandoned) return;
    this.#abandoned = true;
    this.network.forget(this);
    for (const endpoint of this.#listening) this.network.listeners.delete(endpoint);
    for (const connection of [...this.#connections]) connection.abandon(this);
    this.#connections.clear();
  }

  get abandoned(): boolean {
    return this.#abandoned;
  }

  /** A connection of this process, until it ends. */
  adopt(connection: MemoryConnection): void {
    this.#connections.add(connection);
  }

  release(connection: MemoryConnection): void {
    this.#connections.delete(connection);
  }

  async listen(options: ListenOptions): Promise<Result<BusServer, ListenError>> {
    if (this.#abandoned) return never();
    const target = parseEndpoint(options.endpoint);
    if (!target.ok) return err({ kind: "listenFailed", endpoint: options.endpoint, detail: target.error });
    const endpoint = formatEndpoint(target.value.host, target.value.port || this.network.freePort());
    if (this.network.listeners.has(endpoint))
      return err({ kind: "listenFailed", endpoint, detail: `address already in use ${endpoint}` });
    const listener: MemoryListener = { bus: this, options, streams: 0 };
    this.network.listeners.set(endpoint, listener);
    this.#listening.add(endpoint);
    return ok({
      endpoint,
      [Symbol.asyncDispose]: async () => {
        if (this.#abandoned || !this.#listening.delete(endpoint)) return;
        this.network.listeners.delete(endpoint);
        for (const connection of [...this.#connections])
          connection.closeServer(listener, GrpcStatus.unavailable, "the server is shutting down");
      },
    });
  }

  async dial(options: DialOptions, signal?: AbortSignal): Promise<Result<BusStream, DialError>> {
    if (this.#abandoned) return never();
    signal?.throwIfAborted();
    const { endpoint } = options;
    const target = parseEndpoint(endpoint);
    if (!target.ok) return err({ kind: "unreachable", endpoint, detail: target.error });
    const fault = metadataFault(options.metadata);
    if (fault !== undefined) return err({ kind: "refused", endpoint, code: GrpcStatus.invalidArgument, detail: fault });

    const { clock, limits } = this.network;
    const serverHost = this.network.listeners.get(endpoint)?.bus.host ?? target.value.host;
    const connection = new MemoryConnection(this.network, this, serverHost, endpoint);
    return new Promise((resolve, reject) => {
      const timer = clock.setTimer(limits.dialTimeout, () => {
        if (this.#abandoned) return;
        settled();
        connection.giveUp();
        resolve(err({ kind: "unreachable", endpoint, detail: `no answer within ${limits.dialTimeout} ms` }));
      });
      const onAbort = (): void => {
        if (this.#abandoned) return;
        settled();
        connection.giveUp();
        reject(signal?.reason);
      };
      const settled = (): void => {
        timer.cancel();
        signal?.removeEventListener("abort", onAbort);
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      connection.dial(options, (result) => {
        settled();
        resolve(result);
      });
    });
  }
}

/** The answer to a process that is gone. */
function never(): Promise<never> {
  return new Promise(() => {});
}
