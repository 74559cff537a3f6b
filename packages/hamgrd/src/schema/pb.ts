import type { MessageInitShape } from "@bufbuild/protobuf";
import { err, type Json, ok, type Result } from "@tandem/base";
import type { IpAddress, IpAddressSchema } from "../gen/types_pb.js";
import type { Members } from "./members.js";

/** Texts of a protobuf enum by number. Numbers outside are refused: what they ask for is unknown. */
export function enumTexts<const V extends readonly string[]>(name: string, values: V) {
  return {
    text(number: number): Result<V[number], string> {
      const value = Number.isInteger(number) ? values[number] : undefined;
      return value === undefined
        ? err(`${name} 0 to ${values.length - 1} (${values.join(", ")}) instead of ${number}`)
        : ok(value as V[number]);
    },
    number: (value: V[number]): number => values.indexOf(value),
  };
}

type Address = string | undefined;

/** The wire's four bytes in order are the dotted quad: a little-endian number. */
export function ipv4Text(number: number): string {
  return [number & 0xff, (number >>> 8) & 0xff, (number >>> 16) & 0xff, number >>> 24].join(".");
}

export function ipv4Number(text: string): number {
  return text.split(".").reduceRight((number, octet) => number * 256 + Number(octet), 0);
}

/** RFC 5952: lower case, the longest run of zero groups (the first of equals) as `::`. Needs 16 bytes. */
export function ipv6Text(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] as number) << 8) | (bytes[2 * i + 1] as number));
  let best = { from: 0, length: 1 };
  let from = 0;
  for (const [i, group] of groups.entries()) {
    if (group !== 0) from = i + 1;
    else if (i + 1 - from > best.length) best = { from, length: i + 1 - from };
  }
  const hex = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(":");
  if (best.length < 2) return hex(groups);
  return `${hex(groups.slice(0, best.from))}::${hex(groups.slice(best.from + best.length))}`;
}

/** Sixteen bytes of a valid IPv6 text. */
export function ipv6Bytes(text: string): Uint8Array {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  let plain = text;
  if (dotted !== null) {
    const [, head, a, b, c, d] = dotted as unknown as string[];
    plain = `${head}${(Number(a) * 256 + Number(b)).toString(16)}:${(Number(c) * 256 + Number(d)).toString(16)}`;
  }
  const [left = "", right] = plain.split("::");
  const groups = (half: string): number[] => (half === "" ? [] : half.split(":").map((g) => Number.parseInt(g, 16)));
  const head = groups(left);
  const tail = right === undefined ? [] : groups(right);
  const all = [...head, ...new Array<number>(Math.max(0, 8 - head.length - tail.length)).fill(0), ...tail];
  return Uint8Array.from(all.flatMap((group) => [group >>> 8, group & 0xff]));
}

export function v4FromPb(field: string, address: IpAddress | undefined): Result<Address, string> {
  if (address === undefined || address.ip.case === undefined) return ok(undefined);
  return address.ip.case === "ipv4" ? ok(ipv4Text(address.ip.value)) : err(`an IPv4 address in ${field}`);
}

export function v6FromPb(field: string, address: IpAddress | undefined): Result<Address, string> {
  if (address === undefined || address.ip.case === undefined) return ok(undefined);
  return address.ip.case === "ipv6" && address.ip.value.length === 16
    ? ok(ipv6Text(address.ip.value))
    : err(`an IPv6 address of 16 bytes in ${field}`);
}

type AddressInit = MessageInitShape<typeof IpAddressSchema>;

export function v4ToPb(text: Address): AddressInit | undefined {
  return text === undefined ? undefined : { ip: { case: "ipv4", value: ipv4Number(text) } };
}

export function v6ToPb(text: Address): AddressInit | undefined {
  return text === undefined ? undefined : { ip: { case: "ipv6", value: ipv6Bytes(text) as Uint8Array<ArrayBuffer> } };
}

/** `{"ip":{"Ipv4":<number>}}`, `{"ip":{"Ipv6":[16 numbers]}}`, `null`. */
export function addressToJson(text: Address): Json {
  if (text === undefined) return null;
  return { ip: text.includes(":") ? { Ipv6: [...ipv6Bytes(text)] } : { Ipv4: ipv4Number(text) } };
}

/** A message's address out of its JSON form; a missing one and `null` are none. */
export function addressFromJson(members: Members, name: string): AddressInit | undefined {
  return members.maybe<AddressInit>(name, "an address", (value) => {
    if (typeof value !== "object" || Array.isArray(value)) return undefined;
    const { ip } = value as { readonly ip?: { readonly Ipv4?: Json; readonly Ipv6?: Json } | null };
    if (ip === null) return {};
    const { Ipv4: v4, Ipv6: v6 } = ip ?? {};
    if (typeof v4 === "number" && Number.isInteger(v4) && v4 >= 0 && v4 <= 0xffff_ffff) {
      return { ip: { case: "ipv4", value: v4 } };
    }
    return Array.isArray(v6) && v6.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255)
      ? { ip: { case: "ipv6", value: Uint8Array.from(v6 as number[]) } }
      : undefined;
  });
}

/** A list of codec texts inside a message; the codec trims and refuses as in a plain field. */
export function takeEach<T>(
  field: string,
  items: readonly string[],
  parse: (text: string) => Result<T, string>,
): Result<readonly T[], string> {
  const values: T[] = [];
  for (const item of items) {
    const value = parse(item);
    if (!value.ok) return err(`${value.error} in ${field} instead of ${JSON.stringify(item)}`);
    values.push(value.value);
  }
  return ok(values);
}

/** Trimmed, blank ones dropped. */
export function names<T extends string>(items: readonly string[]): readonly T[] {
  return items.map((item) => item.trim()).filter((item) => item !== "") as T[];
}
