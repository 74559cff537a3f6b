import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { minutes } from "@tandem/base";
import { afterEach, beforeEach, expect, test } from "vitest";
import { hamgrdActors } from "../actors/hamgrd-actors.js";
import { replayFlight } from "../flight/replay-flight.js";
import { DashHaGlobalConfig } from "../schema/dash-ha-global-config.js";
import { Dpu } from "../schema/dpu.js";
import { settings } from "../testing/example.js";
import { fixture, startFixture } from "../testing/fixture.js";
import { FlightFiles } from "./flight-files.js";
import { recordSteps } from "./record-steps.js";
import type { Hamgrd } from "./start-hamgrd.js";

const PATH = "region-a.cluster-a.host-dpu0/hamgrd/0";
const NAME = fixture.dpu(0, 0);

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tandem-records-"));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** A slot with one DPU, its hamgrd as files see it, and what was logged. */
async function started() {
  const harness = await startFixture(hamgrdActors(settings({ bfdMode: "ha-set" })), { fakes: false });
  const log: string[] = [];
  const say = (text: string): void => void log.push(text);
  const slot = { path: PATH, settings: settings({ bfdMode: "ha-set" }) };
  const hamgrd = { slots: new Map([[0, slot]]), records: harness.runtime.records } as unknown as Hamgrd;
  const logger = { warn: say, info: say } as unknown as Parameters<typeof recordSteps>[2];
  return { harness, hamgrd, logger, log };
}

test("a record file has a line for each step, and one for each of its rows when that is acknowledged", async () => {
  const { harness, hamgrd, logger } = await started();
  await using _harness = harness;
  {
    await using _recording = await recordSteps(hamgrd, folder, logger, harness.clock);
    await harness.write(Dpu, NAME, fixture.dpuRow(0, 0));
    await harness.write(DashHaGlobalConfig, "global", fixture.global);
    await harness.rest();
  }
  const text = await readFile(join(folder, "hamgrd-dpu0.rec"), "utf8");
  const lines = text
    .trimEnd()
    .split("\n")
    .map((line) => {
      const [at = "", kind = ""] = line.split("|", 2);
      return { at, kind, json: JSON.parse(line.slice(at.length + kind.length + 2)) };
    });
  const step = lines.find(({ kind, json }) => kind === "step" && json.rows.length > 0);
  expect(step?.json).toMatchObject({
    process: PATH,
    actor: `dpu/${NAME}`,
    trace: { id: expect.stringMatching(/^region-a\.cluster-a\.host\/\w+\/dpu0-\d+$/), cause: expect.any(String) },
    saw: expect.arrayContaining([expect.stringMatching(/^CONFIG_DB\|/)]),
    did: expect.arrayContaining(["set APPL_DB|NEIGH_RESOLVE_TABLE|Vlan55:18.0.0.0"]),
  });
  const row = lines.find(({ kind }) => kind === "row");
  expect(row?.json).toMatchObject({ process: PATH, actor: `dpu/${NAME}`, op: "set", step: step?.json.n });
  expect(row?.json.acked).toBeGreaterThanOrEqual(row?.json.sent);
});

test("a flight file is whole, replays, and pushes the one before aside; crashes leave one a minute", async () => {
  const { harness, hamgrd, logger, log } = await started();
  await using _harness = harness;
  await harness.write(Dpu, NAME, fixture.dpuRow(0, 0));
  await harness.rest();
  const files = new FlightFiles(hamgrd, join(folder, "new"), harness.clock, logger);
  files.save("asked");
  files.save("asked");
  files.save("crash");
  files.save("crash");
  await harness.clock.advance(minutes(1));
  files.save("crash");
  expect((await readdir(join(folder, "new"))).sort()).toEqual([
    "hamgrd-dpu0.asked.flight",
    "hamgrd-dpu0.asked.flight.1",
    "hamgrd-dpu0.crash.flight",
    "hamgrd-dpu0.crash.flight.1",
  ]);
  expect(log).toHaveLength(4);
  const lines = (await readFile(join(folder, "new", "hamgrd-dpu0.asked.flight"), "utf8")).trimEnd().split("\n");
  expect(replayFlight(lines)).toMatchObject({ ok: true, value: { processes: [PATH], crashes: 0 } });
});

test("a folder that cannot be written costs the files and one line each", async () => {
  const { harness, hamgrd, logger, log } = await started();
  await using _harness = harness;
  new FlightFiles(hamgrd, "/dev/null/x", harness.clock, logger).save("asked");
  await using _recording = await recordSteps(hamgrd, "/dev/null/x", logger, harness.clock);
  expect(log).toEqual([
    expect.stringMatching(
      /^\/dev\/null\/x\/hamgrd-dpu0\.asked\.flight: ENOTDIR.*; the last steps of slot 0 are not written$/,
    ),
    expect.stringMatching(/^\/dev\/null\/x\/hamgrd-dpu0\.rec: .*; steps of slot 0 are not recorded$/),
  ]);
});
