import type { Result } from "@tandem/base";
import { settle, VirtualClock } from "@tandem/base/testing";
import type { EndError, Owner } from "../asic-error.js";
import type { ChannelTrouble } from "../channel-trouble.js";
import type { ChannelMode } from "../op.js";
import type { AsicClient, AsicObserver, AsicServer, TransportTraits } from "../transport.js";
import type { ClientWish, ContractWorld, EndWish } from "./contract-world.js";

export interface LocalOptions {
  readonly clock: VirtualClock;
  readonly owner: Owner;
  readonly mode: ChannelMode;
  readonly onTrouble?: (trouble: ChannelTrouble) => void;
}

/** The ends of one transport whose wire leads from one end straight to the other. */
export interface LocalEnds {
  readonly traits: TransportTraits;
  client(
    options: LocalOptions & Pick<ClientWish, "replyTimeout" | "requestsMax" | "bytesMax">,
  ): Promise<Result<AsicClient, EndError>>;
  server(options: LocalOptions): Promise<Result<AsicServer, EndError>>;
  observer?(clock: VirtualClock): Promise<AsicObserver>;
  garble?(): Promise<void>;
  /** Whether the server has not noticed yet that its client left. */
  stillHeard?(server: AsicServer): boolean;
}

/** A world of such ends. */
export class LocalWorld implements ContractWorld {
  readonly clock = new VirtualClock();
  readonly traits: TransportTraits;
  readonly observer?: () => Promise<AsicObserver>;
  readonly garble?: () => Promise<void>;
  readonly #ends: LocalEnds;
  readonly #open = new Set<AsicClient | AsicServer>();
  #server: AsicServer | undefined;

  constructor(ends: LocalEnds) {
    this.traits = ends.traits;
    this.#ends = ends;
    const { observer, garble } = ends;
    if (observer !== undefined) this.observer = () => observer(this.clock);
    if (garble !== undefined) this.garble = () => garble();
  }

  async client({ name = "client", ...wish }: ClientWish = {}): Promise<Result<AsicClient, EndError>> {
    const opened = await this.#ends.client({ ...this.#options(name, wish), ...wish });
    if (!opened.ok) return opened;
    const client = opened.value;
    this.#open.add(client);
    return {
      ok: true,
      value: {
        traits: client.traits,
        mode: client.mode,
        request: (request, signal) => client.request(request, signal),
        notifications: (signal) => client.notifications(signal),
        [Symbol.asyncDispose]: () => this.#leave(client),
      },
    };
  }

  async server({ name = "server", ...wish }: EndWish = {}): Promise<Result<AsicServer, EndError>> {
    const opened = await this.#ends.server(this.#options(name, wish));
    if (opened.ok) {
      this.#open.add(opened.value);
      this.#server = opened.value;
    }
    return opened;
  }

  kill(end: AsicClient | AsicServer): Promise<void> {
    this.#open.delete(end);
    return Promise.resolve(end[Symbol.asyncDispose]());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of this.#open) await end[Symbol.asyncDispose]();
  }

  /** A client is gone when the server knows it, too. */
  async #leave(client: AsicClient): Promise<void> {
    this.#open.delete(client);
    await client[Symbol.asyncDispose]();
    const server = this.#server;
    if (server === undefined) return;
    while (this.#open.has(server) && this.#ends.stillHeard?.(server)) await settle();
  }

  #options(name: string, { mode, onTrouble }: EndWish): LocalOptions {
    const owner = { name, host: "localhost", pid: process.pid, since: 0 };
    const { clock, traits } = this;
    return {
      ...{ clock, owner, mode: mode ?? traits.modes[0] ?? "sync" },
      ...(onTrouble !== undefined && { onTrouble }),
    };
  }
}
