import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { golden } from "@tandem/base/testing";
import { expect, test } from "vitest";
import { filesOf } from "./mutation.js";
import { MUTATIONS } from "./mutations.js";

const INTRODUCTION = `# Mutations

A simulator that finds nothing may be blind. So each guard below is switched off, one at a time, in a copy of the built
packages: a text of one file is replaced by what stands there without the guard, and the product itself carries no
switches. Then the [simulator](simulator.md) runs seed after seed until an [invariant](invariants.md), or the end of a run,
shows that something is missing. A seed that fails with the guard too does not count.

\`\`\`sh
./tandem sim --mutations                        # all of them, in minutes, on every core
./tandem sim --mutations --guard stale-ack      # one
\`\`\`

\`./tandem test\` checks that each replaced text still stands exactly once, finds one guard by a hunt, and some by the plans
in \`packages/lab/testdata/mutations/plans/\`: the fewest faults that show the absence of a guard, written by hand, under
which the whole product is clean. \`./tandem test --all\` runs all of these plans, and finds every guard within 1,000 seeds. The
seeds below are those of runs on two busy cores; another build draws and steps otherwise. A guard without one has not been
found by chance yet.
`;

interface Found {
  readonly seed: number;
  readonly seen: string;
  /** Real time. */
  readonly seconds: number;
}

const RECORDED = fileURLToPath(new URL("../../testdata/mutations/found.json", import.meta.url));

test("docs/mutations.md tells of every guard, and of the seed that showed its absence", () => {
  const found = JSON.parse(readFileSync(RECORDED, "utf8")) as Readonly<Record<string, Found | undefined>>;
  for (const id of Object.keys(found)) expect(MUTATIONS.map((mutation) => mutation.id)).toContain(id);
  const rows = MUTATIONS.map((mutation) => {
    const { id, guard } = mutation;
    const { seed = "-", seen = "not recorded yet", seconds = "-" } = found[id] ?? {};
    return `| \`${id}\` | ${guard} | ${filesOf(mutation)
      .map((file) => `\`${file}\``)
      .join(", ")} | ${seed} | ${seen.replaceAll("|", "\\|")} | ${seconds} |`;
  });
  const page = [
    INTRODUCTION,
    "| id | guard | switched off in | first seed | what was seen | seconds |",
    "| --- | --- | --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
  golden(fileURLToPath(new URL("../../../../docs/mutations.md", import.meta.url)), page);
});
