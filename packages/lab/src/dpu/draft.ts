import { millis } from "@tandem/base";
import type { BfdResponders, BfdStep, Fields } from "./bfd-responders.js";
import { softwareSessionKey } from "./bfd-responders.js";
import type {
  DpuConfig,
  DpuCore,
  DpuDatabase,
  DpuEffect,
  DpuStep,
  HaSetEntry,
  Moment,
  PeerMessage,
  RowChange,
  ScopeEntry,
} from "./core-types.js";
import type { FlowSync } from "./flow-sync.js";
import { isServing } from "./ha-state.js";

/** A step of a DPU in the making: the core's tables copied on first write, and the effects so far. */
export class Draft {
  readonly config: DpuConfig;
  readonly moment: Moment;
  readonly effects: DpuEffect[] = [];
  bfd: BfdResponders;
  flowSync: FlowSync | undefined;
  saiFails: boolean;
  #sets: ReadonlyMap<string, HaSetEntry>;
  #scopes: ReadonlyMap<string, ScopeEntry>;
  #waiting: ReadonlyMap<string, readonly RowChange[]>;

  constructor(core: DpuCore, moment: Moment) {
    this.config = core.config;
    this.moment = moment;
    this.bfd = core.bfd;
    this.flowSync = core.flowSync;
    this.saiFails = core.saiFails;
    this.#sets = core.sets;
    this.#scopes = core.scopes;
    this.#waiting = core.waiting;
  }

  get sets(): ReadonlyMap<string, HaSetEntry> {
    return this.#sets;
  }

  get scopes(): ReadonlyMap<string, ScopeEntry> {
    return this.#scopes;
  }

  get waiting(): ReadonlyMap<string, readonly RowChange[]> {
    return this.#waiting;
  }

  get mended(): boolean {
    return this.config.orchagent === "mended";
  }

  setSet(id: string, entry: HaSetEntry | undefined): void {
    this.#sets = withEntry(this.#sets, id, entry);
  }

  setScope(id: string, entry: ScopeEntry | undefined): void {
    this.#scopes = withEntry(this.#scopes, id, entry);
  }

  setWaiting(id: string, changes: readonly RowChange[] | undefined): void {
    this.#waiting = withEntry(this.#waiting, id, changes);
  }

  hset(db: DpuDatabase, key: string, fields: Fields): void {
    this.effects.push({ kind: "hset", db, key, fields });
  }

  del(db: DpuDatabase, key: string): void {
    this.effects.push({ kind: "del", db, key });
  }

  warn(text: string): void {
    this.effects.push({ kind: "warn", text });
  }

  send(to: string, message: PeerMessage): void {
    this.effects.push({ kind: "send", to, message });
  }

  setTimer(name: string, after: number, upTo?: number): void {
    this.effects.push({
      kind: "setTimer",
      name,
      after: millis(after),
      ...(upTo !== undefined && { upTo: millis(upTo) }),
    });
  }

  cancelTimer(name: string): void {
    this.effects.push({ kind: "cancelTimer", name });
  }

  get nowSeconds(): string {
    return String(this.moment.nowSeconds);
  }

  /** Takes over the outcome of a step of the BFD responders. */
  applyBfd(step: BfdStep): void {
    this.bfd = step.bfd;
    for (const effect of step.effects) {
      const key = `BFD_SOFTWARE_SESSION_TABLE|${softwareSessionKey(effect.key)}`;
      if (effect.kind === "created") this.hset("STATE_DB", key, effect.fields);
      else this.del("STATE_DB", key);
    }
  }

  hasSetOfScope(scope: "dpu" | "eni"): boolean {
    for (const set of this.#sets.values()) if (set.scope === scope) return true;
    return false;
  }

  /** Some scope is active, standby or standalone, as orchagent was told. */
  get serving(): boolean {
    for (const scope of this.#scopes.values()) if (isServing(scope.haState)) return true;
    return false;
  }

  finish(): DpuStep {
    const core: DpuCore = {
      config: this.config,
      sets: this.#sets,
      scopes: this.#scopes,
      bfd: this.bfd,
      waiting: this.#waiting,
      flowSync: this.flowSync,
      saiFails: this.saiFails,
    };
    return { core, effects: this.effects };
  }
}

function withEntry<V>(map: ReadonlyMap<string, V>, key: string, value: V | undefined): ReadonlyMap<string, V> {
  const next = new Map(map);
  if (value === undefined) next.delete(key);
  else next.set(key, value);
  return next;
}
