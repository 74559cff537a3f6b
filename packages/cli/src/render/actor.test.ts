import { fileURLToPath } from "node:url";
import { unwrap } from "@tandem/base";
import { golden } from "@tandem/base/testing";
import { expect, test } from "vitest";
import { parseActorDump, renderActor } from "./actor.js";
import { unmarked } from "./big-json.js";

const testdata = (name: string) => fileURLToPath(new URL(`../../testdata/${name}`, import.meta.url));
const times = { format: (seconds: number) => `t${seconds}`, nowSeconds: 107 };
const client = `{"region_id":"r","cluster_id":"c","node_id":"n","service_type":"hamgrd","service_id":"0","resource_type":"dpu","resource_id":"sw/0"}`;

const dump = `{
  "incoming": {"DPU|x": {"msg": {"key": "DPU|x", "data": {"operation": "Set", "key": "x",
      "field_values": {"json": "{\\"vip\\":[1],\\"a\\":12345678901234567890}"}}},
    "source": ${client}, "request_id": 1767225600000000001, "version": 2001, "created_time": 100,
    "last_updated_time": 101, "response": "Ok", "acked": true}},
  "internal": {"data": {"swss_table_name": "kv", "swss_key": "k", "fvs": {"count": "1000"}, "mutated": false,
    "to_delete": false, "backup_fvs": {"count": "999"}, "last_updated_time": null}},
  "outgoing": {"outgoing_queued": [], "outgoing_sent": {}}
}`;

test("an actor's state is printed as swbus-cli prints it: exact ids, committed fields, JSON texts expanded", () => {
  golden(testdata("actor.txt"), renderActor(unwrap(parseActorDump(dump)), times));
});

test("the queue's table is printed only when something is queued", () => {
  const entry = `{"actor_message":{"key":"k","data":{}},"swbus_message":{"header":{"version":1}},"time_sent":{"secs_since_epoch":100,"nanos_since_epoch":0}}`;
  const queued = dump.replace('"outgoing_queued": []', `"outgoing_queued": [${entry}]`);
  const text = renderActor(unwrap(parseActorDump(queued)), times);
  expect(text).toContain("Outgoing Queued Message State");
  expect(text).toMatch(/time-elapsed +\| 7 /);
  expect(renderActor(unwrap(parseActorDump(dump)), times)).not.toContain("Queued");
});

test("a dump that is no dump is one clear error", () => {
  expect(parseActorDump("{}")).toEqual({ ok: false, error: "the actor's state has no incoming" });
  expect(parseActorDump("not json").ok).toBe(false);
  expect(parseActorDump("[]").ok).toBe(false);
});

test("ids keep their digits in JSON output, as text", () => {
  const raw = unmarked(unwrap(parseActorDump(dump)).raw);
  expect(JSON.stringify(raw)).toContain('"request_id":"1767225600000000001"');
});
