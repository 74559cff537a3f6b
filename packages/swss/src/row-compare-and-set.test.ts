import assert from "node:assert/strict";
import { unwrap } from "@tandem/base";
import { describe, test } from "vitest";
import type { FieldsInput } from "./field-values.js";
import { compareAndSetRow, type RowSwap } from "./scripts.js";
import { dumpKeyspace, TABLE_WORLDS } from "./testing/table-world.js";

const swap = (name: string, seen: FieldsInput | undefined, fields: FieldsInput | undefined, max = 3): RowSwap => ({
  row: "T:a",
  ...(seen !== undefined && { seen }),
  ...(fields !== undefined && { fields }),
  request: { key: `ANSWER:${name}`, list: "ANSWERS", max, asked: `asks ${name}`, answer: `answers ${name}` },
});

for (const [world, open] of TABLE_WORLDS) {
  describe(`compare and set on ${world}`, () => {
    test("of two writers that saw the same row one is refused, and writes nothing", async () => {
      await using w = await open();
      const store = await w.store("APPL_DB");
      const [first, second] = await Promise.all([
        w.run(compareAndSetRow(store, swap("1", {}, { v: "1", w: "x" }))),
        w.run(compareAndSetRow(store, swap("2", {}, { v: "2" }))),
      ]);
      assert.deepEqual([unwrap(first), unwrap(second)], [{ kind: "written" }, { kind: "changed" }]);
      assert.deepEqual(unwrap(await compareAndSetRow(store, swap("3", { v: "1" }, { v: "3" }))), { kind: "changed" });
      const replaced = await compareAndSetRow(store, swap("3", { w: "x", v: "1" }, { v: "3" }));
      assert.deepEqual(unwrap(replaced), { kind: "written" });
      const keys = await dumpKeyspace(store);
      assert.deepEqual(keys["T:a"], { hash: { v: "3" } });
      assert.deepEqual(Object.keys(keys).sort(), ["ANSWER:1", "ANSWER:3", "ANSWERS", "T:a"]);
    });

    test("the same request again writes nothing and gets its answer, also when it left the row alone", async () => {
      await using w = await open();
      const store = await w.store("APPL_DB");
      unwrap(await compareAndSetRow(store, swap("1", undefined, { v: "1" })));
      const again = unwrap(await compareAndSetRow(store, swap("1", { v: "0" }, {})));
      assert.deepEqual(again, { kind: "answered", asked: "asks 1", answer: "answers 1" });
      assert.deepEqual(unwrap(await compareAndSetRow(store, swap("2", undefined, undefined))), { kind: "written" });
      assert.equal(unwrap(await compareAndSetRow(store, swap("2", {}, {}))).kind, "answered");
      assert.deepEqual((await dumpKeyspace(store))["T:a"], { hash: { v: "1" } });
      assert.deepEqual(unwrap(await compareAndSetRow(store, swap("3", { v: "1" }, {}))), { kind: "written" });
      assert.equal((await dumpKeyspace(store))["T:a"], undefined);
    });

    test("no more answers are kept than asked for, the newest", async () => {
      await using w = await open();
      const store = await w.store("APPL_DB");
      for (let n = 1; n <= 9; n++) unwrap(await compareAndSetRow(store, swap(String(n), undefined, { v: String(n) })));
      const keys = Object.keys(await dumpKeyspace(store)).sort();
      assert.deepEqual(keys, ["ANSWER:7", "ANSWER:8", "ANSWER:9", "ANSWERS", "T:a"]);
    });
  });
}
