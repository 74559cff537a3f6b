/** Lines kept of one daemon; older ones go. */
const LINES_MAX = 200;

/** How loud a line is that is worth keeping. */
export type Loudness = "error" | "warning";

/** What one daemon said as errors and warnings, in all its lives. */
export class SaidLines {
  readonly #lines: string[] = [];

  /** The newest, oldest first. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  add(level: Loudness, text: string): void {
    this.#lines.push(`${level}: ${text}`);
    if (this.#lines.length > LINES_MAX) this.#lines.shift();
  }

  /** A line of a daemon's log as it goes to stderr. */
  take(line: string): void {
    const [, level, text] = /^\S+ \w+\[\d+\] (error|warn): (.*)$/.exec(line) ?? [];
    if (text !== undefined) this.add(level === "error" ? "error" : "warning", text);
  }
}
