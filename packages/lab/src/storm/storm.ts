import { type Millis, millis, pick, type Random, randomBelow, seconds, seededRandom } from "@tandem/base";
import type { DatabaseName } from "@tandem/swss";
import { Cluster } from "../cluster/cluster.js";
import { InvariantWatch } from "../cluster/invariant-watch.js";
import { SimulatedCluster } from "../cluster/simulated-cluster.js";
import { SIMULATED_DAEMONS } from "../cluster/simulated-daemons.js";
import { flushDatabases, writeStaleRows } from "../story/database-faults.js";
import type { DpuPlace, SwitchPlace } from "../topology.js";
import { finalRows } from "./final-rows.js";

export interface StormOptions {
  readonly seed: number;
  /** Faults, one after the other; they overlap. */
  readonly faults: number;
}

/** What a storm did, and what it left. */
export interface StormOutcome {
  /** One line a fault, with its virtual time. */
  readonly story: readonly string[];
  /** Invariants that did not hold, a pair that did not come back, rows that are not those of a calm run. */
  readonly violations: readonly string[];
}

const CALM_LIMIT = seconds(300);
const OUTAGE_MAX_MS = 4000;

/** A fault: what is said of it, its beginning, and its end. */
interface Fault {
  readonly text: string;
  readonly begin: () => Promise<unknown> | unknown;
  readonly end?: () => Promise<unknown> | unknown;
}

/**
 * Launches a pair in the simulator, breaks things at random from `seed`, mends them all, and looks at what is left: the
 * pair must serve again, every invariant hold, every row be that of a run without faults, and none be left once the pair
 * is deleted.
 */
export async function runStorm({ seed, faults }: StormOptions): Promise<StormOutcome> {
  const random = seededRandom(seed);
  const host = new SimulatedCluster({
    switches: 2,
    dpusPerSwitch: 1,
    seed,
    isolation: "process",
    daemons: SIMULATED_DAEMONS,
  });
  await using cluster = await Cluster.start(host);
  const story: string[] = [];
  const violations = new Set<string>();
  using watch = new InvariantWatch(cluster);
  await launch(cluster);

  const ends = new Map<string, () => Promise<unknown> | unknown>();
  for (let i = 0; i < faults; i++) {
    const fault = drawFault(cluster, random);
    if (ends.has(fault.text)) continue;
    story.push(`${(host.clock.monotonic() / 1000).toFixed(2)} s ${fault.text}`);
    await host.run(fault.text, Promise.resolve(fault.begin()), CALM_LIMIT);
    if (fault.end !== undefined) {
      const { end } = fault;
      ends.set(fault.text, end);
      host.clock.setTimer(millis(randomBelow(random, OUTAGE_MAX_MS)), () => {
        if (ends.delete(fault.text)) void end();
      });
    }
    await host.clock.advance(millis(randomBelow(random, 3000)));
  }
  for (const [text, end] of ends) {
    ends.delete(text);
    await host.run(`end of ${text}`, Promise.resolve(end()), CALM_LIMIT);
  }
  await host.run("calm", calm(cluster), CALM_LIMIT);
  cluster.setCalm(true);
  const rows = (): string => finalRows(cluster);
  const expected = await calmRows();
  const back = (): boolean => {
    const states = cluster.topology.dpus.map((dpu) => cluster.haState(dpu)).sort();
    return states[0] === "active" && states[1] === "standby" && rows() === expected && watch.atRest().length === 0;
  };
  await cluster.until("the pair", back, CALM_LIMIT).catch(() => {});
  if (!back()) {
    violations.add(`states: ${cluster.topology.dpus.map((dpu) => `${dpu.name} ${cluster.haState(dpu)}`).join(", ")}`);
    if (rows() !== expected) violations.add(difference(expected, rows()));
  }
  for (const text of watch.atRest()) violations.add(text);
  cluster.setCalm(false);
  for (const text of await leftBehind(cluster)) violations.add(text);
  for (const text of watch.violations) violations.add(text);
  return { story, violations: [...violations] };
}

async function launch(cluster: Cluster): Promise<void> {
  const { host, controller, topology } = cluster;
  const program = async (): Promise<void> => {
    for (const set of topology.haSets) await controller.createSet(set);
    for (const dpu of topology.dpus) await controller.enable(dpu.vdpuId);
  };
  await host.run("launch", program(), CALM_LIMIT);
  const served = (): boolean =>
    topology.dpus.every((dpu) => ["active", "standby"].includes(cluster.haState(dpu) ?? ""));
  await cluster.until("launch", served, CALM_LIMIT);
}

/** Everything that a storm may have left switched off or set otherwise. */
async function calm(cluster: Cluster): Promise<void> {
  const { controller, topology } = cluster;
  for (const set of topology.haSets) for (const dpu of set.dpus) await controller.pin(set.id, dpu.vdpuId, "none");
  for (const [i, dpu] of topology.dpus.entries()) {
    await controller.desire(dpu.vdpuId, i === 0 ? "active" : "unspecified");
    await controller.enable(dpu.vdpuId);
  }
  await controller.replay();
}

