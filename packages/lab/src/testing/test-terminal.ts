import type { FrameSize } from "../view/frame.js";

/** A terminal in memory: what is on its screen, and what has left it by the top. Knows what the live view writes. */
export class TestTerminal {
  readonly size: FrameSize;
  readonly history: string[] = [];
  readonly modes = { cursor: true, wrap: true };
  #rows: string[];
  #row = 0;
  #column = 0;

  constructor(size: FrameSize) {
    this.size = size;
    this.#rows = Array.from({ length: size.rows }, () => "");
  }

  screen(): readonly string[] {
    return this.#rows.map((row) => row.trimEnd());
  }

  /** Throws for a sequence that it does not know. */
  write(text: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: terminals are driven by them
    for (const part of text.match(/\u001b\[[?\d;]*[A-Za-z]|[\r\n]|[^\u001b\r\n]+/g) ?? []) this.#take(part);
  }

  #take(part: string): void {
    if (part === "\r") this.#column = 0;
    else if (part === "\n") this.#feed();
    else if (part.startsWith("\u001b[")) this.#control(part.slice(2));
    else this.#print(part);
  }

  #feed(): void {
    this.#column = 0;
    if (this.#row < this.size.rows - 1) this.#row += 1;
    else {
      this.history.push((this.#rows.shift() ?? "").trimEnd());
      this.#rows.push("");
    }
  }

  #print(text: string): void {
    const width = this.size.columns - this.#column;
    const shown = [...text].slice(0, width).join("");
    if (this.modes.wrap && [...text].length > width) throw new Error("a line that is too long would wrap");
    const before = (this.#rows[this.#row] ?? "").padEnd(this.#column);
    this.#rows[this.#row] = before.slice(0, this.#column) + shown + before.slice(this.#column + shown.length);
    this.#column += shown.length;
  }

  #control(code: string): void {
    const moved = /^(?:(\d+);(\d+))?H$/.exec(code);
    if (moved !== null) {
      this.#row = Math.min(this.size.rows, Number(moved[1] ?? 1)) - 1;
      this.#column = Number(moved[2] ?? 1) - 1;
    } else if (code === "K") this.#rows[this.#row] = (this.#rows[this.#row] ?? "").slice(0, this.#column);
    else if (code === "?25l" || code === "?25h") this.modes.cursor = code === "?25h";
    else if (code === "?7l" || code === "?7h") this.modes.wrap = code === "?7h";
    else if (!/^(?:\d*m|\?2026[hl])$/.test(code)) throw new Error(`an unknown sequence: ${JSON.stringify(code)}`);
  }
}
