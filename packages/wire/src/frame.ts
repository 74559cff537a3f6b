import { GrpcStatus } from "./status.js";

/** Bytes before each message: a compressed flag and the length, big-endian. doc/PROTOCOL-HTTP2.md of grpc/grpc. */
export const FRAME_PREFIX_BYTES = 5;

/** Longest message that a stream carries by default: the default of tonic and grpc-js receivers. */
export const MESSAGE_BYTES_MAX = 4 * 1024 * 1024;

/** Why the rest of a stream cannot be read; `code` is the gRPC status that it ends with. */
export type FrameError =
  | { readonly kind: "tooLarge"; readonly code: 8; readonly length: number; readonly limit: number }
  | { readonly kind: "compressed"; readonly code: 12; readonly flag: number }
  | { readonly kind: "truncated"; readonly code: 13; readonly missing: number };

export function describeFrameError(error: FrameError): string {
  switch (error.kind) {
    case "tooLarge":
      return `a message of ${error.length} bytes is larger than the maximum of ${error.limit}`;
    case "compressed":
      return `a message with compressed flag ${error.flag}: only uncompressed messages are understood`;
    case "truncated":
      return `the stream ended inside a message, ${error.missing} bytes early`;
  }
}

/** All messages with their prefixes, in one buffer. */
export function encodeFrames(messages: readonly Uint8Array[]): Uint8Array {
  let total = 0;
  for (const message of messages) total += FRAME_PREFIX_BYTES + message.length;
  const out = Buffer.allocUnsafe(total);
  let at = 0;
  for (const message of messages) {
    const length = message.length;
    out[at] = 0;
    out[at + 1] = length >>> 24;
    out[at + 2] = (length >>> 16) & 0xff;
    out[at + 3] = (length >>> 8) & 0xff;
    out[at + 4] = length & 0xff;
    out.set(message, at + FRAME_PREFIX_BYTES);
    at += FRAME_PREFIX_BYTES + length;
  }
  return out;
}

export interface Decoded {
  /** Complete messages, oldest first; those before an error are still good. May be views into the chunk. */
  readonly messages: readonly Uint8Array[];
  readonly error?: FrameError;
}

/**
 * Splits a byte stream into messages, whatever the chunk borders. Holds at most one message. After an error it
 * answers with that error for good: the place of the next prefix is lost.
 */
export class FrameDecoder {
  readonly #limit: number;
  readonly #prefix = new Uint8Array(FRAME_PREFIX_BYTES);
  #prefixFilled = 0;
  #body: Uint8Array | undefined;
  #bodyFilled = 0;
  #error: FrameError | undefined;

  constructor(limit: number = MESSAGE_BYTES_MAX) {
    this.#limit = limit;
  }

  push(chunk: Uint8Array): Decoded {
    if (this.#error !== undefined) return { messages: [], error: this.#error };
    const messages: Uint8Array[] = [];
    let at = 0;
    for (;;) {
      if (this.#body === undefined) {
        // The usual case: prefix and body lie whole in this chunk, and nothing is copied.
        while (this.#prefixFilled === 0 && chunk.length - at >= FRAME_PREFIX_BYTES) {
          const length = this.#lengthAt(chunk, at);
          if (length === undefined) return this.#failed(messages);
          const end = at + FRAME_PREFIX_BYTES + length;
          if (end > chunk.length) break;
          messages.push(chunk.subarray(at + FRAME_PREFIX_BYTES, end));
          at = end;
        }
        while (this.#prefixFilled < FRAME_PREFIX_BYTES && at < chunk.length) {
          this.#prefix[this.#prefixFilled++] = chunk[at++] as number;
        }
        if (this.#prefixFilled < FRAME_PREFIX_BYTES) return { messages };
        const length = this.#lengthAt(this.#prefix, 0);
        if (length === undefined) return this.#failed(messages);
        this.#prefixFilled = 0;
        this.#body = Buffer.allocUnsafe(length);
        this.#bodyFilled = 0;
      }
      const body = this.#body;
      const part = Math.min(body.length - this.#bodyFilled, chunk.length - at);
      body.set(chunk.subarray(at, at + part), this.#bodyFilled);
      this.#bodyFilled += part;
      at += part;
      if (this.#bodyFilled < body.length) return { messages };
      this.#body = undefined;
      messages.push(body);
    }
  }

  /** What is wrong with a stream that ends here. */
  finish(): FrameError | undefined {
    if (this.#error !== undefined) return this.#error;
    if (this.#body !== undefined)
      return { kind: "truncated", code: GrpcStatus.internal, missing: this.#body.length - this.#bodyFilled };
    if (this.#prefixFilled > 0)
      return { kind: "truncated", code: GrpcStatus.internal, missing: FRAME_PREFIX_BYTES - this.#prefixFilled };
    return undefined;
  }

  #failed(messages: readonly Uint8Array[]): Decoded {
    return this.#error === undefined ? { messages } : { messages, error: this.#error };
  }

  #lengthAt(bytes: Uint8Array, at: number): number | undefined {
    const flag = bytes[at] as number;
    if (flag !== 0) {
      this.#error = { kind: "compressed", code: GrpcStatus.unimplemented, flag };
      return undefined;
    }
    const length =
      (((bytes[at + 1] as number) << 24) |
        ((bytes[at + 2] as number) << 16) |
        ((bytes[at + 3] as number) << 8) |
        (bytes[at + 4] as number)) >>>
      0;
    if (length > this.#limit) {
      this.#error = { kind: "tooLarge", code: GrpcStatus.resourceExhausted, length, limit: this.#limit };
      return undefined;
    }
    return length;
  }
}
