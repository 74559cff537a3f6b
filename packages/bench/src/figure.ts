/** Of rates more is better, of times and sizes less. */
export type Unit = "rows/s" | "msg/s" | "req/s" | "steps/s" | "µs" | "ms" | "s" | "MB" | "×" | "× real time";

const RATES: readonly Unit[] = ["rows/s", "msg/s", "req/s", "steps/s", "× real time"];

/** What the same work costs without Tandem's code, measured in the same run. */
export interface Floor {
  readonly what: string;
  readonly value: number;
}

/** What a figure is to reach: a bound in its own unit, or a multiple of its first floor; and why not, where it is missed. */
export type Target = ({ readonly bound: number } | { readonly timesFloor: number }) & { readonly why?: string };

/** One measured figure: the median over the rounds, and the least and greatest of them. */
export interface Figure {
  readonly what: string;
  readonly unit: Unit;
  readonly value: number;
  readonly least: number;
  readonly greatest: number;
  readonly floors: readonly Floor[];
  /** Where the median lies with a certainty of 98 %, of a ratio. */
  readonly interval?: readonly [from: number, to: number];
  /** What sonic-swss-common reaches on such a machine. */
  readonly upstream?: number;
  readonly targets: readonly Target[];
  /** What else the run told, a line each. */
  readonly notes?: readonly string[];
}

/** A target as a value in the figure's unit; `undefined` when the floor that it needs was not measured. */
export function targetValue({ floors }: Figure, target: Target): number | undefined {
  if ("bound" in target) return target.bound;
  const floor = floors[0]?.value;
  return floor === undefined ? undefined : floor * target.timesFloor;
}

/** What stands in the way of targets that are missed, as far as they say so. */
export function missedWhys(figure: Figure): readonly string[] {
  return figure.targets.flatMap((target) =>
    target.why !== undefined && isReached(figure, target) === false ? [target.why] : [],
  );
}

/** Whether the figure reaches `target`, or may well, by its interval; `undefined` when that cannot be said. */
export function isReached(figure: Figure, target: Target): boolean | undefined {
  const wanted = targetValue(figure, target);
  if (wanted === undefined) return undefined;
  if (isRate(figure.unit)) return figure.value >= wanted;
  return Math.min(figure.value, figure.interval?.[0] ?? figure.value) <= wanted;
}

export function isRate(unit: Unit): boolean {
  return RATES.includes(unit);
}
