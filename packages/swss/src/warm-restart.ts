import { mapOk, ok, type Result } from "@tandem/base";
import type { Store, StoreError } from "./store.js";
import { Table } from "./table.js";

/** Where an application stands on its way back. */
export type WarmStartState = "initialized" | "restored" | "replayed" | "reconciled" | "disabled" | "unknown";

/** How an application came up. */
export interface WarmStart {
  /** Whether it may take over what it left behind. */
  readonly warm: boolean;
  /** Warm starts since the last cold one. */
  readonly restoreCount: number;
}

/** The warm-restart rows of sonic-swss-common (`common/warm_restart.h`) for one application of one container. */
export class WarmRestart {
  readonly #enabled: Table;
  readonly #states: Table;
  readonly #app: string;
  readonly #container: string;

  /** `stateDb` is STATE_DB; `container` the docker's name, as in `WARM_RESTART_ENABLE_TABLE`. */
  constructor(stateDb: Store, app: string, container: string) {
    this.#enabled = new Table(stateDb, "WARM_RESTART_ENABLE_TABLE");
    this.#states = new Table(stateDb, "WARM_RESTART_TABLE");
    this.#app = app;
    this.#container = container;
  }

  /** Counts this start: call it once, before anything else of this class. Without a count of before it is cold. */
  async start(): Promise<Result<WarmStart, StoreError>> {
    const flags = [await this.#enabled.hget("system", "enable"), await this.#enabled.hget(this.#container, "enable")];
    const count = await this.#states.hget(this.#app, "restore_count");
    if (!count.ok) return count;
    let enabled = false;
    for (const flag of flags) {
      if (!flag.ok) return flag;
      enabled ||= flag.value === "true";
    }
    const before = /^\d{1,9}$/.test(count.value ?? "") ? Number(count.value) : undefined;
    const warm = enabled && before !== undefined;
    const restoreCount = warm ? before + 1 : 0;
    const written = await this.#states.hset(this.#app, "restore_count", String(restoreCount));
    return written.ok ? ok({ warm, restoreCount }) : written;
  }

  setState(state: WarmStartState): Promise<Result<void, StoreError>> {
    return this.#states.hset(this.#app, "state", state);
  }

  /** `undefined` when none was written. */
  async state(): Promise<Result<string | undefined, StoreError>> {
    return this.#states.hget(this.#app, "state");
  }

  setCheck(check: "restore_check" | "shutdown_check", result: "ignored" | "passed" | "failed") {
    return this.#states.hset(this.#app, check, result);
  }

  /** How long restored state may wait for its owners, from CONFIG_DB; `undefined` when it is not configured. */
  async timerSeconds(configDb: Store): Promise<Result<number | undefined, StoreError>> {
    const timer = await new Table(configDb, "WARM_RESTART").hget(this.#container, `${this.#app}_timer`);
    return mapOk(timer, (text) => (/^[1-9]\d{0,8}$/.test(text ?? "") ? Number(text) : undefined));
  }
}
