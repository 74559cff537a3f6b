import { decodeText } from "./text.js";

/** What a script packed: text, or lists of what it packed. */
export type Packed = string | readonly Packed[];

/** Texts up to this length are cut from one long text by copying; a longer one would keep all of it in memory. */
const COPIED_MAX = 12;

/**
 * Unpacks what a script packed by `cmsgpack.pack` from strings and arrays, in the forms of MessagePack that Redis writes.
 * Throws where the bytes are anything else, or more or less than one value.
 */
export function unpackReply(bytes: Buffer): Packed {
  const unpacking = new Unpacking(bytes);
  const value = unpacking.value();
  if (unpacking.at < bytes.length) throw new Error(`the packed reply goes on at byte ${unpacking.at}`);
  return value;
}

class Unpacking {
  at = 0;
  readonly #bytes: Buffer;
  /** All bytes, one character each. */
  readonly #text: string;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#text = bytes.toString("latin1");
  }

  value(): Packed {
    const at = this.at;
    const mark = this.#bytes[at] ?? 0xc1;
    this.at += 1;
    if (mark >= 0xa0 && mark <= 0xbf) return this.#string(mark & 0x1f);
    if (mark >= 0x90 && mark <= 0x9f) return this.#array(mark & 0x0f);
    switch (mark) {
      case 0xd9:
        return this.#string(this.#length(1));
      case 0xda:
        return this.#string(this.#length(2));
      case 0xdb:
        return this.#string(this.#length(4));
      case 0xdc:
        return this.#array(this.#length(2));
      case 0xdd:
        return this.#array(this.#length(4));
      default:
        throw new Error(`byte ${at} of a packed reply: a string or an array was expected, not 0x${mark.toString(16)}`);
    }
  }

  /** A length of `size` bytes, most significant first. */
  #length(size: 1 | 2 | 4): number {
    this.#need(size);
    const length = this.#bytes.readUIntBE(this.at, size);
    this.at += size;
    return length;
  }

  #string(length: number): string {
    this.#need(length);
    const bytes = this.#bytes;
    const from = this.at;
    const to = from + length;
    this.at = to;
    for (let i = from; i < to; i++) if ((bytes[i] as number) > 0x7f) return decodeText(bytes.subarray(from, to));
    return length > COPIED_MAX ? bytes.toString("latin1", from, to) : this.#text.slice(from, to);
  }

  /** An array of `length` values, each of at least one byte. */
  #array(length: number): readonly Packed[] {
    this.#need(length);
    const items = new Array<Packed>(length);
    for (let i = 0; i < length; i++) items[i] = this.value();
    return items;
  }

  #need(length: number): void {
    if (this.at + length > this.#bytes.length)
      throw new Error(`a packed reply ends within a value, at byte ${this.at}`);
  }
}
