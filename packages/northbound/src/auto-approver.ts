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
/** An approved operation that is still pending, and not listed, after so long was overwritten: it is approved again. */
const TRUSTED_FOR: Millis = seconds(2);

/** What is known of one operation that is pending. */
interface Known {
  readonly since: Millis;
  approvedAt: Millis | undefined;
}

/** Approves what its policies name; without policies it does nothing. */
export class AutoApprover implements AsyncDisposable {
  readonly #options: AutoApproverOptions;
  /** By id: as many as are pending. */
  #known = new Map<string, Known>();
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
      const known = this.#known.get(operation.id);
      if (status === 200 && known !== undefined) known.approvedAt = clock.monotonic();
      else failed ||= status !== 410;
    }
    const now = clock.monotonic();
    const trusted = [...this.#known.values()].some(({ approvedAt }) => approvedAt !== undefined);
    const again = failed ? RETRY_AFTER : trusted ? TRUSTED_FOR : Number.POSITIVE_INFINITY;
    const at = Math.min(next ?? Number.POSITIVE_INFINITY, now + again);
    if (at === Number.POSITIVE_INFINITY || this.#closed) return;
    this.#timer = clock.setTimer(millis(Math.max(0, at - now)), () => this.wake());
  }

  #waiting(): readonly Waiting[] {
    const { rows, clock } = this.#options;
    const now = clock.monotonic();
    const waiting: Waiting[] = [];
    const before = this.#known;
    this.#known = new Map();
    for (const [key, row] of rows.states.rows) {
      const parts = DashHaScopeState.parseKey(key);
      if (!parts.ok) continue;
      for (const operation of pendingOf(row)) {
        const known = before.get(operation.id) ?? { since: now, approvedAt: undefined };
        this.#known.set(operation.id, known);
        if (known.approvedAt !== undefined && now - known.approvedAt < TRUSTED_FOR) continue;
        const { vdpu_id: vdpu, ha_scope_id: scope } = parts.value;
        const approved = rows.scopes.rows.get(`${vdpu}:${scope}`)?.approved_pending_operation_ids ?? [];
        if (approved.includes(operation.id as never)) known.approvedAt = undefined;
        else waiting.push({ ...operation, vdpu, scope, since: known.since });
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
