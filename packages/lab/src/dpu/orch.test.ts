import { millis, seconds } from "@tandem/base";
import fc from "fast-check";
import { expect, test } from "vitest";
import { DpuPair, type DpuPairOptions, HA_SET } from "../testing/dpu-pair.js";
import { parseHaScopeRow, parseHaSetRow, unknownFields } from "./orch-rows.js";

/** One DPU that is on, and its peer that never is. */
function lone(options: DpuPairOptions = {}): DpuPair {
  const pair = new DpuPair(options);
  pair.powerOn("a");
  return pair;
}

const warnings = (pair: DpuPair): readonly string[] =>
  pair.records.flatMap((record) => (record.kind === "warning" ? [record.text] : []));

const SCOPE = { ha_role: "active", ha_set_id: HA_SET, disabled: "false", vip_v4: "3.2.1.0" };
const SET = { vip_v4: "3.2.1.0", owner: "dpu", scope: "dpu", local_ip: "18.0.202.1", peer_ip: "18.1.202.1" };

test("a scope whose set does not exist yet waits for it, merged with what comes for it meanwhile", () => {
  const pair = lone();
  pair.rowsTo("a", "DASH_HA_SCOPE_TABLE", HA_SET, { ...SCOPE, disabled: "true" });
  pair.rowsTo("a", "DASH_HA_SCOPE_TABLE", HA_SET, { disabled: "false" });
  expect(pair.state("a")).toBeUndefined();
  expect(pair.core("a")?.waiting.size).toBe(1);
  pair.programSet("a");
  expect(pair.state("a")).toBe("connecting");
  expect(pair.core("a")?.waiting.size).toBe(0);
});

test("without ha_set_id the scope's own key names the set", () => {
  const pair = lone();
  pair.programSet("a");
  pair.rowsTo("a", "DASH_HA_SCOPE_TABLE", HA_SET, { ...SCOPE, ha_set_id: "" });
  expect(pair.state("a")).toBe("connecting");
});

test("a set without addresses waits until it has them", () => {
  const pair = lone();
  const { local_ip: _, ...rest } = SET;
  pair.rowsTo("a", "DASH_HA_SET_TABLE", HA_SET, rest);
  expect(pair.core("a")?.sets.size).toBe(0);
  pair.rowsTo("a", "DASH_HA_SET_TABLE", HA_SET, { local_ip: "18.0.202.1" });
  expect(pair.core("a")?.sets.size).toBe(1);
});

test("a set that is deleted before its scope goes once the scope is gone", () => {
  const pair = lone();
  pair.programSet("a");
  pair.programScope("a", { role: "active", disabled: false });
  pair.rowsTo("a", "DASH_HA_SET_TABLE", HA_SET, undefined);
  expect(pair.core("a")?.sets.size).toBe(1);
  pair.deleteScope("a");
  expect([pair.core("a")?.sets.size, pair.core("a")?.scopes.size, pair.core("a")?.waiting.size]).toEqual([0, 0, 0]);
  expect([...pair.rows("a").keys()].filter((key) => key.startsWith("DASH_HA"))).toEqual([]);
});

test("a DEL and a SET that wait are done in order", () => {
  const pair = lone();
  pair.programSet("a");
  pair.programScope("a", { role: "active", disabled: false });
  pair.rowsTo("a", "DASH_HA_SET_TABLE", HA_SET, undefined);
  pair.rowsTo("a", "DASH_HA_SET_TABLE", HA_SET, { ...SET, peer_ip: "18.7.202.1" });
  pair.deleteScope("a");
  expect(pair.core("a")?.sets.get(HA_SET)?.peerIp).toBe("18.7.202.1");
});

const dropped = [
  { table: "DASH_HA_SET_TABLE", row: { ...SET, vip_v4: "" }, why: "vip_v4" },
  { table: "DASH_HA_SET_TABLE", row: { ...SET, peer_ip: "18.1.202" }, why: "peer_ip" },
  { table: "DASH_HA_SET_TABLE", row: { ...SET, scope: "unspecified" }, why: "scope" },
  { table: "DASH_HA_SCOPE_TABLE", row: { ...SCOPE, vip_v4: "" }, why: "vip_v4" },
  { table: "DASH_HA_SCOPE_TABLE", row: { ...SCOPE, vip_v6: "::g" }, why: "vip_v6" },
  { table: "DASH_HA_SCOPE_TABLE", row: { ...SCOPE, ha_role: "leader" }, why: "ha_role" },
  { table: "DASH_TUNNEL_TABLE", row: { a: "b" }, why: "no handler" },
];
for (const { table, row, why } of dropped) {
  test(`a ${table} row with a bad ${why} is dropped for good`, () => {
    const pair = lone();
    if (table === "DASH_HA_SCOPE_TABLE") pair.programSet("a");
    pair.rowsTo("a", table, HA_SET, row);
    expect(warnings(pair).at(-1)).toContain(why);
    expect(pair.core("a")?.waiting.size).toBe(0);
    expect(pair.rows("a").has(`DASH_HA_SCOPE_TABLE|${HA_SET}`)).toBe(false);
  });
}

