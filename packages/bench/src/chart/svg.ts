/** Pieces of an SVG document, as text. */

export interface Attributes {
  readonly [name: string]: string | number;
}

export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const words = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeText(rounded(value))}"`);
  const open = `<${name}${words.join("")}`;
  return children.length === 0 ? `${open}/>` : `${open}>${children.join("")}</${name}>`;
}

export function text(content: string, attributes: Attributes): string {
  return element("text", attributes, escapeText(content));
}

/** A whole document. Colours hold on light and on dark pages. */
export function svgDocument(width: number, height: number, title: string, children: readonly string[]): string {
  const body = [
    element("title", {}, escapeText(title)),
    element("rect", { width, height, fill: COLOURS.paper }),
    ...children,
  ];
  const head = {
    xmlns: "http://www.w3.org/2000/svg",
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    role: "img",
    "font-family": "system-ui, sans-serif",
    "font-size": 12,
  };
  return `${element("svg", head, `\n${body.join("\n")}\n`)}\n`;
}

export const COLOURS = {
  paper: "#ffffff",
  ink: "#24292f",
  faint: "#6e7781",
  grid: "#d8dee4",
  ours: "#0969da",
  floor: "#8c959f",
  upstream: "#bf8700",
  target: "#cf222e",
} as const;

/** Told apart also by people who see few colours: Okabe and Ito's palette. */
export const SERIES_COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#7f7f7f"];

function escapeText(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

function rounded(value: string | number): string {
  return typeof value === "number" ? String(Math.round(value * 100) / 100) : value;
}
