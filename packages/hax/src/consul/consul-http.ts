import { Agent, type IncomingMessage, request } from "node:http";
import { Agent as TlsAgent, request as tlsRequest } from "node:https";
import { type Clock, err, type Millis, millis, ok, type Result, seconds } from "@tandem/base";
import type { ConsulFailure, ReadOptions } from "./consul-api.js";

/** One call, as it ended. */
export interface ConsulCallReport {
  readonly method: string;
  /** Duration; that of a waiting read is mostly waiting. */
  readonly took: Millis;
  readonly waiting: boolean;
  readonly outcome: "answered" | ConsulFailure["kind"];
}

export interface ConsulHttpOptions {
  readonly clock: Clock;
  /** `http://127.0.0.1:8500` or https. More than one: the next is asked when one cannot be reached. */
  readonly addresses: readonly URL[];
  /** Read at each call; never part of a failure's words. */
  readonly token?: () => string | undefined;
  /** Texts in PEM, read at each call: what is replaced counts for the connections made from then on. */
  readonly tls?: () => { readonly ca?: string; readonly cert?: string; readonly key?: string };
  readonly namespace?: string;
  readonly partition?: string;
  /** For a call that does not wait by itself. Default 5 s. */
  readonly timeout?: Millis;
  /** Bytes of one answer; more is a failure. Default 64 MiB. */
  readonly answerMax?: number;
  /** Told of every call; must not throw. */
  readonly observer?: (report: ConsulCallReport) => void;
}

export interface Answer {
  readonly status: number;
  readonly index: number;
  readonly body: string;
}

export interface Call {
  readonly method: "GET" | "PUT" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | true | undefined>>;
  readonly body?: string;
  readonly options?: Pick<ReadOptions, "signal" | "waitMs"> | undefined;
}

/** Connections to one address for calls, and those that waiting reads may hold; Consul limits both per client. */
const CONNECTIONS_MAX = 8;
const WAITING_MAX = 16;
/** How long a connection that nobody uses is kept. */
const IDLE = 30_000;
const TIMEOUT_DEFAULT = seconds(5);
export const WAIT_DEFAULT = seconds(60);
const ANSWER_MAX = 64 * 1024 * 1024;

/** A failure, and whether the request can have been carried out. */
type Asked = { readonly failure: ConsulFailure; readonly reached: boolean };

/** Calls over kept connections, to the first of several addresses that can be reached. */
export class ConsulHttp implements AsyncDisposable {
  readonly #options: ConsulHttpOptions;
  readonly #agents: readonly { readonly [pool in "call" | "wait"]: Agent }[];
  #address = 0;