test("unknown fields draw a warning, and the row is taken", () => {
  const pair = lone();
  pair.rowsTo("a", "DASH_HA_SET_TABLE", HA_SET, { ...SET, colour: "red" });
  expect(warnings(pair)).toEqual([`DASH_HA_SET_TABLE:${HA_SET}: unknown colour; ignored`]);
  expect(pair.rows("a").get(`DASH_HA_SET_TABLE|${HA_SET}`)).toEqual({ result: "0" });
});

test("a set's owner and peer can change, nothing else", () => {
  const pair = lone();
  pair.programSet("a");
  pair.rowsTo("a", "DASH_HA_SET_TABLE", HA_SET, { ...SET, local_ip: "9.9.9.9", peer_ip: "18.2.202.1" });
  expect(pair.core("a")?.sets.get(HA_SET)).toMatchObject({ localIp: "18.0.202.1", peerIp: "18.2.202.1" });
});

test("a new scope reports dead once, in a row with seconds and without pending flags", () => {
  const pair = lone();
  pair.programSet("a");
  pair.programScope("a", { role: "active", disabled: true });
  expect(pair.scopeRow("a")).toEqual({
    last_updated_time: "1700000000",
    ha_role: "dead",
    ha_role_start_time: "1700000000",
    ha_state: "dead",
    ha_state_start_time: "1700000000",
    ha_term: "0",
  });
});

test("omitted fields keep what they were", () => {
  const pair = lone();
  pair.programSet("a");
  pair.programScope("a", { role: "active", disabled: false });
  pair.rowsTo("a", "DASH_HA_SCOPE_TABLE", HA_SET, { version: "9" });
  expect(pair.state("a")).toBe("connecting");
});

test("a request flag is executed by every row that carries it, and means nothing outside its state", () => {
  const pair = new DpuPair();
  pair.launch();
  const rows = (): number =>
    pair.records.filter((record) => record.kind === "row" && record.fields?.["activate_role_pending"] === "false")
      .length;
  const before = rows();
  for (let i = 0; i < 2; i++) pair.programScope("a", {}, ["activate_role_requested"]);
  expect(rows()).toBe(before + 2);
  expect(pair.state("a")).toBe("active");
});

test("what hardware refuses waits, and is done once it works", () => {
  const pair = lone();
  pair.event("a", { kind: "sai", fails: true });
  pair.programSet("a");
  pair.programScope("a", { role: "active", disabled: false });
  expect(pair.core("a")?.sets.size).toBe(0);
  pair.event("a", { kind: "sai", fails: false });
  expect(pair.state("a")).toBe("connecting");
});

test("BFD sessions are cached until a scope serves, and kept in the cache when it stops", () => {
  const pair = new DpuPair();
  pair.powerOn("a");
  pair.programSet("a");
  expect(pair.responders("a")).toEqual([]);
  pair.powerOff("a");
  pair.launch();
  expect(pair.responders("a")).toEqual(["10.0.0.1", "10.1.0.1"]);
  pair.rowsTo("a", "BFD_SESSION_TABLE", "default:default:10.2.0.1", { multiplier: "3" });
  expect(pair.responders("a")).toContain("10.2.0.1");
  expect(pair.rows("a").get("BFD_SOFTWARE_SESSION_TABLE|default|default|10.2.0.1")).toEqual({
    multiplier: "3",
    type: "passive",
  });
  pair.rowsTo("a", "BFD_SESSION_TABLE", "default:default:10.0.0.1", undefined);
  pair.programScope("a", { role: "dead" });
  expect(pair.responders("a")).toEqual([]);
  pair.advance(seconds(10));
  pair.programScope("a", { role: "active" });
  pair.settle();
  expect(pair.responders("a")).toEqual(["10.1.0.1", "10.2.0.1"]);
});

test("an IPv6 session keeps its colons, and goes with the others", () => {
  const pair = new DpuPair();
  pair.launch();
  pair.rowsTo("a", "BFD_SESSION_TABLE", "default:default:fc00::1", { type: "async_active" });
  expect(pair.rows("a").get("BFD_SOFTWARE_SESSION_TABLE|default|default|fc00::1")).toEqual({ type: "active" });
  pair.programScope("a", { role: "dead" });
  expect(pair.rows("a").has("BFD_SOFTWARE_SESSION_TABLE|default|default|fc00::1")).toBe(false);
});

