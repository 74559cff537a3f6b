import assert from "node:assert/strict";
import type { DashHaScopeStateRow } from "@tandem/hamgrd";
import { describe, test } from "vitest";
import { EventLog, scopeEvents } from "./events.js";

const state = (fields: object): DashHaScopeStateRow => fields as unknown as DashHaScopeStateRow;
const scope = { vdpu_id: "vdpu0", ha_scope_id: "haset0" };

test("a scope's row tells what went, the new state, then what came", () => {
  const before = state({
    local_ha_state: "pending_active_activation",
    pending_operation_ids: ["a"],
    pending_operation_types: ["activate_role"],
  });
  const after = state({
    local_ha_state: "active",
    pending_operation_ids: ["b"],
    pending_operation_types: ["flow_reconcile"],
  });
  assert.deepEqual(
    scopeEvents(scope, before, after).map((event) => event.kind),
    ["pending_op_removed", "ha_state_changed", "pending_op_created"],
  );
  assert.deepEqual(scopeEvents(scope, after, after), []);
  assert.deepEqual(scopeEvents(scope, after, undefined), [
    { kind: "pending_op_removed", ...scope, id: "b", type: "flow_reconcile" },
    { kind: "ha_state_changed", ...scope, from: "active" },
  ]);
});

describe("the event log", () => {
  const log = (count: number): EventLog => {
    const events = new EventLog(1700, 4);
    for (let n = 1; n <= count; n++) events.add({ kind: "reset_progress", id: String(n), step: "done", reason: "" }, n);
    return events;
  };
  const seqs = (events: EventLog, after: number, count = 10): unknown => {
    const { lost, events: some } = events.after(after, count);
    return [lost, some.map(({ seq }) => seq)];
  };

  test("gives what came after a position, at most so many", () => {
    assert.deepEqual(seqs(log(3), 0), [0, [1, 2, 3]]);
    assert.deepEqual(seqs(log(3), 1, 1), [0, [2]]);
    assert.deepEqual(seqs(log(3), 3), [0, []]);
  });

  test("tells a reader that fell behind how many it lost, and goes on with the oldest", () => {
    assert.deepEqual(seqs(log(9), 2), [3, [6, 7, 8, 9]]);
    assert.deepEqual(seqs(log(9), 0, 2), [5, [6, 7]]);
  });

  const cases = [
    { token: undefined, resumes: { kind: "after", seq: 3 } },
    { token: "1700-2", resumes: { kind: "after", seq: 2 } },
    { token: "1700-3", resumes: { kind: "after", seq: 3 } },
    { token: "1700-4", resumes: { kind: "reset", reason: "the token is ahead of the stream" } },
    { token: "1699-2", resumes: { kind: "reset", reason: "the stream began anew" } },
    { token: "x", resumes: { kind: "reset", reason: "the token is none of this stream" } },
  ] as const;
  for (const { token, resumes } of cases)
    test(`resumes ${token ?? "without a token"}`, () => assert.deepEqual(log(3).resume(token), resumes));
});
