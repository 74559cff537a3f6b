import { type Millis, millis } from "@tandem/base";
import type { DatabaseName, Fields } from "@tandem/swss";
import { Followers } from "../check/followers.js";
import type { ClusterView, Invariant } from "../check/invariant.js";
import type { Observation } from "../check/observation.js";
import { type Trouble, Troubles } from "../check/trouble.js";
import { newDpuCore } from "../dpu/core.js";
import type { DpuCore, HaSetEntry, ScopeEntry } from "../dpu/core-types.js";
import { NO_FLOWS } from "../dpu/flows.js";
import { DPU_TIMINGS, type HaState } from "../dpu/ha-state.js";
import { type ChannelState, newMachine } from "../dpu/machine-state.js";
import { type DpuPlace, planTopology, type SwitchPlace, type Topology, type TopologyOptions } from "../topology.js";

type DistributiveOmit<T, K extends string> = T extends unknown ? Omit<T, K> : never;

/**
 * A made-up history of a cluster, for tests of invariants: each call is one thing that happens, `wait` lets time pass.
 * Everything runs and nothing breaks unless it is said so.
 */
export class History implements ClusterView {
  readonly topology: Topology;
  readonly violations: string[] = [];
  readonly #followers: Followers;
  readonly #states = new Map<string, HaState>();
  readonly #cores = new Map<string, DpuCore>();
  readonly #split = new Set<string>();
  readonly #answers = new Map<string, readonly string[]>();
  readonly #rows = new Map<string, Map<string, Fields>>();
  readonly #well = new Map<string, Millis | undefined>();
  readonly #losses = new Map<string, string>();
  readonly #ends = new Map<string, (now: Millis) => void>();
  readonly #troubles = new Troubles();
  #now = 0;

  constructor(invariant: Invariant, size: TopologyOptions = { switches: 2, dpusPerSwitch: 1 }) {
    this.topology = planTopology(size);
    this.#followers = new Followers([invariant], this);
  }

  /** The DPU of that name. */
  dpu(name: string): DpuPlace {
    return found(this.topology.dpus, name);
  }

  switch(name: string): SwitchPlace {
    return found(this.topology.switches, name);
  }

