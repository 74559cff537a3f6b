import { existsSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { needs } from "@tandem/base/testing";
import { beforeEach, expect, test } from "vitest";
import { missingForProcesses, REDIS_SERVER, TANDEM } from "../testing/tandem-command.js";
import { Cluster } from "./cluster.js";
import { daemonOf } from "./cluster-host.js";
import { ProcessCluster, type ProcessClusterOptions } from "./process-cluster.js";

const missing = missingForProcesses();

beforeEach((context) => needs(context, missing === "", missing));

const create = (options: Partial<ProcessClusterOptions> = {}): Promise<ProcessCluster> =>
  ProcessCluster.create({
    ...{ switches: 2, dpusPerSwitch: 1, redisServer: REDIS_SERVER, tandem: TANDEM },
    path: process.env["PATH"] ?? "",
    ...options,
  });

test("a daemon that fails to start: which, why, its last lines, and a log that stays", async () => {
  const host = await create({
    tandem: [process.execPath, "-e", 'console.error("the moon is full"); process.exitCode = 3', "--"],
  });
  const failure = await Cluster.start(host).then(
    () => "",
    (error: Error) => error.message,
  );
  try {
    // Both daemons fail; the one that is told first ends the start, and the other may not have come to print.
    const told =
      /^(sw\d_dpu0\.swbusd) ended with exit code 3; its last lines:\n {4}the moon is full\n {2}log: (.*)$/.exec(
        failure,
      );
    expect(told, failure).not.toBeNull();
    expect(told?.[2]).toBe(join(host.folder, "log", `${told?.[1]}.log`));
    expect(readFileSync(told?.[2] ?? "", "utf8")).toBe("the moon is full\n");
    expect(existsSync(join(host.folder, "sw0"))).toBe(false);
    expect(host.processes).toEqual([]);
  } finally {
    await rm(host.folder, { recursive: true });
  }
});

test("a Redis whose port is taken after the claim: which, and what it said", async () => {
  const host = await create();
  const [sw] = host.topology.switches;
  const other = createServer();
  await new Promise<void>((resolve) =>
    other.listen({ host: sw?.npu as string, port: sw?.redisPort as number }, resolve),
  );
  try {
    await expect(Cluster.start(host)).rejects.toThrow(/^sw0\.redis ended with exit code 1; .*Address already in use/s);
  } finally {
    other.close();
    await rm(host.folder, { recursive: true });
  }
});

test("a daemon that ends by itself is told at once; one that the story kills is not", async () => {
  const failures: string[] = [];
  let told: () => void = () => {};
  const telling = new Promise<void>((resolve) => {
    told = resolve;
  });
  const host = await create({
    onFailure: ({ message }) => {
      failures.push(message);
      told();
    },
  });
  {
    await using cluster = await Cluster.start(host);
    const [dpu] = cluster.topology.dpus;
    if (dpu === undefined) throw new Error("no DPU");
    await host.killDaemon(daemonOf(host, "swbusd", dpu));
    host.processes.find(({ name }) => name === "sw0_dpu0.hamgrd")?.kill("SIGKILL");
    await telling;
  }
  expect(failures).toEqual([expect.stringMatching(/^sw0_dpu0\.hamgrd was ended by SIGKILL; its last lines:/)]);
  await rm(host.folder, { recursive: true });
});
