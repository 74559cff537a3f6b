import { type Millis, seconds, sleep } from "@tandem/base";
import { SwbusErrorCode } from "../gen/swbus_pb.js";
import type { ServicePath } from "../service-path.js";
import type { RequestError, Response, SimpleClient } from "./simple-client.js";

/** What came back for one probe. */
export type ProbeOutcome =
  | { readonly kind: "answer"; readonly response: Response }
  | { readonly kind: "none"; readonly error: RequestError };

export interface PingReply {
  /** From 0. */
  readonly seq: number;
  readonly outcome: ProbeOutcome;
}

export interface PingOptions {
  readonly count?: number;
  readonly timeout?: Millis;
  /** Between probes; after the last one there is no wait. */
  readonly interval?: Millis;
  readonly signal?: AbortSignal;
}

/** Pings a node, service or resource. Ends after `count` probes, or rejects when `signal` aborts between them. */
export async function* ping(
  client: SimpleClient,
  destination: ServicePath,
  options: PingOptions = {},
): AsyncGenerator<PingReply> {
  const { count = Number.POSITIVE_INFINITY, timeout = seconds(1), interval = seconds(1), signal } = options;
  for (let seq = 0; seq < count; seq++) {
    if (seq > 0) await sleep(client.clock, interval, signal);
    const answered = await client.request(destination, { kind: "ping" }, { timeout });
    yield { seq, outcome: outcomeOf(answered) };
  }
}

export interface TraceHop {
  /** From 1. */
  readonly index: number;
  readonly outcome: ProbeOutcome;
}

export interface TraceOptions {
  /** For each next answer. */
  readonly timeout?: Millis;
  /** TTL of the probe, and the number of answers waited for. */
  readonly hopsMax?: number;
  /** Whether to wait on after an error or a silence, as swbus-cli does. */
  readonly persist?: boolean;
}

/**
 * Follows the way to `destination`: one message, which every swbusd on the way answers before it passes it on, then the
 * destination. Ends with the destination's answer, and unless `persist`, at an error or a silence.
 */
export async function* traceRoute(
  client: SimpleClient,
  destination: ServicePath,
  options: TraceOptions = {},
): AsyncGenerator<TraceHop> {
  const { timeout = seconds(1), hopsMax = 10, persist = false } = options;
  using answers = client.open(destination, { kind: "traceRoute" }, hopsMax);
  for (let index = 1; index <= hopsMax; index++) {
    const outcome = outcomeOf(await answers.next(timeout));
    yield { index, outcome };
    const good = outcome.kind === "answer" && outcome.response.code === SwbusErrorCode.OK;
    if (outcome.kind === "none" && outcome.error.kind === "notSent") return;
    if (!good && !persist) return;
    if (outcome.kind === "answer" && outcome.response.source.equals(destination)) return;
  }
}

function outcomeOf(answered: Awaited<ReturnType<SimpleClient["request"]>>): ProbeOutcome {
  return answered.ok ? { kind: "answer", response: answered.value } : { kind: "none", error: answered.error };
}
