import type { Command, Reply } from "./store.js";

/** What becomes of one command; exactly one is called, once. */
export interface Settle<T> {
  /** The reply is what `Script.packed` says: `replied` gets what is in it. */
  readonly packed?: boolean;
  replied(reply: Reply): T | Promise<T>;
  /** Redis refused the command. */
  refused(detail: string): T | Promise<T>;
  /** The connection ended first: the command may or may not have been applied. */
  lost(detail: string): T | Promise<T>;
}

/** Redis refused a subscription. */
export class SubscriptionRefused extends Error {
  override readonly name = "SubscriptionRefused";
}

/**
 * One connection to one database, from its opening to its end. It never reconnects and never queues: what is in flight
 * when it ends is lost. Subscribing rejects with `SubscriptionRefused`, or with another error when the connection ends.
 */
export interface Connection {
  /** As `Store.changes`. */
  readonly changes?: number;
  /** Whether the server would answer at once, for connections that know: such a one needs no PING now. */
  readonly answers?: boolean;
  /** Commands are sent in call order. */
  send<T>(command: Command, settle: Settle<T>): Promise<T>;
  /** Several at once, each with its own `settle`; absent where `send` for each costs no more. */
  sendAll?<T>(commands: readonly Command[], settle: (index: number) => Settle<T>): Promise<readonly T[]>;
  subscribe(channel: string, listener: (message: string, channel: string) => void): Promise<void>;
  psubscribe(pattern: string, listener: (message: string, channel: string) => void): Promise<void>;
  unsubscribe(channel: string): Promise<void>;
  punsubscribe(pattern: string): Promise<void>;
  /** Ends it now. Its `onEnd` is not called. */
  destroy(): void;
}

/** Opens a connection. Rejects with the reason when Redis does not answer; calls `onEnd` once when it ends later. */
export type Connect = (onEnd: (detail: string) => void) => Promise<Connection>;

/** The innermost message that says something. */
export function describeError(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return describeError(error.errors[0]);
  return error instanceof Error && error.message !== "" ? error.message : String(error);
}
