import fc from "fast-check";
import { expect, test } from "vitest";
import { type Json, jsonEqual } from "./json.js";

const json = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<Json>;

/** Members in another order, all the way down. */
function shuffled(value: Json): Json {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(shuffled);
  const entries = Object.entries(value as { readonly [member: string]: Json });
  return Object.fromEntries(entries.reverse().map(([name, member]) => [name, shuffled(member)]));
}

test("a copy with members in another order is equal", () => {
  fc.assert(fc.property(json, (value) => jsonEqual(value, shuffled(value)) && jsonEqual(shuffled(value), value)));
});

test("two values are equal when their texts with sorted members are, and only then", () => {
  const text = (value: Json): string =>
    JSON.stringify(value, (_, member) =>
      typeof member === "object" && member !== null && !Array.isArray(member)
        ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
        : member,
    );
  fc.assert(fc.property(json, json, (a, b) => jsonEqual(a, b) === (text(a) === text(b))));
});

const cases: readonly [string, Json | undefined, Json | undefined, boolean][] = [
  ["an absent member equals an undefined one", { a: 1, b: undefined }, { a: 1 }, true],
  ["an absent member is not null", { a: null }, {}, false],
  ["null is no object", null, {}, false],
  ["an array is no object", [], {}, false],
  ["a number is not its text", 1, "1", false],
  ["members of all objects are keys as any other", {}, { constructor: 1 }, false],
  ["and so the other way round", { toString: "x" }, {}, false],
  ["arrays have an order", [1, 2], [2, 1], false],
  ["arrays have a length", [1], [1, undefined as unknown as Json], false],
  ["undefined equals itself only", undefined, undefined, true],
  ["undefined is not null", undefined, null, false],
];
for (const [name, a, b, equal] of cases)
  test(name, () => {
    expect(jsonEqual(a, b)).toBe(equal);
    expect(jsonEqual(b, a)).toBe(equal);
  });
