import { type Grid, renderColumns } from "./columns.js";
import { newestFirst, type TableRow } from "./rows.js";
import { age, epochMillis, listItems, NOT_AVAILABLE, shown, stateName } from "./words.js";

/** One HA scope as an operator sees it: text, ready to print. */
export interface HaScopeLine {
  readonly vdpu: string;
  readonly set: string;
  readonly role: string;
  readonly state: string;
  /** Why its newest config is not in force; empty when it is. What stood before stays. */
  readonly refusal: string;
  readonly peerRole: string;
  readonly peerState: string;
  readonly term: string;
  readonly health: string;
  readonly pending: string;
  readonly age: string;
}

/** Colours a word by what it means; the identity where colours are off. */
export type Paint = (tone: "good" | "bad" | "warn", text: string) => string;

export const plain: Paint = (_tone, text) => text;

/**
 * One line per scope that is configured here or has a state, by vDPU and set. A config that hamgrd refuses (owner
 * switch, an ENI scope, a row that cannot be read) says so beside the state that stays.
 */
export function haScopeLines(
  states: readonly TableRow[],
  configs: readonly TableRow[],
  sets: readonly TableRow[],
  now: number,
): readonly HaScopeLine[] {
  const lines = new Map<string, HaScopeLine>();
  const configOf = new Map(configs.map((config) => [config.key.join("|"), config]));
  const line = (state: TableRow, config: TableRow | undefined): HaScopeLine => ({
    ...scopeLine(state, config, now),
    refusal: config === undefined ? "" : refusal(state, config, sets),
  });
  for (const state of states) lines.set(state.key.join("|"), line(state, configOf.get(state.key.join("|"))));
  for (const [key, config] of configOf) {
    if (!lines.has(key)) lines.set(key, line({ key: config.key, fields: {} }, config));
  }
  return [...lines.entries()].sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true })).map(([, line]) => line);
}

function scopeLine({ key, fields }: TableRow, config: TableRow | undefined, now: number): Omit<HaScopeLine, "refusal"> {
  return {
    vdpu: key[0] ?? NOT_AVAILABLE,
    set: shown(config?.fields["ha_set_id"] || key.slice(1).join("|")),
    role: shown(fields["local_acked_asic_ha_state"] || fields["local_target_asic_ha_state"]),
    state: stateName(fields["local_ha_state"]),
    peerRole: shown(fields["peer_acked_asic_ha_state"]),
    peerState: stateName(fields["peer_ha_state"]),
    term: shown(fields["local_acked_term"] || fields["local_target_term"]),
    health: health(fields),
    pending: shownList(fields["pending_operation_types"]),
    age: age(epochMillis(fields["local_ha_state_last_updated_time_in_ms"]), now),
  };
}

/** What hamgrd refuses: docs/bad-input.md. A set that is not there yet is judged by the scope's name. */
function refusal(state: TableRow, config: TableRow, sets: readonly TableRow[]): string {
  if (config.bad !== undefined) return `bad ${config.bad}`;
  if (config.fields["owner"] === "switch") return "owner switch";
  const setId = config.fields["ha_set_id"] ?? "";
  const set = sets.find(({ key }) => key.join(":") === setId);
  if (set?.bad !== undefined) return `bad ${set.bad} of its HA set`;
  const isEni =
    set === undefined
      ? setId !== "" && setId !== config.key.slice(1).join("|") && state.fields["local_ha_state"] === undefined
      : set.fields["scope"] === "eni";
  return isEni ? "scope eni" : "";
}

/** `up`, or the planes that are not; then the number of BFD sessions that are up. */
function health(fields: Readonly<Record<string, string>>): string {
  const planes = ["midplane", "control_plane", "data_plane"] as const;
  const states = planes.map((plane) => [plane, fields[`local_vdpu_${plane}_state`]] as const);
  if (states.every(([, state]) => state === undefined)) return NOT_AVAILABLE;
  const wrong = states.filter(([, state]) => state !== "up");
  const words = wrong.map(([plane, state]) => `${plane.replace("_plane", "")} ${state ?? "unknown"}`);
  const sessions = ["v4", "v6"].flatMap((family) => listItems(fields[`local_vdpu_up_bfd_sessions_${family}`]));
  return `${words.length === 0 ? "up" : words.join(", ")}, bfd ${sessions.length}`;
}

function shownList(text: string | undefined): string {
  const items = listItems(text);
  return items.length === 0 ? "-" : items.join(",");
}

const HA_COLUMNS = [
  "vDPU",
  "HA-Set",
  "Role",
  "State",
  "Peer-Role",
  "Peer-State",
  "Term",
  "Health",
  "Pending-Ops",
  "Age",
];

/** `show ha`. Colours go on after the columns are aligned, line by line. */
export function renderHa(lines: readonly HaScopeLine[], paint: Paint = plain): string {
  if (lines.length === 0) return "no HA scope is configured on this switch\n";
  const rows = lines.map((line) => [
    line.vdpu,
    line.set,
    line.role,
    shownState(line),
    line.peerRole,
    line.peerState,
    line.term,
    line.health,
    line.pending,
    line.age,
  ]);
  const [heading, ...rest] = renderColumns({ columns: HA_COLUMNS, rows }).split("\n");
  return [heading, ...rest.map((text, i) => (lines[i] === undefined ? text : paint(toneOf(lines[i]), text)))].join(
    "\n",
  );
}

function shownState({ state, refusal }: HaScopeLine): string {
  if (refusal === "") return state;
  return state === NOT_AVAILABLE ? `refused: ${refusal}` : `${state} (refused: ${refusal})`;
}

/** Bad: refused, dead or unhealthy. Warn: waits for an approval, or stands alone. */
function toneOf(line: HaScopeLine): "good" | "bad" | "warn" {
  if (line.refusal !== "" || line.state === "Dead" || /down|unknown/.test(line.health)) return "bad";
  return line.pending !== "-" || line.state === "Standalone" ? "warn" : "good";
}

/** One operation that waits for an approval. */
export interface PendingOperation {
  readonly vdpu: string;
  readonly scope: string;
  readonly id: string;
  readonly type: string;
  readonly age: string;
}

/** The operations that wait, newest list first. Ids and types are aligned by index; a missing one is `N/A`. */
export function pendingOperations(states: readonly TableRow[], now: number): readonly PendingOperation[] {
  const changed = "pending_operation_list_last_updated_time_in_ms";
  return [...states].sort(newestFirst(changed)).flatMap(({ key, fields }) => {
    const types = listItems(fields["pending_operation_types"]);
    return listItems(fields["pending_operation_ids"]).map((id, i) => ({
      vdpu: key[0] ?? NOT_AVAILABLE,
      scope: key.slice(1).join("|"),
      id,
      type: types[i] ?? NOT_AVAILABLE,
      age: age(epochMillis(fields[changed]), now),
    }));
  });
}

/** `pending`. */
export function renderPending(operations: readonly PendingOperation[]): string {
  if (operations.length === 0) return "no operation waits for an approval\n";
  const grid: Grid = {
    columns: ["vDPU", "HA-Scope", "Operation", "Type", "Age"],
    rows: operations.map(({ vdpu, scope, id, type, age }) => [vdpu, scope, id, type, age]),
  };
  return renderColumns(grid);
}
