import { err, ok } from "@tandem/base";
import { expect, test } from "vitest";
import { applyEdit, type Edit } from "./mutation.js";
import { MUTATIONS } from "./mutations.js";
import { builtText } from "./patched-build.js";

const SAMPLE: Edit = { file: "x.js", find: "if (held)", replace: "if (false)" };

test("a guard is switched off where its text stands, and nowhere else", () => {
  expect(applyEdit("a;\nif (held) b;\n", "sample", SAMPLE)).toEqual(ok("a;\nif (false) b;\n"));
});

test("a text that is gone, or stands twice, is refused with its file", () => {
  expect(applyEdit("a;", "sample", SAMPLE)).toEqual(err('sample: x.js has no "if (held)" any more'));
  expect(applyEdit("if (held) if (held)", "sample", SAMPLE)).toEqual(
    err('sample: x.js has "if (held)" 2 times, expected one'),
  );
});

test("ids differ, and no mutation leaves its text as it is", () => {
  expect(new Set(MUTATIONS.map(({ id }) => id)).size).toBe(MUTATIONS.length);
  for (const { edits } of MUTATIONS) for (const { find, replace } of edits) expect(replace).not.toBe(find);
});

const EDITS = MUTATIONS.flatMap(({ id, edits }) => edits.map((edit) => [id, edit] as const));

test.each(EDITS)("the anchor of %s stands once in its built file", async (id, edit) => {
  const text = await builtText(edit.file);
  expect(text.ok && applyEdit(text.value, id, edit).ok, JSON.stringify(text.ok || text.error)).toBe(true);
});
