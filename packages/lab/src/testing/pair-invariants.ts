import { isDecider, isServing } from "../dpu/ha-state.js";
import { type DpuPair, HA_SET, type PairRecord, SIDES, type SideName } from "./dpu-pair.js";

/** States from which each serving state may be entered: activation, or a service that goes on. */
const ENTRIES = {
  active: ["pending_active_activation", "standalone"],
  standby: ["pending_standby_activation"],
  standalone: ["pending_standalone_activation", "active", "standby", "switching_to_standalone"],
} as const;

/** What must hold of two DPU-driven DPUs, watched after each step. Violations are collected as text. */
export class PairInvariants {
  readonly violations: string[] = [];
  /** Time since which a double decision is excused: the channel was lost while both were up. */
  excused = false;
  #read = 0;
  readonly #destroyingSince = new Map<SideName, number>();
  readonly #sessions = new Map<SideName, Set<string>>();
  readonly #learnt = new Map<SideName, ReadonlySet<string>>();
  /** Sides that were told to reconcile since the last look. */
  readonly #reconciled = new Set<SideName>();

  check(pair: DpuPair): void {
    for (; this.#read < pair.records.length; this.#read++) this.#onRecord(pair, pair.records[this.#read] as PairRecord);
    if (!pair.connected) this.excused = true;
    const states = SIDES.map((side) => pair.state(side));
    const text = `${pair.now} ms: ${states.join(" / ")}`;
    if (states.every((state) => state === "active")) this.violations.push(`${text}: both active`);
    const both = states.every((state) => isDecider(state));
    if (both && !this.excused) this.violations.push(`${text}: two deciders without a lost channel`);
    if (pair.connected && !both && SIDES.every((side) => this.#channelUp(pair, side))) this.excused = false;
    for (const side of SIDES) this.#checkSide(pair, side, text);
  }

  reconciling(side: SideName): void {
    this.#reconciled.add(side);
  }

  #channelUp(pair: DpuPair, side: SideName): boolean {
    const core = pair.core(side);
    return core === undefined || core.sets.get(HA_SET)?.channel !== "down";
  }

  #checkSide(pair: DpuPair, side: SideName, text: string): void {
    const state = pair.state(side);
    const answers = pair.responders(side).length > 0;
    if (answers && !isServing(state) && state !== "switching_to_standalone") {
      this.violations.push(`${text}: ${side} answers BFD while ${state}`);
    }
    const flows = [...(pair.core(side)?.scopes.get(HA_SET)?.flows.values() ?? [])];
    const own = new Set(flows.filter((flow) => !flow.learnt).map((flow) => flow.id));
    for (const id of this.#learnt.get(side) ?? []) {
      if (own.has(id) && !this.#reconciled.has(side) && state === "standalone") {
        this.violations.push(`${text}: ${side} simulated ${id} again before it was told to`);
      }
    }
    this.#learnt.set(side, new Set(flows.filter((flow) => flow.learnt).map((flow) => flow.id)));
    this.#reconciled.delete(side);
  }

  #onRecord(pair: DpuPair, record: PairRecord): void {
    if (record.kind === "row") this.#onRow(record);
    if (record.kind !== "transition") return;
    const { side, from, to, at, reason } = record;
    const entries: readonly string[] | undefined = ENTRIES[to as keyof typeof ENTRIES];
    if (entries !== undefined && !entries.includes(from)) {
      this.violations.push(`${at} ms: ${side} went from ${from} to ${to}`);
    }
    const since = this.#destroyingSince.get(side);
    if (from === "destroying" && reason !== "disabled" && since !== undefined) {
      const convergence = pair.core(side)?.config.timings.convergence ?? 0;
      if (at - since < convergence) this.violations.push(`${at} ms: ${side} died before the network converged`);
    }
    if (to === "destroying") this.#destroyingSince.set(side, at);
    if (to === "standalone" && from === "standby" && !this.#reconcileFollows(pair)) {
      this.violations.push(`${at} ms: ${side} took over without asking for flow reconcile`);
    }
  }

  #reconcileFollows(pair: DpuPair): boolean {
    return pair.records
      .slice(this.#read)
      .some((record) => record.kind === "row" && record.fields?.["flow_reconcile_pending"] === "true");
  }

  #onRow({ side, key, fields, at }: Extract<PairRecord, { kind: "row" }>): void {
    const sessions = this.#sessions.get(side) ?? new Set();
    this.#sessions.set(side, sessions);
    if (key.startsWith("BFD_SOFTWARE_SESSION_TABLE|")) {
      if (fields === undefined) sessions.delete(key);
      else sessions.add(key);
    }
    if (fields?.["ha_state"] === "destroying" && sessions.size > 0) {
      this.violations.push(`${at} ms: ${side} reports destroying while it still answers BFD`);
    }
  }

  /** A DPU went off: its sessions went with it. */
  poweredOff(side: SideName): void {
    this.#sessions.delete(side);
    this.#destroyingSince.delete(side);
    this.#learnt.delete(side);
  }
}
