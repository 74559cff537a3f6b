import { expect, test } from "vitest";
import { prunable } from "./queue-prune.js";

const items = (...numbers: number[]) => numbers.map((n) => ({ key: `bq/${n}`, text: "{}" }));
const offset = (node: string, text: string) => ({ key: `bq-delivered/${node}`, text });

test("§10: items that every node has done leave the queue, the others stay", () => {
  const found = prunable(items(10, 7, 8, 9, 11), [offset("b1", "9"), offset("b2", "8")], ["b1", "b2"]);
  expect(found).toEqual({ keys: ["bq/7", "bq/8"], kept: 3, slowest: "b2" });
});

test.each([
  ["a node of the catalog without an offset", [offset("b1", "9")], ["b1", "b2"], "b2"],
  ["an offset that is no number", [offset("b1", "9"), offset("b2", "x")], ["b1"], "b2"],
  ["nobody is known", [], [], undefined],
])("%s: nothing leaves", (_, offsets, catalog, slowest) => {
  expect(prunable(items(1, 2), offsets, catalog)).toEqual({ keys: [], kept: 2, slowest });
});

test("keys that are no items are left alone; a node's suffix in the catalog is no other node", () => {
  const odd = [...items(1), { key: "bq/x", text: "" }, { key: "bq/1/2", text: "" }];
  expect(prunable(odd, [offset("b1", "5")], ["b1:dc1"]).keys).toEqual(["bq/1"]);
});
