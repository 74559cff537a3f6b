/** What vitest hands to a test function. */
interface SkippableTest {
  skip(reason?: string): unknown;
}

/**
 * First line of a test that takes long: `test("…", (t) => { longTest(t); … }, 600_000)`. It runs with
 * `./tandem test --all` only (which sets `TANDEM_TEST_ALL`); otherwise it is listed as skipped.
 */
export function longTest(context: SkippableTest): void {
  if (process.env["TANDEM_TEST_ALL"] !== "1") context.skip("long; runs with ./tandem test --all");
}

/** Skips the test, with a reason that `./tandem test` prints, unless `present`. */
export function needs(context: SkippableTest, present: boolean, reason: string): void {
  if (!present) context.skip(reason);
}
