import { cut, type FrameSize } from "./frame.js";
import type { StyledLine, Tone } from "./snapshot.js";

const ESC = "\u001b[";
const HOME = `${ESC}H`;
const CLEAR_LINE = `${ESC}K`;
const RESET = `${ESC}0m`;
const HIDE_CURSOR = `${ESC}?25l`;
const SHOW_CURSOR = `${ESC}?25h`;
const NO_WRAP = `${ESC}?7l`;
const WRAP = `${ESC}?7h`;
/** A terminal that knows it shows everything between the two at once; others ignore it. */
const BEGIN = `${ESC}?2026h`;
const END = `${ESC}?2026l`;

const CODES: Readonly<Record<Tone, string>> = {
  plain: "",
  good: `${ESC}32m`,
  warn: `${ESC}33m`,
  bad: `${ESC}31m`,
  strong: `${ESC}1m`,
  faint: `${ESC}2m`,
};

/** Gives the terminal back as it was found: what a process writes that ends in the middle of it. */
export const RESTORE = `${RESET}${WRAP}${SHOW_CURSOR}`;

/**
 * A table at the top of the terminal and events below it, on the terminal's own screen: an event that has no room any
 * more is written into the top row and scrolled out, so that the terminal keeps it, and the rest is drawn anew. Pure: each
 * method gives what is to be written.
 */
export class Screen {
  readonly #colours: boolean;
  #size: FrameSize;
  #table: readonly StyledLine[] = [];
  /** Events that are on the screen, oldest first. */
  #events: readonly StyledLine[] = [];
  /** What each row shows. */
  #shown: readonly string[] = [];

  constructor(size: FrameSize, colours: boolean) {
    this.#size = size;
    this.#colours = colours;
  }

  /** Moves what is on the screen into the terminal's history, and takes the screen. */
  start(): string {
    return `${HIDE_CURSOR}${NO_WRAP}${"\n".repeat(Math.max(0, this.#size.rows - 1))}${HOME}`;
  }

  /** The terminal has another size: everything is drawn anew. */
  resize(size: FrameSize): string {
    this.#size = size;
    this.#shown = [];
    return BEGIN + this.#scroll() + this.#draw() + END;
  }

  /** A new table, and events that came since the last. */
  update(table: readonly StyledLine[], events: readonly StyledLine[]): string {
    this.#table = table;
    this.#events = [...this.#events, ...events];
    const changes = this.#scroll() + this.#draw();
    return changes === "" ? "" : BEGIN + changes + END;
  }

  /** Leaves the events where they are in the history, the last table below them, and the cursor after that. */
  end(table: readonly StyledLine[]): string {
    const events = this.#events.slice(-Math.max(0, this.#size.rows - table.length));
    const above = this.#events.slice(0, this.#events.length - events.length);
    this.#table = [];
    const scrolled = above.length > 0 ? this.#push(above) : "";
    this.#events = [...events, ...table];
    this.#shown = [];
    const last = Math.max(1, Math.min(this.#events.length, this.#size.rows));
    return `${BEGIN}${scrolled}${this.#draw()}${END}${ESC}${last};1H${RESTORE}\r\n`;
  }

  get #room(): number {
    return Math.max(1, this.#size.rows - this.#table.length);
  }

  /** Events without room leave by the top of the screen, one by one, whatever the table shows. */
  #scroll(): string {
    const surplus = this.#events.length - this.#room;
    if (surplus <= 0) return "";
    const leaving = this.#events.slice(0, surplus);
    this.#events = this.#events.slice(surplus);
    return this.#push(leaving);
  }

  /** Each line by way of the top row into the terminal's history. */
  #push(lines: readonly StyledLine[]): string {
    this.#shown = [];
    const lastRow = `${ESC}${this.#size.rows};1H`;
    return lines.map((line) => `${HOME}${this.#style(line)}${CLEAR_LINE}${lastRow}\n`).join("");
  }

  /** Rows that do not show what they should. */
  #draw(): string {
    const width = this.#size.columns - 1;
    const lines = [...this.#table, ...this.#events].slice(0, this.#size.rows);
    const wanted = Array.from({ length: this.#size.rows }, (_, row) => {
      const line = lines[row];
      return line === undefined ? "" : this.#style({ ...line, text: cut(line.text, width) });
    });
    const before = this.#shown;
    this.#shown = wanted;
    return wanted
      .flatMap((text, row) => (before[row] === text ? [] : [`${ESC}${row + 1};1H${text}${CLEAR_LINE}`]))
      .join("");
  }

  #style({ text, tone }: StyledLine): string {
    const code = this.#colours ? CODES[tone] : "";
    return code === "" ? text : `${code}${text}${RESET}`;
  }
}
