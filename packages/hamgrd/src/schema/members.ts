import { err, type Json, type Millis, millis, ok, type Result } from "@tandem/base";

/** ECMA-262, "Time Values and Time Range". */
const TIME_MAX = 8_640_000_000_000_000;

/**
 * Members of a JSON object by type. A member that is missing (or null) and has no `absent` value, or one that does not
 * fit, sets `failure`; reading goes on, so that a reader is one expression.
 */
export class Members {
  /** What the first member that did not fit should have been. */
  failure: string | undefined;

  private constructor(private readonly members: { readonly [name: string]: Json | undefined }) {}

  static parse(text: string): Result<Members, string> {
    try {
      return Members.of(JSON.parse(text));
    } catch {
      return err("JSON text");
    }
  }

  static of(value: Json | undefined): Result<Members, string> {
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? ok(new Members(value as { readonly [name: string]: Json }))
      : err("a JSON object");
  }

  text(name: string, absent?: string): string {
    return this.take(name, absent, "text", (value) => (typeof value === "string" ? value : undefined)) ?? "";
  }

  bool(name: string, absent?: boolean): boolean {
    return this.take(name, absent, "true or false", (v) => (typeof v === "boolean" ? v : undefined)) ?? false;
  }

  u32(name: string, absent?: number): number {
    return this.integer(name, absent, 0xffff_ffff);
  }

  integer(name: string, absent?: number, max = Number.MAX_SAFE_INTEGER): number {
    const take = (value: Json): number | undefined =>
      typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= max ? value : undefined;
    return this.take(name, absent, `an integer from 0 to ${max}`, take) ?? 0;
  }

  texts(name: string, absent?: readonly string[]): readonly string[] {
    const take = (value: Json): readonly string[] | undefined =>
      Array.isArray(value) && value.every((item) => typeof item === "string") ? (value as string[]) : undefined;
    return this.take(name, absent, "a list of texts", take) ?? [];
  }

  /** An optional member. */
  maybe<T>(name: string, expected: string, take: (value: Json) => T | undefined): T | undefined {
    return this.has(name) ? this.take(name, undefined, expected, take) : undefined;
  }

  maybeText(name: string): string | undefined {
    return this.maybe(name, "text", (value) => (typeof value === "string" ? value : undefined));
  }

  /** Milliseconds since the epoch that a date can hold. */
  maybeTime(name: string): Millis | undefined {
    const isTime = (value: Json): value is number => Number.isInteger(value) && Math.abs(value as number) <= TIME_MAX;
    return this.maybe(name, "a time in ms", (value) => (isTime(value) ? millis(value) : undefined));
  }

  private has(name: string): boolean {
    return Object.hasOwn(this.members, name) && this.members[name] !== undefined && this.members[name] !== null;
  }

  private take<T>(
    name: string,
    absent: T | undefined,
    expected: string,
    take: (value: Json) => T | undefined,
  ): T | undefined {
    const value = this.has(name) ? take(this.members[name] as Json) : absent;
    if (value === undefined) this.failure ??= `${expected} in ${name}`;
    return value;
  }
}
