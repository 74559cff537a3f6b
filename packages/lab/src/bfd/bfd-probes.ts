import { type Clock, millis, type Timer } from "@tandem/base";
import { DashBfdProbeState, formatTimestamp } from "@tandem/hamgrd";
import type { Stores } from "@tandem/swss";
import type { SimulatedDpu } from "../dpu/simulated-dpu.js";
import type { LabNetwork } from "../network.js";
import type { SimulatedNpu } from "../npu/simulated-npu.js";
import { RowWriter } from "../row-writer.js";
import { type BfdSession, detectionTime, NEW_SESSION, sessionStep, upTime } from "./session.js";

export interface BfdProbesOptions {
  readonly clock: Clock;
  readonly network: LabNetwork;
  readonly npus: readonly SimulatedNpu[];
  readonly dpus: readonly SimulatedDpu[];
  /** Databases of a DPU's switch, for DASH_BFD_PROBE_STATE. */
  readonly stores: (dpu: SimulatedDpu) => Stores;
  /** Row key of DASH_BFD_PROBE_STATE. Default `dash_ha`. */
  readonly rowKey?: string;
  readonly onWarning?: (text: string) => void;
}

/** How often bfdmon of a DPU looks at its sessions: SmartSwitchDpuLivenessUsingBfd §2.7. */
export const BFDMON_POLL = millis(2000);

interface Pair {
  readonly npu: SimulatedNpu;
  readonly dpu: SimulatedDpu;
  session: BfdSession;
  /** Parameters of the last session that stood: a session that vanishes is missed at its own pace. */
  parameters: Readonly<Record<string, string>>;
  timer: Timer | undefined;
}

interface Bfdmon {
  readonly dpu: SimulatedDpu;
  readonly writer: RowWriter;
  /** Sessions as last written; undefined before the first write since boot. */
  written: string | undefined;
  /** Monotonic time of the boot: polls are multiples of the period after it. */
  bootedAt: number;
  powered: boolean;
  poll: Timer | undefined;
  stalled: boolean;
}

/**
 * BFD between every switch and every DPU. A switch probes the monitors of its routes, a DPU answers where orchagent has
 * created a responder for that switch; both and the path between them make packets pass. Packets are not sent one by
 * one: a change starts the time after which the session notices.
 *
 * Each DPU's bfdmon writes DASH_BFD_PROBE_STATE at the first of its polls that sees something new. While a DPU is off,
 * its row stays as it was.
 */
export class BfdProbes implements AsyncDisposable {
  readonly #options: BfdProbesOptions;
  readonly #pairs: Pair[] = [];
  /** By switch and PA. */
  readonly #byAddress = new Map<string, Pair>();
  readonly #mons: Bfdmon[] = [];
  readonly #unsubscribe: (() => void)[] = [];
  readonly #listeners = new Set<() => void>();
  /** Fault: sessions that are kept down, as `switch>dpu`. */
  readonly #lost = new Set<string>();

  constructor(options: BfdProbesOptions) {
    this.#options = options;
    for (const dpu of options.dpus) {
      for (const npu of options.npus) {
        const pair: Pair = { npu, dpu, session: NEW_SESSION, parameters: {}, timer: undefined };
        this.#pairs.push(pair);
        this.#byAddress.set(`${npu.place.name} ${dpu.place.pa}`, pair);
      }
      const store = options.stores(dpu).open({ db: "DPU_STATE_DB", container: `dpu${dpu.place.slot}` });
      if (!store.ok) continue;
      const writer = new RowWriter(store.value, options.clock, (text) => options.onWarning?.(text));
      const mon = { dpu, writer, written: undefined, bootedAt: 0, powered: false, poll: undefined, stalled: false };
      this.#mons.push(mon);
      this.#unsubscribe.push(dpu.onChange(() => this.#onDpu(mon)));
      this.#onDpu(mon);
    }
    for (const npu of options.npus) this.#unsubscribe.push(npu.onChange(() => this.#look(npu)));
    this.#unsubscribe.push(options.network.onChange(() => this.#look()));
  }

  /** Whether `npu`'s session to the DPU with that PA is up. */
  isUp(npu: SimulatedNpu, pa: string): boolean {
    return this.#byAddress.get(`${npu.place.name} ${pa}`)?.session.up ?? false;
  }

  /** Addresses of the switches whose sessions to `dpu` are up, in order of text. */
  upSessions(dpu: SimulatedDpu): readonly string[] {
    return this.#pairs
      .filter((pair) => pair.dpu === dpu && pair.session.up)
      .map((pair) => pair.npu.place.npu)
      .sort();
  }

