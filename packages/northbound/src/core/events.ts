import type { Json } from "@tandem/base";
import type { DashHaScopeStateRow, DpuResetInfoRow, DpuStateRow, OperationType } from "@tandem/hamgrd";
import type { Pending } from "./mutation.js";

/** What the event stream tells; each names its subject as the rows do. */
export type ApiEvent =
  | ({ readonly kind: "pending_op_created" | "pending_op_removed" } & ScopeName & {
        readonly id: string;
        readonly type: OperationType;
      })
  | ({ readonly kind: "ha_state_changed" } & ScopeName & {
        /** Absent before the first report, and after the row is gone. */
        readonly from?: string;
        readonly to?: string;
      })
  | { readonly kind: "dpu_up" | "dpu_down"; readonly slot: number; readonly planes: Planes }
  | {
      readonly kind: "reset_info";
      readonly slot: number;
      readonly dpu_id: string;
      readonly reset_status: boolean;
      readonly timestamp: number;
    }
  | { readonly kind: "reset_progress"; readonly id: string; readonly step: string; readonly reason: string };

export interface ScopeName {
  readonly vdpu_id: string;
  readonly ha_scope_id: string;
}

export interface Planes {
  readonly midplane: string;
  readonly control_plane: string;
  readonly data_plane: string;
}

/** What a scope's state row lists as pending. */
export function pendingOf(row: DashHaScopeStateRow | undefined): readonly Pending[] {
  const types = row?.pending_operation_types ?? [];
  return (row?.pending_operation_ids ?? []).flatMap((id, i) => {
    const type = types[i];
    return type === undefined ? [] : [{ id, type }];
  });
}

/** What happened between two readings of a scope's state row: operations that went, the state, operations that came. */
export function scopeEvents(
  scope: ScopeName,
  before: DashHaScopeStateRow | undefined,
  after: DashHaScopeStateRow | undefined,
): readonly ApiEvent[] {
  const [old, now] = [pendingOf(before), pendingOf(after)];
  const without = (list: readonly Pending[], others: readonly Pending[]): readonly Pending[] =>
    list.filter(({ id }) => !others.some((other) => other.id === id));
  const events: ApiEvent[] = without(old, now).map((gone) => ({ kind: "pending_op_removed", ...scope, ...gone }));
  const [from, to] = [before?.local_ha_state, after?.local_ha_state];
  if (from !== to) {
    events.push({
      kind: "ha_state_changed",
      ...scope,
      ...(from !== undefined && { from }),
      ...(to !== undefined && { to }),
    });
  }
  return [...events, ...without(now, old).map((come): ApiEvent => ({ kind: "pending_op_created", ...scope, ...come }))];
}

export function planesOf(row: DpuStateRow | undefined): Planes {
  return {
    midplane: row?.dpu_midplane_link_state ?? "unknown",
    control_plane: row?.dpu_control_plane_state ?? "unknown",
    data_plane: row?.dpu_data_plane_state ?? "unknown",
  };
}

/** Midplane and control plane: what a restart takes down, and what the controller waits for. */
export function isUp(planes: Planes): boolean {
  return planes.midplane === "up" && planes.control_plane === "up";
}

/** Whether a DPU came up or went down between two readings of its planes. */
export function dpuEvents(
  slot: number,
  before: DpuStateRow | undefined,
  after: DpuStateRow | undefined,
): readonly ApiEvent[] {
  const planes = planesOf(after);
  if (isUp(planesOf(before)) === isUp(planes)) return [];
  return [{ kind: isUp(planes) ? "dpu_up" : "dpu_down", slot, planes }];
}

/** A reset that was seen, or that somebody marked as handled. */
export function resetEvents(
  slot: number,
  before: DpuResetInfoRow | undefined,
  after: DpuResetInfoRow | undefined,
): readonly ApiEvent[] {
  if (after === undefined) return [];
  const same = before?.reset_status === after.reset_status && before.timestamp === after.timestamp;
  const { reset_status, timestamp, dpu_id } = after;
  return same ? [] : [{ kind: "reset_info", slot, dpu_id, reset_status, timestamp }];
}

/** One event as a reader gets it. */
export interface LoggedEvent {
  /** 1, 2, 3 … since the process began. */
  readonly seq: number;
  /** When it was seen, ms. */
  readonly at: number;
  readonly event: ApiEvent;
}

/** What a reader goes on with. */
export interface Reading {
  /** Events that the reader will never get: it was too slow, and has to read the rows again. */
  readonly lost: number;
  readonly events: readonly LoggedEvent[];
}

/** Where a reader begins, or why it cannot go on where it was. */
export type Resume =
  | { readonly kind: "after"; readonly seq: number }
  | { readonly kind: "reset"; readonly reason: string };

/**
 * The newest events of a process. Readers hold nothing but a position in it, so that what is kept does not depend on how
 * many they are or how slowly they read: one that falls behind the oldest event is told how many it lost.
 */
export class EventLog {
  readonly #events: LoggedEvent[] = [];
  #seq = 0;

  constructor(
    /** Tells this process's events from those of an earlier one. */
    readonly epoch: number,
    readonly max: number,
  ) {}

  get newest(): number {
    return this.#seq;
  }

  add(event: ApiEvent, at: number): LoggedEvent {
    this.#seq += 1;
    const logged = { seq: this.#seq, at, event };
    this.#events.push(logged);
    if (this.#events.length > this.max) this.#events.shift();
    return logged;
  }

  /** At most `count` events after position `seq`. */
  after(seq: number, count: number): Reading {
    const oldest = this.#seq - this.#events.length + 1;
    const from = Math.max(seq + 1, oldest);
    const start = from - oldest;
    return { lost: from - seq - 1, events: this.#events.slice(start, start + count) };
  }

  /** The token with which a reader resumes after `seq`. */
  token(seq: number): string {
    return `${this.epoch}-${seq}`;
  }

  /** Where a reader with this token goes on. Without one it gets what comes from now on. */
  resume(token: string | undefined): Resume {
    if (token === undefined || token === "") return { kind: "after", seq: this.#seq };
    const found = /^(\d{1,15})-(\d{1,15})$/.exec(token);
    if (found === null) return { kind: "reset", reason: "the token is none of this stream" };
    const [epoch, seq] = [Number(found[1]), Number(found[2])];
    if (epoch !== this.epoch) return { kind: "reset", reason: "the stream began anew" };
    return seq > this.#seq ? { kind: "reset", reason: "the token is ahead of the stream" } : { kind: "after", seq };
  }
}

/** Members of an event as JSON. */
export function eventBody({ seq, at, event }: LoggedEvent): { readonly [member: string]: Json | undefined } {
  return { schema: "tandem.api.event.v1", seq, at, ...(event as unknown as { readonly [member: string]: Json }) };
}
