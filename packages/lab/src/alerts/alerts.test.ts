import { type Millis, minutes, seconds, sleep, unwrap } from "@tandem/base";
import { Metrics } from "@tandem/daemon";
import {
  ALERTS,
  countEvents,
  evaluate,
  type HamgrdEvent,
  parseSamples,
  publishHamgrd,
  type SampleValue,
} from "@tandem/hamgrd";
import { Table } from "@tandem/swss";
import { expect, test } from "vitest";
import { Cluster } from "../cluster/cluster.js";
import { SimulatedCluster } from "../cluster/simulated-cluster.js";
import { simulatedDaemons } from "../cluster/simulated-daemons.js";
import type { ApprovalMode } from "../controller/plan.js";
import type { HaSetPlace, SwitchPlace } from "../topology.js";

/** A pair whose hamgrds are scraped as Prometheus would. */
class Scraped implements AsyncDisposable {
  readonly #metrics = new Map<string, { metrics: Metrics; count: (event: HamgrdEvent) => void }>();
  readonly host: SimulatedCluster;
  cluster!: Cluster;

  private constructor() {
    const of = (name: string) => {
      const metrics = new Metrics();
      const known = this.#metrics.get(name) ?? { metrics, count: countEvents(metrics) };
      this.#metrics.set(name, known);
      return known;
    };
    const daemons = simulatedDaemons(
      {},
      {
        started: ({ name, dpus }, hamgrd) => {
          const { metrics } = of(name);
          const lost = (): ReadonlyMap<number, number> => new Map(dpus.map(({ slot }) => [slot, 0]));
          publishHamgrd(metrics, hamgrd, this.host.clock, { lost, pendingLimit: 30 });
        },
        told: ({ name }, event) => of(name).count(event),
      },
    );
    this.host = new SimulatedCluster({ switches: 2, dpusPerSwitch: 1, seed: 3, daemons });
  }

  static async start(approvals: ApprovalMode = "auto"): Promise<Scraped> {
    const scraped = new Scraped();
    scraped.cluster = await Cluster.start(scraped.host, { approvals });
    return scraped;
  }

  get set(): HaSetPlace {
    return this.cluster.topology.haSets[0] as HaSetPlace;
  }

  get sw(): SwitchPlace {
    return this.cluster.topology.switches[0] as SwitchPlace;
  }

  async launch(...wanted: readonly string[]): Promise<void> {
    const { controller } = this.cluster;
    await this.cluster.host.run("program", controller.createSet(this.set), seconds(10));
    for (const { vdpuId } of this.set.dpus)
      await this.cluster.host.run("enable", controller.enable(vdpuId), seconds(10));
    const states = (): readonly (string | undefined)[] => this.set.dpus.map((dpu) => this.cluster.haState(dpu));
    await this.cluster.until("launch", () => states().join() === wanted.join(), minutes(2));
  }

  pass(time: Millis): Promise<void> {
    return this.host.run("time", sleep(this.host.clock, time), minutes(60));
  }

  async samples(): Promise<readonly SampleValue[]> {
    const samples: SampleValue[] = [];
    for (const [instance, { metrics }] of this.#metrics) {
      for (const sample of parseSamples(await metrics.text())) {
        samples.push({ ...sample, labels: { ...sample.labels, instance } });
      }
    }
    return samples;
  }

