import { err, ok, type Result } from "@tandem/base";

/** A text of a built file that goes. */
export interface Edit {
  /** Built file, from the repository's root. */
  readonly file: string;
  /** Text of that file; it stands there exactly once. */
  readonly find: string;
  /** What stands there without the guard. */
  readonly replace: string;
}

/** A guard of the product that is switched off, to see whether the simulator notices. */
export interface Mutation {
  /** Stable short name. */
  readonly id: string;
  /** What the guard promises. */
  readonly guard: string;
  /** At least one; each of another file. */
  readonly edits: readonly Edit[];
}

/** The file's text without the guard. Fails when the anchor does not stand there exactly once. */
export function applyEdit(text: string, id: string, { file, find, replace }: Edit): Result<string, string> {
  const [before = "", after, ...more] = text.split(find);
  if (after === undefined) return err(`${id}: ${file} has no ${JSON.stringify(find)} any more`);
  if (more.length > 0) return err(`${id}: ${file} has ${JSON.stringify(find)} ${more.length + 1} times, expected one`);
  return ok(before + replace + after);
}

/** Where a guard is switched off, for people. */
export function filesOf({ edits }: Mutation): readonly string[] {
  return edits.map(({ file }) => file);
}
