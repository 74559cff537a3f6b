import { fileURLToPath } from "node:url";
import { golden } from "@tandem/base/testing";
import { expect, test } from "vitest";
import { INVARIANTS } from "./index.js";

const INTRODUCTION = `# Invariants

What must hold in every cluster, real or simulated, printed from \`packages/lab/src/check/\` (\`UPDATE=1\` prints it again). The
lab and the simulator look at databases, at what each DPU really is, and at whom it answers BFD. *Always*: after each
change of a row or a DPU, and when something has lasted for as long as it may. *In the simulator*: the same, but only
where rows are seen without delay; on real processes it is left out. *When quiet*: once nothing is under way, since
databases lag behind the DPUs; the command \`check\` of a [story](stories.md) waits for that. A violation ends a story with
exit code 1 and stands in its receipt.

Some hold only while nothing disturbs them. Their time counts while the processes that they need run, the DPUs that they
name are on, and nothing of certain kinds is broken at the pair, as the simulator tells; it begins anew when such a thing
has ended. What the controller asks for is no disturbance: what its rows say is what is checked. Clocks on the wall excuse
nothing.

| promise | what watches it |
| --- | --- |
| never silently stuck | ${list(
  "pair-serves",
  "survivor-serves",
  "shutdown-ends",
  "state-passes",
  "desired-leads",
  "no-livelock",
  "operation-is-shown",
  "report-reaches-switch",
  "config-reaches-dpu",
)}, the run's \`never-stuck\` |
| make before break | ${list(
  "traffic-arrives",
  "route-stays",
  "route-follows-config",
  "responders-follow-state",
  "set-before-scope",
  "sync-before-standby",
  "convergence-before-death",
)} |
| restart-safe | ${list(
  "same-config-same-rows",
  "ledger-names-rows",
  "request-once",
  "reset-once-per-fall",
  "operation-ends-for-a-reason",
  "approval-of-this-start",
  "dead-when-told",
)}, the run's \`heals\` and \`leaves-nothing\` |
| bounded | the run's \`bounded\`: at every step of a storm, and again at rest |
| replayable | the digest of a run: the same seed gives the same line for line |
`;

/** Names of invariants, each of which there is. */
function list(...ids: readonly string[]): string {
  const unknown = ids.filter((id) => !INVARIANTS.some((invariant) => invariant.id === id));
  if (unknown.length > 0) throw new Error(`no invariant ${unknown.join()}`);
  return ids.map((id) => `\`${id}\``).join(", ");
}

test("docs/invariants.md lists every invariant", () => {
  const rows = INVARIANTS.map(
    ({ id, text, when, exact }) =>
      `| \`${id}\` | ${text} | ${when === "quiet" ? "when quiet" : exact ? "in the simulator" : "always"} |`,
  );
  const page = [INTRODUCTION, "| id | what holds | checked |", "| --- | --- | --- |", ...rows, ""].join("\n");
  golden(fileURLToPath(new URL("../../../../docs/invariants.md", import.meta.url)), page);
});

test("ids differ", () => {
  expect(new Set(INVARIANTS.map(({ id }) => id)).size).toBe(INVARIANTS.length);
});
