import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runScenario } from "@tandem/base/testing";
import { test } from "vitest";
import { PairScenario } from "../testing/pair-scenario.js";

const STORIES = fileURLToPath(new URL("../../testdata/dpu/", import.meta.url));

test.each(readdirSync(STORIES).filter((name) => name.endsWith(".txt")))("two DPUs live through %s", async (name) => {
  const scenario = new PairScenario();
  await runScenario(join(STORIES, name), (step) => scenario.run(step));
});
