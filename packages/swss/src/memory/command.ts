import type { Reply } from "../store.js";
import type { Keyspace } from "./keyspace.js";
import { ScriptRefusal } from "./scripts.js";

/** What a command can reach: its database, and the server around it. */
export interface CommandContext {
  readonly keyspace: Keyspace;
  /** Receivers of the message. */
  publish(channel: string, message: string): number;
  flushAll(): void;
  /** Why the server refuses a command whatever its arguments, in the trouble that it is in. */
  refusal(name: string): string | undefined;
  readonly config: Map<string, string>;
  /** Sets one; false when the value is not allowed. */
  configure(name: string, value: string): boolean;
}

/** A command without its name. Throws `ScriptRefusal` with the text of Redis' error. */
export interface CommandSpec {
  /** Arguments with the name, as in COMMAND: negative means at least. */
  readonly arity: number;
  run(context: CommandContext, args: readonly string[]): Reply;
}

export type CommandTable = Readonly<Record<string, CommandSpec>>;

export function refuse(text: string): never {
  throw new ScriptRefusal(text);
}

const INTEGER = /^-?(0|[1-9]\d{0,17})$/;

export function integer(text: string | undefined): number {
  if (text === undefined || !INTEGER.test(text)) refuse("ERR value is not an integer or out of range");
  return Number(text);
}

/** The range that LRANGE and LTRIM mean: negative counts from the end; empty when start lies behind stop. */
export function sliceBounds(start: string | undefined, stop: string | undefined, length: number): [number, number] {
  const absolute = (index: number): number => (index < 0 ? Math.max(0, length + index) : index);
  const [from, last] = [integer(start), integer(stop)];
  const to = last < 0 ? length + last + 1 : Math.min(last + 1, length);
  return [absolute(from), Math.max(absolute(from), to)];
}
