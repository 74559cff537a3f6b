/** Something about one line of a recording. */
export interface LineNote {
  readonly line: number;
  readonly text: string;
}

/** Notes that are kept of each kind; more are counted. */
const NOTES_MAX = 100;

/** Notes by line, bounded. */
export class Notes {
  count = 0;
  readonly kept: LineNote[] = [];

  add(line: number, text: string): void {
    this.count += 1;
    if (this.kept.length < NOTES_MAX) this.kept.push({ line, text });
  }
}

/** What playing a recording came to. */
export class PlaySummary {
  /** Requests sent, by the op of their line. */
  readonly played = new Map<string, number>();
  /** Lines that players pass over, by op. */
  readonly passedOver = new Map<string, number>();
  /** Lines that could not be read. */
  readonly skipped = new Notes();
  /** Replies that differ from the recorded ones, and requests about objects that nobody knows. */
  readonly mismatches = new Notes();
  readonly warnings = new Notes();
  compared = 0;
  pauses = 0;
  /** Objects of the recording whose ids here are known at the end. */
  learned = 0;
  /** Why it ended before the recording did. */
  ended: string | undefined;

  get requests(): number {
    return [...this.played.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Whether all went as recorded. */
  get agrees(): boolean {
    return this.ended === undefined && this.mismatches.count === 0;
  }

  play(op: string): void {
    this.played.set(op, (this.played.get(op) ?? 0) + 1);
  }

  passOver(op: string): void {
    this.passedOver.set(op, (this.passedOver.get(op) ?? 0) + 1);
  }

  skip(line: number, reason: string): void {
    this.skipped.add(line, reason);
  }

  differ(line: number, difference: string): void {
    this.mismatches.add(line, difference);
  }

  warn(line: number, warning: string): void {
    this.warnings.add(line, warning);
  }

  end(reason: string): void {
    this.ended ??= reason;
  }
}
