import assert from "node:assert/strict";
import { millis, seconds, unwrap } from "@tandem/base";
import { describe, test } from "vitest";
import { dueApprovals, parsePolicies, type Waiting } from "./auto-approve.js";

const waiting = (type: Waiting["type"], since: number): Waiting => ({
  ...{ id: `${type}-${since}`, type, vdpu: "vdpu0", scope: "haset0" },
  since: millis(since),
});

test("a type is approved at once, after its delay, or never", () => {
  const policies = unwrap(
    parsePolicies("--auto-approve", ["activate_role=allow", "flow_reconcile=after:30", "brainsplit_recover=deny"]),
  );
  const all = [
    waiting("activate_role", 0),
    waiting("flow_reconcile", 0),
    waiting("flow_reconcile", 5000),
    waiting("brainsplit_recover", 0),
    waiting("switchover", 0),
  ];
  const at = (now: number) => {
    const { due, next } = dueApprovals(policies, all, millis(now));
    return [due.map(({ id }) => id), next];
  };
  assert.deepEqual(at(0), [["activate_role-0"], 30_000]);
  assert.deepEqual(at(30_000), [["activate_role-0", "flow_reconcile-0"], 35_000]);
  assert.deepEqual(at(seconds(60)), [["activate_role-0", "flow_reconcile-0", "flow_reconcile-5000"], undefined]);
});

test("without policies nothing is due", () => {
  assert.deepEqual(dueApprovals(new Map(), [waiting("activate_role", 0)], millis(9)), { due: [], next: undefined });
});

describe("a policy that is none", () => {
  for (const text of [
    "",
    "activate_role",
    "activate_role=",
    "activate_role=yes",
    "role=allow",
    "activate_role=after:-1",
    "activate_role=after:86401",
    "toString=allow",
  ])
    test(`${JSON.stringify(text)} is refused`, () => assert.equal(parsePolicies("--auto-approve", [text]).ok, false));
  test("twice for one type is refused", () =>
    assert.equal(parsePolicies("--auto-approve", ["switchover=allow", "switchover=deny"]).ok, false));
});
