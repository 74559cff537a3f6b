import assert from "node:assert/strict";
import { ok, unwrap } from "@tandem/base";
import { DashHaScopeConfig, DashHaSetConfig } from "@tandem/hamgrd";
import { arbitraryRow } from "@tandem/swss/testing/arbitrary";
import fc from "fast-check";
import { describe, test } from "vitest";
import {
  changeScope,
  changeSet,
  type Expected,
  type Pending,
  type ScopeMutation,
  type SetMutation,
} from "./mutation.js";

const at = (version: string): Expected => ({ kind: "version", version });
const ABSENT: Expected = { kind: "absent" };
const G = "8dda84ea-fdb4-4edd-b88c-55fc96d02a6f";

const scopeRow = (fields: Record<string, string> = {}) =>
  unwrap(
    DashHaScopeConfig.decode({
      ...{ version: "3", disabled: "true", owner: "dpu", ha_set_id: "haset0", desired_ha_state: "active" },
      ...fields,
    }),
  );
const setRow = (fields: Record<string, string> = {}) =>
  unwrap(
    DashHaSetConfig.decode({
      ...{ version: "1", vip_v4: "3.2.1.0", vdpu_ids: "vdpu0,vdpu1", scope: "dpu" },
      ...{ pinned_vdpu_bfd_probe_states: "none,none", preferred_vdpu_id: "vdpu0" },
      ...fields,
    }),
  );

describe("a scope's row", () => {
  const scope = (mutation: object): ScopeMutation =>
    ({ vdpu: "vdpu0", scope: "haset0", ...mutation }) as unknown as ScopeMutation;
  const cases = [
    {
      rule: "is enabled, its version going up by one",
      mutation: { kind: "intend", disabled: false },
      expected: at("3"),
      gives: { version: "4", disabled: false },
    },
    {
      rule: "of version 3.0 is at version 3",
      row: { version: "3.0" },
      mutation: { kind: "intend", desired: "dead" },
      expected: at("3"),
      gives: { version: "4", desired_ha_state: "dead" },
    },
    {
      rule: "that says so already keeps its version",
      mutation: { kind: "intend", disabled: true },
      expected: at("3"),
      same: true,
    },
    {
      rule: "at another version is left alone",
      mutation: { kind: "intend", disabled: false },
      expected: at("2"),
      refused: "versionMismatch",
    },
    {
      rule: "that exists is not created",
      mutation: { kind: "createScope", input: { ha_set_id: "haset0" } },
      expected: ABSENT,
      refused: "exists",
    },
    {
      rule: "that nobody claims to know is not changed",
      mutation: { kind: "intend", disabled: false },
      expected: ABSENT,
      refused: "exists",
    },
    {
      rule: "at the greatest version cannot go on",
      row: { version: "4294967295" },
      mutation: { kind: "intend", disabled: false },
      expected: at("4294967295"),
      refused: "invalid",
    },
    { rule: "is deleted", mutation: { kind: "deleteScope" }, expected: at("3"), deleted: true },
    {
      rule: "gets a pending operation's id",
      mutation: { kind: "approve", id: G, type: "activate_role" },
      expected: at("3"),
      pending: [{ id: G, type: "activate_role" }],
      gives: { version: "4", approved_pending_operation_ids: [G] },
    },
    {
      rule: "with that id approved already is not written again",
      row: { approved_pending_operation_ids: G },
      mutation: { kind: "approve", id: G, type: "activate_role" },
      expected: at("3"),
      pending: [{ id: G, type: "activate_role" }],
      same: true,
    },
    {
      rule: "does not get the id of another type",
      mutation: { kind: "approve", id: G, type: "flow_reconcile" },
      expected: at("3"),
      pending: [{ id: G, type: "activate_role" }],
      refused: "otherType",
    },
    {
      rule: "does not get an id that is not pending",
      mutation: { kind: "approve", id: G, type: "activate_role" },
      expected: at("3"),
      pending: [],
      refused: "gone",
    },
    {
      rule: "tells that a consumed id is gone, whatever the version",
      row: { approved_pending_operation_ids: G },
      mutation: { kind: "approve", id: G, type: "activate_role" },
      expected: at("1"),
      pending: [],
      refused: "gone",
    },
    {
      rule: "approves nothing at another version",
      mutation: { kind: "approve", id: G, type: "activate_role" },
      expected: at("2"),
      pending: [{ id: G, type: "activate_role" }],
      refused: "versionMismatch",
    },
  ] as const;
  for (const { rule, mutation, expected, ...rest } of cases) {
    test(rule, () => {
      const given = rest as {
        row?: Record<string, string>;
        pending?: readonly Pending[];
        gives?: object;
        same?: boolean;
        deleted?: boolean;
        refused?: string;
      };
      const row = scopeRow(given.row);
      const change = changeScope(scope(mutation), expected, ok(row), given.pending ?? []);
      if (given.refused !== undefined) assert.equal(change.ok ? "accepted" : change.error.kind, given.refused);
      else if (given.deleted) assert.deepEqual(unwrap(change), { row: undefined, same: false });
      else assert.deepEqual(unwrap(change), { row: { ...row, ...given.gives }, same: given.same ?? false });
    });
  }

  test("keeps the newest approvals only", () => {
    const ids = Array.from({ length: 16 }, (_, n) => `old-${n}`);
    const row = scopeRow({ approved_pending_operation_ids: ids.join(",") });
    const pending: readonly Pending[] = [{ id: G, type: "activate_role" }];
    const change = changeScope(scope({ kind: "approve", id: G, type: "activate_role" }), at("3"), ok(row), pending);
    assert.deepEqual(unwrap(change).row?.approved_pending_operation_ids, [...ids.slice(1), G]);
  });

  test("that cannot be read, or is not there, is told as that", () => {
    const error = { db: "APPL_DB", table: "T", field: "pb", expected: "a message", found: "7 bytes" };
    const unreadable = changeScope(scope({ kind: "deleteScope" }), at("1"), { ok: false, error }, []);
    assert.equal(unreadable.ok ? "" : unreadable.error.kind, "unreadable");
    const missing = changeScope(scope({ kind: "deleteScope" }), at("1"), undefined, []);
    assert.equal(missing.ok ? "" : missing.error.kind, "notFound");
  });

  test("is created disabled, owned by the DPU, at version 1", () => {
    const change = changeScope(scope({ kind: "createScope", input: { ha_set_id: "haset0" } }), ABSENT, undefined, []);
    const { row } = unwrap(change);
    assert.deepEqual([row?.version, row?.disabled, row?.owner], ["1", true, "dpu"]);
  });

  test("never goes back a version, whatever is written: it is the same row, or the next version", () => {
    fc.assert(
      fc.property(
        arbitraryRow(DashHaScopeConfig),
        fc.boolean(),
        fc.constantFrom("dead", "active", "standalone", "unspecified"),
        (row, disabled, desired) => {
          const before = { ...row, version: "7" };
          const change = changeScope(scope({ kind: "intend", disabled, desired }), at("7"), ok(before), []);
          const { row: after, same } = unwrap(change);
          assert.equal(after?.version, same ? "7" : "8");
          assert.deepEqual({ ...before, version: after?.version, disabled, desired_ha_state: desired }, after);
        },
      ),
    );
  });
});

