import { millis, seconds, seededRandom, unwrap } from "@tandem/base";
import { expect, test } from "vitest";
import { ConsulState } from "./consul-state.js";

const AT = (ms: number) => millis(ms);

function cluster(): ConsulState {
  const state = new ConsulState(seededRandom(1));
  state.registerNode("b1", "10.9.8.21");
  state.registerNode("b2", "10.9.8.22");
  return state;
}

function session(state: ConsulState, node: string, ttl?: number): string {
  const asked = { name: "leader", node, checks: ["serfHealth"], lockDelay: seconds(2), behavior: "release" as const };
  return unwrap(state.createSession({ ...asked, ttl: ttl === undefined ? undefined : seconds(ttl) }, AT(0))).id;
}

test("a lock lost with its node is free only after the lock delay; the key keeps its value", () => {
  const state = cluster();
  const [one, two] = [session(state, "b1"), session(state, "b2")];
  expect(state.put("leader", "YjE=", { acquire: one }, AT(0))).toEqual({ ok: true, value: true });
  state.setCheck("b1", "serfHealth", "critical", "", AT(1000));
  expect(state.session(one)).toBeUndefined();
  expect(state.kv.get("leader")).toMatchObject({ value: "YjE=", lockIndex: 1 });
  expect(state.kv.get("leader")?.session).toBeUndefined();
  expect(state.put("leader", "YjI=", { acquire: two }, AT(2999))).toEqual({ ok: true, value: false });
  expect(state.put("leader", "YjI=", { acquire: two }, AT(3000))).toEqual({ ok: true, value: true });
  expect(state.kv.get("leader")).toMatchObject({ session: two, lockIndex: 2 });
});

test("a lock given up by destroying its session is free at once", () => {
  const state = cluster();
  const [one, two] = [session(state, "b1"), session(state, "b2")];
  unwrap(state.put("leader", null, { acquire: one }, AT(0)));
  state.endSession(one, AT(1), "destroyed");
  expect(state.put("leader", null, { acquire: two }, AT(1))).toEqual({ ok: true, value: true });
});

test("a session with a TTL ends when it is not renewed in time", () => {
  const state = cluster();
  const id = session(state, "b1", 10);
  expect(state.tick(AT(9999))).toBe(10_000);
  state.renewSession(id, AT(9999));
  expect(state.tick(AT(19_998))).toBe(19_999);
  expect(state.session(id)).toBeDefined();
  expect(state.tick(AT(19_999))).toBeUndefined();
  expect(state.session(id)).toBeUndefined();
});

test("a session of an unknown node, of an unknown check or of a critical one is refused", () => {
  const state = cluster();
  const ask = (node: string, checks: readonly string[]) =>
    state.createSession({ name: "", node, checks, lockDelay: seconds(2), behavior: "release", ttl: undefined }, AT(0));
  expect(ask("b9", []).ok).toBe(false);
  expect(ask("b1", ["service:9"]).ok).toBe(false);
  state.setCheck("b1", "serfHealth", "critical", "", AT(0));
  expect(ask("b1", ["serfHealth"]).ok).toBe(false);
});

test("every commit takes one index; what changes nothing takes none", () => {
  const state = cluster();
  const before = state.index;
  unwrap(state.put("k", null, {}, AT(0)));
  unwrap(state.put("k", null, { cas: 0 }, AT(0)));
  state.delete("absent", { recurse: false });
  expect(state.index).toBe(before + 1);
  unwrap(
    state.txn([
      { verb: "set", key: "a", value: null },
      { verb: "delete", key: "k" },
    ]),
  );
  expect(state.index).toBe(before + 2);
});

test("a prefix carries the index of its last change, of a deletion too", () => {
  const state = cluster();
  unwrap(state.put("bq/1", null, {}, AT(0)));
  unwrap(state.put("other", null, {}, AT(0)));
  const listed = state.kv.indexOf("bq/", false);
  expect(listed).toBe(state.index - 1);
  state.delete("bq/1", { recurse: false });
  expect(state.kv.indexOf("bq/", false)).toBe(state.index);
});

test("after a restore indexes begin low again, and what is stored stays", () => {
  const state = cluster();
  for (let i = 0; i < 20; i++) unwrap(state.put("k", String(i), {}, AT(0)));
  const before = state.kv.indexOf("k", true);
  state.resetIndex();
  expect(state.kv.indexOf("k", true)).toBeLessThan(before);
  expect(state.kv.get("k")?.value).toBe("19");
});