function drawFault(cluster: Cluster, random: Random): Fault {
  const { host, controller, devices, topology } = cluster;
  const dpu = pick(random, topology.dpus);
  const [a, b] = topology.switches;
  const set = topology.haSets[0];
  if (a === undefined || b === undefined || set === undefined) throw new Error("a storm needs a pair");
  const daemon = pick(random, host.daemons);
  const owner = pick(random, [...topology.switches, ...topology.dpus]);
  const device = devices.dpu(dpu);
  const wipe = pick(random, ["keys", "flush", "none"] as const);
  const faults: readonly (() => Fault)[] = [
    () => ({ text: `kill ${daemon.name}`, begin: () => host.killDaemon(daemon), end: () => host.startDaemon(daemon) }),
    () => ({ text: `kill redis ${owner.name}`, begin: () => host.killRedis(owner), end: () => host.startRedis(owner) }),
    () => ({ text: `power ${dpu.name} off`, begin: () => device.powerOff(), end: () => device.powerOn(wipe) }),
    () => ({
      text: `control plane of ${dpu.name} down`,
      begin: () => cluster.pmon(dpu).setPlane(device, "control_plane", false, "storm"),
      end: () => cluster.pmon(dpu).setPlane(device, "control_plane", true, "storm"),
    }),
    () => ({
      text: `probes of ${dpu.name} lost`,
      begin: () => devices.bfd.setLost(a.name, dpu.name, true),
      end: () => devices.bfd.setLost(a.name, dpu.name, false),
    }),
    () => ({
      text: `link ${a.name} ${b.name} cut`,
      begin: () => cluster.cutLink(a, b),
      end: () => cluster.healLink(a, b),
    }),
    () => ({ text: `flush ${dpu.name}`, begin: () => device.powered || flushDatabases(host, dpu) }),
    () => ({ text: `stale rows of ${dpu.name}`, begin: () => device.powered || writeStaleRows(host, dpu) }),
    () => ({
      text: `desire ${dpu.name} dead`,
      begin: () => controller.desire(dpu.vdpuId, "dead"),
      end: () => controller.desire(dpu.vdpuId, dpu === set.dpus[0] ? "active" : "unspecified"),
    }),
    () => ({
      text: `disable ${dpu.name}`,
      begin: () => controller.disable(dpu.vdpuId),
      end: () => controller.enable(dpu.vdpuId),
    }),
    () => ({
      text: `pin ${dpu.name} down`,
      begin: () => controller.pin(set.id, dpu.vdpuId, "down"),
      end: () => controller.pin(set.id, dpu.vdpuId, "none"),
    }),
    () => ({ text: "replay", begin: () => controller.replay() }),
    () => ({ text: `restart ${dpu.name}`, begin: () => controller.restart(dpu.vdpuId) }),
  ];
  return pick(random, faults)();
}

/** Rows that are still there some time after every HA set was deleted. */
async function leftBehind(cluster: Cluster): Promise<readonly string[]> {
  const { host, controller, topology } = cluster;
  const remove = async (): Promise<void> => {
    for (const set of topology.haSets) await controller.removeSet(set.id);
  };
  await host.run("removal", remove(), CALM_LIMIT);
  const left = (): string[] => [
    ...topology.switches.flatMap((sw) => [
      ...namesOf(cluster, sw, "APPL_DB", "VNET_ROUTE_TUNNEL_TABLE"),
      ...namesOf(cluster, sw, "STATE_DB", "DASH_HA_SCOPE_STATE"),
    ]),
    ...topology.dpus.flatMap((dpu) => [
      ...namesOf(cluster, dpu, "DPU_APPL_DB", "DASH_HA_SCOPE_TABLE"),
      ...namesOf(cluster, dpu, "DPU_APPL_DB", "DASH_HA_SET_TABLE"),
    ]),
  ];
  await cluster.until("removal", () => left().length === 0, CALM_LIMIT).catch(() => {});
  return left();
}

function namesOf(cluster: Cluster, owner: SwitchPlace | DpuPlace, db: DatabaseName, table: string): string[] {
  return [...cluster.rows(owner, db, table).keys()].map((key) => `left behind: ${owner.name} ${table} ${key}`);
}

let calmOutcome: Promise<string> | undefined;

/** The rows of a launch without faults. */
function calmRows(): Promise<string> {
  calmOutcome ??= (async () => {
    const host = new SimulatedCluster({
      switches: 2,
      dpusPerSwitch: 1,
      seed: 1,
      isolation: "process",
      daemons: SIMULATED_DAEMONS,
    });
    await using cluster = await Cluster.start(host);
    await launch(cluster);
    await host.clock.advance(SETTLED_AFTER);
    return finalRows(cluster);
  })();
  return calmOutcome;
}

const SETTLED_AFTER: Millis = seconds(20);

function difference(expected: string, found: string): string {
  const [want, got] = [expected.split("\n"), found.split("\n")];
  const missing = want.filter((line) => !got.includes(line));
  const surplus = got.filter((line) => !want.includes(line));
  return `rows: missing ${missing.join(" | ") || "none"}; surplus ${surplus.join(" | ") || "none"}`;
}
