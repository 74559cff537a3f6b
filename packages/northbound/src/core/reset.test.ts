import assert from "node:assert/strict";
import { unwrap } from "@tandem/base";
import { DashHaScopeConfig, DashHaSetConfig } from "@tandem/hamgrd";
import { describe, test } from "vitest";
import {
  cut,
  formatReset,
  isOver,
  nextAction,
  parseReset,
  RESET_STEPS,
  type Reset,
  stepDone,
  waitOver,
} from "./reset.js";

const scopeFields = (disabled: boolean) =>
  DashHaScopeConfig.encode(
    unwrap(
      DashHaScopeConfig.decode({
        ...{ version: "7", disabled: String(disabled), owner: "dpu", ha_set_id: "haset0", desired_ha_state: "active" },
        approved_pending_operation_ids: "old",
      }),
    ),
  );
const setFields = DashHaSetConfig.encode(
  unwrap(DashHaSetConfig.decode({ version: "4", vdpu_ids: "vdpu0,vdpu1", scope: "dpu" })),
);

const begun = (disabled = false): Reset => ({
  ...{ id: "r1", vdpu: "vdpu0", scope: "haset0", set: "haset0", slot: 0, planesWithin: 60_000 },
  ...{ scopeFields: scopeFields(disabled), setFields, step: "deleteScope", startedAt: 0, stepAt: 0, note: "begun" },
});

/** Performs whatever comes next until the reset is over; the DPU comes up at `upAt`, if ever. */
function walk(reset: Reset, { upAt = 0, dead = true, cutAt = "" } = {}): { trail: string[]; end: Reset } {
  const trail: string[] = [];
  let now = 0;
  let at = reset;
  while (!isOver(at)) {
    if (at.step === cutAt) at = cut(at, now, "cancelled", "asked to");
    const action = nextAction(at, { planesUp: now >= upAt, reported: dead ? "dead" : undefined, now });
    if (action.kind === "wait" && now < action.until) {
      now = Math.min(action.until, now < upAt ? upAt : action.until);
      trail.push(`${at.step} until ${now}`);
      continue;
    }
    trail.push(action.kind === "delete" || action.kind === "create" ? `${action.kind} ${action.table}` : action.kind);
    at = action.kind === "wait" ? waitOver(at, now) : stepDone(at, now);
  }
  return { trail, end: at };
}

describe("a reset", () => {
  test("deletes scope before set, waits for the planes, and creates set before scope, disabled first", () => {
    const { trail, end } = walk(begun(), { upAt: 5000 });
    assert.deepEqual(trail, [
      ...["delete scope", "delete set", "waitPlanes until 5000", "next", "clearResetInfo"],
      ...["create set", "create scope", "next", "enable"],
    ]);
    assert.equal(end.step, "done");
  });

  test("brings rows back with later versions, and without old approvals", () => {
    const at = (step: Reset["step"]) => nextAction({ ...begun(), step }, { planesUp: true, reported: "dead", now: 0 });
    const set = at("createSet");
    const scope = at("createScope");
    const enable = at("enableScope");
    assert.ok(set.kind === "create" && scope.kind === "create" && enable.kind === "enable");
    assert.equal(unwrap(DashHaSetConfig.decode(set.fields)).version, "5");
    const held = unwrap(DashHaScopeConfig.decode(scope.fields));
    assert.deepEqual([held.version, held.disabled, held.approved_pending_operation_ids], ["8", true, []]);
    const enabled = unwrap(DashHaScopeConfig.decode(enable.fields));
    assert.deepEqual([enabled.version, enabled.disabled], ["9", false]);
    assert.deepEqual(enable.seen, scope.fields);
  });

  test("leaves a scope disabled that was", () => {
    assert.deepEqual(walk(begun(true)).trail.slice(-1), ["next"]);
  });

  test("puts everything back when the planes do not come in time, and says so", () => {
    const { trail, end } = walk(begun(), { upAt: Number.POSITIVE_INFINITY });
    assert.deepEqual(
      trail.filter((step) => /create|enable/.test(step)),
      ["create set", "create scope", "enable"],
    );
    assert.deepEqual([end.step, end.note], ["failed", "midplane and control plane were not up within 60 s"]);
  });

  test("goes on when the DPU does not report dead in time", () => {
    assert.deepEqual(walk(begun(), { dead: false }).end.step, "done");
  });

  for (const step of RESET_STEPS)
    test(`cut short at ${step} ends with every row that it deleted created again`, () => {
      const { trail, end } = walk(begun(), { upAt: 5000, cutAt: step });
      const count = (text: string): number => trail.filter((done) => done === text).length;
      assert.equal(count("create scope"), count("delete scope"));
      assert.equal(count("delete set") <= count("create set"), true);
      assert.equal(end.step, "cancelled");
    });

  test("survives being written down, bytes included; text that is none is refused", () => {
    assert.deepEqual(unwrap(parseReset(formatReset(begun()))), begun());
    for (const text of ["", "{", "null", "{}", '{"id":"x","step":"toString"}'])
      assert.equal(parseReset(text).ok, false);
  });
});
