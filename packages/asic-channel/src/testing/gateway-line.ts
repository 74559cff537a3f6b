import { noCrash, systemClock, systemRandom, unwrap } from "@tandem/base";
import { type Command, untilConnected } from "@tandem/swss";
import { redisStoresAt } from "@tandem/swss/testing";
import { type AsicContext, CONTEXT_DEFAULT } from "../context-config.js";
import { Gateway } from "../gateway/gateway.js";
import type { GatewayEvent } from "../gateway/gateway-event.js";
import type { ChannelMode } from "../op.js";
import type { AsicClient, AsicHandler, AsicServer, TransportName } from "../transport.js";
import { CLIENTS, FRONT_ENDS } from "../transports.js";

/** One command, in the database of the channel. */
export async function commandIn(stores: ReturnType<typeof redisStoresAt>, words: Command): Promise<unknown> {
  const store = unwrap(stores.open({ db: "ASIC_DB" }));
  await untilConnected(store);
  return unwrap(await store.command(words));
}

const worldOf = (name: string, mode: ChannelMode, context: AsicContext) => ({
  ...{ mode, context, clock: systemClock, random: systemRandom, crashPoint: noCrash },
  owner: { name, host: "localhost", pid: process.pid, since: 0 },
});

/** orchagent, a gateway, syncd: each with connections of its own. */
export class GatewayLine implements AsyncDisposable {
  readonly events: GatewayEvent[] = [];
  readonly #socket: string;
  readonly #context: AsicContext;
  readonly #stores: ReturnType<typeof redisStoresAt>[] = [];
  readonly #ends: AsyncDisposable[] = [];
  readonly #stops: (() => Promise<void>)[] = [];

  constructor(socket: string, context: AsicContext = CONTEXT_DEFAULT) {
    this.#socket = socket;
    this.#context = context;
  }

  async client(via: TransportName, mode: ChannelMode): Promise<AsicClient> {
    const open = await CLIENTS[via]?.();
    if (open === undefined) throw new Error(via);
    const world = { ...worldOf("orchagent", mode, this.#context), stores: this.#own() };
    const client = unwrap(await open(world, new AbortController().signal));
    this.#ends.push(client);
    return client;
  }

  async syncd(
    via: TransportName,
    mode: ChannelMode,
    syncd: AsicHandler,
  ): Promise<AsicServer & { stop(): Promise<void> }> {
    const server = await this.#server(via, mode, false);
    const stop = this.#serve(() => (signal) => server.serve(syncd, signal));
    return Object.assign(server, { stop });
  }

  /** Resolves when it stands. Its end is the returned function. */
  async gateway(from: TransportName, to: TransportName, mode: ChannelMode): Promise<() => Promise<void>> {
    const front = await this.#server(from, mode, true);
    const back = await this.client(to, to === "grpc" || to === "zmq" ? "sync" : mode);
    const onEvent = (event: GatewayEvent): number => this.events.push(event);
    const options = { front, back, clock: systemClock, onEvent };
    const stop = this.#serve(() => (signal) => Gateway.run(options, signal));
    return async () => {
      await stop();
      await front[Symbol.asyncDispose]();
      await back[Symbol.asyncDispose]();
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const stop of this.#stops.reverse()) await stop();
    for (const end of this.#ends) await end[Symbol.asyncDispose]();
    for (const stores of this.#stores) await stores[Symbol.asyncDispose]();
  }

  /** Whatever keys stand in the database. */
  async keys(pattern: string): Promise<readonly string[]> {
    return (await commandIn(this.#own(), ["KEYS", pattern])) as readonly string[];
  }

  async #server(via: TransportName, mode: ChannelMode, leavesRows: boolean): Promise<AsicServer> {
    const open = await FRONT_ENDS[via]?.();
    if (open === undefined) throw new Error(via);
    const world = { ...worldOf("syncd", mode, this.#context), stores: this.#own(), leavesRows };
    const server = unwrap(await open(world));
    this.#ends.push(server);
    return server;
  }

  #serve(work: () => (signal: AbortSignal) => Promise<unknown>): () => Promise<void> {
    const ending = new AbortController();
    const running = work()(ending.signal);
    const stop = async (): Promise<void> => {
      ending.abort();
      await running;
    };
    this.#stops.push(stop);
    return stop;
  }

  #own(): ReturnType<typeof redisStoresAt> {
    const stores = redisStoresAt({ socket: this.#socket });
    this.#stores.push(stores);
    return stores;
  }
}
