import { defineTable, t } from "@tandem/swss";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  actorOfKey,
  formatLedgerEntry,
  ledgerKey,
  memoryKey,
  parseLedgerEntry,
  rowHash,
  writeRowCommands,
} from "./ledger.js";
import { parseRowRef, rowRef } from "./row-ref.js";

const T = defineTable({ name: "T", db: "APPL_DB", spec: "", key: { k: t.text({ doc: "" }) }, fields: {} });

test("keys name slot, type and id; ids may hold bars and colons", () => {
  expect(ledgerKey("dpu0", "ha-scope", "v0:h|0")).toBe("TANDEM_LEDGER|dpu0|ha-scope|v0:h|0");
  expect(actorOfKey("dpu0", "TANDEM_LEDGER|dpu0|ha-scope|v0:h|0")).toEqual({ type: "ha-scope", id: "v0:h|0" });
  expect(actorOfKey("dpu0", memoryKey("dpu0", "dpu", "d"))).toEqual({ type: "dpu", id: "d" });
  expect(actorOfKey("dpu0", ledgerKey("dpu01", "dpu", "d"))).toBeUndefined();
  expect(actorOfKey("dpu0", "OTHER|dpu0|dpu|d")).toBeUndefined();
});

test("entries survive format and parse; anything else is none", () => {
  fc.assert(
    fc.property(fc.nat(), fc.option(fc.string(), { nil: undefined }), (order, once) => {
      const entry = { order, hash: "00ff", once };
      expect(parseLedgerEntry(formatLedgerEntry(entry))).toEqual(entry);
    }),
  );
  for (const text of ["", "x", "1", "-1 ff", "1 XY"]) expect(parseLedgerEntry(text)).toBeUndefined();
});

test("row references survive format and parse, whatever the key holds", () => {
  fc.assert(
    fc.property(fc.string(), (key) => {
      expect(parseRowRef(rowRef(T, key).text)).toEqual(rowRef(T, key));
    }),
  );
  for (const text of ["", "APPL_DB", "APPL_DB|T", "NO_DB|T|k"]) expect(parseRowRef(text)).toBeUndefined();
});

test("the hash depends on fields and values, not on their order or on stamps", () => {
  const hash = (fields: Record<string, string>, stamps?: readonly string[]): string =>
    rowHash({ table: T, key: "k", fields, ...(stamps && { stamps }) });
  expect(hash({ a: "1", b: "2" })).toBe(hash({ b: "2", a: "1" }));
  expect(hash({ a: "1", at: "5" }, ["at"])).toBe(hash({ a: "1", at: "6" }, ["at"]));
  expect(new Set([hash({ a: "1" }), hash({ a: "2" }), hash({ b: "1" }), hash({ a1: "" }), hash({})]).size).toBe(5);
});

test("a row is made exactly its fields: gone ones are removed, an unknown row is replaced", () => {
  expect(writeRowCommands("K", { a: "1" }, { a: "0", b: "2" })).toEqual([
    ["HDEL", "K", "b"],
    ["HSET", "K", "a", "1"],
  ]);
  expect(writeRowCommands("K", { a: "1" }, undefined)).toEqual([
    ["DEL", "K"],
    ["HSET", "K", "a", "1"],
  ]);
  expect(writeRowCommands("K", {}, { a: "0" })).toEqual([["HDEL", "K", "a"]]);
});
