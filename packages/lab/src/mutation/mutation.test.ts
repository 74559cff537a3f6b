import { err, ok } from "@tandem/base";
import { expect, test } from "vitest";
import { applyMutation, type Mutation } from "./mutation.js";
import { MUTATIONS } from "./mutations.js";
import { builtText } from "./patched-build.js";

const SAMPLE: Mutation = { id: "sample", guard: "none", file: "x.js", find: "if (held)", replace: "if (false)" };

test("a guard is switched off where its text stands, and nowhere else", () => {
  expect(applyMutation("a;\nif (held) b;\n", SAMPLE)).toEqual(ok("a;\nif (false) b;\n"));
});

test("a text that is gone, or stands twice, is refused with its file", () => {
  expect(applyMutation("a;", SAMPLE)).toEqual(err('sample: x.js has no "if (held)" any more'));
  expect(applyMutation("if (held) if (held)", SAMPLE)).toEqual(
    err('sample: x.js has "if (held)" 2 times, expected one'),
  );
});

test("ids differ, and no mutation leaves its text as it is", () => {
  expect(new Set(MUTATIONS.map(({ id }) => id)).size).toBe(MUTATIONS.length);
  for (const { find, replace } of MUTATIONS) expect(replace).not.toBe(find);
});

test.each(MUTATIONS.map((mutation) => [mutation.id, mutation] as const))(
  "the anchor of %s stands once in its built file",
  async (_, mutation) => {
    const text = await builtText(mutation.file);
    expect(text.ok && applyMutation(text.value, mutation).ok, JSON.stringify(text.ok || text.error)).toBe(true);
  },
);
