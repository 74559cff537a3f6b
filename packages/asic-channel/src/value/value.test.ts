import { expect, test } from "vitest";
import { isValue } from "./check.js";
import * as kind from "./kind.js";
import { countOnly, formatList, listCount, listItems } from "./list.js";

const packetAction = kind.enumOf("SAI_PACKET_ACTION_");

const cases = [
  [kind.BOOL, ["true", "false"], ["1", "True", ""]],
  [kind.U8, ["0", "255"], ["256", "-1", "0x1", "1.0", ""]],
  [kind.U64, ["18446744073709551615"], ["18446744073709551616"]],
  [kind.S8, ["-128", "127"], ["128"]],
  [packetAction, ["SAI_PACKET_ACTION_FORWARD", "7", "0x3", "SAI_PACKET_ACTION_A|SAI_PACKET_ACTION_B"], ["FORWARD", ""]],
  [kind.OID, ["oid:0x0", "oid:0x1000000000002"], ["0x1", "oid:1", "oid:0x1 "]],
  [kind.MAC, ["02:42:AC:11:00:02", "02-42-ac-11-00-02"], ["02:42:AC:11:00", "02:42:AC:11:00:0G"]],
  [kind.IPV4, ["10.0.0.1"], ["10.0.0", "fc00::1"]],
  [kind.IP, ["10.0.0.1", "fc00::1"], ["10.0.0.256"]],
  [kind.PREFIX, ["10.0.0.0/24", "fc00::/64"], ["10.0.0.0/33", "10.0.0.0", "10.0.0.0/24/1"]],
  [kind.POINTER, ["0x4179f0", "0x0"], ["4179f0", "0xZ"]],
  [kind.CHARDATA, ["Ethernet0", "a\\x2Db", "\\\\", "a".repeat(32)], ["a-b", "\\x2d", "a".repeat(33)]],
  [kind.rangeOf(kind.U32), ["10,20"], ["10", "10,20,30"]],
  [kind.listOf(kind.OID), ["2:oid:0x1,oid:0x2", "0:null", "32"], ["1:oid:0x1,oid:0x2", "x", "1:"]],
  [kind.listOf(kind.rangeOf(kind.U32)), ["2:10,20,30,40"], ["2:10,20"]],
  [
    kind.JSON_LIST,
    ['{"count":1,"list":[{"key":1,"value":2}]}', '{"count":3,"list":null}'],
    ['{"count":2,"list":[1]}', "1"],
  ],
  [kind.aclField(kind.U8), ["8&mask:0x3f", "disabled"], ["8", "8&mask:z"]],
  [kind.aclField(kind.IPV4), ["10.0.0.1&mask:255.255.255.0"], ["10.0.0.1&mask:24"]],
  [kind.aclField(kind.listOf(kind.U8)), ["2:1,2&mask:2:0xff,0xff"], ["2:1,2"]],
  [kind.aclField(kind.OID), ["oid:0x1"], ["oid:0x1&mask:0x1"]],
  [kind.aclAction(packetAction), ["SAI_PACKET_ACTION_DROP", "disabled"], ["drop"]],
  [kind.aclCapability(kind.enumOf("SAI_A_")), ["true:1:SAI_A_B", "false:0:null"], ["1:SAI_A_B"]],
  [kind.HEX, ["0011AAFF", ""], ["0011aaff", "001"]],
  [kind.JSON_TEXT, ['{"json":"1:49"}'], ["{"]],
] as const;
for (const [of, right, wrong] of cases) {
  test(`a value is a ${of.kind}, or is not: ${right[0]}`, () => {
    expect(right.filter((text) => !isValue(of, text))).toEqual([]);
    expect(wrong.filter((text) => isValue(of, text))).toEqual([]);
  });
}

test("lists count, are cut, and shrink to their count", () => {
  expect([listCount("2:oid:0x1,oid:0x2"), listCount("0:null"), listCount("32"), listCount("abc")]).toEqual([
    2,
    0,
    32,
    undefined,
  ]);
  expect(listItems("2:oid:0x1,oid:0x2")).toEqual(["oid:0x1", "oid:0x2"]);
  expect(listItems("0:null")).toEqual([]);
  expect([formatList([]), formatList(["1", "2"])]).toEqual(["0:null", "2:1,2"]);
  expect([countOnly("2:1,2"), countOnly('{"count":2,"list":[1,2]}')]).toEqual(["2", '{"count":2,"list":null}']);
});
