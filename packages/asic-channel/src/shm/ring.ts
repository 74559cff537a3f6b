import { crc32 } from "./crc32.js";

/** Bytes before the payload of a record. */
export const RECORD_HEADER_BYTES = 40;

/** Bytes of the words that both ends of a ring share: one cache line and its neighbour for each end. */
export const RING_CONTROL_BYTES = 256;

/** Where a record keeps what, in bytes. */
const AT = { commit: 0, length: 4, sequence: 8, epoch: 12, time: 16, crc: 24, checked: 4 } as const;

/** The word in place of a length that says: the next record stands at the beginning of the ring. */
const PAD = -1;

/** What the producer writes, and the consumer; words of the control block. */
const TAIL = 0;
const WRITING = 1;
const SEQUENCE = 2;
const HEAD = 32;
const FINISHED = 33;
const TAKEN = 34;

/** What waits in a ring. */
export interface RingFill {
  readonly records: number;
  readonly bytes: number;
  /** Where in the data the oldest one stands, unless it begins the ring anew. */
  readonly oldestAt: number;
}

/** Read from the words of a ring alone, by somebody who is neither of its ends; `capacity` in bytes. */
export function fillOf(control: Int32Array, capacity: number): RingFill {
  const word = (at: number): number => control[at] ?? 0;
  return {
    records: Math.max(0, (word(SEQUENCE) - word(FINISHED)) | 0),
    bytes: Math.max(0, (word(TAIL) - word(HEAD)) | 0),
    oldestAt: word(HEAD) & (capacity - 1),
  };
}

/** When a record was written, by its header; `undefined` of a word that says where the next one stands. */
export function writtenAt(header: Buffer): number | undefined {
  return header.readInt32LE(AT.length) === PAD ? undefined : header.readDoubleLE(AT.time);
}

/** One record in its place: the payload is a view of the ring, valid until the record is released. */
export interface RingRecord {
  readonly payload: Uint8Array;
  readonly sequence: number;
  /** Of the client that wrote it, or that it is meant for. */
  readonly epoch: number;
  /** Wall clock of its writing, milliseconds since 1970. */
  readonly at: number;
  /** Position behind it. */
  readonly next: number;
}

/** Bytes that were committed and are no record any more: memory was overwritten, or a write passed its commit word. */
export interface RingDamage {
  readonly detail: string;
  /** What can be read again stands there. */
  readonly next: number;
}

export type Peeked =
  | { readonly kind: "record"; readonly record: RingRecord }
  | { readonly kind: "damaged"; readonly damage: RingDamage }
  | undefined;

/** What a producer found that takes over. */
export interface Recovery {
  /** The one before it died while it wrote a record; that half is discarded. */
  readonly torn: boolean;
}

/**
 * Records in memory that two processes share: one writes, one reads, and either may die between any two instructions.
 *
 * A record counts from the moment its commit word is written, which is the last of it. That word is the record's own
 * position, so what an earlier lap left is never taken for a record, and the word behind a record is zero before it is
 * committed. Positions count bytes modulo 2^32. A record that does not fit before the end begins at the beginning.
 */
export class Ring {
  readonly #control: Int32Array;
  readonly #bytes: Buffer;
  readonly #words: Int32Array;
  readonly #times: Float64Array;
  readonly #mask: number;
  /** What the consumer peeked at last, while it is not released. */
  #peeked: { readonly head: number; readonly found: NonNullable<Peeked> } | undefined;

  /** `data` has a power of two bytes, 1 GiB at most; `control` has `RING_CONTROL_BYTES`. Both are aligned to 8 bytes. */
  constructor(control: Uint8Array, data: Uint8Array) {
    this.#control = new Int32Array(control.buffer, control.byteOffset, RING_CONTROL_BYTES / 4);
    this.#bytes = Buffer.from(data.buffer, data.byteOffset, data.length);
    this.#words = new Int32Array(data.buffer, data.byteOffset, data.length / 4);
    this.#times = new Float64Array(data.buffer, data.byteOffset, data.length / 8);
    this.#mask = data.length - 1;
  }

  get capacity(): number {
    return this.#mask + 1;
  }

  /** Longest payload: a record of it finds room in an empty ring wherever that begins. */
  get payloadMax(): number {
    return this.capacity / 2 - RECORD_HEADER_BYTES - 8;
  }

