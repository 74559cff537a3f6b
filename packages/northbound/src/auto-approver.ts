import { type Clock, type Millis, millis, seconds, type Timer } from "@tandem/base";
import { DashHaScopeState } from "@tandem/hamgrd";
import { dueApprovals, type Policies, type Waiting } from "./core/auto-approve.js";
import { pendingOf } from "./core/events.js";
import { numberOf } from "./core/version.js";
import { mutate } from "./mutate.js";
import type { OpenedStores, SwitchRows } from "./switch-rows.js";

export interface AutoApproverOptions {
  readonly stores: OpenedStores;
  readonly rows: SwitchRows;
  readonly clock: Clock;
  readonly policies: Policies;
  /** Called after each attempt; `status` as of HTTP. */
  readonly onApproval: (operation: Waiting, status: number) => void;
}

/** Pause after an approval that was refused for another reason than that it is over. */
const RETRY_AFTER: Millis = seconds(1);

/** Approves what its policies name; without policies it does nothing. */
export class AutoApprover implements AsyncDisposable {
  readonly #options: AutoApproverOptions;
  /** Since when each operation is known, by id: as many as are pending. */
  #since = new Map<string, Millis>();
  #timer: Timer | undefined;
  #work: Promise<void> = Promise.resolve();
  #busy = false;
  #again = false;
  #closed = false;

  constructor(options: AutoApproverOptions) {
    this.#options = options;
  }

  /** Looks at what is pending now. */
  wake(): void {
    if (this.#closed || this.#options.policies.size === 0) return;
    if (this.#busy) {
      this.#again = true;
      return;
    }
    this.#busy = true;
    this.#work = this.#look().finally(() => {
      this.#busy = false;
      if (this.#again) {
        this.#again = false;
        this.wake();
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    await this.#work;
  }

  async #look(): Promise<void> {
    this.#timer?.cancel();
    const { clock, policies } = this.#options;
    const { due, next } = dueApprovals(policies, this.#waiting(), clock.monotonic());
    let failed = false;
    for (const operation of due) {
      const status = await this.#approve(operation);
      this.#options.onApproval(operation, status);
      failed ||= status !== 200 && status !== 410;
    }
    const now = clock.monotonic();
    const at = failed ? Math.min(next ?? Number.POSITIVE_INFINITY, now + RETRY_AFTER) : next;
    if (at === undefined || this.#closed) return;
    this.#timer = clock.setTimer(millis(Math.max(0, at - now)), () => this.wake());
  }

  #waiting(): readonly Waiting[] {
    const { rows, clock } = this.#options;
    const waiting: Waiting[] = [];
    const known = this.#since;
    this.#since = new Map();
    for (const [key, row] of rows.states.rows) {
      const parts = DashHaScopeState.parseKey(key);
      if (!parts.ok) continue;
      for (const operation of pendingOf(row)) {
        const since = known.get(operation.id) ?? clock.monotonic();
        this.#since.set(operation.id, since);
        const { vdpu_id: vdpu, ha_scope_id: scope } = parts.value;
        const approved = rows.scopes.rows.get(`${vdpu}:${scope}`)?.approved_pending_operation_ids ?? [];
        if (!approved.includes(operation.id as never)) waiting.push({ ...operation, vdpu, scope, since });
      }
    }
    return waiting;
  }

  /** The row's version is read with the row: whoever writes it in between wins, and the approval is tried again. */
  async #approve({ vdpu, scope, id, type }: Waiting): Promise<number> {
    const { rows, stores } = this.#options;
    const row = rows.scopes.rows.get(`${vdpu}:${scope}`);
    if (row === undefined) return 404;
    const version = String(numberOf(row.version));
    const mutation = { kind: "approve", vdpu, scope, id, type } as const;
    const { answer } = await mutate(stores, `auto:${id}:${version}`, mutation, { kind: "version", version });
    return answer.status;
  }
}
