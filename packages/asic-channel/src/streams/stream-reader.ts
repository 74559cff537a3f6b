import { ok, type Result } from "@tandem/base";
import type { Store, StoreError } from "@tandem/swss";
import type { Observed } from "../transport.js";
import {
  comparePositions,
  decodeRange,
  decodeRead,
  decodeRequest,
  decodeResponse,
  POSITION_FIRST,
  type Position,
  positionParts,
  REQUEST_STREAM,
  RESPONSE_STREAM,
  STATE,
  type StreamEntry,
} from "./wire.js";

/** Something that happened on the channel, and where it stands. */
export interface Placed {
  /** Whoever has everything up to here reads on from here. */
  readonly position: Position;
  readonly event: Observed;
}

/** Entries of each stream that one read takes. */
const BATCH = 500;

/**
 * Both streams as one, in the order in which things happened, from a position on. Nobody knows of its reader, so nobody
 * waits for it: what was cut away before it was read is a gap, with its size where that is known.
 */
export class StreamReader {
  readonly #store: Store;
  #cursor: Position;
  #position: Position;

  /** `store` must have a connection of its own when reads block. */
  constructor(store: Store, from: Position) {
    this.#store = store;
    this.#cursor = from;
    this.#position = from;
  }

  /** The place behind everything that stands in the streams now. */
  static async end(store: Store): Promise<Result<Position, StoreError>> {
    const state = await store.command(["HMGET", STATE, "ms", "n"]);
    if (!state.ok) return state;
    const [ms, n] = state.value as readonly (string | null)[];
    return ok(ms == null || n == null ? POSITION_FIRST : `${ms}-${n}`);
  }

  /** Of the last event that was handed out; another reader goes on from here. */
  get position(): Position {
    return this.#position;
  }

  /** What comes next. With `blockMs` it waits so long for something; nothing is a normal answer. */
  async next(blockMs?: number): Promise<Result<readonly Placed[], StoreError>> {
    const read = await this.#store.command([
      ...(["XREAD", "COUNT", String(BATCH)] as const),
      ...(blockMs === undefined ? [] : ["BLOCK", String(blockMs)]),
      ...["STREAMS", REQUEST_STREAM, RESPONSE_STREAM, this.#cursor, this.#cursor],
    ]);
    if (!read.ok) return read;
    const streams = decodeRead(read.value);
    const requests = streams.get(REQUEST_STREAM) ?? [];
    const responses = streams.get(RESPONSE_STREAM) ?? [];
    const placed: Placed[] = [];
    for (const entry of inOrder(requests, responses)) this.#place(entry, placed);
    return ok(placed);
  }

  #place({ entry, of }: Sided, placed: Placed[]): void {
    this.#cursor = entry.position;
    // What was put there by hand, or is malformed, is nobody's event; the counter knows nothing of the first.
    const counted = entry.fields?.has("id") === true || entry.fields?.get("op") === "notification";
    if (!counted) return;
    const [at, n] = positionParts(entry.position);
    const [, before] = positionParts(this.#position);
    if (n !== before + 1) {
      const count = n > before + 1 ? n - before - 1 : undefined;
      placed.push({ position: this.#position, event: { kind: "gap", count } });
    }
    const event = decode(entry, of, at);
    this.#position = entry.position;
    if (event !== undefined) placed.push({ position: entry.position, event });
  }
}

/** Everything that still stands between two positions, both included, oldest first. */
export async function readBetween(
  store: Store,
  from: Position,
  to: Position,
): Promise<Result<readonly Placed[], StoreError>> {
  const read = await store.pipeline([
    ["XRANGE", REQUEST_STREAM, from, to],
    ["XRANGE", RESPONSE_STREAM, from, to],
  ]);
  if (!read.ok) return read;
  const [requests, responses] = read.value;
  if (requests === undefined || responses === undefined) return ok([]);
  if (!requests.ok) return requests;
  if (!responses.ok) return responses;
  const placed: Placed[] = [];
  for (const { entry, of } of inOrder(decodeRange(requests.value), decodeRange(responses.value), Infinity)) {
    const event = decode(entry, of, positionParts(entry.position)[0]);
    if (event !== undefined) placed.push({ position: entry.position, event });
  }
  return ok(placed);
}

interface Sided {
  readonly entry: StreamEntry;
  readonly of: "request" | "response";
}

/** Both in order, as far as both are known: a full batch says nothing about what comes behind it. */
function inOrder(requests: readonly StreamEntry[], responses: readonly StreamEntry[], batch = BATCH): Sided[] {
  const ends = [requests, responses].filter(({ length }) => length >= batch);
  const known = ends.map((entries) => (entries.at(-1) as StreamEntry).position).sort(comparePositions)[0];
  const sided: Sided[] = [
    ...requests.map((entry) => ({ entry, of: "request" as const })),
    ...responses.map((entry) => ({ entry, of: "response" as const })),
  ];
  return sided
    .filter(({ entry }) => known === undefined || comparePositions(entry.position, known) <= 0)
    .sort((a, b) => comparePositions(a.entry.position, b.entry.position));
}

/** `undefined` for an entry that is malformed: its server or client has reported it. */
function decode({ fields }: StreamEntry, of: "request" | "response", at: number): Observed | undefined {
  if (fields === undefined) return undefined;
  if (of === "request") {
    const request = decodeRequest(fields);
    return request.ok ? { kind: "request", id: request.value.id, request: request.value.request, at } : undefined;
  }
  const response = decodeResponse(fields);
  return response.ok ? { ...response.value, at } : undefined;
}
