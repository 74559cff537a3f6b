import { ok } from "@tandem/base";
import fc from "fast-check";
import { expect, expectTypeOf, test } from "vitest";
import { codecs, t } from "./field.js";
import { defineTable, describeRowError, describeTable, type Key, type Row } from "./table-schema.js";
import { arbitraryRow } from "./testing/arbitrary-row.js";
import { decodeText, encodeText } from "./text.js";

const Pair = defineTable({
  name: "PAIR",
  db: "APPL_DB",
  spec: "none, a test",
  key: { vdpu_id: t.id("VdpuId", { doc: "Host." }), scope_id: t.text({ doc: "Scope." }) },
  fields: {
    owner: t.oneOf(["dpu", "switch"], { doc: "Driver." }),
    disabled: t.bool({ doc: "Admin down.", absent: false }),
    port: t.port({ doc: "UDP port.", optional: true }),
    vip: t.ipv6({ doc: "VIP.", optional: true }),
    pins: t.positions(codecs.text, { doc: "Pins.", absent: [] }),
    raw: t.bytes({ doc: "Bytes.", optional: true }),
  },
});

test("a row's type follows presence", () => {
  expectTypeOf<Row<typeof Pair>["owner"]>().toEqualTypeOf<"dpu" | "switch">();
  expectTypeOf<Row<typeof Pair>["disabled"]>().toEqualTypeOf<boolean>();
  expectTypeOf<Row<typeof Pair>["port"]>().toEqualTypeOf<number | undefined>();
  expectTypeOf<Key<typeof Pair>["scope_id"]>().toEqualTypeOf<string>();
});

test("a row survives encode and decode", () => {
  fc.assert(
    fc.property(arbitraryRow(Pair), (row) => {
      expect(Pair.decode(Pair.encode(row))).toEqual(ok(row));
    }),
  );
});

test("a key splits on the first separators, the last part keeps the rest", () => {
  expect(Pair.parseKey("vdpu0:haset0:x")).toEqual(ok({ vdpu_id: "vdpu0", scope_id: "haset0:x" }));
  expect(Pair.parseKey("vdpu0").ok).toBe(false);
  expect(Pair.parseKey(":x").ok).toBe(false);
});

test("the last part of a key may be left out with its separator when it has a default", () => {
  const Address = defineTable({
    ...{ name: "ADDRESS", db: "CONFIG_DB", spec: "none, a test", fields: {} },
    key: { port: t.text({ doc: "Interface." }), vip: t.ipv6({ doc: "Address.", absent: "" }) },
  });
  expect(Address.parseKey("Loopback0")).toEqual(ok({ port: "Loopback0", vip: "" }));
  expect(Address.formatKey({ port: "Loopback0", vip: "" })).toBe("Loopback0");
  expect(Address.parseKey("Loopback0|2001:db8::1")).toEqual(ok({ port: "Loopback0", vip: "2001:db8::1" }));
  expect(Address.parseKey("Loopback0|x").ok).toBe(false);
  expect(Address.parseKey("").ok).toBe(false);
});

const bad = [
  [{}, "owner", undefined],
  [{ owner: "" }, "owner", ""],
  [{ owner: "d" }, "owner", "d"],
  [{ owner: "dpu", disabled: "yes" }, "disabled", "yes"],
  [{ owner: "dpu", port: "0" }, "port", "0"],
  [{ owner: "dpu", port: "65536" }, "port", "65536"],
  [{ owner: "dpu", port: " 1" }, "port", " 1"],
  [{ owner: "dpu", vip: "1.2.3.4" }, "vip", "1.2.3.4"],
  [{ owner: "dpu", vip: "1::2::3" }, "vip", "1::2::3"],
] as const;
for (const [fields, field, found] of bad)
  test(`${JSON.stringify(fields)} is refused for its ${field}`, () => {
    const row = Pair.decode(fields);
    expect(row).toMatchObject({ ok: false, error: { table: "PAIR", field, found } });
    if (!row.ok) expect(describeRowError(row.error, "k")).toContain("the last good row stays");
  });

test("booleans take any case and digits, optional fields take none as absent, unknown fields are named", () => {
  expect(Pair.decode({ owner: "DPU", disabled: "TRUE", port: "none", extra: "1" })).toEqual(
    ok({ owner: "dpu", disabled: true, pins: [] }),
  );
  expect(Pair.unknownFields({ owner: "dpu", extra: "1" })).toEqual(["extra"]);
});

test("no text makes decode throw", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom("owner", "port", "vip", "pins", "x"), fc.string()), (fields) => {
      Pair.decode(fields);
    }),
  );
});

test("text and bytes map to each other exactly", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(encodeText(decodeText(bytes))).toEqual(Buffer.from(bytes));
    }),
  );
  expect(encodeText(decodeText(Buffer.from("c3a9ff00e282", "hex"))).toString("hex")).toBe("c3a9ff00e282");
});

test("a table describes itself", () => {
  expect(describeTable(Pair)).toContain("| `disabled` | bool | default `false` | Admin down. |");
});
