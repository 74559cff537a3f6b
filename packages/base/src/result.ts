import { inspect } from "node:util";

/** A value, or a failure that was to be expected. A bug throws instead (`invariant`, `unreachable`). */
export type Result<T, E> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

export function ok(): Result<void, never>;
export function ok<T>(value: T): Result<T, never>;
export function ok<T>(value?: T): Result<T | undefined, never> {
  return { ok: true, value };
}

export function err<E>(error: E): Result<never, E> {
  return { ok: false, error };
}

/** The values of all results, or the first failure. */
export function allOk<T, E>(results: readonly Result<T, E>[]): Result<T[], E> {
  const values: T[] = [];
  for (const result of results) {
    if (!result.ok) return result;
    values.push(result.value);
  }
  return ok(values);
}

export function mapOk<T, U, E>(result: Result<T, E>, map: (value: T) => U): Result<U, E> {
  return result.ok ? ok(map(result.value)) : result;
}

/** The value; a failure becomes a thrown bug. For callers that have ruled the failure out. */
export function unwrap<T, E>(result: Result<T, E>, context = "unwrap"): T {
  if (result.ok) return result.value;
  const { error } = result;
  throw new Error(`${context}: ${typeof error === "string" ? error : inspect(error, { breakLength: Infinity })}`);
}
