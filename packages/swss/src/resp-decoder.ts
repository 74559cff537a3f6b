import { isAscii, isUtf8 } from "node:buffer";
import type { Reply } from "./store.js";
import { decodeText } from "./text.js";

/** Redis refused a command; `message` begins with its code, such as `ERR` or `WRONGTYPE`. */
export class ErrorReply {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

/** What came is not RESP version 2: the other end is no Redis, or bytes were lost. */
export class RespError extends Error {
  override readonly name = "RespError";
}

/** Redis' own limit of a bulk string, and more items than any reply of ours has. */
const BULK_MAX = 512 * 1024 * 1024;
const ITEMS_MAX = 2 ** 28;
const DEPTH_MAX = 16;
/** A line that is not an error text is shorter than this. */
const LINE_MAX = 1024 * 1024;

const CR = 0x0d;
const LF = 0x0a;
const MINUS = 0x2d;
const ZERO = 0x30;

/** An array whose items are still coming. */
interface OpenArray {
  readonly items: Reply[];
  readonly length: number;
  /** The first refusal among its items. */
  refused: ErrorReply | undefined;
}

type Decode = (buffer: Buffer, from: number, to: number) => string;

// Typed as the methods that Node's buffers have had since version 0.5; the published types leave them out.
interface Slices {
  latin1Slice(from: number, to: number): string;
  utf8Slice(from: number, to: number): string;
}

const ascii: Decode = (buffer, from, to) => (buffer as unknown as Slices).latin1Slice(from, to);
const utf8: Decode = (buffer, from, to) => (buffer as unknown as Slices).utf8Slice(from, to);
const anyBytes: Decode = (buffer, from, to) => decodeText(buffer.subarray(from, to));

/**
 * Turns bytes, cut anywhere, into replies. Each byte is looked at once, however large the reply. An array that holds a
 * refusal counts as refused. Throws `RespError`, after which it must not be used again.
 */
export class RespDecoder {
  readonly #onReply: (reply: Reply | ErrorReply) => void;
  readonly #open: OpenArray[] = [];
  /** Bytes of an item that is not complete, how many they are, and how many it takes at least. */
  #parts: Buffer[] = [];
  #held = 0;
  #needed = 0;
  #decode: Decode = anyBytes;

  constructor(onReply: (reply: Reply | ErrorReply) => void) {
    this.#onReply = onReply;
  }

  /** Keeps nothing of `chunk` itself. */
  write(chunk: Buffer): void {
    let buffer = chunk;
    if (this.#held > 0) {
      this.#parts.push(Buffer.from(chunk));
      this.#held += chunk.length;
      if (this.#held < this.#needed) return;
      buffer = Buffer.concat(this.#parts);
      this.#parts = [];
      this.#held = 0;
    }
    // Items are separated by ASCII, so bytes that are valid as a whole are valid item by item.
    this.#decode = isAscii(buffer) ? ascii : isUtf8(buffer) ? utf8 : anyBytes;
    let at = 0;
    while (at < buffer.length) {
      const next = this.#item(buffer, at);
      if (next < 0) {
        this.#parts.push(Buffer.from(buffer.subarray(at)));
        this.#held = buffer.length - at;
        this.#needed = Math.max(-next, this.#held + 1);
        return;
      }
      at = next;
    }
  }

  /** Reads one item; where the next begins, or the negative number of bytes that the item takes at least. */
  #item(buffer: Buffer, at: number): number {
    const end = lineEnd(buffer, at + 1);
    if (end < 0) {
      if (buffer.length - at > LINE_MAX) throw new RespError(`a line of more than ${LINE_MAX} bytes`);
      return -1;
    }
    switch (buffer[at]) {
      case 0x2b: // +
        this.#take(this.#decode(buffer, at + 1, end));
        return end + 2;
      case 0x2d: // -
        this.#take(new ErrorReply(this.#decode(buffer, at + 1, end)));
        return end + 2;
      case 0x3a: // :
        this.#take(integer(buffer, at + 1, end));
        return end + 2;
      case 0x24: // $
        return this.#bulk(buffer, at, end);
      case 0x2a: // *
        this.#array(integer(buffer, at + 1, end));
        return end + 2;
      default:
        throw new RespError(`a reply begins with byte ${buffer[at]}`);
    }
  }

  #bulk(buffer: Buffer, at: number, end: number): number {
    const length = integer(buffer, at + 1, end);
    if (length === -1) {
      this.#take(null);
      return end + 2;
    }
    if (length < 0 || length > BULK_MAX) throw new RespError(`a bulk string of ${length} bytes`);
    const start = end + 2;
    const stop = start + length;
    if (stop + 2 > buffer.length) return at - (stop + 2);
    if (buffer[stop] !== CR || buffer[stop + 1] !== LF) throw new RespError("a bulk string without its end");
    this.#take(this.#decode(buffer, start, stop));
    return stop + 2;
  }

  #array(length: number): void {
    if (length === -1) this.#take(null);
    else if (length === 0) this.#take([]);
    else if (length < 0 || length > ITEMS_MAX) throw new RespError(`an array of ${length} items`);
    else if (this.#open.length === DEPTH_MAX) throw new RespError(`arrays in more than ${DEPTH_MAX} levels`);
    else this.#open.push({ items: [], length, refused: undefined });
  }

  /** Puts an item where it belongs; closes what it completes. */
  #take(item: Reply | ErrorReply): void {
    let complete = item;
    for (let array = this.#open.at(-1); array !== undefined; array = this.#open.at(-1)) {
      if (complete instanceof ErrorReply) {
        array.refused ??= complete;
        array.items.push(null);
      } else array.items.push(complete);
      if (array.items.length < array.length) return;
      this.#open.pop();
      complete = array.refused ?? array.items;
    }
    this.#onReply(complete);
  }
}

/** Index of the CR that ends the line, or -1 when it is not there yet. */
function lineEnd(buffer: Buffer, from: number): number {
  // Numbers and most status lines are short: a loop finds their end sooner than a native search.
  const near = Math.min(from + 32, buffer.length - 1);
  for (let i = from; i < near; i++) if (buffer[i] === CR && buffer[i + 1] === LF) return i;
  return near < buffer.length - 1 ? buffer.indexOf("\r\n", near, "latin1") : -1;
}

function integer(buffer: Buffer, from: number, to: number): number {
  const negative = buffer[from] === MINUS;
  let value = 0;
  let digits = 0;
  for (let i = negative ? from + 1 : from; i < to; i++) {
    const digit = (buffer[i] as number) - ZERO;
    if (digit < 0 || digit > 9) throw new RespError("a number with other bytes than digits");
    value = value * 10 + digit;
    digits += 1;
  }
  if (digits === 0) throw new RespError("a number without digits");
  return negative ? -value : value;
}
