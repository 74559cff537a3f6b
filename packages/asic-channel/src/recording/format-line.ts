import { unreachable } from "@tandem/base";
import { formatPart, formatTail } from "./bars.js";
import type { RecLine, RecordBody } from "./record.js";

/** The line of a record, without its line feed. Line ends inside a text, which no file could hold, are written `\x0A`. */
export function formatLine({ time, body }: RecLine): string {
  return `${time}|${formatBody(body)}`;
}

/** What stands behind the time. */
export function formatBody(body: RecordBody): string {
  const text = plainBody(body);
  return /[\r\n]/.test(text) ? text.replaceAll("\n", "\\x0A").replaceAll("\r", "\\x0D") : text;
}

function plainBody(body: RecordBody): string {
  switch (body.op) {
    case "#":
      return `#|${body.text}`;
    case "a":
      return `a|${body.view}`;
    case "A":
    case "F":
      return `${body.op}|${body.status}`;
    case "c":
    case "r":
    case "s":
    case "g":
    case "f":
    case "p":
      return `${body.op}|${body.key}${formatTail(body.fields)}`;
    case "C":
    case "R":
    case "S":
    case "B":
      return `${body.op}|${body.type}${body.parts.map((part) => `||${formatPart(part)}`).join("")}`;
    case "G":
      return body.kind === "single"
        ? `G|${body.status}${formatTail(body.fields)}`
        : `G|${body.status}${"|".repeat(body.bars)}${body.parts.map(formatPart).join("||")}`;
    case "E":
      return `E|${body.status}${body.statuses === undefined ? "" : `||${body.statuses.join("|")}`}`;
    case "q":
      return `q|${body.name}|${body.key}${formatTail(body.fields)}`;
    case "Q":
      return `Q|${body.name}|${body.status}${body.values === undefined ? "" : `|${body.values.join("|")}`}`;
    case "n":
      return `n|${body.name}|${body.data}${formatTail(body.fields)}`;
    case "@":
      return `@|${body.milliseconds}`;
    case "unknown":
      return body.text === undefined ? body.letter : `${body.letter}|${body.text}`;
    default:
      return unreachable(body);
  }
}
