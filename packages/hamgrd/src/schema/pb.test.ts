import { readFileSync } from "node:fs";
import { ok } from "@tandem/base";
import { type AnyTable, decodeText, encodeText, type Fields } from "@tandem/swss";
import { arbitraryRow } from "@tandem/swss/testing/arbitrary";
import fc from "fast-check";
import { expect, test } from "vitest";
import { DashHaScopeConfig } from "./dash-ha-scope-config.js";
import { DashHaSetConfig, type DashHaSetConfigRow } from "./dash-ha-set-config.js";
import type { VdpuId } from "./ids.js";
import { ipv4Number, ipv4Text, ipv6Bytes, ipv6Text } from "./pb.js";

interface Vector {
  readonly name: string;
  readonly message: string;
  readonly hex: string;
}
const vectors: readonly Vector[] = JSON.parse(
  readFileSync(new URL("../../testdata/protobuf.json", import.meta.url), "utf8"),
);

const pbOf = (hex: string): Fields => ({ pb: decodeText(Buffer.from(hex, "hex")) });
const hexOf = (fields: Fields): string => encodeText(fields["pb"] as string).toString("hex");

const expected: Readonly<Record<string, object>> = {
  "HA set, dpu scope, preferred and pinned": {
    version: "1",
    vip_v4: "3.2.1.0",
    vip_v6: "3:2:1::",
    vdpu_ids: ["vdpu0", "vdpu1"],
    scope: "dpu",
    pinned_vdpu_bfd_probe_states: ["none", "down"],
    preferred_vdpu_id: ["vdpu0"],
    preferred_standalone_vdpu_index: 0,
  },
  "HA set, eni scope, standalone index": {
    version: "42",
    vip_v4: "203.0.113.9",
    vdpu_ids: ["vdpu4", "vdpu60"],
    scope: "eni",
    pinned_vdpu_bfd_probe_states: [],
    preferred_vdpu_id: ["vdpu60"],
    preferred_standalone_vdpu_index: 1,
  },
  "HA scope, disabled, dpu owner": {
    version: "1",
    disabled: true,
    owner: "dpu",
    ha_set_id: "haset0",
    desired_ha_state: "active",
    approved_pending_operation_ids: [],
  },
  "HA scope, switch owner, two approvals": {
    version: "9",
    disabled: false,
    owner: "switch",
    ha_set_id: "haset0",
    desired_ha_state: "standalone",
    approved_pending_operation_ids: ["8dda84ea-fdb4-4edd-b88c-55fc96d02a6f", "0f0f0f0f-1111-4222-8333-444444444444"],
  },
};

for (const { name, message, hex } of vectors.filter((vector) => vector.message.startsWith("dash."))) {
  const table: AnyTable = message.endsWith("HaSetConfig") ? DashHaSetConfig : DashHaScopeConfig;
  test(`protoc's bytes are read and written: ${name}`, () => {
    const row = table.decode(pbOf(hex));
    expect(row).toEqual(ok(expected[name]));
    if (row.ok) expect(hexOf(table.encode(row.value))).toBe(hex);
  });
}

/** IPv6 text in the form that we write. */
const canonical = (row: DashHaSetConfigRow): DashHaSetConfigRow => ({
  ...row,
  vdpu_ids: ["vdpu0", "vdpu1"] as VdpuId[],
  // A list in one protobuf text cannot hold blanks or commas, and a single blank pin is no list in plain text.
  pinned_vdpu_bfd_probe_states: row.pinned_vdpu_bfd_probe_states.map((pin) => (pin === "" ? "none" : pin)),
  ...(row.vip_v6 !== undefined && { vip_v6: ipv6Text(ipv6Bytes(row.vip_v6)) }),
});

test("an HA set row survives pb, json and plain fields", () => {
  fc.assert(
    fc.property(arbitraryRow(DashHaSetConfig).map(canonical), (row) => {
      expect(DashHaSetConfig.decode(DashHaSetConfig.encode(row))).toEqual(ok(row));
      expect(DashHaSetConfig.decode({ json: DashHaSetConfig.pb?.json.encode(row) as string })).toEqual(ok(row));
      expect(DashHaSetConfig.decode(DashHaSetConfig.encodePlain(row))).toEqual(ok(row));
    }),
  );
});

test("an HA scope row survives pb, json and plain fields", () => {
  const rows = arbitraryRow(DashHaScopeConfig).map((row) => ({ ...row, version: "7", ha_set_id: "haset0" as never }));
  fc.assert(
    fc.property(rows, (row) => {
      expect(DashHaScopeConfig.decode(DashHaScopeConfig.encode(row))).toEqual(ok(row));
      expect(DashHaScopeConfig.decode({ json: DashHaScopeConfig.pb?.json.encode(row) as string })).toEqual(ok(row));
      expect(DashHaScopeConfig.decode(DashHaScopeConfig.encodePlain(row))).toEqual(ok(row));
    }),
  );
});

test("the JSON form is the one that upstream's bridges hand on", () => {
  const row = DashHaSetConfig.decode(
    pbOf(
      "0a013112050d030201001a121210000300020001000000000000000000002205766470753022057664707531280132046e6f6e6532046e6f6e653a057664707530",
    ),
  );
  expect(row.ok && JSON.parse(DashHaSetConfig.pb?.json.encode(row.value) ?? "")).toEqual({
    version: "1",
    vip_v4: { ip: { Ipv4: 66051 } },
    vip_v6: { ip: { Ipv6: [0, 3, 0, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] } },
    vdpu_ids: ["vdpu0", "vdpu1"],
    scope: 1,
    pinned_vdpu_bfd_probe_states: ["none", "none"],
    preferred_vdpu_id: "vdpu0",
    preferred_standalone_vdpu_index: 0,
  });
});

