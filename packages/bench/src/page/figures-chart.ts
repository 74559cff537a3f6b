import { type Bar, type BarGroup, barChart } from "../chart/bar-chart.js";
import { COLOURS } from "../chart/svg.js";
import { type Figure, targetValue } from "../figure.js";
import { formatValue } from "../format-figure.js";

/** The figures of one benchmark as bars beside their floors, upstream's and the first target. */
export function figuresChart(name: string, figures: readonly Figure[]): string {
  return barChart(`tandem bench ${name}`, figures.map(groupOf));
}

function groupOf(figure: Figure): BarGroup {
  const { what, unit, value, floors, upstream, targets } = figure;
  const bar = (label: string, of: number, colour: string): Bar => ({
    label,
    value: of,
    shown: formatValue(of, unit),
    colour,
  });
  const target = targets[0] === undefined ? undefined : targetValue(figure, targets[0]);
  return {
    title: what,
    bars: [
      bar("Tandem", value, COLOURS.ours),
      ...floors.map((floor) => bar(shortened(floor.what), floor.value, COLOURS.floor)),
      ...(upstream === undefined ? [] : [bar("upstream's C++", upstream, COLOURS.upstream)]),
    ],
    ...(target !== undefined && { mark: { value: target, shown: formatValue(target, unit) } }),
  };
}

const LABEL_MAX = 44;

function shortened(label: string): string {
  return label.length <= LABEL_MAX ? label : `${label.slice(0, LABEL_MAX - 1)}…`;
}
