import { type Millis, millis, type Result, seconds, unwrap } from "@tandem/base";
import { dpusNamed } from "../check/trouble.js";
import { Cluster } from "../cluster/cluster.js";
import { SimulatedCluster } from "../cluster/simulated-cluster.js";
import { simulatedDaemons } from "../cluster/simulated-daemons.js";
import { type CalmRun, calmRun, RECORDS_KEPT } from "./calm-run.js";
import { drawPlan, STORMY } from "./draw-plan.js";
import type { BoundFault } from "./fault.js";
import { FAULT_KINDS, troubleOf } from "./fault-kinds.js";
import { type FaultPlan, formatFault, type PlannedFault } from "./fault-plan.js";
import { differenceOfRows, finalRows } from "./final-rows.js";
import { type Footprint, footprintOf, growthBeyond, keysOfSets } from "./footprint.js";
import { HamgrdWatch } from "./hamgrd-watch.js";
import { Judge, type Violation } from "./judge.js";
import { beyondBounds, PeakWatch } from "./peaks.js";
import { calm, isServing, launch } from "./phases.js";
import { SimWorld } from "./sim-world.js";
import { Trace } from "./trace.js";

/** One run of a whole cluster from its seed. */
export interface SeedOptions {
  readonly seed: number;
  /** Default 2. */
  readonly switches?: number;
  /** DPUs of each switch; default 1. */
  readonly dpus?: number;
  /** Virtual time of the run; default 10. */
  readonly minutes?: number;
  /** Faults instead of those that the seed would draw. */
  readonly faults?: readonly PlannedFault[];
  /** Keeps the lines of the trace, not only their digest. */
  readonly keepTrace?: boolean;
}

/** What a run did, and what was wrong. The same options give the same outcome, line for line. */
export interface SeedOutcome {
  readonly plan: FaultPlan;
  /** One line for each fault and its end, in words, with its virtual time. */
  readonly story: readonly string[];
  readonly violations: readonly Violation[];
  /** SHA-256 of every row that changed, every transition and every fault, in order. */
  readonly digest: string;
  /** Those lines, when they were asked for. */
  readonly trace: readonly string[];
  /** Virtual time until all was as if nothing had happened, since the last fault ended; absent when it never was. */
  readonly healedIn: Millis | undefined;
  /** Virtual time of the whole run. */
  readonly virtualMs: Millis;
  /** Timers that fired in it. */
  readonly timers: number;
}

/** All faults over, the cluster must be as in a calm run within this. */
export const HEAL_LIMIT = seconds(120);
/** Rows that nobody wants any more must be gone within this. */
const REMOVAL_LIMIT = seconds(60);

/** Runs the faults of a seed, or those given, and judges every step. */
export async function runSeed(options: SeedOptions): Promise<SeedOutcome> {
  const { seed, switches = 2, dpus = 1, minutes = 10 } = options;
  const drawn = { seed, switches, dpus, minutes };
  const plan = options.faults === undefined ? drawPlan(drawn) : { ...drawn, faults: options.faults };
  const calmly = await calmRun(switches, dpus);
  const watch = new HamgrdWatch();
  const host = new SimulatedCluster({
    switches,
    dpusPerSwitch: dpus,
    seed,
    isolation: "process",
    daemons: simulatedDaemons({}, watch, RECORDS_KEPT),
  });
  await using cluster = await Cluster.start(host);
  const run = new SeedRun(plan, host, cluster, watch, new Trace(host.clock, options.keepTrace ?? false));
  return await run.go(calmly);
}

class SeedRun {
  readonly #plan: FaultPlan;
  readonly #host: SimulatedCluster;
  readonly #cluster: Cluster;
  readonly #watch: HamgrdWatch;
  readonly #trace: Trace;
  readonly #world: SimWorld;
  readonly #judge: Judge;
  readonly #story: string[] = [];
  /** Names of faults that last now. */
  readonly #standing = new Set<string>();

  constructor(plan: FaultPlan, host: SimulatedCluster, cluster: Cluster, watch: HamgrdWatch, trace: Trace) {
    this.#plan = plan;
    this.#host = host;
    this.#cluster = cluster;
    this.#watch = watch;
    this.#trace = trace;
    this.#world = new SimWorld(host, cluster);
    this.#judge = new Judge(cluster, host.clock);
    trace.follow(cluster);
    host.onPart((part, up) => {
      if (!up) watch.stopped(part);
    });
  }

