import { fileURLToPath } from "node:url";
import { needs, runScenario } from "@tandem/base/testing";
import { test, vi } from "vitest";
import { ExampleCluster } from "../testing/example-cluster.js";
import { realGround, simulatedGround } from "../testing/example-ground.js";
import { missingForProcesses } from "../testing/tandem-command.js";

const path = (name: string): string => fileURLToPath(new URL(`../../testdata/${name}.txt`, import.meta.url));

const examples = [
  { name: "worked-example", bfdMode: "cluster" },
  { name: "worked-example-ha-set", bfdMode: "ha-set" },
] as const;

for (const { name, bfdMode } of examples) {
  test(`${name} in memory`, async () => {
    await using cluster = await ExampleCluster.start(simulatedGround(2), { bfdMode });
    await runScenario(path(name), cluster.run);
  });
}

for (const { name, bfdMode } of examples) {
  test(`${name} on real Redis, ZMQ and gRPC`, { timeout: 300_000 }, async (context) => {
    const missing = missingForProcesses();
    needs(context, missing === "", missing);
    vi.stubEnv("UPDATE", undefined); // the run in memory records, this compares
    await using cluster = await ExampleCluster.start(await realGround(2), { bfdMode });
    await runScenario(path(name), cluster.run);
  });
}