describe("a set's row", () => {
  const cases = [
    { rule: "pins the vDPU that is named, the other stays", pins: { vdpu1: "up" }, gives: ["none", "up"] },
    {
      rule: "unpins",
      row: { pinned_vdpu_bfd_probe_states: "down,up" },
      pins: { vdpu0: "none" },
      gives: ["none", "up"],
    },
    {
      rule: "fills in a pin that its row lacks",
      row: { pinned_vdpu_bfd_probe_states: "down" },
      pins: { vdpu1: "down" },
      gives: ["down", "down"],
    },
    { rule: "refuses a vDPU that is not its own", pins: { vdpu9: "up" }, refused: "invalid" },
    { rule: "takes no name of an object's own for a vDPU", pins: { constructor: "up" }, refused: "invalid" },
  ] as const;
  for (const { rule, pins, ...rest } of cases) {
    test(rule, () => {
      const given = rest as { row?: Record<string, string>; gives?: readonly string[]; refused?: string };
      const mutation = { kind: "pin", set: "haset0", pins } as unknown as SetMutation;
      const change = changeSet(mutation, at("1"), ok(setRow(given.row)));
      if (given.refused !== undefined) assert.equal(change.ok ? "accepted" : change.error.kind, given.refused);
      else {
        const { row } = unwrap(change);
        assert.deepEqual([row?.version, row?.pinned_vdpu_bfd_probe_states], ["2", given.gives]);
      }
    });
  }

  test("of one vDPU twice, or of an address that is none, is refused with the field", () => {
    const create = (input: object) =>
      changeSet({ kind: "createSet", set: "s", input } as SetMutation, ABSENT, undefined);
    const twice = create({ vdpu_ids: ["a", "a"] });
    assert.deepEqual(twice.ok ? "" : twice.error, {
      kind: "invalid",
      field: "vdpu_ids",
      expected: "exactly two different vDPUs",
    });
    const address = create({ vdpu_ids: ["a", "b"], vip_v4: "1.2.3" });
    assert.deepEqual(address.ok ? "" : address.error, {
      kind: "invalid",
      field: "vip_v4",
      expected: "an IPv4 address",
    });
  });
});
