import { describe, expect, test } from "vitest";
import type { ObjectId } from "./object-id.js";
import { ENTRY_MEMBERS, idsInKey, idsInValue, mapEntryIds, mapValueIds, parseKeyId } from "./object-key.js";

const ROUTE = "SAI_OBJECT_TYPE_ROUTE_ENTRY";
const SORTED = '{"dest":"10.0.0.0/24","switch_id":"oid:0x21000000000000","vr":"oid:0x3000000000004"}';

describe("the id of an entry", () => {
  test("has its members sorted and no blanks, however it came", () => {
    const came = '{ "vr": "oid:0x3000000000004", "dest":"10.0.0.0/24", "switch_id":"oid:0x21000000000000"}';
    expect(parseKeyId(ROUTE, came)).toEqual({ ok: true, value: SORTED });
    for (const members of Object.values(ENTRY_MEMBERS))
      expect(Object.keys(members)).toEqual(Object.keys(members).toSorted());
  });

  test.each([
    ["oid:0x1", "expected the members of the entry as JSON"],
    ["{", "expected the members of the entry as JSON"],
    ['{"dest":"10.0.0.0/24"}', "expected the members dest, switch_id, vr, found dest"],
    [SORTED.replace("oid:0x3000000000004", "0x3"), "member vr: expected oid:0x"],
    [SORTED.replace('"10.0.0.0/24"', "7"), "member dest: expected a string"],
  ])("%s is refused", (id, expected) => {
    const parsed = parseKeyId(ROUTE, id);
    expect(parsed.ok ? "" : parsed.error).toContain(expected);
  });

  test("names objects, which can be translated", () => {
    expect(idsInKey({ type: ROUTE, id: SORTED })).toEqual(["oid:0x21000000000000", "oid:0x3000000000004"]);
    expect(idsInKey({ type: "SAI_OBJECT_TYPE_PORT", id: "oid:0x1" })).toEqual([]);
    const mapped = mapEntryIds(ROUTE, SORTED, (id) => (id === "oid:0x3000000000004" ? ("oid:0x7" as ObjectId) : id));
    expect(mapped).toEqual({ ok: true, value: SORTED.replace("oid:0x3000000000004", "oid:0x7") });
    expect(mapEntryIds(ROUTE, SORTED, () => undefined).ok).toBe(false);
  });
});

test("ids in a value are found and translated wherever they stand, null ids stay", () => {
  const value = "3:oid:0x1,oid:0x0,oid:0x2";
  expect(idsInValue(value)).toEqual(["oid:0x1", "oid:0x2"]);
  expect(mapValueIds(value, (id) => `${id}f` as ObjectId)).toBe("3:oid:0x1f,oid:0x0,oid:0x2f");
  expect(mapValueIds(value, (id) => (id === "oid:0x2" ? undefined : id))).toBeUndefined();
  expect(mapValueIds("10.0.0.1", () => undefined)).toBe("10.0.0.1");
});
