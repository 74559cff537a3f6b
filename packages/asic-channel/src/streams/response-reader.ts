import { ok, type Result } from "@tandem/base";
import type { Store, StoreError } from "@tandem/swss";
import { factOf } from "./request-reader.js";
import {
  comparePositions,
  decodeRead,
  POSITION_FIRST,
  type Position,
  RESPONSE_STREAM,
  type StreamEntry,
} from "./wire.js";

/** Entries that one read of the response stream takes. */
const BATCH = "512";
const BLOCK_MS = "1000";
/** Nobody ever pushes to it. */
const PAUSE = "ASIC_STREAM_PAUSE";

/** The response stream from a position on, for one reader that nobody knows of. */
export class ResponseReader {
  readonly #store: Store;
  #position: Position;
  #behindReconnect = false;

  /** `store` must have a connection of its own: reads block. */
  constructor(store: Store, from: Position) {
    this.#store = store;
    this.#position = from;
    store.onConnect(() => {
      this.#behindReconnect = true;
    });
  }

  /** Everything up to here was handed out. */
  get position(): Position {
    return this.#position;
  }

  /** What comes next; nothing after a second without any. */
  async next(): Promise<Result<readonly StreamEntry[], StoreError>> {
    if (this.#behindReconnect) {
      const end = await this.#end();
      if (!end.ok) return end;
      // A Redis that lost its newest data counts on from an earlier place.
      if (comparePositions(end.value, this.#position) < 0) this.#position = end.value;
      this.#behindReconnect = false;
    }
    const read = await this.#store.command([
      ...(["XREAD", "COUNT", BATCH, "BLOCK", BLOCK_MS, "STREAMS", RESPONSE_STREAM, this.#position] as const),
    ]);
    if (!read.ok) return read;
    const entries = decodeRead(read.value).get(RESPONSE_STREAM) ?? [];
    this.#position = entries.at(-1)?.position ?? this.#position;
    return ok(entries);
  }

  /** Resolves after a second: for when reading is refused. */
  async pause(): Promise<void> {
    await this.#store.command(["BLPOP", PAUSE, "1"]);
  }

  async #end(): Promise<Result<Position, StoreError>> {
    const info = await this.#store.command(["XINFO", "STREAM", RESPONSE_STREAM]);
    if (info.ok) return ok(String(factOf(info.value as readonly string[], "last-generated-id")));
    return info.error.kind === "refused" && /no such key/.test(info.error.detail) ? ok(POSITION_FIRST) : info;
  }
}
