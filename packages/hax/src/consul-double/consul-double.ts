import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import {
  type Clock,
  type Disk,
  describeDiskError,
  invariant,
  type Millis,
  millis,
  minutes,
  ok,
  type Random,
  sleep,
  systemClock,
  systemRandom,
  type Timer,
} from "@tandem/base";
import { ConsulState } from "./consul-state.js";
import { calm, type DoubleFaults, parseFaults } from "./faults.js";
import { parseDuration } from "./requests.js";
import { type Reply, route } from "./routes.js";
import { StateStore } from "./state-store.js";
import { WatchPoster, type WatchSpec } from "./watch-poster.js";

/** One agent of the cluster. */
export interface AgentOptions {
  /** The agent's own node; more are registered with `state.registerNode`. */
  readonly node: string;
  readonly address?: string;
  /** Default: a free port. */
  readonly port?: number;
  readonly watches?: readonly WatchSpec[];
}

export interface ConsulDoubleOptions extends AgentOptions {
  /** More agents of the same cluster, each on a port of its own. */
  readonly others?: readonly AgentOptions[];
  readonly clock?: Clock;
  readonly random?: Random;
  /** Where what was answered to is kept; what stands there is taken up. Default: nothing is kept. */
  readonly store?: { readonly disk: Disk; readonly path: string };
  /** When given, calls without it are refused with 403. */
  readonly token?: string;
  /** PEM; HTTPS instead of HTTP. With a CA callers must show a certificate of it. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca?: string };
}

/** Most bytes of a request's body, as Consul's own limit of a value. */
const BODY_MAX = 512 * 1024;
/** Not Consul's: fault switches are read here, and turned with PUT. */
export const FAULTS_PATH = "/double/faults";
const WAIT_DEFAULT = minutes(5);
const WAIT_MAX = minutes(10);

/**
 * A Consul for tests and the demo: real HTTP, and the semantics of Consul's for what hax asks of it. Its agents share one
 * state. Waits end exactly when asked, where Consul adds up to a sixteenth.
 */
export class ConsulDouble implements AsyncDisposable {
  readonly state: ConsulState;
  readonly node: string;
  /** Read only; `turn` sets them. */
  readonly faults: DoubleFaults = calm();
  readonly #clock: Clock;
  readonly #token: string | undefined;
  readonly #scheme: "http" | "https";
  readonly #store: StateStore | undefined;
  readonly #agents: readonly { readonly options: AgentOptions; readonly server: Server }[];
  readonly #posters: readonly WatchPoster[];
  readonly #waiting = new Set<() => void>();
  #requests = 0;
  #held = 0;
  #stopping = false;
  #timer: Timer | undefined;