  wait(ms: number): this {
    const until = this.#now + ms;
    for (let due = this.#followers.due(); due !== undefined && due <= until; due = this.#followers.due()) {
      this.#now = Math.max(this.#now, due);
      this.violations.push(...this.#followers.expire(millis(this.#now)));
    }
    this.#now = until;
    return this;
  }

  /** Asks what must hold when nothing is under way. */
  rest(): this {
    this.violations.push(...this.#followers.atRest());
    return this;
  }

  state(name: string, to: HaState, reason = "test"): this {
    const dpu = this.dpu(name);
    const from = this.#states.get(name) ?? "dead";
    this.#states.set(name, to);
    return this.#see({ kind: "state", dpu, from, to, reason });
  }

  /** The DPU knows this; `undefined`: nothing, it is off. */
  knows(name: string, core: DpuCore | undefined): this {
    if (core === undefined) this.#cores.delete(name);
    else this.#cores.set(name, core);
    return this;
  }

  power(name: string, on: boolean): this {
    if (!on) {
      this.#states.delete(name);
      this.#cores.delete(name);
    }
    return this.#see({ kind: "power", dpu: this.dpu(name), on });
  }

  answering(name: string, npus: readonly string[]): this {
    this.#answers.set(name, npus);
    return this.#see({ kind: "answers", dpu: this.dpu(name), answers: npus.length > 0 });
  }

  noticesSplit(name: string, split = true): this {
    if (split) this.#split.add(name);
    else this.#split.delete(name);
    return this;
  }

  told(name: string, table: string, key: string, fields: Fields | undefined): this {
    return this.#see({ kind: "told", dpu: this.dpu(name), table, key, fields });
  }

  wanted(name: string, table: string, key: string, fields: Fields | undefined): this {
    return this.#see({ kind: "wanted", sw: this.switch(name), table, key, fields });
  }

  /** A row of a switch or DPU by its name. */
  row(name: string, db: DatabaseName, table: string, key: string, fields: Fields | undefined): this {
    const owner = name.includes("_") ? this.dpu(name) : this.switch(name);
    const place = `${name} ${db} ${table}`;
    const rows = this.#rows.get(place) ?? new Map<string, Fields>();
    this.#rows.set(place, rows);
    const before = rows.get(key);
    if (fields === undefined) rows.delete(key);
    else rows.set(key, fields);
    return this.#see({ kind: "row", owner, db, table, key, fields, before });
  }

  /** A process that serves the DPU ends, or is there again. */
  part(name: string, up: boolean): this {
    this.#well.set(name, up ? millis(this.#now) : undefined);
    return this.#see({ kind: "part", part: `${name}.hamgrd`, up });
  }

  /** Packets that arrive at the switch get lost for that reason, or arrive. */
  loses(name: string, why: string | undefined): this {
    if (why === undefined) this.#losses.delete(name);
    else this.#losses.set(name, why);
    return this.#see({ kind: "ways" });
  }

  /** Somebody breaks something of the DPU, or no longer. */
  trouble(name: string, trouble: Trouble, stands = true): this {
    const key = `${name} ${trouble}`;
    this.#ends.get(key)?.(millis(this.#now));
    this.#ends.delete(key);
    if (stands) this.#ends.set(key, this.#troubles.begin(trouble, [this.dpu(name)]));
    return this.#see({ kind: "trouble" });
  }

  now = (): Millis => millis(this.#now);
  haState = (dpu: DpuPlace): HaState | undefined => this.#states.get(dpu.name);
  core = (dpu: DpuPlace): DpuCore | undefined => this.#cores.get(dpu.name);
  responders = (dpu: DpuPlace): readonly string[] => this.#answers.get(dpu.name) ?? [];
  splitBrain = (dpu: DpuPlace): boolean => this.#split.has(dpu.name);
  loss = (sw: SwitchPlace): string | undefined => this.#losses.get(sw.name);
  fairSince: ClusterView["fairSince"] = (dpu, troubles) => this.#troubles.fairSince(dpu, troubles);
  wellSince = (dpu: DpuPlace): Millis | undefined => (this.#well.has(dpu.name) ? this.#well.get(dpu.name) : millis(0));
  rows: ClusterView["rows"] = (owner, db, table) => this.#rows.get(`${owner.name} ${db} ${table}`) ?? new Map();

  #see(seen: DistributiveOmit<Observation, "at">): this {
    this.violations.push(...this.#followers.observe({ ...seen, at: millis(this.#now) }));
    return this;
  }
}

function found<T extends { readonly name: string }>(items: readonly T[], name: string): T {
  const item = items.find((candidate) => candidate.name === name);
  if (item === undefined) throw new Error(`the topology has no ${name}`);
  return item;
}

/** A DPU that knows one pair, whose side is in some state. */
export function coreWith(facts: {
  readonly channel?: ChannelState;
  readonly state?: HaState;
  readonly synced?: boolean;
  readonly reconcilePaused?: boolean;
}): DpuCore {
  const { channel = "up", state = "dead", synced = false, reconcilePaused = false } = facts;
  const machine = { ...newMachine("18.0.202.1", 1, "active", true, channel), state, synced, reconcilePaused };
  const core = newDpuCore({ ip: "18.0.202.1", boot: 1, timings: DPU_TIMINGS, orchagent: "mended" });
  const set: HaSetEntry = {
    scope: "dpu",
    owner: "dpu",
    localIp: "18.0.202.1",
    peerIp: "18.1.202.1",
    probeInterval: millis(100),
    probeThreshold: 3,
    reachable: channel === "up",
    channel,
  };
  const scope: ScopeEntry = {
    setId: "haset0-0",
    owner: "dpu",
    storedRole: "active",
    appliedRole: "active",
    disabled: false,
    haState: state,
    roleSince: undefined,
    reportedRole: undefined,
    activatePending: false,
    machine,
    flows: NO_FLOWS,
  };
  return { ...core, sets: new Map([["haset0-0", set]]), scopes: new Map([["haset0-0", scope]]) };
}
