import type { Clock } from "@tandem/base";
import type { Figure, Floor, Target, Unit } from "./figure.js";
import { median, percentile } from "./statistics.js";

/** One benchmark: measures its subject and its floors in turn. */
export interface Bench {
  readonly name: string;
  run(run: BenchRun): Promise<readonly Figure[]>;
}

/** What a measurement takes besides its subject. */
export interface BenchRun {
  readonly clock: Clock;
  /** Rounds that count; one more goes before them to warm up. */
  readonly rounds: number;
  /** How much of the usual work one round does: 1, or less for a quick run. */
  readonly scale: number;
  /** Ends the run after the current round. */
  readonly signal: AbortSignal;
}

/** What each contender gave in each round. */
type Rounds<C extends Readonly<Record<string, () => Promise<unknown>>>> = {
  readonly [K in keyof C]: Awaited<ReturnType<C[K]>>[];
};

/** Measures each contender once a round, in turn, so that a busy neighbour hurts all alike. */
export async function inTurn<C extends Readonly<Record<string, () => Promise<unknown>>>>(
  { rounds, signal }: BenchRun,
  contenders: C,
): Promise<Rounds<C>> {
  const names = Object.keys(contenders) as (keyof C)[];
  const measured = Object.fromEntries(names.map((name) => [name, []])) as unknown as Rounds<C>;
  for (let round = 0; round <= rounds; round++) {
    for (const name of names) {
      signal.throwIfAborted();
      const value = (await contenders[name]?.()) as Awaited<ReturnType<C[keyof C]>>;
      if (round > 0) measured[name].push(value);
    }
  }
  return measured;
}

/** How many of `count` things `work` does in a second. */
export async function rateOf({ clock }: BenchRun, count: number, work: () => Promise<void>): Promise<number> {
  const began = clock.monotonic();
  await work();
  return (count * 1000) / (clock.monotonic() - began);
}

/** Median and two further percentiles, in microseconds. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

const SHARES = { p50: "p50", p99: "p99", p999: "p99.9" } as const satisfies Record<keyof Latency, string>;

/** How long `once` takes, called `count` times one after the other; `between` puts things back and does not count. */
export async function latencyOf(
  { clock }: BenchRun,
  count: number,
  once: () => Promise<void>,
  between: () => Promise<void> = () => Promise.resolve(),
): Promise<Latency> {
  const samples: number[] = [];
  for (let i = 0; i < count; i++) {
    if (i > 0) await between();
    const began = clock.monotonic();
    await once();
    samples.push((clock.monotonic() - began) * 1000);
  }
  return { p50: percentile(samples, 0.5), p99: percentile(samples, 0.99), p999: percentile(samples, 0.999) };
}

/** What a figure says beside its rounds. */
export interface FigureText {
  readonly what: string;
  readonly unit: Unit;
  readonly floors?: Readonly<Record<string, readonly number[]>>;
  readonly upstream?: number;
  readonly targets?: readonly Target[];
  readonly notes?: readonly string[];
  readonly interval?: readonly [from: number, to: number];
}

export function figureOf(rounds: readonly number[], { floors = {}, targets = [], ...text }: FigureText): Figure {
  const measured: Floor[] = Object.entries(floors)
    .filter(([, values]) => values.length > 0)
    .map(([what, values]) => ({ what, value: median(values) }));
  const [least, greatest] = [Math.min(...rounds), Math.max(...rounds)];
  return { ...text, value: median(rounds), least, greatest, floors: measured, targets };
}

interface BesideLatency {
  readonly upstream?: number;
  readonly targets?: readonly Target[];
}

/** The figures of a latency that `beside` names, with their floors' beside them. */
export function latencyFigures(
  what: string,
  rounds: readonly Latency[],
  floors: Readonly<Record<string, readonly Latency[]>>,
  beside: Readonly<Partial<Record<keyof Latency, BesideLatency>>>,
): readonly Figure[] {
  return (Object.keys(beside) as (keyof Latency)[]).map((share) =>
    figureOf(
      rounds.map((round) => round[share]),
      {
        what: `${what}, ${SHARES[share]}`,
        unit: "µs",
        floors: Object.fromEntries(Object.entries(floors).map(([name, of]) => [name, of.map((one) => one[share])])),
        ...beside[share],
      },
    ),
  );
}
