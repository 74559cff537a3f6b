import { type Figure, isRate, isReached, missedWhys, type Target, targetValue, type Unit } from "./figure.js";

const LABEL_WIDTH = 52;
const VALUE_WIDTH = 16;

/** `182 k rows/s`, `9.1 k rows/s`, `88 µs`, `4.2 µs`, `1.03 ×`. */
export function formatValue(value: number, unit: Unit): string {
  if (value >= 1e6) return `${(value / 1e6).toFixed(2)} M ${unit}`;
  if (unit === "×") return `${value.toFixed(2)} ${unit}`;
  const [scaled, prefix] = isRate(unit) && value >= 1000 ? [value / 1000, "k "] : [value, ""];
  return `${scaled.toFixed(scaled < 10 ? 1 : 0)} ${prefix}${unit}`;
}

/** A figure for people: itself, then its floors, upstream and targets beside it, a line each. */
export function formatFigure(figure: Figure): string {
  const { what, unit, value, least, greatest, floors, upstream, targets, notes = [] } = figure;
  const times = (other: number): string => `${(value / other).toFixed(2)} ×`;
  return [
    line(what, formatValue(value, unit), `${formatValue(least, unit)} to ${formatValue(greatest, unit)}`),
    ...floors.map((floor) => line(`  floor: ${floor.what}`, formatValue(floor.value, unit), times(floor.value))),
    ...(upstream === undefined ? [] : [line("  upstream's C++", formatValue(upstream, unit), times(upstream))]),
    ...targets.map((target) => targetLine(figure, target)),
    ...[...missedWhys(figure).map((why) => `missed: ${why}`), ...notes].map((note) => `  ${note}\n`),
  ].join("");
}

/** A figure for programs, every value in its `unit`. */
export function figureJson(figure: Figure): object {
  const { what, unit, value, least, greatest, floors, upstream, targets, notes = [] } = figure;
  return {
    what,
    unit,
    median: rounded(value),
    least: rounded(least),
    greatest: rounded(greatest),
    floors: floors.map((floor) => ({ what: floor.what, median: rounded(floor.value) })),
    ...(upstream !== undefined && { upstream }),
    targets: targets.map((target) => ({
      ...("bound" in target ? { bound: target.bound } : { times_floor: target.timesFloor }),
      reached: isReached(figure, target) ?? null,
      ...(target.why !== undefined && isReached(figure, target) === false && { why: target.why }),
    })),
    notes,
  };
}

function targetLine(figure: Figure, target: Target): string {
  const wanted = targetValue(figure, target);
  const sign = isRate(figure.unit) ? "≥" : "≤";
  const what = "bound" in target ? "  target" : `  target: ${target.timesFloor} × floor`;
  if (wanted === undefined) return line(what, "unknown", "its floor was not measured");
  const reached = isReached(figure, target) === true ? "reached" : "missed";
  return line(what, `${sign} ${formatValue(wanted, figure.unit)}`, reached);
}

function line(label: string, value: string, rest: string): string {
  return `${label.padEnd(LABEL_WIDTH)}  ${value.padStart(VALUE_WIDTH)}  ${rest}\n`;
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
