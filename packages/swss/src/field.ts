import { type Brand, err, ok, type Result } from "@tandem/base";
import { decodeText, encodeText } from "./text.js";

/** Whether a row may lack the field: `defaulted` reads as its default, `optional` as no member. */
export type Presence = "required" | "optional" | "defaulted";

/** How to draw values for tests: every codec says what its values look like. */
export type Sample =
  | { readonly kind: "integer"; readonly min: number; readonly max: number }
  | { readonly kind: "oneOf"; readonly values: readonly string[] }
  | { readonly kind: "text" | "bytes" | "ipv4" | "ipv6" | "boolean" | "timestamp" }
  | { readonly kind: "list"; readonly item: Sample };

/** Text of a hash field ↔ value. `parse` fails with what was expected. */
export interface Codec<T> {
  /** The type's name in documents, e.g. `u16` or `one of up, down`. */
  readonly type: string;
  readonly sample: Sample;
  parse(text: string): Result<T, string>;
  format(value: T): string;
}

/** A field or key part of a table: its codec, and what it means when a row lacks it. */
export interface Field<T, P extends Presence = Presence> {
  readonly codec: Codec<T>;
  readonly presence: P;
  readonly absent: T | undefined;
  readonly doc: string;
}

/** `optional` and `absent` (the default) exclude each other; neither means required. */
export interface FieldOptions<T> {
  readonly doc: string;
  readonly optional?: true;
  readonly absent?: T;
}

type PresenceOf<O> = O extends { readonly optional: true }
  ? "optional"
  : O extends { readonly absent: unknown }
    ? "defaulted"
    : "required";

/** A field of any codec. */
export function fieldOf<T, const O extends FieldOptions<T>>(codec: Codec<T>, options: O): Field<T, PresenceOf<O>> {
  const presence = options.optional ? "optional" : options.absent === undefined ? "required" : "defaulted";
  return { codec, presence: presence as PresenceOf<O>, absent: options.absent, doc: options.doc };
}

function integerCodec(type: string, min: number, max: number): Codec<number> {
  return {
    type,
    sample: { kind: "integer", min, max },
    parse: (text) => {
      const value = /^[+-]?\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
      return value >= min && value <= max ? ok(value) : err(`an integer from ${min} to ${max}`);
    },
    format: (value) => String(value),
  };
}

const boolCodec: Codec<boolean> = {
  type: "bool",
  sample: { kind: "boolean" },
  parse: (text) => {
    const word = text.toLowerCase();
    if (word === "true" || word === "1") return ok(true);
    if (word === "false" || word === "0") return ok(false);
    return err("true, false, 1 or 0");
  },
  format: (value) => (value ? "true" : "false"),
};

/** Any text as it is. */
export const textCodec: Codec<string> = { type: "text", sample: { kind: "text" }, parse: ok, format: (value) => value };

const bytesCodec: Codec<Uint8Array> = {
  type: "bytes",
  sample: { kind: "bytes" },
  parse: (text) => ok(encodeText(text)),
  format: (value) => decodeText(value),
};

const OCTET = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);

const ipv4Codec: Codec<string> = {
  type: "IPv4 address",
  sample: { kind: "ipv4" },
  parse: (text) => (IPV4.test(text) ? ok(text) : err("an IPv4 address")),
  format: (value) => value,
};

const ipv6Codec: Codec<string> = {
  type: "IPv6 address",
  sample: { kind: "ipv6" },
  parse: (text) => (isIpv6(text) ? ok(text) : err("an IPv6 address")),
  format: (value) => value,
};

/** RFC 4291 §2.2, without zone. */
function isIpv6(text: string): boolean {
  let rest = text;
  const lastColon = text.lastIndexOf(":");
  if (text.includes(".")) {
    if (!IPV4.test(text.slice(lastColon + 1))) return false;
    rest = `${text.slice(0, lastColon + 1)}0:0`;
  }
  const halves = rest.split("::");
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === "" ? [] : half.split(":")));
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return false;
  return halves.length === 2 ? groups.length < 8 : groups.length === 8;
}