  /** Made by `startConsulDouble`. */
  constructor(options: ConsulDoubleOptions) {
    const { node, clock = systemClock, random = systemRandom, others = [], token, tls, store } = options;
    this.node = node;
    this.#scheme = tls === undefined ? "http" : "https";
    this.#clock = clock;
    this.#token = token;
    this.state = new ConsulState(random);
    this.#store = store === undefined ? undefined : new StateStore({ ...store, state: this.state });
    this.#agents = [options, ...others].map((agent) => ({
      options: agent,
      server: serverOf(tls, (request, response) => void this.#handle(agent.node, request, response)),
    }));
    this.#posters = [options, ...others].flatMap(({ watches = [] }) =>
      watches.map((spec) => new WatchPoster(spec, this.state, this.faults, clock)),
    );
  }

  /** Requests taken so far. */
  get requests(): number {
    return this.#requests;
  }

  get url(): URL {
    return this.urlOf(this.node);
  }

  /** Where a node's agent listens. */
  urlOf(node: string): URL {
    const agent = this.#agents.find(({ options }) => options.node === node);
    invariant(agent !== undefined, `no agent of ${node}`);
    return new URL(`${this.#scheme}://127.0.0.1:${(agent.server.address() as AddressInfo).port}`);
  }

  /** Takes up what was kept, registers its agents' nodes, and listens. Rejects when one of this fails. */
  async listen(): Promise<void> {
    const loaded = await this.#store?.load(this.#clock.monotonic());
    if (loaded?.ok === false) throw new Error(loaded.error);
    for (const { options, server } of this.#agents) {
      if (!this.state.catalog.hasNode(options.node))
        this.state.registerNode(options.node, options.address ?? "127.0.0.1");
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(options.port ?? 0, "127.0.0.1", resolve);
      });
    }
    this.changed();
  }

  /** Turns fault switches on or off, at once: calls that wait already feel it too. */
  turn(faults: Partial<DoubleFaults>): void {
    Object.assign(this.faults, faults);
    this.changed();
  }

  /** Wakes who waits and posts what differs. To be called after a change of `state` from outside of HTTP. */
  changed(): void {
    const now = this.#clock.monotonic();
    const next = this.state.tick(now);
    this.#timer?.cancel();
    if (next !== undefined) this.#timer = this.#clock.setTimer(millis(Math.max(0, next - now)), () => this.changed());
    for (const wake of [...this.#waiting]) wake();
    for (const poster of this.#posters) poster.look();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true;
    this.#timer?.cancel();
    for (const poster of this.#posters) poster.stop();
    for (const wake of [...this.#waiting]) wake();
    for (const { server } of this.#agents) {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    }
    await this.#store?.settle();
  }

  async #handle(node: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#requests += 1;
    const send = async (reply: Reply): Promise<void> => {
      const stored = await this.#store?.settle();
      const { status, body, index } =
        stored?.ok === false ? { status: 500, body: describeDiskError(stored.error), index: undefined } : reply;
      response.statusCode = status;
      if (index !== undefined) response.setHeader("X-Consul-Index", String(Math.max(1, index)));
      if (typeof body !== "string") response.setHeader("Content-Type", "application/json");
      response.end(body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body));
    };
    const body = await readBody(request);
    if (body === undefined) return send({ status: 413, body: "Request body too large" });
    if (this.faults.slow > 0 && request.url !== FAULTS_PATH) await sleep(this.#clock, this.faults.slow);
    if (this.#token !== undefined && request.headers["x-consul-token"] !== this.#token)
      return send({ status: 403, body: "Permission denied: token lacks permission" });
    const url = new URL(request.url ?? "/", "http://consul");
    if (url.pathname === FAULTS_PATH) {
      const turned = request.method === "PUT" ? parseFaults(body) : ok({});
      if (turned.ok) this.turn(turned.value);
      return send(
        turned.ok ? { status: 200, body: { ...this.faults, held: this.#held } } : { status: 400, body: turned.error },
      );
    }
    const ask = { method: request.method ?? "", path: url.pathname, query: url.searchParams, body };
    const index = Number(url.searchParams.get("index") ?? 0);
    const deadline = this.#clock.monotonic() + waitOf(url.searchParams);
    const { restores } = this.state;
    const heldUntil = this.#clock.monotonic() + this.faults.holds;
    for (;;) {
      const unled = this.faults.noLeader && !url.pathname.startsWith("/v1/agent/");
      if (unled && this.#clock.monotonic() < heldUntil && !this.#stopping) {
        this.#held += 1;
        await this.#change(millis(heldUntil - this.#clock.monotonic()));
        this.#held -= 1;
        continue;
      }
      if (unled) return send({ status: 500, body: "No cluster leader" });
      if (this.faults.failing) return send({ status: 500, body: "rpc error: the double was told to fail" });
      const before = this.state.index;
      const reply = route(this.state, node, ask, this.#clock.monotonic());
      if (this.state.index !== before) this.changed();
      const left = deadline - this.#clock.monotonic();
      // Whoever waits while indexes begin anew is answered; a read that comes later with an old index waits in vain.
      const news = reply.index === undefined || Math.max(1, reply.index) > index || this.state.restores !== restores;
      if (ask.method !== "GET" || index < 1 || news || left <= 0 || this.#stopping) return send(reply);
      await this.#change(millis(left), response);
      if (response.destroyed) return;
    }
  }

  /** Waits for a change, the end of the wait, or that nobody listens any more. */
  #change(left: Millis, response?: ServerResponse): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        timer.cancel();
        this.#waiting.delete(done);
        response?.off("close", done);
        resolve();
      };
      const timer = this.#clock.setTimer(left, done);
      this.#waiting.add(done);
      response?.on("close", done);
    });
  }
}

/** A double that listens. */
export async function startConsulDouble(options: ConsulDoubleOptions): Promise<ConsulDouble> {
  const double = new ConsulDouble(options);
  await double.listen();
  return double;
}

function serverOf(tls: ConsulDoubleOptions["tls"], handle: RequestListener): Server {
  if (tls === undefined) return createServer(handle);
  const asked = tls.ca !== undefined;
  return createTlsServer({ ...tls, requestCert: asked, rejectUnauthorized: asked }, handle);
}

function waitOf(query: URLSearchParams): number {
  const asked = parseDuration(query.get("wait") ?? "") ?? WAIT_DEFAULT;
  return asked === 0 ? WAIT_DEFAULT : Math.min(asked, WAIT_MAX);
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes <= BODY_MAX) pieces.push(piece);
  }
  return bytes > BODY_MAX ? undefined : Buffer.concat(pieces).toString("utf8");
}
