import assert from "node:assert/strict";
import { unwrap } from "@tandem/base";
import { describe, test } from "vitest";
import { t } from "./field.js";
import { delOf, setOf } from "./field-values.js";
import { Table } from "./table.js";
import { defineTable } from "./table-schema.js";
import { dumpKeyspace, TABLE_WORLDS } from "./testing/table-world.js";
import { decodeChange } from "./typed-change.js";

for (const [world, open] of TABLE_WORLDS) {
  describe(`a plain table on ${world}`, () => {
    test("names are read without list marks, or raw; values are never cut", async () => {
      await using w = await open();
      const store = await w.store("CONFIG_DB");
      const table = new Table(store, "PORT");
      unwrap(await table.set("a", { "lanes@": "1,2", text: "x@y\0z" }));
      const rest = ["text", "x@y\0z"];
      assert.deepEqual(unwrap(await table.get("a")), [["lanes", "1,2"], rest]);
      assert.equal(unwrap(await table.hget("a", "text")), "x@y\0z");
      assert.equal(unwrap(await table.hget("a", "lanes")), undefined);
      const raw = new Table(store, "PORT", { listMarks: "keep" });
      assert.deepEqual(unwrap(await raw.get("a")), [["lanes@", "1,2"], rest]);
    });

    test("a row may expire, and the empty key is the table itself", async () => {
      await using w = await open();
      const store = await w.store("APPL_DB");
      const table = new Table(store, "T");
      unwrap(await table.set("a", { f: "1" }, 100));
      const ttl = unwrap(await store.command(["TTL", "T:a"])) as number;
      assert.ok(ttl > 90 && ttl <= 100);
      unwrap(await table.set("", { f: "1" }));
      assert.deepEqual(Object.keys(await dumpKeyspace(store)).sort(), ["T", "T:a"]);
    });

    test("all rows are read, one after the other or at one moment, whatever the separator", async () => {
      await using w = await open();
      const store = await w.store("STATE_DB");
      const table = new Table(store, "T");
      for (const key of ["a", "b|c"]) unwrap(await table.set(key, { f: key }));
      unwrap(await table.set("empty", { NULL: "NULL" }));
      unwrap(await new Table(store, "TT").set("other", { f: "1" }));
      unwrap(await store.command(["SET", "T|text", "x"]));
      assert.deepEqual(unwrap(await table.dump()), { "T|a": { f: "a" }, "T|b|c": { f: "b|c" }, "T|empty": {} });
      unwrap(await store.command(["DEL", "T|text"]));
      assert.deepEqual([...unwrap(await table.getKeys())].sort(), ["a", "b|c", "empty"]);
      const content = [...unwrap(await table.getContent())].sort((x, y) => (x.key < y.key ? -1 : 1));
      assert.deepEqual(content, [setOf("a", { f: "a" }), setOf("b|c", { f: "b|c" }), setOf("empty", { NULL: "NULL" })]);
    });

    test("many rows are deleted in commands of 128 keys", async () => {
      await using w = await open();
      const store = await w.store("APPL_DB");
      const table = new Table(store, "T");
      const keys = Array.from({ length: 300 }, (_, i) => `k${i}`);
      for (const set of keys.map((key) => table.set(key, { f: "1" }))) unwrap(await set);
      unwrap(await table.del(...keys, "absent"));
      unwrap(await table.del());
      assert.deepEqual(await dumpKeyspace(store), {});
    });

    test("a key of another type is a refusal that names the command", async () => {
      await using w = await open();
      const store = await w.store("APPL_DB");
      unwrap(await store.command(["SET", "T:a", "x"]));
      const refused = await new Table(store, "T").hset("a", "f", "1");
      assert.equal(refused.ok ? "written" : refused.error.kind, "refused");
    });
  });
}

test("a change of a declared table is typed, and a bad one says what was expected", () => {
  const table = defineTable({
    name: "T",
    db: "STATE_DB",
    spec: "this test",
    key: { id: t.text({ doc: "Its name." }) },
    fields: { up: t.bool({ doc: "Whether it works." }) },
  });
  assert.deepEqual(unwrap(decodeChange(table, setOf("a", { up: "true" }))), {
    op: "SET",
    key: { id: "a" },
    row: { up: true },
  });
  assert.deepEqual(unwrap(decodeChange(table, delOf("a"))), { op: "DEL", key: { id: "a" } });
  assert.equal(decodeChange(table, setOf("a", { up: "maybe" })).ok, false);
  assert.equal(decodeChange(table, delOf("")).ok, false);
});
