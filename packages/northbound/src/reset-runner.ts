import { type Clock, err, millis, ok, type Result, type Timer, unreachable } from "@tandem/base";
import { DashHaScopeConfig, DashHaSetConfig, DpuResetInfo } from "@tandem/hamgrd";
import { describeStoreError, type Fields, Table } from "@tandem/swss";
import { describeRefusal } from "./core/answer.js";
import { isUp, planesOf } from "./core/events.js";
import {
  cut,
  formatReset,
  isOver,
  nextAction,
  parseReset,
  RESET_RETRY,
  type Reset,
  type ResetAction,
  stepDone,
  waitOver,
  withSet,
} from "./core/reset.js";
import { type Decision, perform, readRow } from "./request-store.js";
import type { OpenedStores, SwitchRows } from "./switch-rows.js";

/** Rows of ours in APPL_DB, one a reset, in field `reset`. */
export const RESET_TABLE = "TANDEM_API_RESET";

/** Resets under way at once: a switch has no more DPUs. */
export const RESETS_MAX = 8;
/** Ended ones that are still told. */
const ENDED_MAX = 32;

export interface ResetRunnerOptions {
  readonly stores: OpenedStores;
  readonly rows: SwitchRows;
  readonly clock: Clock;
  /** Called at each new step. */
  readonly onProgress: (reset: Reset) => void;
  readonly warn: (text: string) => void;
}

/** Walks resets through their steps. Each step is written down before the next one begins, and repeated after a crash. */
export class ResetRunner implements AsyncDisposable {
  readonly #options: ResetRunnerOptions;
  readonly #resets = new Map<string, Reset>();
  readonly #timers = new Map<string, Timer>();
  readonly #working = new Map<string, Promise<void>>();
  #closed = false;

  constructor(options: ResetRunnerOptions) {
    this.#options = options;
  }

