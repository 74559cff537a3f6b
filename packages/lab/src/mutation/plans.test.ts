import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ok, unwrap } from "@tandem/base";
import { longTest } from "@tandem/base/testing";
import { expect, test } from "vitest";
import { type FaultPlan, parsePlan } from "../sim/fault-plan.js";
import { attempt } from "../sim/find-cause.js";
import { runWithout } from "./hunt.js";
import type { Mutation } from "./mutation.js";
import { MUTATIONS } from "./mutations.js";

/** The fewest faults that show the absence of a guard, and the invariant that sees it. */
const SHOWN_BY = {
  "scope-before-set": "set-before-scope",
  "delete-order": "route-stays",
  "approval-twice": "request-once",
  "pending-id-lost": "operation-ends-for-a-reason",
  "pins-by-position": "pins-follow-vdpu",
  "old-incarnation": "recreated-is-new",
  "set-after-del": "given-up-is-deleted",
  "caches-on-rise": "unreported-is-unknown",
  "ledger-gone-early": "set-before-scope",
  "no-resend": "leftovers-go",
} as const;
/** Those of the short form. */
const SHORT = ["approval-twice", "set-after-del", "caches-on-rise"];

for (const [id, invariant] of Object.entries(SHOWN_BY)) {
  test(`without ${id} its plan shows ${invariant}, and with it nothing`, { timeout: 300_000 }, async (t) => {
    if (!SHORT.includes(id)) longTest(t);
    const mutation = MUTATIONS.find((candidate) => candidate.id === id) as Mutation;
    const plan = planOf(id);
    expect((await attempt(plan)).violations).toEqual([]);
    expect(await runWithout(mutation, plan)).toEqual(ok(expect.stringMatching(`^${invariant}: `)));
  });
}

function planOf(id: string): FaultPlan {
  const path = fileURLToPath(new URL(`../../testdata/mutations/plans/${id}.txt`, import.meta.url));
  return unwrap(parsePlan(readFileSync(path, "utf8")), id);
}
