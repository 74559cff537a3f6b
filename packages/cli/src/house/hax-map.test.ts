import { expect, test } from "vitest";
import { filesBelow, textOf } from "./repository.js";

const PAGE = "docs/hax.md";
const ROOM = "packages/hax/src/";

const section =
  textOf(PAGE)
    .split(/^## Requirements and their tests$/m)[1]
    ?.split(/^## /m)[0] ?? "";
const rows = [...section.matchAll(/^\| (?!---)(.+?) \| (.*) \|$/gm)]
  .map(([, subject = "", tests = ""]) => ({ subject, tests }))
  .filter(({ tests }) => tests !== "test");

/** `file` "words of a test's name", as the last cell of a row has them. */
const namedIn = (tests: string) =>
  [...tests.matchAll(/`([^`]+)` "([^"]+)"/g)].map(([, file = "", words = ""]) => ({ file, words }));

test("every test that docs/hax.md names stands in its file", () => {
  const files = new Set(filesBelow("packages/hax"));
  const missing = rows.flatMap(({ subject, tests }) =>
    namedIn(tests).flatMap(({ file, words }) => {
      const path = `${ROOM}${file}`;
      const quoted = new RegExp(`["\`][^"\`\\n]*${words.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}`);
      return files.has(path) && quoted.test(textOf(path)) ? [] : [`${subject}: ${file} has no test named "${words}"`];
    }),
  );
  expect(missing).toEqual([]);
});

test("every row of docs/hax.md's requirements names a test", () => {
  expect(rows.length).toBeGreaterThan(60);
  expect(rows.filter(({ tests }) => namedIn(tests).length === 0).map(({ subject }) => subject)).toEqual([]);
});

test("all 23 requirements of RFC 5/HAX have their row", () => {
  const numbers = rows.flatMap(({ subject }) =>
    [...subject.matchAll(/\bR(\d+)\b/g)].map(([, number]) => Number(number)),
  );
  expect([...new Set(numbers)].sort((a, b) => a - b)).toEqual(Array.from({ length: 23 }, (_, i) => i + 1));
});