const refused: readonly (readonly [why: string, table: AnyTable, fields: Fields, field: string])[] = [
  ["bytes that are no message", DashHaSetConfig, { pb: "\udcff\udcff" }, "pb"],
  ["an empty message", DashHaSetConfig, { pb: "" }, "vdpu_ids"],
  ["an unknown scope number", DashHaSetConfig, pbOf("2201612201622803"), "pb"],
  ["an unknown desired state", DashHaScopeConfig, pbOf("0a013122016128e807"), "pb"],
  ["an unknown owner", DashHaScopeConfig, pbOf("0a013118092201 61".replace(" ", "")), "pb"],
  ["an IPv6 address of four bytes", DashHaSetConfig, pbOf("1a0612040000000022016122 0162".replace(" ", "")), "pb"],
  ["one vDPU", DashHaSetConfig, { vdpu_ids: "vdpu0" }, "vdpu_ids"],
  ["the same vDPU twice", DashHaSetConfig, { vdpu_ids: "vdpu0, vdpu0" }, "vdpu_ids"],
  [
    "an unknown pin",
    DashHaSetConfig,
    { vdpu_ids: "a,b", pinned_vdpu_bfd_probe_states: "up,sideways" },
    "pinned_vdpu_bfd_probe_states",
  ],
  ["a version without number", DashHaScopeConfig, { version: "v1", ha_set_id: "haset0" }, "version"],
  ["a version beyond u32", DashHaScopeConfig, { version: "4294967296", ha_set_id: "haset0" }, "version"],
  ["no version", DashHaScopeConfig, pbOf("220161"), "version"],
  ["no HA set", DashHaScopeConfig, { version: "1", ha_set_id: "" }, "ha_set_id"],
  ["JSON that is none", DashHaSetConfig, { json: "{" }, "json"],
  ["JSON with a text for a number", DashHaScopeConfig, { json: '{"owner":"dpu"}' }, "json"],
  ["JSON with a fraction of an address", DashHaSetConfig, { json: '{"vip_v4":{"ip":{"Ipv4":0.5}}}' }, "json"],
];
for (const [why, table, fields, field] of refused)
  test(`refused: ${why}`, () => {
    expect(table.decode(fields)).toMatchObject({ ok: false, error: { table: table.name, field } });
  });

test("JSON may leave members out or null, and takes an IPv6 as sixteen numbers", () => {
  expect(DashHaScopeConfig.decode({ json: '{"version":"3","ha_set_id":"haset0","owner":1}' })).toMatchObject(
    ok({ owner: "dpu", disabled: false, desired_ha_state: "unspecified" }),
  );
  const set = { vdpu_ids: ["a", "b"], vip_v4: null, vip_v6: { ip: { Ipv6: new Array(16).fill(1) } } };
  expect(DashHaSetConfig.decode({ json: JSON.stringify(set) })).toMatchObject(
    ok({ vip_v6: "101:101:101:101:101:101:101:101" }),
  );
});

test("plain fields take standby and none as unspecified", () => {
  for (const desired_ha_state of ["standby", "none", "unspecified", "Standby"])
    expect(DashHaScopeConfig.decode({ version: "1.0", ha_set_id: "h", desired_ha_state })).toMatchObject(
      ok({ desired_ha_state: "unspecified" }),
    );
});

test("no bytes and no text make a decoder throw", () => {
  const text = fc.oneof(fc.string(), fc.uint8Array({ maxLength: 60 }).map(decodeText), fc.json());
  fc.assert(
    fc.property(fc.constantFrom("pb", "json"), text, (form, value) => {
      DashHaSetConfig.decode({ [form]: value });
      DashHaScopeConfig.decode({ [form]: value });
    }),
    { numRuns: 2000 },
  );
  // Broken copies of good messages reach further in than noise.
  const good = vectors.filter(({ message }) => message.startsWith("dash.")).map(({ hex }) => Buffer.from(hex, "hex"));
  fc.assert(
    fc.property(fc.constantFrom(...good), fc.nat(), fc.integer({ min: 0, max: 255 }), (bytes, at, value) => {
      const broken = Buffer.from(bytes);
      broken[at % broken.length] = value;
      DashHaSetConfig.decode({ pb: decodeText(broken) });
      DashHaScopeConfig.decode({ pb: decodeText(broken.subarray(0, at % (broken.length + 1))) });
    }),
    { numRuns: 2000 },
  );
});

test("an IPv4 address is its wire bytes in order, an IPv6 address is written as RFC 5952 says", () => {
  expect(ipv4Text(66051)).toBe("3.2.1.0");
  expect(ipv4Number("3.2.1.0")).toBe(66051);
  expect(ipv6Text(ipv6Bytes("2001:DB8:0:0:1:0:0:1"))).toBe("2001:db8::1:0:0:1");
  expect(ipv6Text(ipv6Bytes("1:0:3:4:5:6:7:8"))).toBe("1:0:3:4:5:6:7:8");
  expect(ipv6Text(ipv6Bytes("::ffff:1.2.3.4"))).toBe("::ffff:102:304");
  fc.assert(
    fc.property(fc.ipV4(), (ip) => {
      expect(ipv4Text(ipv4Number(ip))).toBe(ip);
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
      expect([...ipv6Bytes(ipv6Text(bytes))]).toEqual([...bytes]);
    }),
  );
});
