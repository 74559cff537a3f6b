import type { KeptRow, ReportedRow } from "@tandem/actor";
import type { Fields } from "@tandem/swss";
import { expect, test } from "vitest";
import { compare, confirmed, type DriftView, type FoundTable, type SlotView } from "./compare.js";

const SET = "DPU_APPL_DB|DASH_HA_SET_TABLE|haset0";
const STATE = "STATE_DB|DASH_HA_SCOPE_STATE|vdpu0|haset0";

function reported(row: string, fields: Fields, more: Partial<ReportedRow> = {}): ReportedRow {
  return { row, actor: "ha-set/haset0", fields, stamps: [], once: false, underWay: false, refusal: "", ...more };
}

function slot(number: number, rows: readonly ReportedRow[], kept: readonly KeptRow[] = [], down?: string): SlotView {
  const view = { slot: number, dpu: `sw0_dpu${number}`, standing: { kind: "told", report: { rows, kept } } } as const;
  return down === undefined ? view : { ...view, down };
}

function table(
  container: string,
  id: string,
  rows: Readonly<Record<string, Fields>>,
  pending: string[] = [],
): FoundTable {
  const [db = "", name = ""] = id.split("|");
  return { container, db, table: name, rows: new Map(Object.entries(rows)), pending: new Set(pending) };
}

const view = (
  slots: readonly SlotView[],
  tables: readonly FoundTable[],
  ledgers: DriftView["ledgers"] = new Map(),
) => ({
  slots,
  tables,
  ledgers,
});

test("what stands as it should is counted, and found nowhere", () => {
  const tables = [table("dpu0", "DPU_APPL_DB|DASH_HA_SET_TABLE", { haset0: { owner: "dpu" } })];
  expect(compare(view([slot(0, [reported(SET, { owner: "dpu" })])], tables))).toEqual({ compared: 1, findings: [] });
});

test("a row that is missing, and a field that differs, is lacking or too much, are found side by side", () => {
  const rows = [reported(SET, { owner: "dpu", version: "2" }), reported(STATE, { a: "1" })];
  const tables = [
    table("dpu0", "DPU_APPL_DB|DASH_HA_SET_TABLE", { haset0: { owner: "switch", extra: "x" } }),
    table("", "STATE_DB|DASH_HA_SCOPE_STATE", {}),
  ];
  const { findings } = compare(view([slot(0, rows)], tables));
  expect(findings).toMatchObject([
    { kind: "missing", row: STATE, container: "", slot: 0 },
    {
      kind: "differs",
      row: SET,
      container: "dpu0",
      fields: [
        { field: "extra", stands: undefined, found: "x" },
        { field: "owner", stands: "dpu", found: "switch" },
        { field: "version", stands: "2", found: undefined },
      ],
    },
  ]);
});

test("stamps, rows that mark an edge, and rows that their consumer has not taken yet are not compared", () => {
  const rows = [
    reported(STATE, { at: "1", state: "dead" }, { stamps: ["at"] }),
    reported("STATE_DB|DPU_RESET_INFO|DPU0", { reset_status: "true" }, { once: true }),
    reported("APPL_DB|VNET_ROUTE_TUNNEL_TABLE|Vnet:1.1.1.1", { endpoint: "2.2.2.2" }),
  ];
  const tables = [
    table("", "STATE_DB|DASH_HA_SCOPE_STATE", { "vdpu0|haset0": { at: "2", state: "dead" } }),
    table("", "STATE_DB|DPU_RESET_INFO", { DPU0: { reset_status: "false" } }),
    table("", "APPL_DB|VNET_ROUTE_TUNNEL_TABLE", {}, ["Vnet:1.1.1.1"]),
  ];
  expect(compare(view([slot(0, rows)], tables)).findings).toEqual([]);
});

test("the databases of a DPU that is down are not compared, those of its switch are", () => {
  const rows = [reported(SET, { owner: "dpu" }), reported(STATE, { a: "1" })];
  const tables = [
    table("dpu0", "DPU_APPL_DB|DASH_HA_SET_TABLE", { other: { owner: "dpu" } }),
    table("", "STATE_DB|DASH_HA_SCOPE_STATE", {}),
  ];
  const { findings } = compare(view([slot(0, rows, [], "midplane down")], tables));
  expect(findings.map(({ row }) => row)).toEqual([STATE]);
});

