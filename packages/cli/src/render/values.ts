import type { Json } from "@tandem/base";

export function isObject(value: Json | undefined): value is { readonly [member: string]: Json | undefined } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A duration in one or two units that a person would choose: `480 ms`, `3.2 s`, `75 s`, `4 m`, `3 h`, `2 d`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 10_000) return `${(ms / 1000).toFixed(1).replace(/\.0$/, "")} s`;
  if (ms < 120_000) return `${Math.round(ms / 1000)} s`;
  if (ms < 7_200_000) return `${Math.floor(ms / 60_000)} m`;
  if (ms < 172_800_000) return `${Math.floor(ms / 3_600_000)} h`;
  return `${Math.floor(ms / 86_400_000)} d`;
}

/** `HH:MM:SS` in UTC, with milliseconds if asked for. */
export function clockTime(at: number, withMillis = false): string {
  return new Date(at).toISOString().slice(11, withMillis ? 23 : 19);
}

/** `30`, `30s`, `5m`, `2h`, `500ms`, `1d` → milliseconds; `undefined` for what is none. A bare number is seconds. */
export function parseDuration(text: string): number | undefined {
  const found = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)?$/.exec(text.trim());
  if (found === null) return undefined;
  const unit = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[found[2] ?? "s"] ?? 1000;
  return Number(found[1]) * unit;
}

/** Text in lines of at most `width` characters, broken at blanks; what has none is cut. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    let rest = word;
    if (line !== "" && line.length + 1 + rest.length > width) {
      lines.push(line);
      line = "";
    }
    while (rest.length > width) {
      lines.push(rest.slice(0, width));
      rest = rest.slice(width);
    }
    line = line === "" ? rest : `${line} ${rest}`;
  }
  lines.push(line);
  return lines;
}

/** The text, or its beginning and an ellipsis. */
export function clip(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}

/** `sw0-dpu0` of `region-a.cluster-a.sw0-dpu0/hamgrd/0`. */
export function shortNode(path: string): string {
  const node = path.split("/", 1)[0] ?? path;
  return node.split(".").slice(2).join(".") || node;
}