  /** Newest first. */
  get resets(): readonly Reset[] {
    return [...this.#resets.values()].sort((a, b) => b.startedAt - a.startedAt);
  }

  get(id: string): Reset | undefined {
    return this.#resets.get(id);
  }

  /** Takes up what an earlier process left; once the switch's rows are known. */
  async load(): Promise<void> {
    const content = await new Table(this.#options.stores.APPL_DB, RESET_TABLE).getContent();
    if (!content.ok) {
      this.#options.warn(`resets of an earlier life: ${describeStoreError(content.error)}`);
      return;
    }
    for (const { key, fieldValues } of content.value) {
      const reset = parseReset(Object.fromEntries(fieldValues)["reset"] ?? "");
      if (reset.ok) this.#resets.set(key, reset.value);
      else this.#options.warn(`${RESET_TABLE} ${key}: expected ${reset.error}; it is left alone`);
    }
    this.wake();
  }

  /** A reset whose row has been written. */
  begin(reset: Reset): void {
    if (this.#resets.has(reset.id)) return;
    this.#resets.set(reset.id, reset);
    this.#options.onProgress(reset);
    this.wake();
  }

  /** A reset whose row says that it is cut short. */
  replace(reset: Reset): void {
    this.#resets.set(reset.id, reset);
    this.#options.onProgress(reset);
    this.wake();
  }

  /** Something changed that a reset may wait for. */
  wake(): void {
    if (this.#closed) return;
    for (const [id, reset] of this.#resets) {
      if (isOver(reset) || this.#working.has(id)) continue;
      this.#timers.get(id)?.cancel();
      const work = this.#walk(id).finally(() => this.#working.delete(id));
      this.#working.set(id, work);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers.values()) timer.cancel();
    await Promise.all(this.#working.values());
  }

  async #walk(id: string): Promise<void> {
    await undefined;
    while (!this.#closed) {
      const reset = this.#resets.get(id);
      if (reset === undefined || isOver(reset)) return;
      const { clock, rows } = this.#options;
      const now = clock.now();
      const action = nextAction(reset, {
        planesUp: isUp(planesOf(rows.planesOf(reset.slot))),
        reported: rows.state(reset.vdpu, reset.scope)?.local_ha_state,
        now,
      });
      if (action.kind === "wait" && now < action.until) {
        this.#later(id, action.until - now);
        return;
      }
      const done = action.kind === "wait" ? ok(waitOver(reset, now)) : await this.#perform(reset, action);
      // Whoever cut it short meanwhile has changed it: the step is looked at again.
      if (this.#resets.get(id) !== reset) continue;
      const kept = done.ok ? await this.#keep(done.value) : done;
      if (!kept.ok) {
        this.#options.warn(`reset ${id}: ${kept.error}; tried again in ${RESET_RETRY / 1000} s`);
        this.#later(id, RESET_RETRY);
        return;
      }
      if (this.#resets.get(id) !== reset) continue;
      this.#resets.set(id, kept.value);
      this.#options.onProgress(kept.value);
      if (isOver(kept.value)) await this.#forgetOld();
    }
  }

  #later(id: string, delay: number): void {
    this.#timers.set(
      id,
      this.#options.clock.setTimer(millis(delay), () => this.wake()),
    );
  }

  async #perform(reset: Reset, action: Exclude<ResetAction, { kind: "wait" }>): Promise<Result<Reset, string>> {
    const now = this.#options.clock.now();
    switch (action.kind) {
      case "none":
        return ok(reset);
      case "next":
        return ok(stepDone(reset, now, action.note));
      case "clearResetInfo":
        return this.#clearResetInfo(reset);
      case "delete":
        return this.#delete(reset, action.table, action.seen);
      case "create": {
        const written = await this.#write(reset, action.table, undefined, action.fields);
        if (!written.ok) return written;
        const note = written.value ? "" : `somebody else created the ${action.table} meanwhile; it is left as it is`;
        return ok(stepDone(reset, now, note));
      }
      case "enable": {
        const written = await this.#write(reset, "scope", action.seen, action.fields);
        if (!written.ok) return written;
        const note = written.value
          ? "the scope is enabled"
          : "somebody else wrote the scope meanwhile; it is left as it is";
        return ok(stepDone(reset, now, note));
      }
      default:
        return unreachable(action);
    }
  }

  async #delete(reset: Reset, table: "set" | "scope", seen: Fields): Promise<Result<Reset, string>> {
    const now = this.#options.clock.now();
    const deleted = await this.#write(reset, table, seen, {});
    if (!deleted.ok) return deleted;
    if (deleted.value) return ok(stepDone(reset, now, `the ${table} is deleted`));
    const found = await readRow(this.#options.stores.APPL_DB, ...rowOf(reset, table));
    if (!found.ok) return err(describeRefusal(found.error));
    if (found.value === undefined) return ok(stepDone(reset, now, `somebody else deleted the ${table}`));
    // The scope's version was the caller's condition. A set that changed is deleted, and comes back, as it is now.
    if (table === "scope") return ok(cut(reset, now, "failed", "the scope was changed before its reset began"));
    return ok(withSet(reset, found.value, now));
  }

  /** Writes a row that still is what was seen; whether it was. A step that an earlier process has done is done. */
  async #write(
    reset: Reset,
    table: "set" | "scope",
    seen: Fields | undefined,
    fields: Fields,
  ): Promise<Result<boolean, string>> {
    const request = { key: `reset:${reset.id}:${reset.step}:${reset.stepAt}`, asked: "" };
    const done = await perform(this.#options.stores.APPL_DB, ...rowOf(reset, table), request, async (row) => {
      const matches = sameFields(row ?? {}, seen ?? {});
      const answer = { status: matches ? 200 : 409, body: {} };
      return ok<Decision>(matches ? { answer, fields } : { answer });
    });
    const { status, body } = done.answer;
    if (status === 200) return ok(true);
    return status === 409 ? ok(false) : err(String(body["message"]));
  }

  async #clearResetInfo(reset: Reset): Promise<Result<Reset, string>> {
    const { stores, rows, clock } = this.#options;
    if (rows.resetInfoOf(reset.slot)?.reset_status !== true) return ok(stepDone(reset, clock.now()));
    const key = DpuResetInfo.formatKey({ slot: reset.slot });
    const cleared = await new Table(stores.STATE_DB, DpuResetInfo.name).hset(key, "reset_status", "false");
    return cleared.ok ? ok(stepDone(reset, clock.now())) : err(describeStoreError(cleared.error));
  }

  async #keep(reset: Reset): Promise<Result<Reset, string>> {
    const kept = await new Table(this.#options.stores.APPL_DB, RESET_TABLE).hset(reset.id, "reset", formatReset(reset));
    return kept.ok ? ok(reset) : err(describeStoreError(kept.error));
  }

  async #forgetOld(): Promise<void> {
    const old = this.resets.filter(isOver).slice(ENDED_MAX);
    for (const { id } of old) this.#resets.delete(id);
    if (old.length > 0) await new Table(this.#options.stores.APPL_DB, RESET_TABLE).del(...old.map(({ id }) => id));
  }
}

function rowOf(reset: Reset, table: "set" | "scope"): readonly [table: string, key: string] {
  return table === "set" ? [DashHaSetConfig.name, reset.set] : [DashHaScopeConfig.name, `${reset.vdpu}:${reset.scope}`];
}

function sameFields(a: Fields, b: Fields): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
