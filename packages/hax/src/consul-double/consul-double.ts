import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import {
  type Clock,
  type Millis,
  millis,
  minutes,
  type Random,
  sleep,
  systemClock,
  systemRandom,
  type Timer,
} from "@tandem/base";
import { ConsulState } from "./consul-state.js";
import { calm, type DoubleFaults } from "./faults.js";
import { parseDuration } from "./requests.js";
import { type Reply, route } from "./routes.js";
import { WatchPoster, type WatchSpec } from "./watch-poster.js";

export interface ConsulDoubleOptions {
  /** The agent's own node; more are registered with `state.registerNode`. */
  readonly node: string;
  readonly address?: string;
  /** Default: a free port. */
  readonly port?: number;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly watches?: readonly WatchSpec[];
  /** When given, calls without it are refused with 403. */
  readonly token?: string;
}

/** Most bytes of a request's body, as Consul's own limit of a value. */
const BODY_MAX = 512 * 1024;
const WAIT_DEFAULT = minutes(5);
const WAIT_MAX = minutes(10);

/**
 * A Consul agent for tests and the demo: real HTTP, and the semantics of Consul's for what hax asks of it. It keeps
 * nothing on disk. Waits end exactly when asked, where Consul adds up to a sixteenth.
 */
export class ConsulDouble implements AsyncDisposable {
  readonly state: ConsulState;
  readonly node: string;
  /** Read only; `turn` sets them. */
  readonly faults: DoubleFaults = calm();
  readonly #clock: Clock;
  readonly #token: string | undefined;
  readonly #server: Server;
  readonly #posters: readonly WatchPoster[];
  readonly #waiting = new Set<() => void>();
  #requests = 0;
  #timer: Timer | undefined;

  /** Made by `startConsulDouble`. */
  constructor(options: ConsulDoubleOptions) {
    const { node, address = "127.0.0.1", clock = systemClock, random = systemRandom, watches = [], token } = options;
    this.node = node;
    this.#clock = clock;
    this.#token = token;
    this.state = new ConsulState(random);
    this.state.registerNode(node, address);
    this.#posters = watches.map((spec) => new WatchPoster(spec, this.state, this.faults, clock));
    this.#server = createServer((request, response) => void this.#handle(request, response));
  }

  /** Requests taken so far. */
  get requests(): number {
    return this.#requests;
  }

  get url(): URL {
    return new URL(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`);
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, "127.0.0.1", resolve);
    });
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
    this.#timer?.cancel();
    for (const poster of this.#posters) poster.stop();
    for (const wake of [...this.#waiting]) wake();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#requests += 1;
    const send = ({ status, body, index }: Reply): void => {
      response.statusCode = status;
      if (index !== undefined) response.setHeader("X-Consul-Index", String(Math.max(1, index)));
      if (typeof body !== "string") response.setHeader("Content-Type", "application/json");
      response.end(body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body));
    };
    const body = await readBody(request);
    if (body === undefined) return send({ status: 413, body: "Request body too large" });
    if (this.faults.slow > 0) await sleep(this.#clock, this.faults.slow);
    if (this.#token !== undefined && request.headers["x-consul-token"] !== this.#token)
      return send({ status: 403, body: "Permission denied: token lacks permission" });
    const url = new URL(request.url ?? "/", "http://consul");
    const ask = { method: request.method ?? "", path: url.pathname, query: url.searchParams, body };
    const index = Number(url.searchParams.get("index") ?? 0);
    const deadline = this.#clock.monotonic() + waitOf(url.searchParams);
    const { restores } = this.state;
    for (;;) {
      if (this.faults.noLeader && !url.pathname.startsWith("/v1/agent/"))
        return send({ status: 500, body: "No cluster leader" });
      if (this.faults.failing) return send({ status: 500, body: "rpc error: the double was told to fail" });
      const before = this.state.index;
      const reply = route(this.state, this.node, ask, this.#clock.monotonic());
      if (this.state.index !== before) this.changed();
      const left = deadline - this.#clock.monotonic();
      // Whoever waits while indexes begin anew is answered; a read that comes later with an old index waits in vain.
      const news = reply.index === undefined || Math.max(1, reply.index) > index || this.state.restores !== restores;
      if (ask.method !== "GET" || index < 1 || news || left <= 0 || !this.#server.listening) return send(reply);
      await this.#change(millis(left), response);
      if (response.destroyed) return;
    }
  }

  /** Waits for a change, the end of the wait, or that nobody listens any more. */
  #change(left: Millis, response: ServerResponse): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        timer.cancel();
        this.#waiting.delete(done);
        response.off("close", done);
        resolve();
      };
      const timer = this.#clock.setTimer(left, done);
      this.#waiting.add(done);
      response.on("close", done);
    });
  }
}

/** A double that listens. */
export async function startConsulDouble(options: ConsulDoubleOptions): Promise<ConsulDouble> {
  const double = new ConsulDouble(options);
  await double.listen(options.port ?? 0);
  return double;
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
