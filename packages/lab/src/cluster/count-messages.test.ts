import { expect, test } from "vitest";
import { valueIn } from "./count-messages.js";

test("a series without labels is found among others, and one that is missing counts 0", () => {
  const metrics = '# HELP a x\n# TYPE a gauge\na 12\nab 3\na{slot="1"} 4\n';
  expect(valueIn(metrics, "a")).toBe(12);
  expect(valueIn(metrics, "ab")).toBe(3);
  expect(valueIn(metrics, "b")).toBe(0);
});