  /** Bytes of records that are not released. */
  get used(): number {
    return Math.max(0, (this.#load(TAIL) - this.#load(HEAD)) | 0);
  }

  /** Records that are not released. */
  get count(): number {
    return Math.max(0, (this.#load(SEQUENCE) - this.#load(FINISHED)) | 0);
  }

  /** Bytes that a record with such a payload takes. */
  static sizeOf(payloadBytes: number): number {
    return (RECORD_HEADER_BYTES + payloadBytes + 7) & ~7;
  }

  /** Producer. The number of the record, counted modulo 2^32; undefined when there is no room for it. */
  put(payload: Uint8Array, epoch: number, at: number, sequence = this.nextSequence): number | undefined {
    const tail = this.#load(TAIL);
    const size = Ring.sizeOf(payload.length);
    const toEnd = this.capacity - (tail & this.#mask);
    const pad = toEnd < size ? toEnd : 0;
    // The word behind the record belongs to it.
    if (this.used + pad + size + 8 > this.capacity) return undefined;
    this.#store(WRITING, tail | 1);
    const position = (tail + pad) | 0;
    const start = position & this.#mask;
    this.#words[(start + AT.length) >> 2] = payload.length;
    this.#words[(start + AT.sequence) >> 2] = sequence;
    this.#words[(start + AT.epoch) >> 2] = epoch;
    this.#times[(start + AT.time) >> 3] = at;
    this.#bytes.set(payload, start + RECORD_HEADER_BYTES);
    this.#words[(start + AT.crc) >> 2] = this.#crcOf(start, payload.length);
    const next = (position + size) | 0;
    this.#commit(next, 0);
    this.#commit(position, position + 1);
    if (pad > 0) {
      this.#words[((tail & this.#mask) + AT.length) >> 2] = PAD;
      this.#commit(tail, tail + 1);
    }
    this.#store(SEQUENCE, sequence);
    this.#store(TAIL, next);
    this.#store(WRITING, 0);
    return sequence;
  }

  /** The number that the next record gets. */
  get nextSequence(): number {
    return (this.#load(SEQUENCE) + 1) >>> 0;
  }

  /** Consumer. The oldest record that is not released; undefined when there is none. */
  peek(): Peeked {
    const head = this.#load(HEAD);
    if (this.#peeked?.head === head) return this.#peeked.found;
    const found = this.#look(head);
    this.#peeked = found && { head, found };
    return found;
  }

  /** Consumer. Its room may be used again; `sequence` of a record, and none of something damaged. */
  release(next: number, sequence: number | undefined): void {
    if (sequence !== undefined) this.#store(FINISHED, sequence);
    this.#store(HEAD, next);
    this.#peeked = undefined;
    if (sequence === undefined) this.recoverConsumer();
  }

  /** Consumer. Releases all that is there. */
  clear(): void {
    for (let peeked = this.peek(); peeked !== undefined; peeked = this.peek())
      if (peeked.kind === "record") this.release(peeked.record.next, peeked.record.sequence);
      else this.release(peeked.damage.next, undefined);
  }

  /** Consumer. Notes that record `sequence` is in hand, for whoever comes after a death. */
  take(sequence: number): void {
    this.#store(TAKEN, sequence);
  }

  /** Consumer. The record that was last in hand. */
  get taken(): number {
    return this.#load(TAKEN) >>> 0;
  }

  /** Before a producer's first `put`. A record that is whole but was not counted yet is kept. */
  recoverProducer(): Recovery {
    const tail = this.#load(TAIL);
    const torn = this.#load(WRITING) === (tail | 1);
    const last = this.#committed(tail) ? this.#read(tail) : undefined;
    if (last?.kind === "record") {
      this.#store(SEQUENCE, last.record.sequence);
      this.#store(TAIL, last.record.next);
    } else {
      this.#commit(tail, 0);
    }
    this.#store(WRITING, 0);
    return { torn: torn && last?.kind !== "record" };
  }

  /** Before a consumer's first `release`: how many records are finished follows from the one that is not. */
  recoverConsumer(): void {
    const first = this.peek();
    this.#store(FINISHED, first?.kind === "record" ? first.record.sequence - 1 : this.#load(SEQUENCE));
  }

  #look(head: number): Peeked {
    const whole = this.#committed(head) ? this.#read(head) : undefined;
    if (whole?.kind === "record") return whole;
    const tail = this.#load(TAIL);
    if (((tail - head) | 0) <= 0) return undefined;
    // It was written before the tail was: it is there by now, unless something overwrote it.
    if (this.#committed(head)) return this.#read(head);
    return { kind: "damaged", damage: { detail: "a record without its commit word", next: tail } };
  }

  #read(head: number): NonNullable<Peeked> {
    let position = head;
    let start = position & this.#mask;
    if (this.#words[(start + AT.length) >> 2] === PAD) {
      position = (position + this.capacity - start) | 0;
      start = 0;
      if (!this.#committed(position)) return this.#damaged("a record without its commit word", head, undefined);
    }
    const length = (this.#words[(start + AT.length) >> 2] as number) >>> 0;
    const size = Ring.sizeOf(length);
    if (length > this.payloadMax || start + size > this.capacity)
      return this.#damaged(`a record of ${length} bytes, where at most ${this.payloadMax} fit`, head, undefined);
    const next = (position + size) | 0;
    const crc = (this.#words[(start + AT.crc) >> 2] as number) >>> 0;
    if (crc !== this.#crcOf(start, length)) return this.#damaged("a record whose CRC is wrong", head, next);
    const payload = this.#bytes.subarray(start + RECORD_HEADER_BYTES, start + RECORD_HEADER_BYTES + length);
    const sequence = (this.#words[(start + AT.sequence) >> 2] as number) >>> 0;
    const epoch = (this.#words[(start + AT.epoch) >> 2] as number) >>> 0;
    const at = this.#times[(start + AT.time) >> 3] as number;
    return { kind: "record", record: { payload, sequence, epoch, at, next } };
  }

  /** Goes on behind the record where its length can be believed, since another one or none at all begins there. */
  #damaged(detail: string, head: number, next: number | undefined): NonNullable<Peeked> {
    const tail = this.#load(TAIL);
    const within = next !== undefined && ((next - head) | 0) > 0 && ((tail - next) | 0) >= 0;
    const whole = within && (next === tail || this.#committed(next as number));
    return { kind: "damaged", damage: { detail, next: whole ? (next as number) : tail } };
  }

  #crcOf(start: number, length: number): number {
    const header = crc32(this.#bytes, start + AT.checked, start + AT.crc);
    return crc32(this.#bytes, start + RECORD_HEADER_BYTES, start + RECORD_HEADER_BYTES + length, header);
  }

  #committed(position: number): boolean {
    return Atomics.load(this.#words, (position & this.#mask) >> 2) === ((position + 1) | 0);
  }

  #commit(position: number, word: number): void {
    Atomics.store(this.#words, (position & this.#mask) >> 2, word);
  }

  #load(word: number): number {
    return Atomics.load(this.#control, word);
  }

  #store(word: number, value: number): void {
    Atomics.store(this.#control, word, value);
  }
}
