import { join } from "node:path";
import { golden } from "@tandem/base/testing";
import { TABLES } from "@tandem/hamgrd";
import { describeTable } from "@tandem/swss";
import { test } from "vitest";
import { ROOT } from "./repository.js";

const INTRODUCTION = `# Tables

Every table that Tandem reads or writes, printed from the schemas in \`packages/hamgrd/src/schema/\`; do not edit this page
(\`UPDATE=1\` prints it again). Keys are joined by the database's separator. A field that is *required* fails the row when
it is missing; an *optional* one may be absent, and the text \`none\` counts as absent; *default* says what absence means.
Booleans are \`true\`, \`false\`, \`1\` or \`0\` in any case. Unknown fields are ignored and counted.
`;

test("docs/tables.md is what the schemas say", () => {
  const sections = Object.entries(TABLES).map(
    ([group, tables]) => `## ${group}\n\n${tables.map((table) => `${describeTable(table)}\n`).join("\n")}`,
  );
  golden(join(ROOT, "docs/tables.md"), `${INTRODUCTION}\n${sections.join("\n")}`);
});
