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
`;

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
