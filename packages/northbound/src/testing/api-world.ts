import { CleanUp, systemClock, systemRandom, unwrap } from "@tandem/base";
import { Metrics } from "@tandem/daemon";
import { type Store, type Stores, untilConnected } from "@tandem/swss";
import { redisStoresAt, startRedis } from "@tandem/swss/testing";
import type { Policies } from "../core/auto-approve.js";
import { type ApiServer, serveApi } from "../http/server.js";
import { countRequests } from "../http/server-metrics.js";
import { Northbound } from "../northbound.js";

export interface Told {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever was answered
  readonly body: any;
  readonly headers: Headers;
}

/** A switch's databases on a real Redis, and an API over them that can be started again. */
export class ApiWorld implements AsyncDisposable {
  readonly #cleanUp = new CleanUp();
  readonly #stores: Stores;
  #process: CleanUp | undefined;
  #server: ApiServer | undefined;
  northbound!: Northbound;
  #key = 0;

  private constructor(stores: Stores) {
    this.#stores = stores;
  }

  static async start(options: { readonly token?: string; readonly policies?: Policies } = {}): Promise<ApiWorld> {
    const redis = await startRedis({ config: { "notify-keyspace-events": "KEA" } });
    const stores = redisStoresAt(redis);
    const world = new ApiWorld(stores);
    world.#cleanUp.use(redis);
    world.#cleanUp.use(stores);
    await world.restart(options);
    return world;
  }

  /** Ends the API, if there is one, and starts the next. */
  async restart({ token, policies }: { readonly token?: string; readonly policies?: Policies } = {}): Promise<void> {
    await this.#process?.[Symbol.asyncDispose]();
    const process = new CleanUp();
    this.#process = process;
    const metrics = new Metrics();
    const tally = countRequests(metrics);
    const opened = Northbound.open({
      ...{ stores: this.#stores, clock: systemClock, random: systemRandom },
      ...(policies !== undefined && { policies }),
      observer: (event) => tally.event(event),
    });
    this.northbound = process.use(unwrap(opened));
    await this.northbound.loaded;
    const server = await serveApi({
      ...{ northbound: this.northbound, clock: systemClock, host: "127.0.0.1", port: 0, metrics, tally },
      ...(token !== undefined && { token: () => token }),
    });
    this.#server = process.use(unwrap(server));
  }

  async store(db: string): Promise<Store> {
    const store = unwrap(this.#stores.open({ db }));
    await untilConnected(store);
    return store;
  }

  url(path: string): string {
    return `http://127.0.0.1:${this.#server?.port}${path}`;
  }

  async ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Told> {
    const response = await fetch(this.url(path), {
      method,
      headers: { ...(body !== undefined && { "content-type": "application/json" }), ...headers },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
    return { status: response.status, body: isJson ? JSON.parse(text) : text, headers: response.headers };
  }

  /** A mutation under a key of its own; without a version the row is taken to be absent. */
  change(method: string, path: string, version: number | undefined, body?: unknown, key?: string): Promise<Told> {
    this.#key += 1;
    return this.ask(method, path, body, {
      "idempotency-key": key ?? `key-${this.#key}`,
      ...(version === undefined ? { "if-none-match": "*" } : { "if-match": `"${version}"` }),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process?.[Symbol.asyncDispose]();
    await this.#cleanUp[Symbol.asyncDispose]();
  }
}

/** The event stream as it comes: whole frames, by name. */
export async function* framesOf(response: Response): AsyncGenerator<{ id: string; event: string; data: string }> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const lines = text.slice(0, end).split("\n");
      text = text.slice(end + 2);
      const field = (name: string): string =>
        lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? "";
      if (field("event") !== "") yield { id: field("id"), event: field("event"), data: field("data") };
    }
  }
}