test("slots have tables of one name each, and share those of the switch", () => {
  const route = "APPL_DB|VNET_ROUTE_TUNNEL_TABLE|Vnet:1.1.1.1";
  const slots = [0, 1].map((n) => slot(n, [reported(SET, { owner: "dpu" }), reported(route, { endpoint: "a" })]));
  const tables = [
    table("dpu0", "DPU_APPL_DB|DASH_HA_SET_TABLE", { haset0: { owner: "dpu" } }),
    table("dpu1", "DPU_APPL_DB|DASH_HA_SET_TABLE", {}),
    table("", "APPL_DB|VNET_ROUTE_TUNNEL_TABLE", { "Vnet:1.1.1.1": { endpoint: "a" } }),
  ];
  const { findings } = compare(view(slots, tables));
  expect(findings.map(({ kind, container, slot: of }) => ({ kind, container, of }))).toEqual([
    { kind: "missing", container: "dpu1", of: 1 },
  ]);
});

const strays = (slots: readonly SlotView[], tables: readonly FoundTable[], ledgers?: DriftView["ledgers"]) =>
  compare(view(slots, tables, ledgers)).findings.map(({ kind, row, slot: of }) => `${kind} ${row} ${of}`);

test("a row of a table that only hamgrds write, in which none has a part, is nobody's", () => {
  const tables = [
    table("dpu0", "DPU_APPL_DB|DASH_HA_SET_TABLE", { haset0: {}, haset9: { owner: "dpu" } }),
    table("", "STATE_DB|DASH_HA_SCOPE_STATE", { "vdpu9|haset9": {} }),
    table("", "APPL_DB|VNET_ROUTE_TUNNEL_TABLE", { "Vnet:9.9.9.9": {} }),
  ];
  expect(strays([slot(0, [reported(SET, {})])], tables)).toEqual([
    "stray STATE_DB|DASH_HA_SCOPE_STATE|vdpu9|haset9 0",
    "stray DPU_APPL_DB|DASH_HA_SET_TABLE|haset9 0",
  ]);
});

test("a row that an actor keeps until it can decide is not nobody's", () => {
  const kept: KeptRow = { row: SET, actor: "ha-set/haset0", why: "is kept until its actor can decide" };
  expect(strays([slot(0, [], [kept])], [table("dpu0", "DPU_APPL_DB|DASH_HA_SET_TABLE", { haset0: {} })])).toEqual([]);
});

test("while a hamgrd is silent, nothing that could be its own is nobody's", () => {
  const silent: SlotView = { slot: 1, dpu: "sw0_dpu1", standing: { kind: "unknown", why: "no swbusd" } };
  const tables = [
    table("dpu1", "DPU_APPL_DB|DASH_HA_SET_TABLE", { haset9: {} }),
    table("", "STATE_DB|DASH_HA_SCOPE_STATE", { "vdpu9|haset9": {} }),
  ];
  expect(strays([slot(0, []), silent], tables)).toEqual([]);
});

test("a shared table's row that the ledger of a slot without a DPU names is nobody's, and no hamgrd may delete it", () => {
  const route = "APPL_DB|VNET_ROUTE_TUNNEL_TABLE|Vnet:9.9.9.9";
  const tables = [table("", "APPL_DB|VNET_ROUTE_TUNNEL_TABLE", { "Vnet:9.9.9.9": { endpoint: "a" } })];
  expect(strays([slot(0, [])], tables, new Map([["dpu7", [route]]]))).toEqual([`stray ${route} undefined`]);
  expect(strays([slot(0, [])], tables, new Map([["dpu0", [route]]]))).toEqual([]);
});

test("only what two looks found alike is drift", () => {
  const found = (version: string) => {
    const tables = [table("dpu0", "DPU_APPL_DB|DASH_HA_SET_TABLE", { haset0: { version } })];
    return compare(view([slot(0, [reported(SET, { version: "3" })])], tables)).findings;
  };
  expect(confirmed(found("1"), found("2"))).toEqual([]);
  expect(confirmed(found("1"), found("1"))).toHaveLength(1);
});
