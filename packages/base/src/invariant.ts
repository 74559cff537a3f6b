import { inspect } from "node:util";

/** A bug: something that the program relies on does not hold. Ends its actor or daemon; a supervisor decides. */
export class InvariantError extends Error {
  override readonly name = "InvariantError";
}

export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}

/** The compiler proves that this line is not reached. */
export function unreachable(value: never): never {
  throw new InvariantError(`unreachable: ${inspect(value, { breakLength: Infinity })}`);
}
