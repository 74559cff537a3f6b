import { type Clock, err, millis, ok, type Result, sleep, type Timer } from "@tandem/base";
import {
  DashHaScopeConfig,
  DashHaScopeState,
  DashHaSetConfig,
  type DesiredHaState,
  DpuResetInfo,
  DpuState,
  type OperationType,
  type PinnedState,
} from "@tandem/hamgrd";
import {
  type AnyTable,
  describeRowError,
  describeStoreError,
  describeTableError,
  type Fields,
  type OpenError,
  recordOf,
  type Store,
  type Stores,
  SubscriberStateTable,
  Table,
  untilConnected,
} from "@tandem/swss";
import type { DpuPlace, HaSetPlace, SwitchPlace, Topology } from "../topology.js";
import {
  type ApprovalMode,
  newPlan,
  type PendingOperation,
  type Plan,
  type PlanEvent,
  type WantedRow,
} from "./plan.js";
import { stepPlan } from "./step.js";
import { rowName, rowsBySwitch, type SwitchRows, wantedRows } from "./wanted-rows.js";
import { WrittenRows } from "./written-rows.js";

export interface ControllerOptions {
  readonly topology: Topology;
  readonly clock: Clock;
  /** Databases of a switch. */
  readonly stores: (sw: SwitchPlace) => Stores;
  /** What becomes of pending operations unless a rule says otherwise. Default `auto`. */
  readonly approvals?: ApprovalMode;
  /** Default true: see `Plan`. */
  readonly helpsRestart?: boolean;
  /** Default true: see `Plan`. */
  readonly healsSplitBrain?: boolean;
  readonly onWarning?: (text: string) => void;
}

/** A scope that is written disabled is kept so no longer than twice this for want of a DPU that reports dead. */
const HOLD_MAX = millis(10_000);
const SCOPES = "DASH_HA_SCOPE_CONFIG_TABLE";
/** Pause before a row that a connected store refused is tried again. */
const RETRY_AFTER = millis(500);

/** A config row that the controller is about to write; without fields, to delete. */
export interface ControllerWrite {
  readonly switchIndex: number;
  readonly table: string;
  readonly key: string;
  readonly fields: Fields | undefined;
}

/** The SDN controller of a cluster. */
export class Controller implements AsyncDisposable {
  readonly #options: ControllerOptions;
  readonly #stores: ReadonlyMap<string, Store>;
  readonly #tables: SubscriberStateTable[] = [];
  /** By switch. */
  readonly #written: ReadonlyMap<number, WrittenRows>;
  readonly #holds = new Map<string, Timer>();
  readonly #resets = new Set<string>();
  readonly #closing = new AbortController();
  readonly #listeners = new Set<() => void>();
  readonly #writing = new Set<(row: ControllerWrite) => void>();
  #plan: Plan;
  #looked: { readonly plan: Plan; readonly looks: ReadonlyMap<number, SwitchRows> } | undefined;
  readonly #working = new Map<number, Promise<void>>();

