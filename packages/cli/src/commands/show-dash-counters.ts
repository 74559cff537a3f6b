import { err, ok, type Result } from "@tandem/base";
import {
  DashEni,
  DashFlowSyncSession,
  DashFlowSyncSessionState,
  DashHaScopeState,
  DashHaSetConfig,
} from "@tandem/hamgrd";
import { type CommandRun, type Failure, failed, printJson, textOption, wantsJson } from "../io.js";
import { type Counter, type FlowSyncSession, renderCounters, renderFlowSyncSessions } from "../render/dash-ha.js";
import type { TableRow } from "../render/rows.js";
import { TableReader } from "../tables.js";

const DPU_COUNTERS = "DPU_COUNTERS_DB";

/** Counters that the NPU keeps for one HA scope (detailed design §3.2). */
const SCOPE_COUNTERS = ["packets_forwarded", "bytes_forwarded"] as const;

type Hash = Readonly<Record<string, string>>;

/** `show dash ha set counters`: of every set that is configured, from the DPUs that count for it. */
export const runSetCounters: CommandRun = async (invocation, io) => {
  const reader = await TableReader.open(textOption(invocation, "dbConfig"), io);
  if (!reader.ok) return reader;
  await using tables = reader.value;
  const sets = await tables.rows(DashHaSetConfig);
  if (!sets.ok) return sets;
  const bySet = await countersByName(tables, "COUNTERS_HA_SET_NAME_MAP");
  if (!bySet.ok) return bySet;
  const ids = new Set([...sets.value.map(({ key }) => key.join("|")), ...bySet.value.keys()]);
  const counters = [...ids].sort().flatMap((id) => listed([id], bySet.value.get(id) ?? {}));
  if (wantsJson(invocation)) printJson(io, "show-dash-ha-set-counters", { counters });
  else io.print(renderCounters(["HA-Set"], counters));
  return ok();
};

/** `show dash ha scope counters [id]`: what the NPU forwards to a scope, then each ENI's counters. */
export const runScopeCounters: CommandRun = async (invocation, io) => {
  const reader = await TableReader.open(textOption(invocation, "dbConfig"), io);
  if (!reader.ok) return reader;
  await using tables = reader.value;
  const states = await tables.rows(DashHaScopeState);
  if (!states.ok) return states;
  const wanted = invocation.args[0];
  const ids = [...new Set(states.value.map(({ key }) => key.slice(1).join("|")))].sort();
  if (wanted !== undefined && !ids.includes(wanted)) {
    return err(
      failed(`no HA scope ${wanted} in STATE_DB; ${ids.length === 0 ? "there is none" : `known: ${ids.join(", ")}`}`),
    );
  }
  const byEni = await countersByName(tables, "COUNTERS_ENI_NAME_MAP");
  if (!byEni.ok) return byEni;
  const enis = await scopesOfEnis(tables);
  if (!enis.ok) return enis;
  const counters: Counter[] = [];
  for (const id of ids.filter((known) => wanted === undefined || known === wanted)) {
    const forwarded = tables.containersOf("COUNTERS_DB").includes("")
      ? await tables.hash("COUNTERS_DB", `COUNTERS:${id}`)
      : ok<Hash>({});
    if (!forwarded.ok) return forwarded;
    for (const counter of SCOPE_COUNTERS) {
      counters.push({ object: [id, ""], counter, value: forwarded.value[counter] ?? "N/A" });
    }
    for (const [eni, fields] of byEni.value) {
      const scope = enis.value.get(eni);
      if (scope === id || (scope === undefined && ids.length === 1)) counters.push(...listed([id, eni], fields));
    }
  }
  if (wantsJson(invocation)) printJson(io, "show-dash-ha-scope-counters", { counters });
  else io.print(renderCounters(["HA-Scope", "ENI"], counters));
  return ok();
};

/** `show dash ha flow-sync-session counters [id]`. */
export const runFlowSyncCounters: CommandRun = async (invocation, io) => {
  const reader = await TableReader.open(textOption(invocation, "dbConfig"), io);
  if (!reader.ok) return reader;
  await using tables = reader.value;
  const requests = await rowsOfDpus(tables, DashFlowSyncSession);
  if (!requests.ok) return requests;
  const states = await rowsOfDpus(tables, DashFlowSyncSessionState);
  if (!states.ok) return states;
  const bySet = await countersByName(tables, "COUNTERS_HA_SET_NAME_MAP");
  if (!bySet.ok) return bySet;
  const ids = [...new Set([...requests.value.keys(), ...states.value.keys()])].sort();
  const wanted = invocation.args[0];
  if (wanted !== undefined && !ids.includes(wanted)) {
    return err(
      failed(`no flow sync session ${wanted}; ${ids.length === 0 ? "there is none" : `known: ${ids.join(", ")}`}`),
    );
  }
  const sessions: FlowSyncSession[] = ids
    .filter((id) => wanted === undefined || id === wanted)
    .map((id) => {
      const request = requests.value.get(id);
      const counters = bySet.value.get(request?.fields["ha_set_id"] ?? "") ?? {};
      return { id, request, state: states.value.get(id), counters };
    });
  if (!wantsJson(invocation)) io.print(renderFlowSyncSessions(sessions));
  else {
    const members = sessions.map(({ id, request, state, counters }) => ({
      session_id: id,
      request: request?.fields ?? null,
      state: state?.fields ?? null,
      counters,
    }));
    printJson(io, "show-dash-ha-flow-sync-session-counters", { sessions: members });
  }
  return ok();
};

function listed(object: readonly string[], fields: Hash): readonly Counter[] {
  return Object.keys(fields)
    .sort()
    .map((name) => ({
      object,
      counter: name.replace(/^SAI_(?:HA_SET|ENI)_STAT_/, ""),
      value: fields[name] as string,
    }));
}

/** Counters of everything that a name map of the DPUs names, by name. */
async function countersByName(tables: TableReader, map: string): Promise<Result<ReadonlyMap<string, Hash>, Failure>> {
  const counters = new Map<string, Hash>();
  for (const container of tables.containersOf(DPU_COUNTERS).filter((name) => name !== "")) {
    const names = await tables.hash(DPU_COUNTERS, map, container);
    if (!names.ok) return names;
    for (const [name, oid] of Object.entries(names.value)) {
      const fields = await tables.hash(DPU_COUNTERS, `COUNTERS:${oid}`, container);
      if (!fields.ok) return fields;
      counters.set(name, fields.value);
    }
  }
  return ok(counters);
}

/** The HA scope of each ENI whose row names one. */
async function scopesOfEnis(tables: TableReader): Promise<Result<ReadonlyMap<string, string>, Failure>> {
  const rows = await rowsOfDpus(tables, DashEni);
  if (!rows.ok) return rows;
  const scopes = [...rows.value].flatMap(([eni, row]) => {
    const scope = row.fields["ha_scope_id"];
    return scope === undefined ? [] : [[eni, scope] as const];
  });
  return ok(new Map(scopes));
}

async function rowsOfDpus(
  tables: TableReader,
  table: Parameters<TableReader["rows"]>[0],
): Promise<Result<ReadonlyMap<string, TableRow>, Failure>> {
  const rows = new Map<string, TableRow>();
  for (const container of tables.containersOf(table.db).filter((name) => name !== "")) {
    const found = await tables.rows(table, container);
    if (!found.ok) return found;
    for (const row of found.value) rows.set(row.key.join("|"), row);
  }
  return ok(rows);
}
