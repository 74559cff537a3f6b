/** Where a field of a protobuf message lies. Protocol Buffers, "Encoding". */
export interface FieldAt {
  readonly number: number;
  readonly wireType: number;
  /** First byte of the value; after the length for length-delimited fields. */
  readonly from: number;
  /** Behind the value. */
  readonly to: number;
}

/** Walks the fields of one message without decoding them. After `next` gave false, `broken` tells end from damage. */
export class FieldReader {
  number = 0;
  wireType = 0;
  from = 0;
  to = 0;
  broken = false;
  #at: number;

  constructor(
    private readonly bytes: Uint8Array,
    start: number,
    private readonly end: number,
  ) {
    this.#at = start;
  }

  /** Moves to the next field. Groups, which proto3 does not have, count as damage. */
  next(): boolean {
    if (this.#at >= this.end) return false;
    const tag = this.#uint32();
    if (tag === -1) return this.#damaged();
    this.number = tag >>> 3;
    this.wireType = tag & 7;
    if (this.number === 0) return this.#damaged();
    this.from = this.#at;
    switch (this.wireType) {
      case 0:
        this.to = varintEnd(this.bytes, this.#at, this.end);
        break;
      case 1:
        this.to = this.#at + 8;
        break;
      case 5:
        this.to = this.#at + 4;
        break;
      case 2: {
        const length = this.#uint32();
        if (length === -1) return this.#damaged();
        this.from = this.#at;
        this.to = this.#at + length;
        break;
      }
      default:
        return this.#damaged();
    }
    if (this.to === -1 || this.to > this.end) return this.#damaged();
    this.#at = this.to;
    return true;
  }

  #damaged(): false {
    this.broken = true;
    return false;
  }

  /** A varint that must fit 32 bits (tags, lengths); -1 when it does not, or runs off the end. */
  #uint32(): number {
    // Nearly all of them are a single byte.
    if (this.#at < this.end) {
      const first = this.bytes[this.#at] as number;
      if (first < 0x80) {
        this.#at += 1;
        return first;
      }
    }
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      if (this.#at >= this.end) return -1;
      const byte = this.bytes[this.#at++] as number;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value < 2 ** 32 ? value : -1;
    }
    return -1;
  }
}

/** Behind the varint at `from`; -1 when it is longer than ten bytes or runs off the end. */
export function varintEnd(bytes: Uint8Array, from: number, end: number): number {
  for (let at = from; at < end && at < from + 10; at++) if ((bytes[at] as number) < 0x80) return at + 1;
  return -1;
}

/** The value of a varint whose end is known; above 64 bits cut off. */
export function readVarint(bytes: Uint8Array, from: number, to: number): bigint {
  let low = 0;
  let high = 0;
  for (let at = from, shift = 0; at < to; at++, shift += 7) {
    const part = (bytes[at] as number) & 0x7f;
    if (shift < 28) low += part * 2 ** shift;
    else if (shift === 28) {
      low += (part & 0x0f) * 2 ** 28;
      high += part >>> 4;
    } else high += part * 2 ** (shift - 32);
  }
  return ((BigInt(high) << 32n) | BigInt(low)) & 0xffff_ffff_ffff_ffffn;
}

const scratch = new DataView(new ArrayBuffer(8));

/** Writes `value` (64 bits, unsigned) and returns the offset behind it. At most ten bytes. */
export function writeVarint64(target: Uint8Array, at: number, value: bigint): number {
  scratch.setBigUint64(0, value);
  let high = scratch.getUint32(0);
  let low = scratch.getUint32(4);
  while (high > 0) {
    target[at++] = (low & 0x7f) | 0x80;
    low = ((low >>> 7) | (high << 25)) >>> 0;
    high >>>= 7;
  }
  return writeVarint32(target, at, low);
}

/** Writes `value` (32 bits, unsigned) and returns the offset behind it. At most five bytes. */
export function writeVarint32(target: Uint8Array, at: number, value: number): number {
  while (value >= 0x80) {
    target[at++] = (value & 0x7f) | 0x80;
    value >>>= 7;
  }
  target[at++] = value;
  return at;
}

/** Bytes that `writeVarint32` takes. */
export function varint32Size(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : value < 0x1000_0000 ? 4 : 5;
}
