import { type Millis, millis, type Random, randomBelow } from "@tandem/base";
import type { Fields } from "../dpu/bfd-responders.js";
import { newDpuCore, packetThrough, stepDpu } from "../dpu/core.js";
import type { DpuCore, DpuEffect, DpuEvent, OrchagentKind, PeerMessage } from "../dpu/core-types.js";
import type { Verdict } from "../dpu/data-path.js";
import { DPU_TIMINGS, type DpuTimings, type HaOwner, type HaRole, type HaState } from "../dpu/ha-state.js";

export type SideName = "a" | "b";
export const SIDES: readonly SideName[] = ["a", "b"];
export const HA_SET = "haset0";

/** What hamgrd would ask of one side. */
export interface ScopeWish {
  readonly role: HaRole;
  readonly disabled: boolean;
}

/** One thing that a side did, in order of time. */
export type PairRecord =
  | {
      readonly kind: "transition";
      readonly at: number;
      readonly side: SideName;
      readonly from: HaState;
      readonly to: HaState;
      readonly reason: string;
    }
  | {
      readonly kind: "row";
      readonly at: number;
      readonly side: SideName;
      readonly key: string;
      readonly fields: Fields | undefined;
    }
  | {
      readonly kind: "message";
      readonly at: number;
      readonly from: SideName;
      readonly message: PeerMessage;
      readonly lost: boolean;
    }
  | { readonly kind: "warning"; readonly at: number; readonly side: SideName; readonly text: string };

export interface DpuPairOptions {
  readonly timings?: Partial<DpuTimings>;
  readonly orchagent?: OrchagentKind;
  readonly owner?: HaOwner;
  readonly random?: Random;
  /** Called after each step. */
  readonly afterStep?: (pair: DpuPair) => void;
}

interface Due {
  readonly at: number;
  readonly order: number;
  readonly act: () => void;
}

interface Side {
  core: DpuCore | undefined;
  boot: number;
  wish: ScopeWish;
  version: number;
  readonly rows: Map<string, Fields>;
  readonly timers: Map<string, Due>;
}

const IP = { a: "18.0.202.1", b: "18.1.202.1" } as const;
const OTHER = { a: "b", b: "a" } as const;
const NPUS = ["10.0.0.1", "10.1.0.1"];
/** Time of a message between the two. */
const DELAY = 1;

/** Two DPUs of one HA set and the channel between them, without databases: pure cores under a time of their own. */
export class DpuPair {
  readonly records: PairRecord[] = [];
  now = 0;
  /** Whether messages and probes pass. */
  connected = true;
  readonly #options: DpuPairOptions;
  readonly #due: Due[] = [];
  readonly #sides: Record<SideName, Side>;
  #order = 0;

  constructor(options: DpuPairOptions = {}) {
    this.#options = options;
    const side = (): Side => ({
      core: undefined,
      boot: 0,
      wish: { role: "dead", disabled: true },
      version: 0,
      rows: new Map(),
      timers: new Map(),
    });
    this.#sides = { a: side(), b: side() };
  }

  core(side: SideName): DpuCore | undefined {
    return this.#sides[side].core;
  }

  state(side: SideName): HaState | undefined {
    const scope = this.core(side)?.scopes.get(HA_SET);
    return scope?.machine?.state ?? scope?.haState;
  }

  /** Rows of the DPU's databases, by whole Redis key. */
  rows(side: SideName): ReadonlyMap<string, Fields> {
    return this.#sides[side].rows;
  }

  scopeRow(side: SideName): Fields {
    return this.rows(side).get(`DASH_HA_SCOPE_STATE_TABLE|${HA_SET}`) ?? {};
  }

  /** NPU addresses that the side answers. */
  responders(side: SideName): readonly string[] {
    return [...(this.core(side)?.bfd.live.keys() ?? [])].map((key) => key.split(":")[2] as string);
  }

