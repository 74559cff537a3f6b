import { DashHaScopeConfig, DashHaSetConfig } from "@tandem/hamgrd";
import { type AnyTable, decodeText, encodeText, type Fields } from "@tandem/swss";
import { test } from "vitest";
import { type BadTable, badTableTests, but } from "../testing/bad-rows.js";

/** Members appended to the message: of a member that comes twice the last one counts, of a list each one. */
const withBytes =
  (...bytes: readonly number[]) =>
  ({ pb }: Fields): Fields => ({ pb: decodeText(Buffer.concat([encodeText(pb ?? ""), Buffer.from(bytes)])) });

/** The row in plain fields, with changes. */
const plain =
  (table: AnyTable, changes: Readonly<Record<string, string | undefined>>) =>
  (good: Fields): Fields => {
    const row = table.decode(good);
    if (!row.ok) throw new Error(`${table.name}: the good row is bad`);
    return but(changes)(table.encodePlain(row.value));
  };

const SET = "dash.ha_set_config.HaSetConfig";
const SCOPE = "dash.ha_scope_config.HaScopeConfig";

const TABLES: readonly BadTable[] = [
  {
    db: "APPL_DB",
    table: DashHaSetConfig.name,
    key: "haset0-0",
    on: "switch",
    rows: [
      {
        what: "no protobuf",
        spoil: () => ({ pb: "no protobuf" }),
        says: `pb: expected a message ${SET}, found "11 bytes"`,
      },
      {
        what: "bytes that are no text, where text should be",
        spoil: () => ({ pb: decodeText(Buffer.of(0x0a, 0x02, 0xff, 0xfe)) }),
        says: `pb: expected a message ${SET}, found "4 bytes"`,
      },
      {
        what: "an empty message",
        spoil: () => ({ pb: "" }),
        says: 'vdpu_ids: expected exactly two different vDPUs, found ""',
      },
      {
        what: "an unknown enum number",
        spoil: withBytes(0x28, 0x09),
        says: 'pb: expected HaScope 0 to 2 (unspecified, dpu, eni) instead of 9, found "73 bytes"',
      },
      {
        what: "a third vDPU",
        spoil: withBytes(0x22, 0x01, 0x78),
        says: 'vdpu_ids: expected exactly two different vDPUs, found "vdpu0-0,vdpu1-0,x"',
      },
      {
        what: "an IPv6 address of three bytes",
        spoil: withBytes(0x1a, 0x05, 0x12, 0x03, 0x01, 0x02, 0x03),
        says: 'pb: expected an IPv6 address of 16 bytes in vip_v6, found "78 bytes"',
      },
      {
        what: "plain: half a row",
        spoil: () => ({ version: "9" }),
        says: "vdpu_ids: expected list of VdpuId, it is missing",
      },
      {
        what: "plain: one vDPU twice",
        spoil: plain(DashHaSetConfig, { vdpu_ids: "vdpu0-0,vdpu0-0" }),
        says: 'vdpu_ids: expected exactly two different vDPUs, found "vdpu0-0,vdpu0-0"',
      },
      {
        what: "plain: an unknown probe state",
        spoil: plain(DashHaSetConfig, { pinned_vdpu_bfd_probe_states: "up,sideways" }),
        says: 'pinned_vdpu_bfd_probe_states: expected a comma list of one of none, up, down, or blank, found "up,sideways"',
      },
      {
        what: "plain: a VIP that is no address",
        spoil: plain(DashHaSetConfig, { vip_v4: "3.2.1" }),
        says: 'vip_v4: expected an IPv4 address, found "3.2.1"',
      },
    ],
  },
  {
    db: "APPL_DB",
    table: DashHaScopeConfig.name,
    key: "vdpu0-0:haset0-0",
    on: "switch",
    rows: [
      {
        what: "no protobuf",
        spoil: () => ({ pb: "no protobuf" }),
        says: `pb: expected a message ${SCOPE}, found "11 bytes"`,
      },
      {
        what: "an empty message",
        spoil: () => ({ pb: "" }),
        says: 'version: expected a number (u32), like 7 or 1.0, found ""',
      },
      {
        what: "a version that is no number",
        spoil: withBytes(0x0a, 0x01, 0x78),
        says: 'version: expected a number (u32), like 7 or 1.0, found "x"',
      },
      {
        what: "an unknown owner",
        spoil: withBytes(0x18, 0x07),
        says: 'pb: expected HaOwner 0 to 2 (unspecified, dpu, switch) instead of 7, found "57 bytes"',
      },
      {
        what: "an unknown desired state",
        spoil: withBytes(0x28, 0x63),
        says: 'pb: expected DesiredHaState 0 to 3 (unspecified, dead, active, standalone) instead of 99, found "57 bytes"',
      },
      {
        what: "bytes where a number should be",
        spoil: withBytes(0x12, 0x01, 0x78),
        says: `pb: expected a message ${SCOPE}, found "58 bytes"`,
      },
      {
        what: "plain: half a row",
        spoil: () => ({ disabled: "false" }),
        says: "version: expected text, it is missing",
      },
      {
        what: "plain: a flag that is neither",
        spoil: plain(DashHaScopeConfig, { disabled: "maybe" }),
        says: 'disabled: expected true, false, 1 or 0, found "maybe"',
      },
      {
        what: "plain: an unknown state",
        spoil: plain(DashHaScopeConfig, { desired_ha_state: "sideways" }),
        says: 'desired_ha_state: expected one of unspecified, none, standby, dead, active, standalone, found "sideways"',
      },
      {
        what: "plain: no HA set",
        spoil: plain(DashHaScopeConfig, { ha_set_id: "" }),
        says: 'ha_set_id: expected the id of an HA set, found ""',
      },
    ],
  },
];

for (const table of TABLES) for (const { name, run } of badTableTests(table)) test(name, run);
