import type { Command } from "./store.js";
import { encodeText } from "./text.js";

/** Bytes that are collected before they are handed on; a longer command gets a buffer of its own. */
const BUFFER_BYTES = 65_536;

/** Buffers that wait for reuse. */
const FREE_MAX = 2;

/** Up to this length a loop over characters beats a call into native code. */
const SHORT = 40;

const STAR = 0x2a;
const DOLLAR = 0x24;
const CR = 0x0d;
const LF = 0x0a;
const ZERO = 0x30;

/**
 * Writes commands as RESP arrays of bulk strings into large buffers, so that a tick's commands leave in few writes.
 * https://redis.io/docs/latest/develop/reference/protocol-spec/
 */
export class RespEncoder {
  readonly #flush: (bytes: Buffer, written: () => void) => void;
  readonly #free: Buffer[] = [];
  #buffer: Buffer = Buffer.alloc(0);
  #at = 0;

  /** `flush` gets full buffers; it calls `written` when the bytes are no longer needed. */
  constructor(flush: (bytes: Buffer, written: () => void) => void) {
    this.#flush = flush;
  }

  /** Collects one command; may flush those before it. */
  append(command: Command): void {
    // Three bytes are the most that one UTF-16 unit takes; 16 hold a bulk's length and line ends.
    let bound = 16;
    for (let i = 0; i < command.length; i++) bound += 16 + 3 * (command[i] as string).length;
    if (this.#at + bound > this.#buffer.length) this.#makeRoom(bound);
    this.#header(STAR, command.length);
    for (let i = 0; i < command.length; i++) this.#bulk(command[i] as string);
  }

  /** Hands on what was collected. */
  flush(): void {
    if (this.#at === 0) return;
    const buffer = this.#buffer;
    const bytes = buffer.subarray(0, this.#at);
    this.#buffer = this.#free.pop() ?? Buffer.alloc(0);
    this.#at = 0;
    this.#flush(bytes, () => {
      if (buffer.length === BUFFER_BYTES && this.#free.length < FREE_MAX) this.#free.push(buffer);
    });
  }

  #makeRoom(bound: number): void {
    this.flush();
    if (bound > this.#buffer.length) this.#buffer = Buffer.allocUnsafeSlow(Math.max(BUFFER_BYTES, bound));
  }

  #bulk(text: string): void {
    if (text.length <= SHORT && this.#shortAscii(text)) return;
    const bytes = Buffer.byteLength(text);
    if (bytes === text.length || text.isWellFormed()) {
      this.#header(DOLLAR, bytes);
      this.#at += this.#buffer.write(text, this.#at, bytes === text.length ? "latin1" : "utf8");
    } else {
      const encoded = encodeText(text);
      this.#header(DOLLAR, encoded.length);
      this.#at += encoded.copy(this.#buffer, this.#at);
    }
    this.#lineEnd();
  }

  /** Writes a short text when it is ASCII; otherwise leaves no trace. */
  #shortAscii(text: string): boolean {
    const buffer = this.#buffer;
    const start = this.#at;
    this.#header(DOLLAR, text.length);
    let at = this.#at;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) {
        this.#at = start;
        return false;
      }
      buffer[at++] = code;
    }
    this.#at = at;
    this.#lineEnd();
    return true;
  }

  #header(kind: number, count: number): void {
    const buffer = this.#buffer;
    buffer[this.#at++] = kind;
    if (count < 10) buffer[this.#at++] = ZERO + count;
    else if (count < 100) {
      const tens = (count / 10) | 0;
      buffer[this.#at++] = ZERO + tens;
      buffer[this.#at++] = ZERO + count - 10 * tens;
    } else this.#at += buffer.write(String(count), this.#at, "latin1");
    this.#lineEnd();
  }

  #lineEnd(): void {
    this.#buffer[this.#at++] = CR;
    this.#buffer[this.#at++] = LF;
  }
}
