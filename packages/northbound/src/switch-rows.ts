import { CleanUp, type Clock, type Millis, seconds, type Timer } from "@tandem/base";
import {
  DashHaScopeConfig,
  type DashHaScopeConfigRow,
  DashHaScopeState,
  type DashHaScopeStateRow,
  DashHaSetConfig,
  type DashHaSetConfigRow,
  Dpu,
  DpuResetInfo,
  type DpuResetInfoRow,
  type DpuRow,
  DpuState,
  type DpuStateRow,
  Vdpu,
  type VdpuRow,
} from "@tandem/hamgrd";
import type { Store } from "@tandem/swss";
import { type ApiEvent, dpuEvents, resetEvents, scopeEvents } from "./core/events.js";
import { TableWatch } from "./table-watch.js";

/** The databases that are read; all of the switch, none of a DPU. */
export const DATABASES = ["APPL_DB", "STATE_DB", "CHASSIS_STATE_DB", "CONFIG_DB"] as const;
export type OpenedStores = Readonly<Record<(typeof DATABASES)[number], Store>>;

/** A FLUSHDB makes no key events: what it removed is found by reading everything again this often. */
const REREAD_EVERY: Millis = seconds(10);

/** The rows of one switch that the API shows, followed as they change. */
export class SwitchRows implements AsyncDisposable {
  readonly sets: TableWatch<DashHaSetConfigRow>;
  readonly scopes: TableWatch<DashHaScopeConfigRow>;
  readonly states: TableWatch<DashHaScopeStateRow>;
  readonly dpus: TableWatch<DpuRow>;
  readonly vdpus: TableWatch<VdpuRow>;
  readonly planes: TableWatch<DpuStateRow>;
  readonly resetInfos: TableWatch<DpuResetInfoRow>;
  readonly #cleanUp = new CleanUp();
  readonly #clock: Clock;
  #reread: Timer | undefined;

  constructor(
    stores: OpenedStores,
    clock: Clock,
    onEvents: (events: readonly ApiEvent[]) => void,
    warn: (text: string) => void,
  ) {
    this.#clock = clock;
    const touched = (): void => onEvents([]);
    const slotEvents =
      <R>(table: typeof DpuState | typeof DpuResetInfo, events: (slot: number, a?: R, b?: R) => readonly ApiEvent[]) =>
      (key: string, before: R | undefined, after: R | undefined): void => {
        const parts = table.parseKey(key);
        if (parts.ok) onEvents(events(parts.value.slot, before, after));
      };
    const options = { clock, warn };
    this.sets = new TableWatch(stores.APPL_DB, DashHaSetConfig, { ...options, onChange: touched });
    this.scopes = new TableWatch(stores.APPL_DB, DashHaScopeConfig, { ...options, onChange: touched });
    this.states = new TableWatch(stores.STATE_DB, DashHaScopeState, {
      ...options,
      onChange: (key, before, after) => {
        const parts = DashHaScopeState.parseKey(key);
        if (parts.ok) onEvents(scopeEvents(parts.value, before, after));
      },
    });
    this.dpus = new TableWatch(stores.CONFIG_DB, Dpu, { ...options, onChange: touched });
    this.vdpus = new TableWatch(stores.CONFIG_DB, Vdpu, { ...options, onChange: touched });
    this.planes = new TableWatch(stores.CHASSIS_STATE_DB, DpuState, {
      ...options,
      onChange: slotEvents<DpuStateRow>(DpuState, dpuEvents),
    });
    this.resetInfos = new TableWatch(stores.STATE_DB, DpuResetInfo, {
      ...options,
      onChange: slotEvents<DpuResetInfoRow>(DpuResetInfo, resetEvents),
    });
    for (const watch of this.#watches) this.#cleanUp.use(watch);
    this.#rereadLater();
  }

  /** Resolves when every table has been read. */
  get loaded(): Promise<void> {
    return Promise.all(this.#watches.map(({ loaded }) => loaded)).then(() => {});
  }

  get isLoaded(): boolean {
    return this.#watches.every(({ isLoaded }) => isLoaded);
  }

  state(vdpu: string, scope: string): DashHaScopeStateRow | undefined {
    return this.states.rows.get(`${vdpu}|${scope}`);
  }

  /** Slot of the DPU of this switch behind a vDPU; `undefined` when none is. */
  slotOf(vdpu: string): number | undefined {
    for (const name of this.vdpus.rows.get(vdpu)?.main_dpu_ids ?? []) {
      const row = this.dpus.rows.get(name);
      if (row !== undefined) return row.dpu_id;
    }
    return undefined;
  }

  planesOf(slot: number): DpuStateRow | undefined {
    for (const [key, row] of this.planes.rows) {
      const parts = DpuState.parseKey(key);
      if (parts.ok && parts.value.slot === slot) return row;
    }
    return undefined;
  }

  resetInfoOf(slot: number): DpuResetInfoRow | undefined {
    for (const [key, row] of this.resetInfos.rows) {
      const parts = DpuResetInfo.parseKey(key);
      if (parts.ok && parts.value.slot === slot) return row;
    }
    return undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#reread?.cancel();
    await this.#cleanUp[Symbol.asyncDispose]();
  }

  get #watches(): readonly TableWatch<unknown>[] {
    const { sets, scopes, states, dpus, vdpus, planes, resetInfos } = this;
    return [sets, scopes, states, dpus, vdpus, planes, resetInfos] as readonly TableWatch<unknown>[];
  }

  #rereadLater(): void {
    this.#reread = this.#clock.setTimer(REREAD_EVERY, () => {
      for (const watch of this.#watches) watch.refresh();
      this.#rereadLater();
    });
  }
}
