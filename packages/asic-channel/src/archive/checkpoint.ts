import { isPosition, type Position } from "../streams/wire.js";

/** A batch of lines that is about to be appended. */
export interface PendingBatch {
  /** Bytes of the file before it. */
  readonly from: number;
  readonly bytes: number;
  /** Their SHA-256, in hex. */
  readonly sum: string;
  /** Where the archive is once they are in. */
  readonly position: Position;
}

/** How far an archive is. Written before each batch, so that after a crash the file itself says whether that batch is in. */
export interface Checkpoint {
  readonly position: Position;
  /** The run of Redis that the position is of. */
  readonly run: string;
  readonly pending?: PendingBatch;
}

const SCHEMA = "tandem.asic-archive.v1";

export function formatCheckpoint(checkpoint: Checkpoint): string {
  return `${JSON.stringify({ schema: SCHEMA, ...checkpoint })}\n`;
}

/** `undefined` for a text that is none. */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  try {
    const { schema, position, run, pending } = JSON.parse(text) as Partial<Checkpoint> & { schema?: unknown };
    if (schema !== SCHEMA || typeof position !== "string" || !isPosition(position) || typeof run !== "string")
      return undefined;
    if (pending === undefined) return { position, run };
    const counts = [pending.from, pending.bytes];
    if (!counts.every((count) => Number.isSafeInteger(count) && count >= 0)) return undefined;
    if (typeof pending.sum !== "string" || !isPosition(pending.position)) return undefined;
    return { position, run, pending };
  } catch {
    return undefined;
  }
}

/** What is done with a file after a crash. */
export type Recovery =
  /** All is in up to `position`. */
  | { readonly kind: "whole"; readonly position: Position }
  /** The last batch is not, or half: it is cut off, and read from Redis again. */
  | { readonly kind: "cut"; readonly position: Position; readonly bytes: number }
  /** Somebody moved the file away under a batch: it is read again, and may stand in the moved file too. */
  | { readonly kind: "moved"; readonly position: Position };

/** `tail` is what the file holds from `pending.from` on, at most `pending.bytes`, and `sum` its SHA-256. */
export function recover(
  { position, pending }: Checkpoint,
  size: number,
  tail: { readonly bytes: number; readonly sum: string },
): Recovery {
  if (pending === undefined) return { kind: "whole", position };
  if (size < pending.from) return { kind: "moved", position };
  if (tail.bytes === pending.bytes && tail.sum === pending.sum) return { kind: "whole", position: pending.position };
  return { kind: "cut", position, bytes: pending.from };
}
