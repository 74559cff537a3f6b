import { countOf } from "@tandem/base";
import type { Check } from "../doctor/check.js";
import { type Paint, plain } from "./ha.js";

/** Width of a line: remedies and texts go on below. */
const WIDTH = 100;
const AREA_WIDTH = 15;
const INDENT = 6 + AREA_WIDTH;
const TONES = { ok: "good", warn: "warn", fail: "bad" } as const;

/** `doctor` as text: a line per check, and for what is not well its remedy. */
export function renderDoctor(checks: readonly Check[], paint: Paint = plain): string {
  const lines = checks.flatMap(({ area, verdict, text, remedy }) => {
    const [first = "", ...rest] = wrapped(text, WIDTH - INDENT);
    const head = `${paint(TONES[verdict], verdict.padEnd(4))}  ${area.padEnd(AREA_WIDTH)}${first}`;
    const more = [...rest, ...(remedy === "" ? [] : wrapped(`→ ${remedy}`, WIDTH - INDENT))];
    return [head.trimEnd(), ...more.map((line) => " ".repeat(INDENT) + line)];
  });
  const count = (verdict: Check["verdict"]): number => checks.filter((check) => check.verdict === verdict).length;
  lines.push(
    "",
    `${countOf(checks.length, "check")}: ${count("ok")} ok, ${count("warn")} doubtful, ${count("fail")} failed`,
  );
  return `${lines.join("\n")}\n`;
}

/** Lines of at most `width` characters, broken at blanks; a longer word has a line of its own. */
function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = "";
    }
    line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
