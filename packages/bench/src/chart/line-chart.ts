import { scaleLinear } from "d3-scale";
import { COLOURS, element, SERIES_COLOURS, svgDocument, text } from "./svg.js";

export interface Line {
  readonly label: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface LineChart {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly lines: readonly Line[];
}

const WIDTH = 860;
const HEIGHT = 420;
const BOX = { left: 64, right: WIDTH - 210, top: 44, bottom: HEIGHT - 48 };

/** Lines over time on axes that begin at zero, with a legend beside them. */
export function lineChart({ title, x: xTitle, y: yTitle, lines }: LineChart): string {
  const points = lines.flatMap((line) => line.points);
  const x = scaleLinear([0, Math.max(1, ...points.map(([at]) => at))], [BOX.left, BOX.right]);
  const y = scaleLinear([0, Math.max(1, ...points.map(([, value]) => value))], [BOX.bottom, BOX.top]).nice();
  const parts = [text(title, { x: 12, y: 24, fill: COLOURS.ink, "font-size": 15, "font-weight": 600 })];
  for (const tick of y.ticks(6)) {
    parts.push(
      element("line", { x1: BOX.left, x2: BOX.right, y1: y(tick), y2: y(tick), stroke: COLOURS.grid }),
      text(String(tick), { x: BOX.left - 8, y: y(tick) + 4, fill: COLOURS.faint, "text-anchor": "end" }),
    );
  }
  for (const tick of x.ticks(8)) {
    parts.push(text(String(tick), { x: x(tick), y: BOX.bottom + 18, fill: COLOURS.faint, "text-anchor": "middle" }));
  }
  parts.push(
    text(xTitle, { x: (BOX.left + BOX.right) / 2, y: HEIGHT - 10, fill: COLOURS.ink, "text-anchor": "middle" }),
    text(yTitle, { x: BOX.left, y: BOX.top - 8, fill: COLOURS.ink }),
  );
  for (const [i, { label, points: of }] of lines.entries()) {
    const stroke = SERIES_COLOURS[i % SERIES_COLOURS.length] as string;
    const d = of.map(([at, value], n) => `${n === 0 ? "M" : "L"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`).join("");
    const row = BOX.top + 10 + i * 18;
    parts.push(
      element("path", { d, fill: "none", stroke, "stroke-width": 1.5 }),
      element("line", { x1: BOX.right + 16, x2: BOX.right + 38, y1: row - 4, y2: row - 4, stroke, "stroke-width": 3 }),
      text(label, { x: BOX.right + 44, y: row, fill: COLOURS.ink }),
    );
  }
  return svgDocument(WIDTH, HEIGHT, title, parts);
}
