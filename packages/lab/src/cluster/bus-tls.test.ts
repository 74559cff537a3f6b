import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { millis, sleep, systemClock } from "@tandem/base";
import { longTest, needs, runScenario, TestCa } from "@tandem/base/testing";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { loadStory } from "../story/load-story.js";
import { Narrator } from "../story/narrator.js";
import { missingForProcesses, REDIS_SERVER, TANDEM } from "../testing/tandem-command.js";
import { Cluster } from "./cluster.js";
import { ProcessCluster } from "./process-cluster.js";

const missing = missingForProcesses();
let folder: string;

/** All daemons get one file with one certificate, which names both nodes. */
beforeEach((context) => {
  needs(context, missing === "", missing);
  folder = mkdtempSync(join(tmpdir(), "tandem-bus-tls-"));
  const material = new TestCa().material("region-a.cluster-a.sw0-dpu0", "region-a.cluster-a.sw1-dpu0");
  for (const name of ["cert", "key", "ca"] as const) writeFileSync(join(folder, name), material[name]);
  const security = join(folder, "security.yaml");
  writeFileSync(security, "tls: { cert: cert, key: key, ca: ca, loopback: true }\n");
  vi.stubEnv("TANDEM_BUS_SECURITY", security);
  vi.stubEnv("UPDATE", undefined);
});

afterEach(() => {
  vi.unstubAllEnvs();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

async function startCluster() {
  const host = await ProcessCluster.create({
    ...{ switches: 2, dpusPerSwitch: 1, redisServer: REDIS_SERVER, tandem: TANDEM },
    path: process.env["PATH"] ?? "",
  });
  const log = (name: string): string => readFileSync(join(host.logFolder, `${name}.log`), "utf8");
  return { cluster: await Cluster.start(host), log };
}

test("a cluster of real daemons speaks TLS on its bus: swbusd with its peer and its hamgrd", async () => {
  const { cluster, log } = await startCluster();
  await using _ = cluster;
  for (const name of ["sw0_dpu0", "sw1_dpu0"])
    for (const kind of ["swbusd", "hamgrd"])
      expect(log(`${name}.${kind}`)).toMatch(/TLS: certificate of CN=\S+ \(URI:\S+, URI:\S+\) in force/);
  const connected = [
    /connected \S+ type=inNode path=region-a\.cluster-a\.sw0-dpu0\/hamgrd\/0/,
    /connected \S+ type=inCluster path=region-a\.cluster-a\.sw1-dpu0/,
  ];
  while (!connected.every((line) => line.test(log("sw0_dpu0.swbusd")))) await sleep(systemClock, millis(20));
  expect(log("sw0_dpu0.swbusd")).not.toMatch(/stream refused/);
}, 120_000);

test("the default story runs over TLS", async (context) => {
  longTest(context);
  const story = loadStory("default");
  const { cluster } = await startCluster();
  await using _ = cluster;
  const narrator = new Narrator(cluster, "default");
  await runScenario(story.path, async (step) => {
    // How much is lost depends on the machine; the simulator holds the story to its limits.
    const { max } = step.options;
    if (max === undefined) return narrator.run(step);
    return (await narrator.run({ ...step, options: { ...step.options, max: "1000000" } })).replace("1000000", max);
  });
  expect((await narrator.receipt()).invariants.violations).toEqual([]);
}, 300_000);
