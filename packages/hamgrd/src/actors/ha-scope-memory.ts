import { type Json, type Millis, millis } from "@tandem/base";
import type { Fields } from "@tandem/swss";
import { OPERATION_TYPES, type OperationType } from "../schema/dash-ha-scope-state.js";
import type { OperationId } from "../schema/ids.js";
import { Members } from "../schema/members.js";
import { decodeWatch, encodeWatch, NOTHING_SEEN, type PlaneWatch } from "./planes.js";

/** An operation that the DPU asked for. One of each type lives at most; when the DPU's flag falls it is gone. */
export interface Operation {
  readonly type: OperationType;
  readonly id: OperationId;
  /** Absent while it waits for approval. */
  readonly approved?: {
    /** When the DPU was last sent the request; absent when it is to be sent. */
    readonly asked?: Millis;
    /** The row that carried it then. */
    readonly row?: Fields;
    /** How often it is being sent, from 1. */
    readonly attempt: number;
  };
  /** It is of a launch that has ended: whether or not it is approved, nothing asks for it, as long as the DPU's flag stands. */
  readonly spent?: true;
  /**
   * The scope is wanted up again, and the DPU's flag still stands: the state that the DPU reported then. Until it reports
   * another one, or for a while, what it asks for may be of the launch before, and nobody is shown it.
   */
  readonly doubted?: string;
}

/** Whether an operation is shown to the controller, as one that can be approved. */
export function isShown({ approved, doubted }: Operation): boolean {
  return approved === undefined && doubted === undefined;
}

/** The DPU's report on the scope as it was last seen to change. */
export interface DpuReport {
  /** Plain fields; absent when the row was deleted. */
  readonly row?: Fields;
  /** Observed boots of the DPU at that time; a report of an earlier boot is stale. */
  readonly boots: number;
  readonly at: Millis;
}

/** What an HA scope's actor remembers. */
export interface HaScopeMemory {
  /** Plain fields of the last config that was not refused. */
  readonly accepted?: Fields;
  /** First write of the state row. */
  readonly createdAt?: Millis;
  readonly watch: PlaneWatch;
  readonly report?: DpuReport;
  /** Oldest first. */
  readonly operations: readonly Operation[];
  /** Last change of the list that waits for approval; absent until there was one. */
  readonly listedAt?: Millis;
  /** The row of an earlier owner of this scope (another hamgrd build) has been looked at. */
  readonly adopted: boolean;
  /** The withdrawal of BFD rows was waited for long enough. */
  readonly bfdOverdue: boolean;
}

export const INITIAL_HA_SCOPE: HaScopeMemory = {
  watch: NOTHING_SEEN,
  operations: [],
  adopted: false,
  bfdOverdue: false,
};

export function encodeHaScopeMemory(memory: HaScopeMemory): Json {
  const { watch, operations, report, ...plain } = memory;
  return {
    ...plain,
    watch: encodeWatch(watch),
    operations: operations.map(
      ({ type, id, approved, spent, doubted }): Json => ({
        type,
        id,
        ...(approved && { approved: { ...approved } }),
        ...(spent && { spent }),
        ...(doubted !== undefined && { doubted }),
      }),
    ),
    ...(report !== undefined && { report: { ...report } }),
  };
}

function decodeFields(data: Json): Fields | undefined {
  if (typeof data !== "object" || data === null || Array.isArray(data)) return undefined;
  return Object.values(data).every((value) => typeof value === "string") ? (data as Fields) : undefined;
}

function decodeOperation(data: Json): Operation | undefined {
  const members = Members.of(data);
  if (!members.ok) return undefined;
  const m = members.value;
  const text = m.text("type");
  const type = OPERATION_TYPES.find((known) => known === text);
  const id = m.text("id") as OperationId;
  const approved = m.maybe("approved", "an approval", (value) => {
    const inner = Members.of(value);
    if (!inner.ok) return undefined;
    const asked = inner.value.maybeTime("asked");
    const row = inner.value.maybe("row", "fields", decodeFields);
    const attempt = inner.value.integer("attempt");
    if (inner.value.failure !== undefined) return undefined;
    return { attempt, ...(asked !== undefined && { asked }), ...(row !== undefined && { row }) };
  });
  const spent = m.maybe("spent", "true", (value) => value === true || undefined);
  const doubted = m.maybeText("doubted");
  if (m.failure !== undefined || type === undefined) return undefined;
  return {
    type,
    id,
    ...(approved !== undefined && { approved }),
    ...(spent === true && { spent }),
    ...(doubted !== undefined && { doubted }),
  };
}

function decodeReport(data: Json): DpuReport | undefined {
  const members = Members.of(data);
  if (!members.ok) return undefined;
  const m = members.value;
  const row = m.maybe("row", "fields", decodeFields);
  const report = { boots: m.integer("boots"), at: millis(m.integer("at")), ...(row !== undefined && { row }) };
  return m.failure === undefined ? report : undefined;
}

export function decodeHaScopeMemory(data: Json): HaScopeMemory | undefined {
  const members = Members.of(data);
  if (!members.ok) return undefined;
  const m = members.value;
  const watch = m.maybe("watch", "planes", decodeWatch);
  const accepted = m.maybe("accepted", "fields", decodeFields);
  const report = m.maybe("report", "a report", decodeReport);
  const createdAt = m.maybeTime("createdAt");
  const listedAt = m.maybeTime("listedAt");
  const operations = m.maybe("operations", "operations", (value) => {
    const list = Array.isArray(value) ? (value as readonly Json[]).map(decodeOperation) : [undefined];
    return list.every((operation) => operation !== undefined) ? list : undefined;
  });
  const flags = { adopted: m.bool("adopted"), bfdOverdue: m.bool("bfdOverdue") };
  if (m.failure !== undefined || watch === undefined || operations === undefined) return undefined;
  return {
    ...flags,
    watch,
    operations,
    ...(accepted !== undefined && { accepted }),
    ...(report !== undefined && { report }),
    ...(createdAt !== undefined && { createdAt }),
    ...(listedAt !== undefined && { listedAt }),
  };
}
