/** How a writer of recordings spells what readers of different age take differently. */
export interface RecordingStyle {
  /** Bars behind the status of a bulk get's reply. */
  readonly bulkReplyBars: 2 | 3;
  /** Failed changes leave an `E` line, where changes are answered. */
  readonly failures: boolean;
}

/** What upstream's current recorder writes. Its own player cannot read all of that. */
export const AS_RECORDER: RecordingStyle = { bulkReplyBars: 3, failures: true };

/** What upstream's player can read. Failed changes are not told apart from those that went well. */
export const FOR_PLAYER: RecordingStyle = { bulkReplyBars: 2, failures: false };