  powerOn(side: SideName): void {
    const me = this.#sides[side];
    if (me.core !== undefined) return;
    me.boot += 1;
    me.rows.clear();
    me.core = newDpuCore({
      ip: IP[side],
      boot: me.boot,
      timings: { ...DPU_TIMINGS, ...this.#options.timings },
      orchagent: this.#options.orchagent ?? "mended",
    });
    this.#refreshPaths();
  }

  /** Rows stay as they are. */
  powerOff(side: SideName): void {
    const me = this.#sides[side];
    me.core = undefined;
    for (const due of me.timers.values()) this.#cancel(due);
    me.timers.clear();
    this.#refreshPaths();
  }

  cut(): void {
    this.connected = false;
    this.#refreshPaths();
  }

  heal(): void {
    this.connected = true;
    this.#refreshPaths();
  }

  /** Rows that hamgrd writes for the set. */
  programSet(side: SideName): void {
    const bfd = {
      tx_interval: "100",
      rx_interval: "100",
      multiplier: "3",
      multihop: "true",
      shutdown: "false",
      local_addr: IP[side],
      type: "passive",
    };
    this.rowsTo(side, "DASH_HA_SET_TABLE", HA_SET, {
      version: "1",
      vip_v4: "3.2.1.0",
      owner: this.#options.owner ?? "dpu",
      scope: "dpu",
      local_npu_ip: side === "a" ? "10.0.0.1" : "10.1.0.1",
      local_ip: IP[side],
      peer_ip: IP[OTHER[side]],
      dp_channel_probe_interval_ms: "500",
      dp_channel_probe_fail_threshold: "5",
    });
    for (const npu of NPUS) this.rowsTo(side, "BFD_SESSION_TABLE", `default:default:${npu}`, bfd);
  }

  /** The scope row as hamgrd writes it, with the request flags given. */
  programScope(side: SideName, wish: Partial<ScopeWish> = {}, flags: readonly string[] = []): void {
    const me = this.#sides[side];
    me.wish = { ...me.wish, ...wish };
    me.version += 1;
    const flag = (name: string): string => String(flags.includes(name));
    this.rowsTo(side, "DASH_HA_SCOPE_TABLE", HA_SET, {
      version: String(me.version),
      ha_role: me.wish.role,
      ha_term: "0",
      ha_set_id: HA_SET,
      disabled: String(me.wish.disabled),
      vip_v4: "3.2.1.0",
      activate_role_requested: flag("activate_role_requested"),
      flow_reconcile_requested: flag("flow_reconcile_requested"),
      brainsplit_recovered: flag("brainsplit_recovered"),
    });
  }

  deleteScope(side: SideName): void {
    this.rowsTo(side, "DASH_HA_SCOPE_TABLE", HA_SET, undefined);
  }

  rowsTo(side: SideName, table: string, key: string, fields: Fields | undefined): void {
    this.event(side, { kind: "rows", changes: [{ table, key, fields }] });
  }

  /** Approves what the side's row shows as pending; says what that was. */
  approve(side: SideName): readonly string[] {
    const row = this.scopeRow(side);
    const flags = [
      ["activate_role_pending", "activate_role_requested"],
      ["flow_reconcile_pending", "flow_reconcile_requested"],
      ["brainsplit_recover_pending", "brainsplit_recovered"],
    ].flatMap(([pending, request]) => (row[pending as string] === "true" ? [request as string] : []));
    if (flags.length > 0) this.programScope(side, {}, flags);
    return flags;
  }

  /** Both sides on, set and enabled, activations approved until nothing changes: a (active) and b (standby). */
  launch(): void {
    for (const side of SIDES) {
      this.powerOn(side);
      this.programSet(side);
    }
    this.programScope("a", { role: "active", disabled: false });
    this.programScope("b", { role: "standby", disabled: false });
    this.settle();
  }

  /** Time passes until both sides rest, with every pending operation approved. */
  settle(limit: Millis = millis(120_000)): void {
    const until = this.now + limit;
    for (;;) {
      this.advance(millis(100));
      const approved = SIDES.flatMap((side) => (this.core(side) === undefined ? [] : this.approve(side)));
      if ((approved.length === 0 && this.#due.length === 0) || this.now >= until) return;
    }
  }

  advance(duration: Millis): void {
    const until = this.now + duration;
    for (let next = this.#due[0]; next !== undefined && next.at <= until; next = this.#due[0]) {
      this.#due.shift();
      this.now = Math.max(this.now, next.at);
      next.act();
    }
    this.now = until;
  }

  /** One packet to `side`, followed over at most one tunnel to where it ends. */
  packet(side: SideName, flow: string): Verdict {
    const first = this.#through(side, flow, false);
    if (first.kind !== "tunnelled") return first;
    return this.connected ? this.#through(OTHER[side], flow, true) : { kind: "dropped", why: "path cut" };
  }

  event(side: SideName, event: DpuEvent): void {
    const me = this.#sides[side];
    if (me.core === undefined) return;
    const before = me.core.sets;
    const moment = { nowSeconds: 1_700_000_000 + Math.floor(this.now / 1000), steady: millis(this.now) };
    const step = stepDpu(me.core, event, moment);
    me.core = step.core;
    for (const effect of step.effects) this.#perform(side, me, effect);
    this.#options.afterStep?.(this);
    if (step.core.sets !== before) this.#refreshPaths();
  }

  #through(side: SideName, flow: string, tunnelled: boolean): Verdict {
    const me = this.#sides[side];
    if (me.core === undefined) return { kind: "dropped", why: "off" };
    const step = packetThrough(me.core, HA_SET, { flow, tunnelled });
    me.core = step.core;
    if (step.send !== undefined) this.#send(side, step.send.message);
    return step.verdict;
  }

  #refreshPaths(): void {
    const answers = this.connected && SIDES.every((side) => this.core(side)?.sets.has(HA_SET) === true);
    for (const side of SIDES) {
      const set = this.core(side)?.sets.get(HA_SET);
      if (set !== undefined && set.reachable !== answers) {
        this.event(side, { kind: "path", set: HA_SET, reachable: answers });
      }
    }
  }

  #perform(side: SideName, me: Side, effect: DpuEffect): void {
    const at = this.now;
    switch (effect.kind) {
      case "hset":
        me.rows.set(effect.key, { ...me.rows.get(effect.key), ...effect.fields });
        this.records.push({ kind: "row", at, side, key: effect.key, fields: effect.fields });
        return;
      case "del":
        me.rows.delete(effect.key);
        this.records.push({ kind: "row", at, side, key: effect.key, fields: undefined });
        return;
      case "send":
        this.#send(side, effect.message);
        return;
      case "setTimer": {
        const spread = effect.upTo === undefined ? 0 : effect.upTo - effect.after;
        const extra = this.#options.random === undefined ? 0 : randomBelow(this.#options.random, spread + 1);
        this.#cancel(me.timers.get(effect.name));
        const due = this.#at(effect.after + extra, () => {
          me.timers.delete(effect.name);
          this.event(side, { kind: "timer", name: effect.name });
        });
        me.timers.set(effect.name, due);
        return;
      }
      case "cancelTimer":
        this.#cancel(me.timers.get(effect.name));
        me.timers.delete(effect.name);
        return;
      case "transition":
        this.records.push({ kind: "transition", at, side, from: effect.from, to: effect.to, reason: effect.reason });
        return;
      case "warn":
        this.records.push({ kind: "warning", at, side, text: effect.text });
        return;
    }
  }

  #send(from: SideName, message: PeerMessage): void {
    const lost = !this.connected;
    this.records.push({ kind: "message", at: this.now, from, message, lost });
    if (lost) return;
    this.#at(DELAY, () => {
      if (this.connected) this.event(OTHER[from], { kind: "message", from: IP[from], message });
    });
  }

  #at(after: number, act: () => void): Due {
    const due: Due = { at: this.now + after, order: this.#order++, act };
    let i = this.#due.length;
    while (i > 0 && (this.#due[i - 1] as Due).at > due.at) i -= 1;
    this.#due.splice(i, 0, due);
    return due;
  }

  #cancel(due: Due | undefined): void {
    const i = due === undefined ? -1 : this.#due.indexOf(due);
    if (i >= 0) this.#due.splice(i, 1);
  }
}
