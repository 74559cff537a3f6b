import { expect, test } from "vitest";
import { ENTRY_MEMBERS } from "../object-key.js";
import { isValue } from "../value/check.js";
import { zeroOf } from "../value/kind.js";
import { attributeOf, objectTypeOf, objectTypes } from "./catalogue.js";

test("every value that stands where nobody set one is a value of its kind", () => {
  const wrong = objectTypes().flatMap((type) =>
    [...type.attributes].flatMap(([name, { kind, value }]) =>
      [value ?? zeroOf(kind)].filter((text) => !isValue(kind, text)).map((text) => `${name}: ${text}`),
    ),
  );
  expect(wrong).toEqual([]);
});

test("lists of members name a type and an attribute that are declared", () => {
  const wrong = objectTypes().flatMap((type) =>
    [...type.attributes].flatMap(([name, { members }]) => {
      if (members === undefined || objectTypeOf(members.type) === undefined) return members === undefined ? [] : [name];
      return members.by === "" || attributeOf(members.type, members.by) !== undefined ? [] : [name];
    }),
  );
  expect(wrong).toEqual([]);
});

test("the objects that orchagent creates are declared, entries among them", () => {
  const entries = ["ROUTE", "NEIGHBOR", "FDB", "MY_SID", "VIP", "DIRECTION_LOOKUP", "OUTBOUND_ROUTING"];
  for (const name of entries) {
    expect(objectTypeOf(`SAI_OBJECT_TYPE_${name}_ENTRY`)).toBeDefined();
    expect(ENTRY_MEMBERS).toHaveProperty(`SAI_OBJECT_TYPE_${name}_ENTRY`);
  }
  expect(objectTypes().length).toBeGreaterThan(60);
});
