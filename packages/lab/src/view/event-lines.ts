import { eventText, type LabEvent, PLAIN } from "../lab-event.js";
import type { StyledLine, Tone } from "./snapshot.js";

/** An event as lines below the table; what the table shows by itself is left out. */
export function eventLines(event: LabEvent, columns: number): readonly StyledLine[] {
  const text = eventText(event, PLAIN, columns);
  if (text === undefined) return [];
  return text.split("\n").map((line, i) => ({ text: line, tone: toneOf(event, i) }));
}

function toneOf(event: LabEvent, line: number): Tone {
  switch (event.kind) {
    case "starting":
      return line === 0 ? "strong" : "faint";
    case "stage":
      return "strong";
    case "transition":
      return "faint";
    case "step":
      return event.expected === undefined ? "plain" : "bad";
    default:
      return "plain";
  }
}
