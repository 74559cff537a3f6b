import { invariant } from "./invariant.js";

/** The randomness port. Real: `systemRandom`. Simulated: `seededRandom`. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** A random UUID, version 4 (RFC 9562 §5.4), lower case. */
  uuid(): string;
}

/** Uniform integer in [0, below). */
export function randomBelow(random: Random, below: number): number {
  return Math.floor(random.next() * below);
}

/** One of `items`, which must not be empty. */
export function pick<T>(random: Random, items: readonly T[]): T {
  invariant(items.length > 0, "pick from nothing");
  return items[randomBelow(random, items.length)] as T;
}

/** The same items in an order that each of them has the same chance to lead. */
export function shuffled<T>(random: Random, items: readonly T[]): readonly T[] {
  const left = [...items];
  const order: T[] = [];
  while (left.length > 0) {
    const item = pick(random, left);
    left.splice(left.indexOf(item), 1);
    order.push(item);
  }
  return order;
}

/** `value` spread uniformly over ±`fraction` of itself. */
export function jitter(random: Random, value: number, fraction = 0.25): number {
  return value * (1 + fraction * (2 * random.next() - 1));
}

/** A reproducible generator (splitmix32 seeded, sfc32): the same seed gives the same sequence on every machine. */
export function seededRandom(seed: number): Random {
  let s = seed >>> 0;
  const mix = (): number => {
    s = (s + 0x9e3779b9) | 0;
    let z = s ^ (s >>> 16);
    z = Math.imul(z, 0x21f0aaad);
    z ^= z >>> 15;
    z = Math.imul(z, 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
  let a = mix();
  let b = mix();
  let c = mix();
  let d = 1;
  const uint32 = (): number => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return t >>> 0;
  };
  for (let i = 0; i < 12; i++) uint32();
  return {
    next: () => uint32() / 2 ** 32,
    uuid: () => {
      const words = [uint32(), uint32(), uint32(), uint32()];
      const hex = words.map((w) => w.toString(16).padStart(8, "0")).join("");
      const variant = "89ab"[(words[2] as number) >>> 30];
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
    },
  };
}
