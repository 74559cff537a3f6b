import { err, ok } from "@tandem/base";
import { branded, type Codec, codecs, textCodec } from "@tandem/swss";

export type PlaneState = "up" | "down" | "unknown";

/** A plane as pmon reports it. Anything but the exact words (in any case) is unknown: an empty text is not `up`. */
export const planeStateCodec: Codec<PlaneState> = {
  type: "up, down, else unknown",
  sample: { kind: "oneOf", values: ["up", "down", "unknown"] },
  parse: (text) => {
    const word = text.trim().toLowerCase();
    return ok(word === "up" || word === "down" ? word : "unknown");
  },
  format: (state) => state,
};

/** IP addresses as bfdmon writes them: a comma list, or JSON array text; items may be quoted. */
export const sessionListCodec: Codec<readonly string[]> = {
  type: "list of IP address, JSON array text too",
  sample: { kind: "list", item: { kind: "ipv4" } },
  parse: (text) =>
    ok(
      stripPair(text.trim(), "[", "]")
        .split(",")
        .map((item) => stripPair(stripPair(item.trim(), '"', '"'), "'", "'").trim())
        .filter((item) => item !== ""),
    ),
  format: (items) => items.join(","),
};

function stripPair(text: string, open: string, close: string): string {
  const from = text.startsWith(open) ? 1 : 0;
  const to = text.length > from && text.endsWith(close) ? text.length - 1 : text.length;
  return text.slice(from, to);
}

/** An IPv4 or IPv6 address. */
export const ipCodec: Codec<string> = {
  type: "IP address",
  sample: { kind: "ipv4" },
  parse: (text) =>
    codecs.ipv4.parse(text).ok || codecs.ipv6.parse(text).ok ? ok(text) : err("an IPv4 or IPv6 address"),
  format: (address) => address,
};

/** The same where it comes from outside: what is no address makes the row bad. */
export const reportedSessionsCodec: Codec<readonly string[]> = {
  ...sessionListCodec,
  parse: (text) => {
    const items = sessionListCodec.parse(text);
    return items.ok && !items.value.every((item) => ipCodec.parse(item).ok)
      ? err("a comma list of IP addresses")
      : items;
  },
};

/** A name that becomes part of a row key, so that no separator may be in it. Empty is no name. */
export const keyPartCodec: Codec<string> = {
  type: "name without `:` and `|`",
  sample: { kind: "oneOf", values: ["Vlan55", "Vnet_55", ""] },
  parse: (text) => (/[:|]/.test(text) ? err("a name without : and |") : ok(text)),
  format: (text) => text,
};

/** An address with the length of its network, or the bare address; empty in a row that only names an interface. */
export const prefixCodec: Codec<string> = {
  type: "`<address>/<length>`",
  sample: { kind: "ipv4" },
  parse: (text) => {
    const [address = "", length = "0", ...rest] = text.split("/");
    const isPrefix = ipCodec.parse(address).ok && /^\d{1,3}$/.test(length) && rest.length === 0;
    return text === "" || isPrefix ? ok(text) : err("an IP address and the length of its network");
  },
  format: (prefix) => prefix,
};

/** A slot number inside a key of three letters and a number: `DPU0`, `dpu0`. */
export const dpuKeyCodec: Codec<number> = {
  type: "`DPU<slot>`",
  sample: { kind: "integer", min: 0, max: 255 },
  parse: (text) => {
    const found = /^[A-Za-z]{3}(\d{1,9})$/.exec(text);
    return found === null ? err("three letters and a decimal number, like DPU0") : ok(Number(found[1]));
  },
  format: (slot) => `DPU${slot}`,
};

/** How many members of a vDPU must be up for it to count as up. */
export type Aggregation = "any" | "all" | { readonly quorum: number };

export const aggregationCodec: Codec<Aggregation> = {
  type: "`any`, `all` or `quorum:<n>`",
  sample: { kind: "oneOf", values: ["any", "all"] },
  parse: (text) => {
    const word = text.trim().toLowerCase();
    if (word === "any" || word === "all") return ok(word);
    const quorum = /^quorum:([1-9]\d{0,3})$/.exec(word);
    return quorum === null ? err("any, all or quorum:<n> with n of 1 or more") : ok({ quorum: Number(quorum[1]) });
  },
  format: (value) => (typeof value === "string" ? value : `quorum:${value.quorum}`),
};

export type DesiredHaState = "unspecified" | "dead" | "active" | "standalone";

/** `none` and `standby` say the same as `unspecified`: the pair decides, and this side does not ask to lead. */
export const desiredHaStateCodec: Codec<DesiredHaState> = {
  type: "one of unspecified (also none, standby), dead, active, standalone",
  sample: { kind: "oneOf", values: ["unspecified", "dead", "active", "standalone"] },
  parse: (text) => {
    const word = text.toLowerCase();
    if (word === "none" || word === "standby") return ok("unspecified");
    return word === "unspecified" || word === "dead" || word === "active" || word === "standalone"
      ? ok(word)
      : err("one of unspecified, none, standby, dead, active, standalone");
  },
  format: (state) => state,
};

/** Blank says that nothing is pinned, like `none`; it stays apart since a list of blanks is written as empty text. */
export type PinnedState = "" | "none" | "up" | "down";

/** A pinned probe state. Another word is an error rather than a silent none. */
export const pinnedStateCodec: Codec<PinnedState> = {
  type: "one of none, up, down, or blank",
  sample: { kind: "oneOf", values: ["none", "up", "down"] },
  parse: (text) => {
    const word = text.trim().toLowerCase();
    return word === "" || word === "none" || word === "up" || word === "down" ? ok(word) : err("one of none, up, down");
  },
  format: (state) => state,
};

/** A SAI counter: it may pass 2^53, so it stays exact. */
export const counterCodec: Codec<bigint> = {
  type: "u64",
  sample: { kind: "oneOf", values: ["0", "18446744073709551615"] },
  parse: (text) => (/^\d{1,20}$/.test(text) ? ok(BigInt(text)) : err("a decimal count")),
  format: (count) => count.toString(),
};

/** GUID of an operation that waits for approval. */
export const operationIdCodec = branded(textCodec, "OperationId");
