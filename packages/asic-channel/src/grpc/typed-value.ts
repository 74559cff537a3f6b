import { isIPv6 } from "node:net";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Attribute, AttributeSchema } from "../gen/sai_pb.js";
import { attributeOf } from "../sai/catalogue.js";
import { isValue } from "../value/check.js";
import type { Kind } from "../value/kind.js";
import { formatList, listItems } from "../value/list.js";

type Value = MessageInitShape<typeof AttributeSchema>["value"];

/** What the text of an attribute stands for, where a type of the protocol fits; `type` is that of its object. */
export function typedValue(type: string, name: string, text: string): Value {
  const kind = attributeOf(type, name)?.kind;
  return kind !== undefined && isValue(kind, text) ? valueAs(kind, text) : undefined;
}

/** The text of an attribute: the one that it carries, or that of its value. */
export function textOfAttribute({ text, value }: Attribute): string {
  if (text !== "") return text;
  switch (value.case) {
    case undefined:
      return "";
    case "flag":
      return String(value.value);
    case "unsignedNumber":
    case "signedNumber":
      return value.value.toString();
    case "enumName":
      return value.value;
    case "objectId":
      return objectIdText(value.value);
    case "mac":
      return Array.from(value.value, (byte) => byte.toString(16).toUpperCase().padStart(2, "0")).join(":");
    case "ipAddress":
      return addressText(value.value);
    case "ipPrefix":
      return `${addressText(value.value.address)}/${value.value.length}`;
    case "objectIds":
      return formatList(value.value.ids.map(objectIdText));
    case "numbers":
      return formatList(value.value.numbers.map(String));
  }
}

export function objectIdText(id: bigint): string {
  return `oid:0x${id.toString(16)}`;
}

function valueAs(kind: Kind, text: string): Value {
  switch (kind.kind) {
    case "bool":
      return { case: "flag", value: text === "true" };
    case "number":
      return kind.min < 0n
        ? { case: "signedNumber", value: BigInt(text) }
        : { case: "unsignedNumber", value: BigInt(text) };
    case "enum":
      return /^[A-Z]\w*$/.test(text) ? { case: "enumName", value: text } : undefined;
    case "oid":
      return { case: "objectId", value: BigInt(text.slice("oid:".length)) };
    case "mac":
      return { case: "mac", value: Uint8Array.from(text.split(/[^0-9a-fA-F]/), (byte) => Number.parseInt(byte, 16)) };
    case "ipv4":
    case "ipv6":
    case "ip":
      return { case: "ipAddress", value: addressBytes(text) };
    case "prefix": {
      const [address = "", length = ""] = text.split("/");
      return { case: "ipPrefix", value: { address: addressBytes(address), length: Number(length) } };
    }
    case "list":
      if (kind.of.kind === "oid")
        return { case: "objectIds", value: { ids: listItems(text).map((id) => BigInt(id.slice("oid:".length))) } };
      // Of u64 some do not fit; their text is enough.
      if (kind.of.kind === "number" && kind.of.max < 1n << 63n)
        return { case: "numbers", value: { numbers: listItems(text).map(BigInt) } };
      return undefined;
    default:
      return undefined;
  }
}

function addressBytes(text: string): Uint8Array {
  if (!isIPv6(text)) return Uint8Array.from(text.split("."), Number);
  // The last 32 bits may be written as those of IPv4.
  const hex = text.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) =>
    [Number(a) * 256 + Number(b), Number(c) * 256 + Number(d)].map((group) => group.toString(16)).join(":"),
  );
  const [head = "", tail] = hex.split("::");
  const groups = head === "" ? [] : head.split(":");
  const rest = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? [] : Array<string>(8 - groups.length - rest.length).fill("0");
  return Uint8Array.from(
    [...groups, ...zeros, ...rest].flatMap((group) => {
      const number = Number.parseInt(group, 16);
      return [number >> 8, number & 0xff];
    }),
  );
}

function addressText(bytes: Uint8Array): string {
  if (bytes.length !== 16) return bytes.join(".");
  const groups = Array.from({ length: 8 }, (_, i) =>
    (((bytes[2 * i] as number) << 8) | (bytes[2 * i + 1] as number)).toString(16),
  );
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}
