import { err, type Json, ok, type Result } from "@tandem/base";

/** Marks an integer that a double cannot hold; cannot occur in text, where JSON escapes control characters. */
const MARK = "\u0001";

/** Parses JSON text; integers of 16 digits and more become marked text, so that no digit is lost. */
export function parseBigJson(text: string): Result<Json, string> {
  const marked = text.replace(/"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])/g, (token) =>
    token.startsWith('"') ? token : `"\\u0001${token}"`,
  );
  try {
    return ok(JSON.parse(marked) as Json);
  } catch (error) {
    return err((error as SyntaxError).message);
  }
}

/** A number, marked or not, or text, as it was written. */
export function plainText(value: Json | undefined): string {
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value).replace(MARK, "");
}

/** Indented by two, members sorted by name, big integers with all their digits. */
export function prettyJson(value: Json | undefined): string {
  return JSON.stringify(sorted(value ?? null), null, 2).replace(/"\\u0001(-?\d+)"/g, "$1");
}

/** The same value with big integers as decimal text, for `--json`. */
export function unmarked(value: Json): Json {
  return JSON.parse(JSON.stringify(value).replaceAll("\\u0001", "")) as Json;
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map((item) => sorted(item as Json));
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value as { readonly [member: string]: Json | undefined });
  return Object.fromEntries(
    members
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(([name, member]) => [name, member === undefined ? undefined : sorted(member)]),
  );
}
