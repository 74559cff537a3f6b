import { expect, test } from "vitest";
import { findSubject, isRow, rowName, type Subject } from "./why-name.js";

const KNOWN = [
  "dpu/sw0_dpu0",
  "dpu/sw1_dpu0",
  "vdpu/vdpu0-0",
  "ha-set/haset0-0",
  "ha-scope/vdpu0-0:haset0-0",
  "ha-scope/vdpu0-1:haset0-1",
];

const actor = (type: string, id: string): Subject => ({ kind: "actor", type, id });

const names = [
  { name: "sw0_dpu0", is: actor("dpu", "sw0_dpu0") },
  { name: "SW0_DPU0", is: actor("dpu", "sw0_dpu0") },
  { name: "dpu sw0_dpu0", is: actor("dpu", "sw0_dpu0") },
  { name: "vdpu0-0", is: actor("vdpu", "vdpu0-0") },
  { name: "haset0-0", is: actor("ha-set", "haset0-0") },
  { name: "vdpu0-0:haset0-0", is: actor("ha-scope", "vdpu0-0:haset0-0") },
  { name: "vdpu0-0|haset0-0", is: actor("ha-scope", "vdpu0-0:haset0-0") },
  { name: "vdpu0-0 haset0-0", is: actor("ha-scope", "vdpu0-0:haset0-0") },
  { name: "scope haset0-0", is: actor("ha-scope", "vdpu0-0:haset0-0") },
  { name: "ha-scope/vdpu0-0:haset0-0", is: actor("ha-scope", "vdpu0-0:haset0-0") },
  { name: "haset0-1", is: actor("ha-scope", "vdpu0-1:haset0-1") },
  {
    name: "DASH_HA_SCOPE_TABLE:haset0-0",
    is: { kind: "row", tables: ["DPU_APPL_DB|DASH_HA_SCOPE_TABLE"], key: "haset0-0" },
  },
  {
    name: "VNET_ROUTE_TUNNEL_TABLE Vnet_55:3.2.0.0",
    is: { kind: "row", tables: ["APPL_DB|VNET_ROUTE_TUNNEL_TABLE"], key: "Vnet_55:3.2.0.0" },
  },
  {
    name: "state_db dash_ha_scope_state|vdpu0-0|haset0-0",
    is: { kind: "row", tables: ["STATE_DB|DASH_HA_SCOPE_STATE"], key: "vdpu0-0|haset0-0" },
  },
] satisfies readonly { readonly name: string; readonly is: Subject }[];
for (const { name, is } of names) {
  test(`"${name}" is ${is.kind === "row" ? "a row" : `${is.type} ${is.id}`}`, () => {
    expect(findSubject(name, KNOWN)).toEqual({ ok: true, value: is });
  });
}

const refusals = [
  {
    name: "dpu0",
    says: "dpu0 can be DPU sw0_dpu0, DPU sw1_dpu0, HA scope vdpu0-0:haset0-0, HA scope vdpu0-1:haset0-1, vDPU vdpu0-0; say which",
  },
  { name: "scope vdpu0", says: "scope vdpu0 can be HA scope vdpu0-0:haset0-0, HA scope vdpu0-1:haset0-1; say which" },
  { name: "set nine", says: "nothing here is called set nine; there are HA set haset0-0" },
];
for (const { name, says } of refusals) {
  test(`"${name}" names nothing, and what exists is said`, () => {
    expect(findSubject(name, KNOWN)).toEqual({ ok: false, error: says });
  });
}

test("without any actor that is said; constructor is a name like others", () => {
  expect(findSubject("x", [])).toEqual({ ok: false, error: "nothing here is called x; there are no actors at all" });
  expect(findSubject("constructor x", KNOWN).ok).toBe(false);
});

test("a row is recognised whatever separates its parts, and printed as redis-cli shows it", () => {
  const subject = { kind: "row", tables: ["STATE_DB|DASH_HA_SCOPE_STATE"], key: "vdpu0-0:haset0-0" } as const;
  expect(isRow(subject, "STATE_DB|DASH_HA_SCOPE_STATE|vdpu0-0|haset0-0")).toBe(true);
  expect(isRow(subject, "STATE_DB|DASH_HA_SCOPE_STATE|vdpu0-0|haset0-1")).toBe(false);
  expect(isRow(subject, "STATE_DB|DASH_HA_SCOPE_STATE_X|vdpu0-0|haset0-0")).toBe(false);
  expect(rowName("DPU_APPL_DB|BFD_SESSION_TABLE|default:default:10.0.0.1")).toBe(
    "DPU_APPL_DB BFD_SESSION_TABLE:default:default:10.0.0.1",
  );
  expect(rowName("STATE_DB|DASH_HA_SCOPE_STATE|v|s")).toBe("STATE_DB DASH_HA_SCOPE_STATE|v|s");
});
