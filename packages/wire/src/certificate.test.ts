import { expect, test } from "vitest";
import { uriNames } from "./certificate.js";

const cases: readonly [string, readonly string[]][] = [
  ["", []],
  ["URI:swbus:/r.c.n", ["swbus:/r.c.n"]],
  ["DNS:host, URI:swbus:/r.c.n, IP Address:10.0.0.1, URI:swbus:/r.c.m", ["swbus:/r.c.n", "swbus:/r.c.m"]],
  // A comma in a name is quoted, and smuggles nothing in.
  ['URI:"a, URI:swbus:/r.c.n"', ["a, URI:swbus:/r.c.n"]],
  ['DNS:"x, URI:swbus:/r.c.n", URI:b', ["b"]],
  ['URI:"not \\x json"', []],
  ["URI:", []],
];
for (const [text, names] of cases)
  test(`the URI names of ${JSON.stringify(text)}`, () => expect(uriNames(text)).toEqual(names));
