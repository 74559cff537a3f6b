/** Where lines go, whole batches at a time. */
export interface LineSink {
  /** False when the text could not be written and is lost. Never rejects. */
  write(text: string): Promise<boolean>;
  /** The line that stands for lines that were lost, with its line feed. */
  lostMark(lines: number): string;
}

/**
 * A bounded buffer before a slow sink. `push` never waits; lines beyond the bound are dropped and counted, and the
 * count is written as a line of its own when there is room again.
 */
export class LineWriter {
  #lines: string[] = [];
  #chars = 0;
  #lost = 0;
  #lostInAll = 0;
  #pumping: Promise<void> | undefined;

  constructor(
    private readonly sink: LineSink,
    /** Most characters that wait. */
    private readonly limit: number,
  ) {}

  /** Lines that were dropped, or could not be written, since the beginning. */
  get lost(): number {
    return this.#lostInAll;
  }

  push(line: string): void {
    if (this.#chars + line.length > this.limit) {
      this.#lost += 1;
      this.#lostInAll += 1;
      return;
    }
    this.#lines.push(line);
    this.#chars += line.length;
    this.#pumping ??= this.#pump();
  }

  /** Resolves when all that was pushed is written or lost. */
  async flush(): Promise<void> {
    while (this.#pumping !== undefined) await this.#pumping;
  }

  /** What waits, for a last synchronous write; it is then gone from here. */
  take(): string {
    const text = this.#lines.join("") + (this.#lost > 0 ? this.sink.lostMark(this.#lost) : "");
    this.#lines = [];
    this.#chars = 0;
    this.#lost = 0;
    return text;
  }

  async #pump(): Promise<void> {
    // Lines of this tick travel together.
    await Promise.resolve();
    while (this.#lines.length > 0) {
      const { length } = this.#lines;
      const lost = this.#lost;
      const text = this.take();
      if (await this.sink.write(text)) continue;
      this.#lost += length + lost;
      this.#lostInAll += length;
    }
    this.#pumping = undefined;
  }
}
