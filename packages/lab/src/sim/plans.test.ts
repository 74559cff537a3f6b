import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { unwrap } from "@tandem/base";
import { expect, test } from "vitest";
import { attempt } from "./find-cause.js";
import { parseReplay } from "./replay-file.js";

const FOLDER = fileURLToPath(new URL("../../testdata/plans/", import.meta.url));

// Each is what was left of a run that failed once.
for (const name of readdirSync(FOLDER)) {
  test(`a run that failed once is clean: ${name}`, { timeout: 60_000 }, async () => {
    const { plan } = unwrap(parseReplay(readFileSync(`${FOLDER}${name}`, "utf8")), name);
    const { story, violations } = await attempt(plan);
    expect({ story, violations }).toEqual({ story, violations: [] });
  });
}
