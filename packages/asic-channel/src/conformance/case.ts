import type { TransportTraits } from "../transport.js";
import type { ConformanceWorld } from "./world.js";

/** Rows of the matrix, in its order. */
export const MATRIX_ROWS = [
  "latency",
  "type safety",
  "flow control",
  "sync mode",
  "notifications",
  "debugging",
  "warm boot",
  "multi-consumer",
  "recording",
  "crash recovery",
  "individual restart",
  "lines of our code",
  "unmodified peers",
] as const;
export type MatrixRow = (typeof MATRIX_ROWS)[number];

/** What a case saw. */
export interface Seen {
  /** Whether what the case is named for holds. */
  readonly holds: boolean;
  /** In a few words, with its figures. */
  readonly text: string;
  /** What stands in the matrix in place of yes or no. */
  readonly figure?: string;
}

/** One thing that a channel should do, as data; the runner gives it a world of its own. */
export interface ConformanceCase {
  readonly name: string;
  /** What holds where it holds. */
  readonly says: string;
  /** The cells of the matrix that it speaks for. */
  readonly rows: readonly MatrixRow[];
  /** Also run by `--short`. */
  readonly short?: true;
  /** Default: every transport. */
  readonly when?: (traits: TransportTraits) => boolean;
  /** Whether it holds on such a transport; it fails where it is expected to hold and does not, and the other way round. Default: always. */
  readonly holds?: (traits: TransportTraits) => boolean;
  /** Throws where something is wrong on any transport. */
  run(world: ConformanceWorld): Promise<Seen>;
}

export function holds(text: string): Seen {
  return { holds: true, text };
}

export function fails(text: string): Seen {
  return { holds: false, text };
}
