/** What shape the text of an attribute value has. docs/asic-syncd.md, "Rooms". */
export type Kind =
  | {
      readonly kind:
        | "bool"
        | "oid"
        | "mac"
        | "ipv4"
        | "ipv6"
        | "ip"
        | "prefix"
        | "pointer"
        | "chardata"
        | "json"
        | "hex";
    }
  | { readonly kind: "number"; readonly min: bigint; readonly max: bigint }
  /** A value name, or a decimal number for one that has none. */
  | { readonly kind: "enum"; readonly prefix: string }
  | { readonly kind: "range"; readonly of: Kind }
  | { readonly kind: "list"; readonly of: Kind }
  /** `{"count":N,"list":[…]}` */
  | { readonly kind: "jsonList" }
  /** Value and mask, or `disabled`. */
  | { readonly kind: "aclField"; readonly of: Kind }
  /** A parameter, or `disabled`. */
  | { readonly kind: "aclAction"; readonly of: Kind }
  /** `<bool>:<list>` */
  | { readonly kind: "aclCapability"; readonly of: Kind };

const number = (min: bigint, max: bigint): Kind => ({ kind: "number", min, max });
const unsigned = (bits: bigint): Kind => number(0n, (1n << bits) - 1n);
const signed = (bits: bigint): Kind => number(-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n);

export const BOOL: Kind = { kind: "bool" };
export const OID: Kind = { kind: "oid" };
export const MAC: Kind = { kind: "mac" };
export const IPV4: Kind = { kind: "ipv4" };
export const IPV6: Kind = { kind: "ipv6" };
export const IP: Kind = { kind: "ip" };
export const PREFIX: Kind = { kind: "prefix" };
export const POINTER: Kind = { kind: "pointer" };
export const CHARDATA: Kind = { kind: "chardata" };
export const JSON_TEXT: Kind = { kind: "json" };
export const HEX: Kind = { kind: "hex" };
export const U8 = unsigned(8n);
export const U16 = unsigned(16n);
export const U32 = unsigned(32n);
export const U64 = unsigned(64n);
export const S8 = signed(8n);
export const S32 = signed(32n);
export const JSON_LIST: Kind = { kind: "jsonList" };
/** `prefix` is what the names of its values begin with, e.g. `SAI_PACKET_ACTION_`. */
export const enumOf = (prefix: string): Kind => ({ kind: "enum", prefix });
export const listOf = (of: Kind): Kind => ({ kind: "list", of });
export const rangeOf = (of: Kind): Kind => ({ kind: "range", of });
export const aclField = (of: Kind): Kind => ({ kind: "aclField", of });
export const aclAction = (of: Kind): Kind => ({ kind: "aclAction", of });
export const aclCapability = (of: Kind): Kind => ({ kind: "aclCapability", of });

/** What a value of this kind is where nobody has set one and the declaration names no other. */
export function zeroOf(kind: Kind): string {
  switch (kind.kind) {
    case "bool":
      return "false";
    case "number":
    case "enum":
      return "0";
    case "oid":
      return "oid:0x0";
    case "mac":
      return "00:00:00:00:00:00";
    case "ipv4":
    case "ip":
      return "0.0.0.0";
    case "ipv6":
      return "::";
    case "prefix":
      return "0.0.0.0/0";
    case "pointer":
      return "0x0";
    case "range":
      return `${zeroOf(kind.of)},${zeroOf(kind.of)}`;
    case "list":
      return "0:null";
    case "jsonList":
      return '{"count":0,"list":null}';
    case "json":
      return '{"json":"0:null"}';
    case "aclField":
    case "aclAction":
      return "disabled";
    case "aclCapability":
      return "false:0:null";
    case "chardata":
    case "hex":
      return "";
  }
}
