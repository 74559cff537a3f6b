import { type DiskError, err, ok, type Result } from "@tandem/base";

/** One line of a file, without its line feed. */
export interface NumberedLine {
  readonly number: number;
  readonly text: string;
  /** It was longer than a line may be; its beginning is here, the rest is gone. */
  readonly cut: boolean;
}

/** Longest line that is read: a bulk request of a full table of routes is a tenth of it. */
export const LINE_CHARS_MAX = 256 * 1024 * 1024;

/** Lines of a text that comes in pieces; the last one needs no line feed. Empty lines are counted and left out. */
export async function* numberedLines(
  pieces: AsyncIterable<Result<string, DiskError>>,
  charsMax = LINE_CHARS_MAX,
): AsyncGenerator<Result<NumberedLine, DiskError>> {
  let number = 0;
  let rest = "";
  let cut = false;
  const line = (text: string): NumberedLine => ({ number, text, cut });
  for await (const piece of pieces) {
    if (!piece.ok) {
      yield err(piece.error);
      return;
    }
    const texts = piece.value.split("\n");
    for (const [i, text] of texts.entries()) {
      if (!cut) rest += text;
      if (rest.length > charsMax) {
        rest = rest.slice(0, charsMax);
        cut = true;
      }
      if (i === texts.length - 1) break;
      number += 1;
      if (rest !== "" && rest !== "\r") yield ok(line(rest));
      rest = "";
      cut = false;
    }
  }
  number += 1;
  if (rest !== "" && rest !== "\r") yield ok(line(rest));
}
