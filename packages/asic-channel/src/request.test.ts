import { describe, expect, test } from "vitest";
import { isAnswered } from "./op.js";
import { replyTo } from "./reply.js";
import { checkRequest, describeRequestFault, splitKey } from "./request.js";

const ROUTE = 'SAI_OBJECT_TYPE_ROUTE_ENTRY:{"dest":"10.0.0.0/24","switch_id":"oid:0x21000000000000"}';

describe("a request has the shape that its op demands", () => {
  const cases = [
    ["create", ROUTE, [["NULL", "NULL"]], undefined],
    ["remove", ROUTE, [], undefined],
    ["remove", ROUTE, [["A", "1"]], "fields"],
    ["set", ROUTE, [["A", "1"]], undefined],
    ["set", ROUTE, [], "fields"],
    ["bulkset", "SAI_OBJECT_TYPE_PORT:2", [["oid:0x1", "A=1"]], "fields"],
    ["bulkset", "SAI_OBJECT_TYPE_PORT:1", [["oid:0x1", "A=1"]], undefined],
    ["notify", "INIT_VIEW", [], undefined],
    ["notify", "START_VIEW", [], "key"],
    ["create", "PORT:oid:0x1", [], "key"],
    ["create", "", [], "key"],
    ["crate", ROUTE, [], "op"],
    ["toString", ROUTE, [], "op"],
  ] as const;
  for (const [op, key, fields, where] of cases) {
    test(`${op} ${key.slice(0, 40)} with ${fields.length} fields: ${where ?? "fine"}`, () => {
      const checked = checkRequest(op, key, fields);
      expect(checked.ok ? undefined : checked.error.where).toBe(where);
    });
  }
});

test("a fault repeats no more of a huge request than a line holds", () => {
  const checked = checkRequest("create", "x".repeat(1_000_000), []);
  expect(checked.ok ? "" : describeRequestFault(checked.error).length).toBeLessThan(300);
});

test("the type of a key ends at its first colon; ids contain more", () => {
  expect(splitKey("SAI_OBJECT_TYPE_PORT:oid:0x1000000000002")).toEqual(["SAI_OBJECT_TYPE_PORT", "oid:0x1000000000002"]);
});

test("in async mode a create is not answered and a get is; a reply carries the op of its request", () => {
  expect([isAnswered("create", "async"), isAnswered("create", "sync"), isAnswered("get", "async")]).toEqual([
    false,
    true,
    true,
  ]);
  expect(replyTo("flush", "SAI_STATUS_SUCCESS")).toEqual({
    op: "flushresponse",
    status: "SAI_STATUS_SUCCESS",
    fields: [],
  });
});
