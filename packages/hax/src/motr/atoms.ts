import { invariant } from "@tandem/base";
import type { Fid } from "../fid.js";

const U64_MASK = 2n ** 64n - 1n;
const LIMITS = { u8: 2 ** 8, u32: 2 ** 32 } as const;
const utf8 = new TextEncoder();

/**
 * Writes atoms as Motr's xcode lays them: little-endian, nothing between them. A number that does not fit is a bug of
 * the caller.
 */
export class AtomWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #at = 0;

  /** Grows beyond `capacity` as needed. */
  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  u8(value: number): this {
    invariant(Number.isInteger(value) && value >= 0 && value < LIMITS.u8, `${value} is no u8`);
    this.#view.setUint8(this.#take(1), value);
    return this;
  }

  u32(value: number): this {
    invariant(Number.isInteger(value) && value >= 0 && value < LIMITS.u32, `${value} is no u32`);
    const at = this.#take(4);
    this.#view.setUint32(at, value, true);
    return this;
  }

  i32(value: number): this {
    invariant((value | 0) === value, `${value} is no i32`);
    const at = this.#take(4);
    this.#view.setInt32(at, value, true);
    return this;
  }

  u64(value: bigint): this {
    invariant(value >= 0n && value <= U64_MASK, `${value} is no u64`);
    const at = this.#take(8);
    this.#view.setBigUint64(at, value, true);
    return this;
  }

  i64(value: bigint): this {
    invariant(BigInt.asIntN(64, value) === value, `${value} is no i64`);
    const at = this.#take(8);
    this.#view.setBigInt64(at, value, true);
    return this;
  }

  /** The high half first. */
  u128(value: bigint): this {
    return this.u64(value >> 64n).u64(value & U64_MASK);
  }

  fid({ container, key }: Fid): this {
    return this.u64(container).u64(key);
  }

  /** A length of 64 bits, then UTF-8 without an end mark. */
  buf(text: string): this {
    const bytes = utf8.encode(text);
    return this.u64(BigInt(bytes.length)).raw(bytes);
  }

  raw(bytes: Uint8Array): this {
    const at = this.#take(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  zeros(count: number): this {
    this.#take(count);
    return this;
  }

  /** What was written; the writer is not used afterwards. */
  done(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  #take(count: number): number {
    const at = this.#at;
    this.#at += count;
    if (this.#at > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#at, 2 * this.#bytes.length));
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return at;
  }
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Reads atoms in the order they were written. The first fault stays: whatever is read afterwards is 0 or empty, and
 * `fault` says what was wrong.
 */
export class AtomReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;
  #fault: string | undefined;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get fault(): string | undefined {
    return this.#fault;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  fail(fault: string): void {
    this.#fault ??= fault;
  }

  u8(what: string): number {
    const at = this.#take(1, what);
    return at === undefined ? 0 : this.#view.getUint8(at);
  }

  u32(what: string): number {
    const at = this.#take(4, what);
    return at === undefined ? 0 : this.#view.getUint32(at, true);
  }

  i32(what: string): number {
    const at = this.#take(4, what);
    return at === undefined ? 0 : this.#view.getInt32(at, true);
  }

  u64(what: string): bigint {
    const at = this.#take(8, what);
    return at === undefined ? 0n : this.#view.getBigUint64(at, true);
  }

  i64(what: string): bigint {
    const at = this.#take(8, what);
    return at === undefined ? 0n : this.#view.getBigInt64(at, true);
  }

  u128(what: string): bigint {
    return (this.u64(what) << 64n) | this.u64(what);
  }

  fid(what: string): Fid {
    return { container: this.u64(what), key: this.u64(what) };
  }

  buf(what: string): string {
    return this.text(this.u64(what), what);
  }

  /** UTF-8 of `length` bytes. */
  text(length: bigint, what: string): string {
    const at = this.#take(length > BigInt(this.left) ? this.left + 1 : Number(length), what);
    if (at === undefined) return "";
    try {
      return strictUtf8.decode(this.#bytes.subarray(at, this.#at));
    } catch {
      this.fail(`${what}: not UTF-8`);
      return "";
    }
  }

  /** One of `names`, by its number; the first name has number `first`. */
  oneOf<Name extends string>(names: readonly Name[], number: bigint | number, what: string, first = 0): Name {
    const name = names[Number(number) - first];
    if (name === undefined) this.fail(`${what} ${number}: expected ${first} to ${first + names.length - 1}`);
    return name ?? (names[0] as Name);
  }

  /** A number of things of at least `size` bytes each; more than can follow is a fault. */
  count(size: number, what: string): number {
    const count = this.u32(what);
    if (count * size <= this.left) return count;
    this.fail(`${what} ${count}: only ${this.left} bytes follow`);
    return 0;
  }

  flag(number: bigint | number, what: string): boolean {
    if (number !== 0n && number !== 1n && number !== 0 && number !== 1) this.fail(`${what} ${number}: expected 0 or 1`);
    return Number(number) === 1;
  }

  skip(count: number, what: string): void {
    this.#take(count, what);
  }

  /** The rest, whatever it is. */
  rest(): Uint8Array {
    const at = this.#at;
    this.#at = this.#bytes.length;
    return this.#bytes.subarray(at);
  }

  /** Nothing may follow. */
  end(): void {
    if (this.left > 0) this.fail(`${this.left} bytes too many`);
  }

  #take(count: number, what: string): number | undefined {
    if (this.#fault !== undefined) return undefined;
    if (count > this.left) {
      this.#fault = `${what}: the bytes end at ${this.#bytes.length}`;
      return undefined;
    }
    const at = this.#at;
    this.#at += count;
    return at;
  }
}
