import { err, ok } from "@tandem/base";
import { expect, test } from "vitest";
import { compare } from "./compare.js";
import { dumpedRows } from "./dumped-rows.js";

/** As sonic-dash-ha prints it. */
const DUMP = JSON.stringify({
  incoming: {},
  internal: {
    DASH_HA_SCOPE_STATE: {
      swss_table_name: "DASH_HA_SCOPE_STATE",
      swss_key: "vdpu0|haset0",
      fvs: {},
      mutated: false,
      to_delete: false,
      backup_fvs: { local_ha_state: "active" },
      last_updated_time: 1,
    },
    DPU_RESET_INFO: { swss_table_name: "DPU_RESET_INFO", swss_key: "DPU0", to_delete: false, backup_fvs: {} },
    gone: { swss_table_name: "DASH_HA_SCOPE_STATE", swss_key: "vdpu9|h", to_delete: true, backup_fvs: {} },
  },
  outgoing: {
    outgoing_queued: [],
    outgoing_sent: {
      haset0: {
        msg: { key: "haset0", data: { key: "haset0", operation: "Set", field_values: { ha_role: "active" } } },
        id: 1,
        acked: true,
        response_source: {
          service_type: "hamgrd",
          resource_type: "swss-common-bridge",
          resource_id: "DPU_APPL_DB|DASH_HA_SCOPE_TABLE",
        },
      },
      deleted: {
        msg: { key: "x", data: { key: "x", operation: "Del", field_values: {} } },
        response_source: { resource_type: "swss-common-bridge", resource_id: "DPU_APPL_DB|DASH_HA_SCOPE_TABLE" },
      },
      "VDPUStateRegister|haset0": {
        msg: { key: "r", data: { active: true } },
        response_source: { resource_type: "vdpu" },
      },
    },
  },
});

test("rows of its own and rows that it sent are read from the dump of an actor of another build", async () => {
  const rows = await dumpedRows(
    [
      { type: "ha-scope", id: "vdpu0:haset0" },
      { type: "dpu", id: "x" },
    ],
    (type) => Promise.resolve(type === "dpu" ? err("no such actor") : ok(DUMP)),
  );
  expect(rows.map(({ row, fields, once, underWay }) => ({ row, fields, once, underWay }))).toEqual([
    {
      row: "STATE_DB|DASH_HA_SCOPE_STATE|vdpu0|haset0",
      fields: { local_ha_state: "active" },
      once: false,
      underWay: false,
    },
    { row: "STATE_DB|DPU_RESET_INFO|DPU0", fields: {}, once: true, underWay: false },
    { row: "DPU_APPL_DB|DASH_HA_SCOPE_TABLE|haset0", fields: { ha_role: "active" }, once: false, underWay: false },
  ]);
});

test("what differs from a dump is found, with nobody to mend it; no row of that slot is called nobody's", async () => {
  const rows = await dumpedRows([{ type: "ha-scope", id: "a" }], () => Promise.resolve(ok(DUMP)));
  const tables = [
    {
      container: "dpu0",
      db: "DPU_APPL_DB",
      table: "DASH_HA_SCOPE_TABLE",
      rows: new Map([
        ["haset0", { ha_role: "dead" }],
        ["haset9", {}],
      ]),
      pending: new Set<string>(),
    },
    {
      container: "",
      db: "STATE_DB",
      table: "DASH_HA_SCOPE_STATE",
      rows: new Map([
        ["vdpu0|haset0", { local_ha_state: "active" }],
        ["vdpu9|h", {}],
      ]),
      pending: new Set<string>(),
    },
  ];
  const slots = [{ slot: 0, dpu: "d", standing: { kind: "dumped", report: { rows, kept: [] } } } as const];
  const { findings } = compare({ slots, tables, ledgers: new Map() });
  expect(findings.map(({ kind, row, slot }) => ({ kind, row, slot }))).toEqual([
    { kind: "differs", row: "DPU_APPL_DB|DASH_HA_SCOPE_TABLE|haset0", slot: undefined },
  ]);
});

test("text that is no dump tells of no rows", async () => {
  for (const text of [
    "",
    "7",
    "{}",
    '{"incoming":{},"internal":{"a":1},"outgoing":{"outgoing_sent":{"b":[]},"outgoing_queued":[]}}',
  ]) {
    expect(await dumpedRows([{ type: "dpu", id: "x" }], () => Promise.resolve(ok(text)))).toEqual([]);
  }
});
