import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { seconds, systemClock, systemRandom, unwrap } from "@tandem/base";
import { needs } from "@tandem/base/testing";
import { ALERTS, evaluate, parseSamples, type SampleValue } from "@tandem/hamgrd";
import { grpcBus } from "@tandem/swbus";
import { parseServicePath, SimpleClient, SwbusErrorCode, startEdge, waitConnected } from "@tandem/swbus/edge";
import { expect, test } from "vitest";
import { Cluster } from "../cluster/cluster.js";
import { ProcessCluster } from "../cluster/process-cluster.js";
import { missingForProcesses, REDIS_SERVER, TANDEM } from "../testing/tandem-command.js";

const NODE = parseServicePath("region-a.cluster-a.sw0-dpu0");
const LIMIT = seconds(60);

test("a real hamgrd whose disk is full, and that a stranger tells nonsense, serves what raises the alerts", {
  timeout: 180_000,
}, async (context) => {
  const missing = missingForProcesses();
  needs(context, missing === "", missing);
  const host = await ProcessCluster.create({
    ...{ switches: 1, dpusPerSwitch: 1, redisServer: REDIS_SERVER, tandem: TANDEM },
    path: process.env["PATH"] ?? "",
  });
  // Nothing can be written to it: no space left on device.
  mkdirSync(join(host.logFolder, "sw0"));
  symlinkSync("/dev/full", join(host.logFolder, "sw0", "hamgrd-dpu0.rec"));
  await using _ = await Cluster.start(host);
  const [dpu] = host.topology.dpus;
  const [sw] = host.topology.switches;
  const hamgrd = host.daemons.find(({ kind }) => kind === "hamgrd");
  if (dpu === undefined || sw === undefined || hamgrd === undefined) throw new Error("no DPU");
  const samples = async (): Promise<readonly SampleValue[]> =>
    parseSamples(await (await fetch(`http://127.0.0.1:${host.metricsPort(hamgrd)}/metrics`)).text());
  const firing = async (before: readonly SampleValue[]): Promise<readonly string[]> => {
    const scrape = { now: await samples(), before, at: systemClock.now() / 1000 };
    return ALERTS.filter(({ expression }) => evaluate(expression, scrape).length > 0).map(({ name }) => name);
  };
  expect(await firing([])).toContain("TandemRecordLinesLost");
  const before = await samples();
  expect(await firing(before)).not.toContain("TandemMessagesNotUnderstood");

  await using edge = startEdge({
    bus: grpcBus({ clock: systemClock }),
    clock: systemClock,
    random: systemRandom,
    endpoint: `${sw.npu}:${dpu.swbusPort}`,
    basePath: NODE.withService("stranger", "0"),
    type: "client",
  });
  expect(await waitConnected(edge, systemClock, LIMIT)).toBe(true);
  using client = new SimpleClient(edge, edge.basePath.withResource("tells", "0"), systemClock);
  const to = NODE.withService("hamgrd", "0").withResource("dpu", dpu.name);
  const told = await client.request(to, { kind: "data", payload: { key: "Nonsense", data: {} } }, { timeout: LIMIT });
  expect(unwrap(told).code).toBe(SwbusErrorCode.OK);
  expect(await firing(before)).toContain("TandemMessagesNotUnderstood");
});
