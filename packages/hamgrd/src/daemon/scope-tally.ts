import type { RowMoment, RowOwner, TableHub } from "@tandem/actor";
import type { Millis } from "@tandem/base";
import type { Metrics } from "@tandem/daemon";
import { DashHaScopeConfig, type DashHaScopeConfigRow } from "../schema/dash-ha-scope-config.js";
import { DashHaScopeState, OPERATION_TYPES } from "../schema/dash-ha-scope-state.js";

const PREFIX = `${DashHaScopeState.db}|${DashHaScopeState.name}|`;

/** What is known of one scope of one slot, from its row of state. */
interface Scope {
  readonly slot: string;
  readonly vdpu: string;
  readonly scope: string;
  /** NPUs whose BFD session to the DPU is up. */
  bfdUp: number;
  state: string;
  /** Monotonic time at which it came into that state. */
  since: Millis;
  /** Pending operations: type, and since when. */
  readonly pending: Map<string, { readonly type: string; readonly since: Millis }>;
}

/** HA states and pending operations, followed by the rows of state that go out. As many entries as there are scopes. */
export class ScopeTally {
  readonly #scopes = new Map<string, Scope>();
  readonly #now: () => Millis;
  readonly #hub: TableHub;
  readonly #approved: (slot: string, type: string, seconds: number) => void;

  constructor(metrics: Metrics, hub: TableHub, now: () => Millis) {
    this.#hub = hub;
    this.#now = now;
    const approval = metrics.histogram({
      name: "tandem_hamgrd_approval_seconds",
      help: "From a pending operation's appearance to its approval taking effect.",
      labels: ["slot", "type"],
      buckets: [0.1, 0.5, 1, 5, 15, 60, 300, 1800],
    });
    this.#approved = (slot, type, took) => approval.with({ slot, type }).observe(took);
    metrics.readAtScrape(
      {
        ...{ name: "tandem_hamgrd_ha_state", type: "gauge", labels: ["slot", "vdpu", "scope", "state"] },
        help: "1 for the HA state that each scope's DPU reports.",
      },
      (put) => {
        for (const { slot, vdpu, scope, state } of this.#scopes.values()) put(1, { slot, vdpu, scope, state });
      },
    );
    metrics.readAtScrape(
      {
        ...{ name: "tandem_hamgrd_ha_state_seconds", type: "gauge", labels: ["slot", "vdpu", "scope"] },
        help: "Time in the present HA state, as long as this process knows of it.",
      },
      (put) => {
        for (const { slot, vdpu, scope, since } of this.#scopes.values()) {
          put((this.#now() - since) / 1000, { slot, vdpu, scope });
        }
      },
    );
    metrics.readAtScrape(
      {
        ...{ name: "tandem_hamgrd_bfd_sessions_up", type: "gauge", labels: ["slot", "vdpu", "scope"] },
        help: "BFD sessions to each scope's DPU that are up, as the DPU reports them.",
      },
      (put) => {
        for (const { slot, vdpu, scope, bfdUp } of this.#scopes.values()) put(bfdUp, { slot, vdpu, scope });
      },
    );
    const eachType = (put: (slot: string, type: string, ages: readonly number[]) => void): void => {
      for (const slot of new Set([...this.#scopes.values()].map((scope) => scope.slot))) {
        for (const type of OPERATION_TYPES) put(slot, type, this.#ages(slot, type));
      }
    };
    metrics.readAtScrape(
      {
        ...{ name: "tandem_hamgrd_pending_operations", type: "gauge", labels: ["slot", "type"] },
        help: "Operations that wait for an approval.",
      },
      (put) => eachType((slot, type, ages) => put(ages.length, { slot, type })),
    );
    metrics.readAtScrape(
      {
        ...{ name: "tandem_hamgrd_pending_operation_age_seconds", type: "gauge", labels: ["slot", "type"] },
        help: "Age of the oldest operation that waits for an approval; 0 when none does.",
      },
      (put) => eachType((slot, type, ages) => put(Math.max(0, ...ages), { slot, type })),
    );
  }

  acknowledged({ row, op, fields = {} }: RowMoment, owner: RowOwner): void {
    if (!row.startsWith(PREFIX)) return;
    const slot = owner.slot.replace(/^dpu/, "");
    const name = row.slice(PREFIX.length);
    const key = `${slot} ${name}`;
    if (op === "del") {
      this.#scopes.delete(key);
      return;
    }
    const now = this.#now();
    const state = fields["local_ha_state"] ?? "unknown";
    let scope = this.#scopes.get(key);
    if (scope === undefined) {
      const bar = name.indexOf("|");
      const id = { vdpu: name.slice(0, bar), scope: name.slice(bar + 1) };
      scope = { slot, ...id, state, bfdUp: 0, since: now, pending: new Map() };
      this.#scopes.set(key, scope);
    }
    if (scope.state !== state) {
      scope.state = state;
      scope.since = now;
    }
    scope.bfdUp = itemsOf(fields["local_vdpu_up_bfd_sessions_v4"]) + itemsOf(fields["local_vdpu_up_bfd_sessions_v6"]);
    this.#followPending(scope, fields, now);
  }

  #followPending(scope: Scope, fields: Readonly<Record<string, string>>, now: Millis): void {
    const ids = (fields["pending_operation_ids"] ?? "").split(",").filter((id) => id !== "");
    const types = (fields["pending_operation_types"] ?? "").split(",");
    for (const [id, { type, since }] of scope.pending) {
      if (ids.includes(id)) continue;
      scope.pending.delete(id);
      if (this.#isApproved(`${scope.vdpu}:${scope.scope}`, id)) this.#approved(scope.slot, type, (now - since) / 1000);
    }
    for (const [i, id] of ids.entries()) {
      if (!scope.pending.has(id)) scope.pending.set(id, { type: types[i] ?? "", since: now });
    }
  }

  /** One that goes without being approved was withdrawn by the DPU. */
  #isApproved(key: string, id: string): boolean {
    const row = this.#hub.feed(DashHaScopeConfig, "").rows().get(key)?.row;
    const approved = (row as DashHaScopeConfigRow | undefined)?.approved_pending_operation_ids ?? [];
    return approved.some((known) => known === id);
  }

  #ages(slot: string, type: string): readonly number[] {
    const now = this.#now();
    return [...this.#scopes.values()]
      .filter((scope) => scope.slot === slot)
      .flatMap(({ pending }) => [...pending.values()])
      .filter((operation) => operation.type === type)
      .map(({ since }) => (now - since) / 1000);
  }
}

/** Items of a comma list. */
function itemsOf(list: string | undefined): number {
  return list === undefined || list === "" ? 0 : list.split(",").length;
}
