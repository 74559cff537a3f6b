import { scaleLinear } from "d3-scale";
import { COLOURS, element, svgDocument, text } from "./svg.js";

export interface Bar {
  readonly label: string;
  readonly value: number;
  /** The value for people. */
  readonly shown: string;
  readonly colour: string;
}

/** Bars on one scale, which begins at zero and is theirs alone. */
export interface BarGroup {
  readonly title: string;
  readonly bars: readonly Bar[];
  /** Drawn as a line across the group. */
  readonly mark?: { readonly value: number; readonly shown: string };
}

const WIDTH = 860;
const LEFT = 300;
const RIGHT = 150;
const BAR = 16;
const TITLE = 22;
const GAP = 18;

/** Groups of horizontal bars below each other, each with a scale of its own. */
export function barChart(title: string, groups: readonly BarGroup[]): string {
  let y = 34;
  const parts = [text(title, { x: 12, y: 22, fill: COLOURS.ink, "font-size": 15, "font-weight": 600 })];
  for (const { title: groupTitle, bars, mark } of groups) {
    const greatest = Math.max(...bars.map(({ value }) => value), mark?.value ?? 0);
    const x = scaleLinear([0, greatest], [LEFT, WIDTH - RIGHT]);
    parts.push(text(groupTitle, { x: 12, y: y + 15, fill: COLOURS.ink, "font-weight": 600 }));
    const top = y + TITLE;
    for (const [i, { label, value, shown, colour }] of bars.entries()) {
      const at = top + i * (BAR + 3);
      const middle = at + BAR - 4;
      parts.push(
        text(label, { x: LEFT - 8, y: middle, fill: COLOURS.faint, "text-anchor": "end" }),
        element("rect", { x: LEFT, y: at, width: Math.max(1, x(value) - LEFT), height: BAR, fill: colour }),
        text(shown, { x: x(value) + 6, y: middle, fill: COLOURS.ink }),
      );
    }
    y = top + bars.length * (BAR + 3);
    if (mark !== undefined) {
      const at = x(mark.value);
      const line = { x1: at, x2: at, y1: top - 4, y2: y, stroke: COLOURS.target, "stroke-dasharray": "4 3" };
      parts.push(
        element("line", line),
        text(`target ${mark.shown}`, { x: at, y: top - 8, fill: COLOURS.target, "text-anchor": "middle" }),
      );
    }
    y += GAP;
  }
  return svgDocument(WIDTH, y, title, parts);
}