  constructor(options: ConsulHttpOptions) {
    this.#options = options;
    const agent = ({ protocol }: URL, maxSockets: number): Agent =>
      new (protocol === "https:" ? TlsAgent : Agent)({ keepAlive: true, maxSockets, timeout: IDLE });
    this.#agents = options.addresses.map((url) => ({
      call: agent(url, CONNECTIONS_MAX),
      wait: agent(url, WAITING_MAX),
    }));
  }

  /** A write that may have been carried out is not tried at another address: its caller decides. */
  async call(call: Call): Promise<Result<Answer, ConsulFailure>> {
    const { addresses, clock, observer } = this.#options;
    const began = clock.monotonic();
    let result: Result<Answer, ConsulFailure> = err({ kind: "unreachable", what: "no address of Consul is known" });
    for (let tried = 0; tried < addresses.length; tried++) {
      const at = this.#address % addresses.length;
      const asked = await this.#ask(at, call);
      result = asked.ok ? asked : err(asked.error.failure);
      if (asked.ok || asked.error.failure.kind === "cancelled" || asked.error.failure.kind === "malformed") break;
      if (this.#address % addresses.length === at) this.#address = at + 1;
      if (asked.error.failure.kind !== "unreachable" || (asked.error.reached && call.method !== "GET")) break;
    }
    const outcome = result.ok ? "answered" : result.error.kind;
    const waiting = call.query?.index !== undefined;
    observer?.({ method: call.method, took: millis(clock.monotonic() - began), waiting, outcome });
    return result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { call, wait } of this.#agents) {
      call.destroy();
      wait.destroy();
    }
  }

  #ask(at: number, { method, path, query = {}, body, options }: Call): Promise<Result<Answer, Asked>> {
    const { clock, answerMax = ANSWER_MAX, timeout = TIMEOUT_DEFAULT, namespace, partition } = this.#options;
    const base = this.#options.addresses[at] as URL;
    const url = new URL(path, base);
    const parameters: NonNullable<Call["query"]> = { ...query, ns: namespace, partition };
    for (const [name, value] of Object.entries(parameters))
      if (value !== undefined) url.searchParams.set(name, value === true ? "" : String(value));
    const waits = query.index !== undefined;
    // Consul adds up to a sixteenth of the wait, so that not everybody comes back at once.
    const limit = millis(timeout + (waits ? (options?.waitMs ?? WAIT_DEFAULT) * (1 + 1 / 16) : 0));
    const what = `${method} ${path} of ${base.host}`;
    const token = this.#options.token?.();
    const signal = options?.signal;
    if (signal?.aborted) return Promise.resolve(err({ failure: { kind: "cancelled", what }, reached: false }));
    return new Promise((resolve) => {
      let reached = false;
      const settle = (result: Result<Answer, Asked>): void => {
        timer.cancel();
        signal?.removeEventListener("abort", cancel);
        resolve(result);
      };
      const fail = (kind: ConsulFailure["kind"], why: string): void => {
        settle(err({ failure: { kind, what: why === "" ? what : `${what}: ${why}` }, reached }));
        outgoing.destroy();
      };
      const outgoing = (base.protocol === "https:" ? tlsRequest : request)(url, {
        method,
        agent: this.#agents[at]?.[waits ? "wait" : "call"],
        ...(base.protocol === "https:" && this.#options.tls?.()),
        headers: {
          ...(token !== undefined && { "x-consul-token": token }),
          ...(body !== undefined && { "content-length": Buffer.byteLength(body) }),
        },
      });
      const timer = clock.setTimer(limit, () => fail("timedOut", `no answer within ${Math.round(limit)} ms`));
      const cancel = (): void => fail("cancelled", "");
      signal?.addEventListener("abort", cancel, { once: true });
      const lost = (error: NodeJS.ErrnoException): void => fail("unreachable", error.code ?? error.message);
      outgoing.on("socket", (socket) => {
        const connected = (): void => {
          reached = true;
        };
        if (socket.connecting) socket.once("connect", connected);
        else connected();
      });
      outgoing.on("error", lost);
      outgoing.on("response", (response) => {
        response.on("error", lost);
        collect(response, answerMax, (text) => {
          if (text === undefined) fail("malformed", `an answer of more than ${answerMax} bytes`);
          else settle(ok({ status: response.statusCode ?? 0, index: indexOf(response), body: redact(text, token) }));
        });
      });
      outgoing.end(body);
    });
  }
}

function indexOf({ headers }: IncomingMessage): number {
  const index = Number(headers["x-consul-index"] ?? 0);
  return Number.isSafeInteger(index) && index >= 0 ? index : 0;
}

/** An answer that repeats the token is told without it. */
function redact(text: string, token: string | undefined): string {
  return token === undefined || token === "" ? text : text.replaceAll(token, "(token)");
}

function collect(response: IncomingMessage, max: number, done: (text: string | undefined) => void): void {
  const pieces: Buffer[] = [];
  let bytes = 0;
  response.on("data", (piece: Buffer) => {
    bytes += piece.length;
    if (bytes > max) done(undefined);
    else pieces.push(piece);
  });
  response.on("end", () => {
    if (bytes <= max) done(Buffer.concat(pieces).toString("utf8"));
  });
}
