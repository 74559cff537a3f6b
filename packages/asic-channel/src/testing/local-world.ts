import type { Result } from "@tandem/base";
import { settle, VirtualClock } from "@tandem/base/testing";
import type { EndError, Owner } from "../asic-error.js";
import type { ChannelTrouble } from "../channel-trouble.js";
import type { ChannelMode } from "../op.js";
import type { AsicClient, AsicObserver, AsicServer, Observed, TransportTraits } from "../transport.js";
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
  /** Looks on at the server that is there. */
  observer?(): Promise<AsicObserver>;
  garble?(): Promise<void>;
  /** Whether the server has not noticed yet that its client left. */
  stillHeard?(server: AsicServer): boolean;
}

/** Turns of the event loop in which a server notices that its client left. */
const NOTICE_TURNS_MAX = 5000;

/** A world of such ends. */
export class LocalWorld implements ContractWorld {
  readonly clock = new VirtualClock();
  readonly traits: TransportTraits;
  readonly observer?: () => Promise<AsicObserver>;
  readonly garble?: () => Promise<void>;
  readonly #ends: LocalEnds;
  readonly #open = new Set<AsicClient | AsicServer>();
  readonly #observers: LateObserver[] = [];
  #server: AsicServer | undefined;

  constructor(ends: LocalEnds) {
    this.traits = ends.traits;
    this.#ends = ends;
    const { observer, garble } = ends;
    if (observer !== undefined)
      this.observer = async () => {
        const late = new LateObserver(observer);
        this.#observers.push(late);
        return late;
      };
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
      for (const observer of this.#observers) await observer.open();
    }
    return opened;
  }

  kill(end: AsicClient | AsicServer): Promise<void> {
    this.#open.delete(end);
    return Promise.resolve(end[Symbol.asyncDispose]());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const observer of this.#observers) await observer[Symbol.asyncDispose]();
    for (const end of this.#open) await end[Symbol.asyncDispose]();
  }

  /** A client is gone when the server knows it, too. */
  async #leave(client: AsicClient): Promise<void> {
    this.#open.delete(client);
    await client[Symbol.asyncDispose]();
    const server = this.#server;
    if (server === undefined) return;
    for (let turn = 0; turn < NOTICE_TURNS_MAX && this.#open.has(server); turn++) {
      if (this.#ends.stillHeard?.(server) !== true) return;
      await settle();
    }
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

/** On a wire that leads straight to the server there is nothing to see before that is there; then it looks from the start. */
class LateObserver implements AsicObserver {
  readonly #observer: () => Promise<AsicObserver>;
  readonly #opened: Promise<AsicObserver>;
  #resolve: (observer: AsicObserver) => void = () => {};
  #open = false;

  constructor(observer: () => Promise<AsicObserver>) {
    this.#observer = observer;
    this.#opened = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  async open(): Promise<void> {
    if (this.#open) return;
    this.#open = true;
    this.#resolve(await this.#observer());
  }

  async *events(signal: AbortSignal): AsyncGenerator<Observed> {
    yield* (await this.#opened).events(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#open) await (await this.#opened)[Symbol.asyncDispose]();
  }
}
