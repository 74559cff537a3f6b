import { err, ok, type Result } from "@tandem/base";

/** A 128-bit Motr object id. The container's top 8 bits are the type letter, in ASCII. */
export interface Fid {
  readonly container: bigint;
  readonly key: bigint;
}

/** `not set`, as Motr writes it. */
export const NULL_FID: Fid = { container: 0n, key: 0n };

const U64_MAX = 2n ** 64n - 1n;
const LETTER_SHIFT = 56n;
const PROPER_MASK = 2n ** LETTER_SHIFT - 1n;

/** `0x7200000000000001:0x10`, the form that Consul keys carry. */
export function formatFid({ container, key }: Fid): string {
  return `0x${container.toString(16)}:0x${key.toString(16)}`;
}

/** A fid of the type that `letter` names, as Motr's `M0_FID_TINIT`. */
export function typedFid(letter: string, container: bigint, key: bigint): Fid {
  return { container: (BigInt(letter.charCodeAt(0)) << LETTER_SHIFT) | (container & PROPER_MASK), key };
}

/** The type letter of a fid: `r` for a process, `s` for a service. */
export function fidLetter({ container }: Fid): string {
  return String.fromCharCode(Number(container >> LETTER_SHIFT));
}

export function sameFid(a: Fid, b: Fid): boolean {
  return a.container === b.container && a.key === b.key;
}

/**
 * Reads every form that hax and Motr print: `0x72…01:0x10`, `72…01:10` and `<72…01:10>` with hex numbers, and
 * `r|1:16` with numbers in C notation.
 */
export function parseFid(text: string): Result<Fid, string> {
  const expected = (): Result<never, string> =>
    err(`fid ${JSON.stringify(text)}: expected CONTAINER:KEY in hex, as 0x7200000000000001:0x10, 64 bits each`);
  const typed = /^\s*(?:<\s*)?([A-Za-z])\|([^:|]+):([^:|>]+?)(\s*>)?\s*$/.exec(text);
  const plain = /^\s*(?:<\s*)?([^:|<>]+):([^:|<>]+?)(\s*>)?\s*$/.exec(text);
  if (text.includes("<") !== text.includes(">")) return expected();
  if (typed !== null) {
    const container = cNumber(typed[2] as string);
    const key = cNumber(typed[3] as string);
    if (container === undefined || key === undefined || container > PROPER_MASK) return expected();
    return ok(typedFid(typed[1] as string, container, key));
  }
  if (plain === null) return expected();
  const container = hexNumber(plain[1] as string);
  const key = hexNumber(plain[2] as string);
  return container === undefined || key === undefined ? expected() : ok({ container, key });
}

function hexNumber(text: string): bigint | undefined {
  const digits = /^\s*(?:0[xX])?([0-9a-fA-F]+)\s*$/.exec(text)?.[1];
  return digits === undefined ? undefined : bounded(BigInt(`0x${digits}`));
}

/** Decimal, `0x…` hex or `0…` octal. */
function cNumber(text: string): bigint | undefined {
  const number = text.trim();
  if (/^0[xX][0-9a-fA-F]+$/.test(number)) return bounded(BigInt(number));
  if (/^0[0-7]+$/.test(number)) return bounded(BigInt(`0o${number.slice(1)}`));
  return /^(?:0|[1-9]\d*)$/.test(number) ? bounded(BigInt(number)) : undefined;
}

function bounded(number: bigint): bigint | undefined {
  return number <= U64_MAX ? number : undefined;
}