  /** Fault: probes between one switch and one DPU are lost, or pass again; nothing else is touched. */
  setLost(switchName: string, dpuName: string, lost: boolean): void {
    if (lost) this.#lost.add(`${switchName}>${dpuName}`);
    else this.#lost.delete(`${switchName}>${dpuName}`);
    this.#look();
  }

  /** Fault: bfdmon of one DPU does not look. */
  setStalled(dpuName: string, stalled: boolean): void {
    for (const mon of this.#mons) {
      if (mon.dpu.place.name !== dpuName) continue;
      mon.stalled = stalled;
      if (!stalled) this.#schedulePoll(mon);
    }
  }

  /** bfdmon of one DPU writes its row again at its next poll. */
  rewrite(dpuName: string): void {
    for (const mon of this.#mons) {
      if (mon.dpu.place.name !== dpuName) continue;
      mon.written = undefined;
      this.#schedulePoll(mon);
    }
  }

  /** Called when a session goes up or down. Returns the unsubscriber. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves when every row is written that a poll has asked for. */
  async idle(): Promise<void> {
    await Promise.all(this.#mons.map((mon) => mon.writer.idle()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    for (const pair of this.#pairs) pair.timer?.cancel();
    for (const mon of this.#mons) mon.poll?.cancel();
    await Promise.all(this.#mons.map((mon) => mon.writer.close()));
  }

  #onDpu(mon: Bfdmon): void {
    if (mon.dpu.powered !== mon.powered) {
      mon.powered = mon.dpu.powered;
      mon.poll?.cancel();
      mon.poll = undefined;
      mon.written = undefined;
      mon.bootedAt = this.#options.clock.monotonic();
      if (mon.powered) this.#schedulePoll(mon);
    }
    this.#look(mon.dpu);
  }

  /** At all pairs, or at those of one switch or DPU that has changed. */
  #look(only?: SimulatedNpu | SimulatedDpu): void {
    for (const pair of this.#pairs) {
      if (only === undefined || pair.npu === only || pair.dpu === only) this.#lookAt(pair);
    }
  }

  #lookAt(pair: Pair): void {
    const { npu, dpu } = pair;
    const responder = dpu.responders().get(npu.place.npu);
    if (responder !== undefined) pair.parameters = responder;
    const passes =
      responder !== undefined &&
      dpu.powered &&
      npu.monitored().has(dpu.place.pa) &&
      !this.#lost.has(`${npu.place.name}>${dpu.place.name}`) &&
      this.#options.network.reachesBothWays(npu.place.name, dpu.place.name);
    const { session, wait } = sessionStep(pair.session, passes);
    pair.session = session;
    if (wait === "keep") return;
    pair.timer?.cancel();
    pair.timer = undefined;
    if (wait === "none") return;
    const after = wait === "up" ? upTime(pair.parameters) : detectionTime(pair.parameters);
    pair.timer = this.#options.clock.setTimer(after, () => {
      pair.timer = undefined;
      pair.session = { ...pair.session, up: wait === "up" };
      for (const mon of this.#mons) if (mon.dpu === dpu) this.#schedulePoll(mon);
      for (const listener of [...this.#listeners]) listener();
    });
  }

  /** At the next multiple of the period since boot. */
  #schedulePoll(mon: Bfdmon): void {
    if (!mon.powered || mon.stalled || mon.poll !== undefined) return;
    const since = this.#options.clock.monotonic() - mon.bootedAt;
    const after = millis(BFDMON_POLL - (since % BFDMON_POLL));
    mon.poll = this.#options.clock.setTimer(after, () => {
      mon.poll = undefined;
      if (!mon.stalled) this.#poll(mon);
    });
  }

  #poll(mon: Bfdmon): void {
    const up = this.upSessions(mon.dpu);
    const v4 = up.filter((address) => !address.includes(":"));
    const v6 = up.filter((address) => address.includes(":"));
    const sessions = `${v4.join()} ${v6.join()}`;
    if (sessions === mon.written) return;
    mon.written = sessions;
    const now = formatTimestamp(this.#options.clock.now());
    mon.writer.hset(`${DashBfdProbeState.name}|${this.#options.rowKey ?? "dash_ha"}`, {
      v4_bfd_up_sessions: v4.join(","),
      v4_bfd_up_sessions_timestamp: now,
      v6_bfd_up_sessions: v6.join(","),
      v6_bfd_up_sessions_timestamp: now,
    });
  }
}
