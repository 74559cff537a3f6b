import { isIP } from "node:net";
import type { Kind } from "./kind.js";

/** Whether the text is a value of that kind. sonic-sairedis, meta/SaiSerialize.cpp. */
export function isValue(kind: Kind, text: string): boolean {
  switch (kind.kind) {
    case "bool":
      return text === "true" || text === "false";
    case "number":
      return isNumber(text, kind.min, kind.max);
    case "enum":
      return isEnumOrFlags(kind.prefix, text);
    case "oid":
      return /^oid:0x[0-9a-f]{1,16}$/.test(text);
    case "mac":
      return /^[0-9a-fA-F]{2}(?:.[0-9a-fA-F]{2}){5}$/.test(text);
    case "ipv4":
      return isIP(text) === 4;
    case "ipv6":
      return isIP(text) === 6;
    case "ip":
      return isIP(text) !== 0;
    case "prefix":
      return isPrefix(text);
    case "pointer":
      return /^0x[0-9a-f]{1,16}$/.test(text);
    case "chardata":
      return isChardata(text);
    case "hex":
      return /^(?:[0-9A-F]{2})*$/.test(text);
    case "range":
      return text.split(",").length === 2 && text.split(",").every((end) => isValue(kind.of, end));
    case "list":
      return isList(kind.of, text);
    case "jsonList":
      return isJsonList(text);
    case "json":
      return isJson(text);
    case "aclField":
      return isAclField(kind.of, text);
    case "aclAction":
      return text === "disabled" || isValue(kind.of, text);
    case "aclCapability":
      return /^(?:true|false):/.test(text) && isList(kind.of, text.slice(text.indexOf(":") + 1));
  }
}

/** Longest text of a `chardata` once unescaped: 32 bytes. */
const CHARDATA_MAX = 32;

function isNumber(text: string, min: bigint, max: bigint): boolean {
  if (!/^-?\d{1,20}$/.test(text)) return false;
  const number = BigInt(text);
  return number >= min && number <= max;
}

/** Names joined by `|` are flags; a number stands for a value without a name, hex for flags. */
function isEnumOrFlags(prefix: string, text: string): boolean {
  if (/^-?\d{1,10}$/.test(text)) return true;
  return text.split("|").every((name) => /^0x[0-9a-f]{1,8}$/.test(name) || isName(prefix, name));
}

function isName(prefix: string, name: string): boolean {
  return name.startsWith(prefix) && /^[A-Z0-9_]+$/.test(name.slice(prefix.length));
}

function isPrefix(text: string): boolean {
  const [address = "", bits = "", ...rest] = text.split("/");
  const family = isIP(address);
  return rest.length === 0 && family !== 0 && isNumber(bits, 0n, family === 4 ? 32n : 128n);
}

function isChardata(text: string): boolean {
  if (!/^(?:[0-9A-Za-z]|\\\\|\\x[0-9A-F]{2})*$/.test(text)) return false;
  return text.replace(/\\\\|\\x../g, "c").length <= CHARDATA_MAX;
}

/** `count:a,b`, `count:null`, or a count alone. Elements of a range list are two numbers. */
function isList(of: Kind, text: string): boolean {
  const match = /^(\d{1,9})(?::([\s\S]*))?$/.exec(text);
  if (match === null) return false;
  const [, count, items] = match;
  if (items === undefined || items === "null") return true;
  const pieces = items.split(",");
  const width = of.kind === "range" ? 2 : 1;
  const item = of.kind === "range" ? of.of : of;
  return pieces.length === Number(count) * width && pieces.every((piece) => isValue(item, piece));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function isJsonList(text: string): boolean {
  if (!isJson(text)) return false;
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null || !("count" in value) || !("list" in value)) return false;
  const { count, list } = value;
  return typeof count === "number" && (list === null || (Array.isArray(list) && list.length === count));
}

const MASK = "&mask:";

function isAclField(of: Kind, text: string): boolean {
  if (text === "disabled") return true;
  const at = text.indexOf(MASK);
  if (of.kind === "bool" || of.kind === "oid" || (of.kind === "list" && of.of.kind === "oid"))
    return at < 0 && isValue(of, text);
  if (at < 0) return false;
  const mask = text.slice(at + MASK.length);
  if (!isValue(of, text.slice(0, at))) return false;
  if (of.kind === "number" || of.kind === "enum") return /^(?:0x[0-9a-fA-F]{1,16}|-?\d{1,20})$/.test(mask);
  if (of.kind === "list") return /^\d{1,9}:(?:null|0x[0-9a-f]+(?:,0x[0-9a-f]+)*)$/.test(mask);
  return isValue(of, mask);
}