  async go({ rows, footprint, peaks }: CalmRun): Promise<SeedOutcome> {
    const { clock } = this.#host;
    using found = new PeakWatch(this.#host, this.#watch);
    const everything = this.#cluster.topology.dpus;
    const launching = this.#cluster.troubleBegins("config", everything);
    await launch(this.#cluster);
    launching();
    const launched = clock.monotonic();
    for (const fault of this.#plan.faults) this.#schedule(fault);
    await this.#storm(millis(this.#plan.minutes * 60_000 * STORMY + this.#longest()), () =>
      beyondBounds(peaks, found.peaks, TIMERS_PER_FAULT * this.#plan.faults.length),
    );
    const stormOver = clock.monotonic();
    this.#host.mendClocks();
    const calming = this.#cluster.troubleBegins("config", everything);
    await this.#host.run("calm", calm(this.#cluster), HEAL_LIMIT);
    calming();
    const healedIn = await this.#heal(rows, stormOver);
    const rest = launched + this.#plan.minutes * 60_000 - clock.monotonic();
    if (healedIn !== undefined) await this.#rest(millis(Math.max(QUIET_MIN, rest)), footprint);
    await this.#remove();
    this.#judge[Symbol.dispose]();
    for (const text of this.#watch.crashes) this.#judge.add("no-crash", text);
    return {
      plan: this.#plan,
      story: this.#story,
      violations: this.#judge.violations,
      digest: this.#trace.digest(),
      trace: this.#trace.lines,
      healedIn,
      virtualMs: clock.monotonic(),
      timers: clock.fired,
    };
  }

  async #storm(duration: Millis, tooMuch: () => readonly string[]): Promise<void> {
    for (let left = duration; left > 0; left = millis(left - ALARMS_EVERY)) {
      await this.#host.clock.advance(millis(Math.min(left, ALARMS_EVERY)));
      for (const text of this.#watch.silent(this.#host.clock.monotonic())) this.#judge.add("never-stuck", text);
    }
    for (const text of tooMuch()) this.#judge.add("bounded", text);
  }

  /** How long the last fault goes on after the stormy part. */
  #longest(): Millis {
    const stormy = this.#plan.minutes * 60_000 * STORMY;
    return millis(Math.max(0, ...this.#plan.faults.map(({ at, lasts = 0 }) => at + lasts - stormy)) + 1);
  }

  #schedule(fault: PlannedFault): void {
    const { clock, topology } = this.#host;
    const kind = FAULT_KINDS.get(fault.name);
    if (kind === undefined) throw new Error(`no fault ${fault.name}`);
    const bound = unwrap(kind.bind(fault.words, topology) as Result<BoundFault, string>, fault.name);
    const name = formatFault({ ...fault, at: millis(0), ...(fault.lasts !== undefined && { lasts: millis(0) }) });
    clock.setTimer(fault.at, () => {
      // The same fault twice at a time is one.
      if (this.#standing.has(name)) return;
      this.#tell(bound.text);
      const over = this.#cluster.troubleBegins(troubleOf(fault.name), dpusNamed(topology, bound.concerns));
      const began = this.#perform(bound.text, bound.begin(this.#world));
      const { end } = bound;
      if (end === undefined || fault.lasts === undefined) {
        void began.then(over);
        return;
      }
      this.#standing.add(name);
      clock.setTimer(fault.lasts, () => {
        this.#standing.delete(name);
        this.#tell(`no longer: ${bound.text}`);
        void Promise.all([began, this.#perform(bound.text, end(this.#world))]).then(over);
      });
    });
  }

  #tell(text: string): void {
    this.#story.push(`${(this.#host.clock.monotonic() / 1000).toFixed(3).padStart(9)} s  ${text}`);
    this.#trace.add(text);
  }

  async #perform(text: string, work: unknown): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.#judge.add("simulator", `${text}: ${String(error)}`);
    }
  }

  async #heal(expected: string, since: Millis): Promise<Millis | undefined> {
    const { clock } = this.#host;
    const whole = (): boolean =>
      isServing(this.#cluster) && finalRows(this.#cluster) === expected && this.#judge.atRest;
    for (let passed = 0; passed <= HEAL_LIMIT; passed += LOOK_EVERY) {
      if (whole()) return millis(clock.monotonic() - since);
      await clock.advance(LOOK_EVERY);
    }
    const { topology } = this.#cluster;
    const states = topology.dpus.map((dpu) => `${dpu.name} ${this.#cluster.haState(dpu) ?? "none"}`);
    if (!isServing(this.#cluster)) this.#judge.add("heals", `not every pair serves again: ${states.join(", ")}`);
    for (const text of differenceOfRows(expected, finalRows(this.#cluster))) this.#judge.add("heals", text);
    this.#judge.rest();
    return undefined;
  }

  /** Nothing happens while nothing happens. */
  async #rest(duration: Millis, calmly: Footprint): Promise<void> {
    await this.#host.clock.advance(SETTLE);
    const before = this.#trace.count;
    await this.#host.clock.advance(millis(Math.max(0, duration - SETTLE)));
    const moved = this.#trace.count - before;
    if (moved > 0)
      this.#judge.add("rests", `${moved} changes although nothing happens: ${this.#trace.last(3).join(" | ")}`);
    this.#judge.rest();
    for (const text of [...this.#watch.standing(), ...this.#watch.unsettled()]) this.#judge.add("never-stuck", text);
    for (const text of growthBeyond(calmly, await footprintOf(this.#host))) this.#judge.add("bounded", text);
  }

  async #remove(): Promise<void> {
    const { controller, topology } = this.#cluster;
    this.#cluster.troubleBegins("config", topology.dpus);
    const remove = async (): Promise<void> => {
      for (const set of topology.haSets) await controller.removeSet(set.id);
    };
    await this.#host.run("removal", remove(), REMOVAL_LIMIT);
    const left = (): readonly string[] => keysOfSets(this.#cluster, this.#host);
    for (let passed = 0; passed < REMOVAL_LIMIT && left().length > 0; passed += LOOK_EVERY) {
      await this.#host.clock.advance(LOOK_EVERY);
    }
    for (const text of left()) this.#judge.add("leaves-nothing", text);
  }
}

/** The fault itself, what it does again and again, and what it tries until a database is back. */
const TIMERS_PER_FAULT = 3;
/** Between two looks for waits that no alarm tells of. */
const ALARMS_EVERY = seconds(20);
/** Between two looks at whether all is well again. */
const LOOK_EVERY = seconds(1);
/** After the cluster has healed: what is still under way comes in. */
const SETTLE = seconds(15);
const QUIET_MIN = seconds(45);