function oneOfCodec<const V extends readonly string[]>(values: V): Codec<V[number]> {
  return {
    type: `one of ${values.join(", ")}`,
    sample: { kind: "oneOf", values },
    parse: (text) => {
      const word = text.toLowerCase();
      const found = values.find((value) => value === word);
      return found === undefined ? err(`one of ${values.join(", ")}`) : ok(found);
    },
    format: (value) => value,
  };
}

/** Comma-joined, no escaping: items are trimmed, empty ones dropped, unless `positional`. */
function listCodec<T>(item: Codec<T>, positional: boolean): Codec<readonly T[]> {
  return {
    type: `list of ${item.type}`,
    sample: { kind: "list", item: item.sample },
    parse: (text) => {
      const values: T[] = [];
      for (const piece of text.trim() === "" ? [] : text.split(",")) {
        const trimmed = piece.trim();
        if (trimmed === "" && !positional) continue;
        const value = item.parse(trimmed);
        if (!value.ok) return err(`a comma list of ${item.type}`);
        values.push(value.value);
      }
      return ok(values);
    },
    format: (values) => values.map((value) => item.format(value)).join(","),
  };
}

/** A codec whose values carry a brand. */
export function branded<Name extends string>(codec: Codec<string>, name: Name): Codec<Brand<string, Name>> {
  return { ...codec, type: name } as Codec<Brand<string, Name>>;
}

/** Field constructors: `t.u16({ doc: … })`. */
export const t = {
  text: <const O extends FieldOptions<string>>(options: O) => fieldOf(textCodec, options),
  /** Text that is an identifier of one kind. */
  id: <const Name extends string, const O extends FieldOptions<Brand<string, Name>>>(name: Name, options: O) =>
    fieldOf(branded(textCodec, name), options),
  /** A comma list of identifiers of one kind. */
  ids: <const Name extends string, const O extends FieldOptions<readonly Brand<string, Name>[]>>(
    name: Name,
    options: O,
  ) => fieldOf(listCodec(branded(textCodec, name), false), options),
  bytes: <const O extends FieldOptions<Uint8Array>>(options: O) => fieldOf(bytesCodec, options),
  bool: <const O extends FieldOptions<boolean>>(options: O) => fieldOf(boolCodec, options),
  u16: <const O extends FieldOptions<number>>(options: O) => fieldOf(integerCodec("u16", 0, 0xffff), options),
  port: <const O extends FieldOptions<number>>(options: O) => fieldOf(integerCodec("port", 1, 0xffff), options),
  u32: <const O extends FieldOptions<number>>(options: O) => fieldOf(integerCodec("u32", 0, 0xffff_ffff), options),
  /** Milliseconds or another count that fits 53 bits. */
  integer: <const O extends FieldOptions<number>>(options: O) =>
    fieldOf(integerCodec("integer", Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER), options),
  ipv4: <const O extends FieldOptions<string>>(options: O) => fieldOf(ipv4Codec, options),
  ipv6: <const O extends FieldOptions<string>>(options: O) => fieldOf(ipv6Codec, options),
  oneOf: <const V extends readonly string[], const O extends FieldOptions<V[number]>>(values: V, options: O) =>
    fieldOf(oneOfCodec(values), options),
  /** Comma list; empty items are dropped. */
  list: <T, const O extends FieldOptions<readonly T[]>>(item: Codec<T>, options: O) =>
    fieldOf(listCodec(item, false), options),
  /** Comma list whose positions carry meaning; empty items stay. */
  positions: <T, const O extends FieldOptions<readonly T[]>>(item: Codec<T>, options: O) =>
    fieldOf(listCodec(item, true), options),
  /** A field of a codec of the table's own. */
  of: fieldOf,
} as const;

/** The codecs behind `t`, for lists. */
export const codecs = {
  text: textCodec,
  ipv4: ipv4Codec,
  ipv6: ipv6Codec,
  bool: boolCodec,
  oneOf: oneOfCodec,
} as const;