  private constructor(options: ControllerOptions, stores: ReadonlyMap<string, Store>) {
    this.#options = options;
    this.#stores = stores;
    this.#written = new Map(options.topology.switches.map(({ index }) => [index, new WrittenRows()]));
    this.#plan = newPlan({
      defaultMode: options.approvals ?? "auto",
      helpsRestart: options.helpsRestart ?? true,
      healsSplitBrain: options.healsSplitBrain ?? true,
    });
  }

  /** Fails when a database that it needs is not configured. */
  static start(options: ControllerOptions): Result<Controller, OpenError> {
    const stores = new Map<string, Store>();
    for (const sw of options.topology.switches) {
      for (const db of ["APPL_DB", "STATE_DB", "CHASSIS_STATE_DB"]) {
        const store = options.stores(sw).open({ db });
        if (!store.ok) return err(store.error);
        stores.set(`${sw.index} ${db}`, store.value);
      }
    }
    const controller = new Controller(options, stores);
    for (const sw of options.topology.switches) controller.#watch(sw);
    return ok(controller);
  }

  /** What it knows and wants. */
  get plan(): Plan {
    return this.#plan;
  }

  /** Programs a pair on every switch, both sides disabled, the first to become active. */
  createSet(place: HaSetPlace, owner: "dpu" | "switch" = "dpu"): Promise<void> {
    return this.#do({ kind: "createSet", place, owner });
  }

  removeSet(setId: string): Promise<void> {
    return this.#do({ kind: "removeSet", setId });
  }

  /** Who leaves loses its scope; who comes gets one, disabled. */
  setMembers(setId: string, dpus: HaSetPlace["dpus"]): Promise<void> {
    return this.#do({ kind: "members", setId, dpus });
  }

  /** The configuration of one side goes; its set stays. */
  removeScope(vdpu: string): Promise<void> {
    return this.#do({ kind: "removeScope", vdpu });
  }

  enable(vdpu: string): Promise<void> {
    return this.#do({ kind: "intend", vdpu, intent: { disabled: false } });
  }

  disable(vdpu: string): Promise<void> {
    return this.#do({ kind: "intend", vdpu, intent: { disabled: true } });
  }

  /** `dead` is the planned shutdown. */
  desire(vdpu: string, desired: DesiredHaState): Promise<void> {
    return this.#do({ kind: "intend", vdpu, intent: { desired } });
  }

  /** HA of one side off, and on again once it is dead. */
  restart(vdpu: string): Promise<void> {
    return this.#do({ kind: "restart", vdpu });
  }

  pin(setId: string, vdpu: string, state: PinnedState): Promise<void> {
    return this.#do({ kind: "pin", setId, vdpu, state });
  }

  prefer(setId: string, preferred: readonly string[]): Promise<void> {
    return this.#do({ kind: "prefer", setId, preferred });
  }

  /** Whether a DPU's fall and rise make it delete and re-create rows, from now on. */
  setHelpsRestart(helps: boolean): Promise<void> {
    return this.#do({ kind: "help", helps });
  }

  /** From now on, and for what is pending already; the last rule that fits decides. */
  setApprovals(
    mode: ApprovalMode,
    scope: { readonly vdpu?: string; readonly type?: OperationType } = {},
  ): Promise<void> {
    return this.#do({ kind: "rule", rule: { mode, ...scope } });
  }

  /** Approves what is visible at one side now. */
  approve(vdpu: string, type?: OperationType): Promise<void> {
    return this.#do({ kind: "approve", vdpu, ...(type !== undefined && { type }) });
  }

  /** Approves ids blindly, as a controller with an old view would. */
  approveIds(vdpu: string, ids: readonly string[]): Promise<void> {
    return this.#do({ kind: "approveIds", vdpu, ids });
  }

  /** Writes every row again that stands, unchanged: rows are at-least-once. */
  async replay(): Promise<void> {
    for (const written of this.#written.values()) written.clear();
    this.#looked = undefined;
    await this.#work();
  }

  /**
   * Writes one row of its own otherwise than it wants it, or deletes it, once; `replay` puts it right. Nothing happens where
   * the row is not wanted. Where its database is away or refuses it, the row is written as it is wanted in the end.
   */
  async distort(
    row: Pick<WantedRow, "switchIndex" | "table" | "key">,
    change: (fields: Fields) => Fields | undefined,
  ): Promise<void> {
    const wanted = wantedRows(this.#plan, this.#options.topology).find((each) => rowName(each) === rowName(row));
    if (wanted === undefined) return;
    const fields = change(encode(wanted));
    this.#tellWrite(wanted, fields);
    const table = new Table(this.#store(row.switchIndex, "APPL_DB"), row.table);
    const done = fields === undefined ? await table.del(row.key) : await table.set(row.key, fields);
    if (done.ok) return;
    this.#options.onWarning?.(`controller: ${describeStoreError(done.error)}`);
    this.#writtenAt(row.switchIndex).doubt(wanted);
    void this.#workAt(row.switchIndex);
  }

  pending(vdpu: string): readonly PendingOperation[] {
    return this.#plan.scopes.get(vdpu)?.pending ?? [];
  }

  /** Resolves when every row that it wants is written. */
  async idle(): Promise<void> {
    while (this.#working.size > 0) await Promise.all(this.#working.values());
  }

  /** Called after each change of what it knows or wants. Returns the unsubscriber. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Called before each write, repeats included. Returns the unsubscriber. */
  onWrite(listener: (row: ControllerWrite) => void): () => void {
    this.#writing.add(listener);
    return () => this.#writing.delete(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    for (const timer of this.#holds.values()) timer.cancel();
    await Promise.all(this.#tables.map((table) => table.close()));
    await this.idle();
  }

  #do(event: PlanEvent): Promise<void> {
    this.#step(event);
    return this.#work();
  }

  #step(event: PlanEvent): void {
    const before = this.#plan;
    this.#plan = stepPlan(before, event);
    if (this.#plan === before) return;
    this.#watchHolds();
    for (const listener of [...this.#listeners]) listener();
  }

  /** A hold ends with the report of `dead`, or with its bound: looked at each time it has passed. */
  #watchHolds(): void {
    for (const [vdpu, scope] of this.#plan.scopes) {
      const timer = this.#holds.get(vdpu);
      if (!scope.held) {
        timer?.cancel();
        this.#holds.delete(vdpu);
      } else if (timer === undefined) {
        this.#armHold(vdpu);
      }
    }
  }

  /** What its database has not taken yet holds nobody: the time begins anew. */
  #armHold(vdpu: string): void {
    const expiry = this.#options.clock.setTimer(HOLD_MAX, () => {
      if (!this.#isScopeWritten(vdpu)) {
        this.#armHold(vdpu);
        return;
      }
      this.#holds.delete(vdpu);
      void this.#do({ kind: "holdExpired", vdpu });
    });
    this.#holds.set(vdpu, expiry);
  }

  /** Whether the row of that scope, if it is to have one, stands as it is wanted. */
  #isScopeWritten(vdpu: string): boolean {
    const scope = this.#plan.scopes.get(vdpu);
    if (scope === undefined) return true;
    const { rows, names } = this.#look(scope.dpu.switchIndex);
    const at = rows.findIndex(({ table, key }) => table === SCOPES && key === `${vdpu}:${scope.setId}`);
    return at < 0 || this.#writtenAt(scope.dpu.switchIndex).holds(rows[at] as WantedRow, names[at] as string);
  }

  /** Writes until nothing differs: one worker for each switch, so that one whose database is away delays no other. */
  async #work(): Promise<void> {
    await Promise.all(this.#options.topology.switches.map(({ index }) => this.#workAt(index)));
  }

  /** Who comes while the worker of that switch runs waits for its end. */
  #workAt(switchIndex: number): Promise<void> {
    const known = this.#working.get(switchIndex);
    if (known !== undefined) return known;
    const working = this.#perform(switchIndex);
    this.#working.set(switchIndex, working);
    return working;
  }

  /** Its last look at the plan and its end are one step: no change comes between them. */
  async #perform(switchIndex: number): Promise<void> {
    await undefined;
    try {
      await this.#writeAll(switchIndex);
    } finally {
      this.#working.delete(switchIndex);
    }
  }

  async #writeAll(switchIndex: number): Promise<void> {
    const standing = this.#writtenAt(switchIndex);
    let known: SwitchRows | undefined;
    let written = 0;
    while (!this.#closing.signal.aborted) {
      const look = this.#look(switchIndex);
      const { rows, names, wanted } = look;
      if (look !== known) {
        const surplus = standing.surplus(wanted);
        if (surplus !== undefined) {
          await this.#delete(surplus);
          continue;
        }
        known = look;
        written = 0;
      }
      // What was found written stays so until the plan is another one, or all is to be written again.
      while (written < rows.length && standing.holds(rows[written] as WantedRow, names[written] as string))
        written += 1;
      const missing = rows[written];
      if (missing !== undefined) {
        await this.#write(missing);
        continue;
      }
      const before = this.#plan;
      await this.#clearResets(switchIndex);
      this.#step({ kind: "settled", dpus: this.#dpusOf(switchIndex).map(({ name }) => name) });
      if (this.#plan === before) return;
    }
  }

  #writtenAt(switchIndex: number): WrittenRows {
    return this.#written.get(switchIndex) as WrittenRows;
  }

  /** What the plan wants of a switch now, worked out once for each plan. */
  #look(switchIndex: number): SwitchRows {
    if (this.#looked?.plan !== this.#plan) {
      this.#looked = { plan: this.#plan, looks: rowsBySwitch(this.#plan, this.#options.topology) };
    }
    return this.#looked.looks.get(switchIndex) as SwitchRows;
  }

  async #write(row: WantedRow): Promise<void> {
    const store = this.#store(row.switchIndex, "APPL_DB");
    const fields = encode(row);
    this.#tellWrite(row, fields);
    const written = await new Table(store, row.table).set(row.key, fields);
    if (written.ok) this.#writtenAt(row.switchIndex).wrote(row);
    else await this.#afterFailure(store, describeStoreError(written.error));
  }

  #tellWrite({ switchIndex, table, key }: WantedRow, fields: Fields | undefined): void {
    for (const listener of [...this.#writing]) listener({ switchIndex, table, key, fields });
  }

  async #delete(row: WantedRow): Promise<void> {
    const store = this.#store(row.switchIndex, "APPL_DB");
    this.#tellWrite(row, undefined);
    const deleted = await new Table(store, row.table).del(row.key);
    if (deleted.ok) this.#writtenAt(row.switchIndex).deleted(row);
    else await this.#afterFailure(store, describeStoreError(deleted.error));
  }

  /** A reset that is being handled is marked as seen: step 11 of the DPU restart. */
  async #clearResets(switchIndex: number): Promise<void> {
    for (const dpu of this.#dpusOf(switchIndex)) {
      const plan = this.#plan.dpus.get(dpu.name);
      if (plan === undefined || !plan.gone || !plan.planesUp || !this.#resets.has(dpu.name)) continue;
      const store = this.#store(dpu.switchIndex, "STATE_DB");
      const key = DpuResetInfo.formatKey({ slot: dpu.slot });
      const cleared = await new Table(store, DpuResetInfo.name).hset(key, "reset_status", "false");
      if (cleared.ok) this.#resets.delete(dpu.name);
      else this.#options.onWarning?.(describeStoreError(cleared.error));
    }
  }

  async #afterFailure(store: Store, text: string): Promise<void> {
    const { signal } = this.#closing;
    if (store.connected) this.#options.onWarning?.(`controller: ${text}`);
    const pause = store.connected ? sleep(this.#options.clock, RETRY_AFTER, signal) : untilConnected(store, signal);
    await pause.catch(() => undefined);
  }

  #watch(sw: SwitchPlace): void {
    this.#follow(sw, "STATE_DB", DashHaScopeState, (key, fields) => this.#onScopeState(key, fields));
    this.#follow(sw, "STATE_DB", DpuResetInfo, (key, fields) => this.#onReset(sw, key, fields));
    this.#follow(sw, "CHASSIS_STATE_DB", DpuState, (key, fields) => this.#onDpuState(sw, key, fields));
  }

  #follow(
    sw: SwitchPlace,
    db: string,
    table: AnyTable,
    take: (key: string, fields: Fields | undefined) => PlanEvent | undefined,
  ): void {
    const reader = new SubscriberStateTable(this.#store(sw.index, db), table.name, {
      clock: this.#options.clock,
      onError: (error) => {
        if (error.kind !== "disconnected")
          this.#options.onWarning?.(`controller, ${sw.name}: ${describeTableError(error)}`);
      },
    });
    this.#tables.push(reader);
    void (async () => {
      for await (const changes of reader) {
        for (const { key, op, fieldValues } of changes) {
          const event = take(key, op === "SET" ? recordOf(fieldValues) : undefined);
          if (event !== undefined) this.#step(event);
        }
        void this.#work();
      }
    })();
  }

  #onScopeState(key: string, fields: Fields | undefined): PlanEvent | undefined {
    const parts = DashHaScopeState.parseKey(key);
    if (!parts.ok) {
      this.#options.onWarning?.(describeRowError(parts.error, key));
      return undefined;
    }
    const vdpu = parts.value.vdpu_id;
    if (fields === undefined) return { kind: "reported", vdpu, state: undefined, pending: [] };
    const row = DashHaScopeState.decode(fields);
    if (!row.ok) {
      this.#options.onWarning?.(describeRowError(row.error, key));
      return undefined;
    }
    const ids = row.value.pending_operation_ids ?? [];
    const types = row.value.pending_operation_types ?? [];
    const pending = ids.flatMap((id, i): PendingOperation[] => {
      const type = types[i];
      return type === undefined ? [] : [{ id, type }];
    });
    return { kind: "reported", vdpu, state: row.value.local_ha_state, pending };
  }

  #onReset(sw: SwitchPlace, key: string, fields: Fields | undefined): PlanEvent | undefined {
    const dpu = dpuOf(sw, DpuResetInfo.parseKey(key));
    if (dpu === undefined) return undefined;
    const status = fields?.["reset_status"] === "true";
    if (status) this.#resets.add(dpu);
    else this.#resets.delete(dpu);
    return { kind: "reset", dpu, status };
  }

  #onDpuState(sw: SwitchPlace, key: string, fields: Fields | undefined): PlanEvent | undefined {
    const dpu = dpuOf(sw, DpuState.parseKey(key));
    if (dpu === undefined || fields === undefined) return undefined;
    const down = fields["dpu_midplane_link_state"] === "down" || fields["dpu_control_plane_state"] === "down";
    return { kind: "planes", dpu, up: !down };
  }

  #dpusOf(switchIndex: number): readonly DpuPlace[] {
    return this.#options.topology.dpus.filter((dpu) => dpu.switchIndex === switchIndex);
  }

  #store(switchIndex: number, db: string): Store {
    return this.#stores.get(`${switchIndex} ${db}`) as Store;
  }
}

function dpuOf(sw: SwitchPlace, key: Result<{ readonly slot: number }, unknown>): string | undefined {
  return key.ok ? sw.dpus.find((dpu) => dpu.slot === key.value.slot)?.name : undefined;
}

function encode(wanted: WantedRow): Fields {
  return wanted.table === "DASH_HA_SET_CONFIG_TABLE"
    ? DashHaSetConfig.encode(wanted.row)
    : DashHaScopeConfig.encode(wanted.row);
}