test("with an ENI-scope set a session is created at once", () => {
  const pair = lone();
  pair.rowsTo("a", "DASH_HA_SET_TABLE", HA_SET, { ...SET, scope: "eni" });
  pair.rowsTo("a", "BFD_SESSION_TABLE", "default:default:10.0.0.1", { type: "passive" });
  expect(pair.responders("a")).toEqual(["10.0.0.1"]);
});

test("upstream's orchagent leaves responders and a pending flag behind when a scope is disabled", () => {
  const pair = new DpuPair({ orchagent: "upstream" });
  pair.launch();
  pair.programScope("a", { disabled: true });
  expect([pair.state("a"), pair.responders("a").length]).toEqual(["dead", 2]);
  pair.programScope("a", { disabled: false });
  pair.advance(seconds(4));
  expect(pair.scopeRow("a")["activate_role_pending"]).toBe("true");
  pair.programScope("a", { disabled: true });
  expect(pair.scopeRow("a")).toMatchObject({ ha_state: "dead", activate_role_pending: "true" });
});

test("upstream's orchagent compares a role with what the DPU reported last, the mended one also with what it was told", () => {
  for (const [orchagent, state] of [
    ["upstream", "connecting"],
    ["mended", "dead"],
  ] as const) {
    const pair = lone({ orchagent });
    pair.programSet("a");
    pair.programScope("a", { role: "active", disabled: false });
    pair.programScope("a", { role: "dead" });
    expect(pair.state("a"), orchagent).toBe(state);
  }
});

test("owner = switch: a role is acknowledged after a while, in a row without term", () => {
  const pair = lone({ owner: "switch" });
  pair.programSet("a");
  pair.programScope("a", { role: "standby" });
  expect(pair.scopeRow("a")).toEqual({});
  pair.advance(millis(10));
  expect(pair.scopeRow("a")).toMatchObject({ ha_role: "standby", ha_state: "standby" });
  expect(pair.scopeRow("a")["ha_term"]).toBeUndefined();
  expect(pair.responders("a").length).toBe(2);
  pair.programScope("a", { role: "dead" });
  expect(pair.responders("a")).toEqual([]);
});

test("owner = switch: switching_to_active is taken and never acknowledged, so a later standby is a repeat", () => {
  const pair = lone({ owner: "switch" });
  pair.programSet("a");
  pair.programScope("a", { role: "standby" });
  pair.advance(millis(600));
  pair.programScope("a", { role: "switching_to_active" });
  pair.advance(millis(600));
  expect(pair.scopeRow("a")["ha_role"]).toBe("standby");
  expect(pair.packet("a", "f")).toEqual({ kind: "decided" });
});

test("one flow sync session at a time; a second is failed under its own key while the first goes on", () => {
  const pair = lone();
  const row = { type: "bulk_sync", target_server_ip: "18.1.202.1", target_server_port: "11362", timeout: "150" };
  const state = (key: string): string | undefined =>
    pair.rows("a").get(`DASH_FLOW_SYNC_SESSION_STATE_TABLE|${key}`)?.["state"];
  pair.rowsTo("a", "DASH_FLOW_SYNC_SESSION_TABLE", "one", row);
  pair.rowsTo("a", "DASH_FLOW_SYNC_SESSION_TABLE", "two", row);
  expect([state("one"), state("two")]).toEqual(["created", "failed"]);
  pair.rowsTo("a", "DASH_FLOW_SYNC_SESSION_TABLE", "one", undefined);
  pair.advance(seconds(2));
  expect(state("one")).toBe("completed");
  pair.rowsTo("a", "DASH_FLOW_SYNC_SESSION_TABLE", "three", { type: "bulk_sync" });
  pair.rowsTo("a", "DASH_FLOW_SYNC_SESSION_TABLE", "four", {});
  expect([state("three"), state("four")]).toEqual(["failed", undefined]);
  expect(warnings(pair).at(-1)).toContain("expected bulk_sync");
});

test("a full flow table drops what is new and handles what it knows", () => {
  const pair = new DpuPair();
  pair.launch();
  for (let i = 0; i < 4096; i++) pair.packet("a", `f${i}`);
  expect(pair.packet("a", "one too many")).toEqual({ kind: "dropped", why: "flow table full" });
  expect(pair.packet("a", "f7")).toEqual({ kind: "handled" });
});

test("no row makes orchagent's readers throw", () => {
  const names = [...Object.keys(SET), ...Object.keys(SCOPE), "peer_ip", "dp_channel_probe_interval_ms"];
  const value = fc.oneof(fc.string(), fc.constantFrom(...Object.values(SET), ...Object.values(SCOPE), "1", "-1"));
  fc.assert(
    fc.property(fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string()), value), (fields) => {
      parseHaSetRow(fields);
      parseHaScopeRow(fields);
      unknownFields("set", fields);
    }),
  );
});