  /** Alerts whose expression holds now; `before` is what was scraped a window ago. */
  async firing(before: readonly SampleValue[] = []): Promise<readonly string[]> {
    const scrape = { now: await this.samples(), before, at: this.host.clock.now() / 1000 };
    return ALERTS.filter(({ expression }) => evaluate(expression, scrape).length > 0).map(({ name }) => name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster[Symbol.asyncDispose]();
  }
}

test("a pair that serves raises no alert, and its metrics say what it does", async () => {
  await using scraped = await Scraped.start();
  await scraped.launch("active", "standby");
  await scraped.pass(seconds(30));
  expect(await scraped.firing()).toEqual([]);
  const samples = (await scraped.samples()).filter(({ labels }) => labels["instance"] === "sw0_dpu0.hamgrd");
  const value = (name: string, labels: Readonly<Record<string, string>> = {}): number | undefined =>
    samples.find(
      (sample) =>
        sample.name === name && Object.entries(labels).every(([label, text]) => sample.labels[label] === text),
    )?.value;
  expect(value("tandem_hamgrd_bfd_sessions_wanted")).toBe(2);
  expect(value("tandem_hamgrd_bfd_sessions_written")).toBe(2);
  expect(value("tandem_hamgrd_bfd_sessions_up", { vdpu: "vdpu0-0" })).toBe(2);
  expect(value("tandem_hamgrd_ha_state", { state: "active" })).toBe(1);
  expect(value("tandem_hamgrd_ha_sets", { ready: "true" })).toBe(1);
  expect(value("tandem_hamgrd_dpu_plane_up", { plane: "control_plane" })).toBe(1);
  expect(value("tandem_hamgrd_pmon_transitions_total", { plane: "midplane_link", to: "up" })).toBeGreaterThan(0);
  expect(value("tandem_hamgrd_messages_in_total", { type: "vdpu", key: "DPUStateUpdate" })).toBeGreaterThan(0);
  expect(value("tandem_hamgrd_messages_out_total", { type: "dpu", key: "DPUStateUpdate" })).toBeGreaterThan(0);
  expect(value("tandem_hamgrd_registrations")).toBeGreaterThan(2);
  expect(value("tandem_hamgrd_row_writes_total", { table: "DPU_APPL_DB|DASH_HA_SCOPE_TABLE" })).toBeGreaterThan(0);
  expect(value("tandem_hamgrd_approval_seconds_count", { type: "activate_role" })).toBe(1);
  expect(
    value("tandem_hamgrd_config_to_dpu_row_seconds_count", { table: "DPU_APPL_DB|DASH_HA_SCOPE_TABLE" }),
  ).toBeGreaterThan(0);
  expect(value("tandem_hamgrd_step_seconds_count", { type: "ha-scope" })).toBeGreaterThan(0);
  expect(value("tandem_hamgrd_ha_state_seconds", { vdpu: "vdpu0-0" })).toBeGreaterThanOrEqual(29);
});

test("an operation that nobody answers is told after its limit, and no longer once it is approved", async () => {
  await using scraped = await Scraped.start("manual");
  await scraped.launch("pending_active_activation", "pending_standby_activation");
  await scraped.pass(seconds(20));
  expect(await scraped.firing()).toEqual([]);
  await scraped.pass(seconds(20));
  expect(await scraped.firing()).toEqual(["TandemPendingOperationUnanswered"]);
  for (const { vdpuId } of scraped.set.dpus) {
    await scraped.cluster.host.run("approve", scraped.cluster.controller.approve(vdpuId), seconds(10));
  }
  await scraped.pass(seconds(20));
  expect(await scraped.firing()).toEqual([]);
});

test("an HA set that lacks a vDPU is told after a minute, and named with what is missing", async () => {
  await using scraped = await Scraped.start();
  const table = new Table(unwrap(scraped.host.stores(scraped.sw).open({ db: "CONFIG_DB" })), "VDPU");
  unwrap(await scraped.host.run("delete", table.del("vdpu1-0"), seconds(1)));
  await scraped.host.run("program", scraped.cluster.controller.createSet(scraped.set), seconds(10));
  await scraped.pass(seconds(40));
  expect(await scraped.firing()).not.toContain("TandemHaSetNotReady");
  await scraped.pass(seconds(30));
  expect(await scraped.firing()).toEqual(expect.arrayContaining(["TandemHaSetNotReady", "TandemStuckWait"]));
  const missing = (await scraped.samples()).find(({ name }) => name === "tandem_hamgrd_ha_set_missing_seconds");
  expect(missing?.labels).toMatchObject({ set: "haset0-0", missing: expect.stringContaining("vdpu1-0") });
});

test("a refused row and a lost Redis are told while they last", async () => {
  await using scraped = await Scraped.start();
  await scraped.launch("active", "standby");
  const table = new Table(unwrap(scraped.host.stores(scraped.sw).open({ db: "APPL_DB" })), "DASH_HA_SET_CONFIG_TABLE");
  unwrap(await scraped.host.run("write", table.set("bad", { pb: "\u0001garbage" }), seconds(1)));
  await scraped.pass(seconds(1));
  expect(await scraped.firing()).toEqual(["TandemRowRejected"]);
  unwrap(await scraped.host.run("delete", table.del("bad"), seconds(1)));
  await scraped.pass(seconds(1));
  expect(await scraped.firing()).toEqual([]);
  await scraped.host.killRedis(scraped.set.dpus[0]);
  await scraped.pass(seconds(3));
  expect(await scraped.firing()).toContain("TandemRedisLost");
  await scraped.host.startRedis(scraped.set.dpus[0]);
  await scraped.pass(seconds(20));
  expect(await scraped.firing()).not.toContain("TandemRedisLost");
});

test("two sides that decide alone, and a DPU that no probe reaches, are told", async () => {
  await using scraped = await Scraped.start();
  await scraped.launch("active", "standby");
  const [first, second] = scraped.set.dpus;
  const { bfd } = scraped.cluster.devices;
  for (const sw of scraped.cluster.topology.switches) bfd.setLost(sw.name, first.name, true);
  await scraped.pass(seconds(20));
  expect(await scraped.firing()).toContain("TandemNoBfdSessions");
  for (const sw of scraped.cluster.topology.switches) bfd.setLost(sw.name, first.name, false);
  await scraped.pass(seconds(20));
  expect(await scraped.firing()).not.toContain("TandemNoBfdSessions");
  const [a, b] = scraped.cluster.topology.switches as readonly [SwitchPlace, SwitchPlace];
  scraped.cluster.cutLink(a, b);
  const alone = (): boolean => [first, second].every((dpu) => scraped.cluster.haState(dpu) === "standalone");
  await scraped.cluster.until("split", alone, minutes(2));
  await scraped.pass(seconds(2));
  expect(await scraped.firing()).toContain("TandemBothStandalone");
});
