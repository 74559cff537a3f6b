import { millis } from "@tandem/base";
import { deleteSession, type Fields, setSession } from "./bfd-responders.js";
import { expectProbe, probeTimerName, setChannel, setStateKey } from "./channel.js";
import type { HaSetEntry, RowChange } from "./core-types.js";
import type { Draft } from "./draft.js";
import { requestFlowSync } from "./flow-sync.js";
import { type HaSetRow, parseHaSetRow, unknownFields } from "./orch-rows.js";
import { applyScope, deleteScope } from "./orch-scope.js";

/** What became of a row: done with, or kept for a retry. */
export type Outcome = "done" | "retry";

/** Tables in the order in which waiting rows are tried. */
const TABLES = ["DASH_HA_SET_TABLE", "DASH_HA_SCOPE_TABLE", "BFD_SESSION_TABLE", "DASH_FLOW_SYNC_SESSION_TABLE"];

/**
 * orchagent's consumer: a row that waits for something else is kept, merged with what comes for its key, and tried
 * again after each event. At most a DEL and one SET wait per key, so what is kept is bounded by the number of keys.
 */
export function takeRows(draft: Draft, changes: readonly RowChange[]): void {
  for (const change of changes) {
    if (!TABLES.includes(change.table)) {
      draft.warn(`${change.table}:${change.key}: no handler for this table; ignored`);
      continue;
    }
    const id = `${change.table}:${change.key}`;
    const waiting = draft.waiting.get(id);
    if (waiting !== undefined) draft.setWaiting(id, mergeWaiting(waiting, change));
    else if (apply(draft, change) === "retry") draft.setWaiting(id, [change]);
    retryWaiting(draft);
  }
}

/** Tries what waits until nothing more succeeds. */
export function retryWaiting(draft: Draft): void {
  for (let progress = draft.waiting.size > 0; progress; ) {
    progress = false;
    for (const table of TABLES) {
      for (const [id, changes] of draft.waiting) {
        const [first, ...rest] = changes;
        if (first === undefined || first.table !== table || apply(draft, first) === "retry") continue;
        draft.setWaiting(id, rest.length > 0 ? rest : undefined);
        progress = true;
      }
    }
    if (draft.waiting.size === 0) return;
  }
}

function mergeWaiting(waiting: readonly RowChange[], change: RowChange): readonly RowChange[] {
  const last = waiting.at(-1);
  if (change.fields === undefined) return [change];
  if (last?.fields === undefined) return [...waiting, change];
  return [...waiting.slice(0, -1), { ...change, fields: { ...last.fields, ...change.fields } }];
}

function apply(draft: Draft, { table, key, fields }: RowChange): Outcome {
  switch (table) {
    case "DASH_HA_SET_TABLE":
      return fields === undefined ? deleteSet(draft, key) : applySet(draft, key, fields);
    case "DASH_HA_SCOPE_TABLE":
      return fields === undefined ? deleteScope(draft, key) : applyScope(draft, key, fields);
    case "BFD_SESSION_TABLE": {
      const situation = {
        eniScopeSet: draft.hasSetOfScope("eni"),
        dpuScopeSet: draft.hasSetOfScope("dpu"),
        serving: draft.serving,
      };
      draft.applyBfd(
        fields === undefined ? deleteSession(draft.bfd, key) : setSession(draft.bfd, key, fields, situation),
      );
      return "done";
    }
    default:
      return applyFlowSync(draft, key, fields);
  }
}

function applySet(draft: Draft, id: string, fields: Fields): Outcome {
  const parsed = parseHaSetRow(fields);
  if (!parsed.ok) {
    if (parsed.error.kind === "drop") draft.warn(`DASH_HA_SET_TABLE:${id}: ${parsed.error.why}; the row is dropped`);
    return parsed.error.kind === "drop" ? "done" : "retry";
  }
  const ignored = unknownFields("set", fields);
  if (ignored.length > 0) draft.warn(`DASH_HA_SET_TABLE:${id}: unknown ${ignored.join(", ")}; ignored`);
  if (draft.saiFails) return "retry";
  const existing = draft.sets.get(id);
  if (existing === undefined) createSet(draft, id, parsed.value);
  else updateSet(draft, id, existing, parsed.value);
  draft.hset("DPU_APPL_STATE_DB", `DASH_HA_SET_TABLE|${id}`, { result: "0" });
  return "done";
}

function createSet(draft: Draft, id: string, row: HaSetRow): void {
  const { timings } = draft.config;
  const entry: HaSetEntry = {
    scope: row.scope,
    owner: row.owner,
    localIp: row.localIp,
    peerIp: row.peerIp,
    probeInterval: millis(row.probeIntervalMs ?? timings.probeInterval),
    probeThreshold: row.probeThreshold ?? timings.probeThreshold,
    reachable: false,
    channel: "unknown",
  };
  draft.setSet(id, entry);
  expectProbe(draft, id, entry);
}

/** Only `owner` and `peer_ip` can change; the rest stays as it was created. */
function updateSet(draft: Draft, id: string, set: HaSetEntry, row: HaSetRow): void {
  if (row.peerIp !== set.peerIp) {
    if (set.channel === "up") setChannel(draft, id, set, "down");
    const moved: HaSetEntry = { ...set, peerIp: row.peerIp, reachable: false, channel: "unknown" };
    draft.setSet(id, moved);
    expectProbe(draft, id, moved);
  }
  const current = draft.sets.get(id);
  if (current !== undefined && row.owner !== set.owner) draft.setSet(id, { ...current, owner: row.owner });
}

/** A set whose scope still stands is kept, and its DEL waits. BFD sessions are untouched. */
function deleteSet(draft: Draft, id: string): Outcome {
  if (!draft.sets.has(id)) return "done";
  for (const scope of draft.scopes.values()) if (scope.setId === id) return "retry";
  draft.setSet(id, undefined);
  draft.cancelTimer(probeTimerName(id));
  draft.del("DPU_STATE_DB", setStateKey(id));
  draft.del("DPU_APPL_STATE_DB", `DASH_HA_SET_TABLE|${id}`);
  return "done";
}

/** Name of the timer that ends the running flow sync session. */
export const FLOW_SYNC_TIMER = "flowSync";

function applyFlowSync(draft: Draft, key: string, fields: Fields | undefined): Outcome {
  if (fields === undefined) {
    if (draft.flowSync?.key === key) draft.warn(`DASH_FLOW_SYNC_SESSION_TABLE:${key}: the session runs; DEL ignored`);
    return "done";
  }
  const step = requestFlowSync(draft.flowSync, key, fields, draft.moment.steady);
  draft.flowSync = step.session;
  if (step.warning !== undefined) draft.warn(step.warning);
  if (step.row !== undefined) {
    draft.hset("DPU_STATE_DB", `DASH_FLOW_SYNC_SESSION_STATE_TABLE|${step.row.key}`, step.row.fields);
  }
  if (step.started) draft.setTimer(FLOW_SYNC_TIMER, draft.config.timings.flowSync);
  return "done";
}
