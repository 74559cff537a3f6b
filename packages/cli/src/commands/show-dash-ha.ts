import { err, ok } from "@tandem/base";
import {
  DashHaGlobalConfig,
  DashHaScopeConfig,
  DashHaScopeState,
  DashHaSetConfig,
  DpuDashHaSetState,
} from "@tandem/hamgrd";
import { type CommandRun, failed, printJson, textOption, wantsJson } from "../io.js";
import { renderGlobalConfig, renderHaSets, renderScopeDetails, renderScopes } from "../render/dash-ha.js";
import type { TableRow } from "../render/rows.js";
import { TableReader } from "../tables.js";

/** `show dash ha global-config`: the one row, whatever its key is. */
export const runGlobalConfig: CommandRun = async (invocation, io) => {
  const reader = await TableReader.open(textOption(invocation, "dbConfig"), io);
  if (!reader.ok) return reader;
  await using tables = reader.value;
  const rows = await tables.rows(DashHaGlobalConfig);
  if (!rows.ok) return rows;
  const row = rows.value[0];
  if (wantsJson(invocation)) printJson(io, "show-dash-ha-global-config", { fields: row?.fields ?? {} });
  else io.print(renderGlobalConfig(row));
  return ok();
};

/** `show dash ha set status`: config, with what the DPUs and the scopes' configs say of each set. */
export const runSetStatus: CommandRun = async (invocation, io) => {
  const reader = await TableReader.open(textOption(invocation, "dbConfig"), io);
  if (!reader.ok) return reader;
  await using tables = reader.value;
  const configs = await tables.rows(DashHaSetConfig);
  if (!configs.ok) return configs;
  const scopes = await tables.rows(DashHaScopeConfig);
  if (!scopes.ok) return scopes;
  const states: TableRow[] = [];
  for (const container of tables.containersOf(DpuDashHaSetState.db)) {
    const rows = await tables.rows(DpuDashHaSetState, container);
    if (!rows.ok) return rows;
    states.push(...rows.value);
  }
  const sets = configs.value.map((config) => {
    const id = config.key.join("|");
    const scope = scopes.value.find(({ key, fields }) => (fields["ha_set_id"] || key.slice(1).join("|")) === id);
    return {
      config,
      state: states.find((state) => state.key.join("|") === id),
      owner: scope?.fields["owner"],
    };
  });
  if (!wantsJson(invocation)) io.print(renderHaSets(sets));
  else {
    const members = sets.map(({ config, state, owner }) => ({
      ha_set_id: config.key.join("|"),
      owner: owner ?? null,
      config: config.fields,
      state: state?.fields ?? null,
    }));
    printJson(io, "show-dash-ha-set-status", { sets: members });
  }
  return ok();
};

/** `show dash ha scope status [id]`: with an id every field of the scopes of that name. */
export const runScopeStatus: CommandRun = async (invocation, io) => {
  const reader = await TableReader.open(textOption(invocation, "dbConfig"), io);
  if (!reader.ok) return reader;
  await using tables = reader.value;
  const rows = await tables.rows(DashHaScopeState);
  if (!rows.ok) return rows;
  const id = invocation.args[0];
  const scopes = rows.value.filter(({ key }) => id === undefined || key.slice(1).join("|") === id);
  if (id !== undefined && scopes.length === 0) {
    const known = rows.value.map(({ key }) => key.slice(1).join("|"));
    return err(
      failed(`no HA scope ${id} in STATE_DB; ${known.length === 0 ? "there is none" : `known: ${known.join(", ")}`}`),
    );
  }
  if (!wantsJson(invocation)) io.print(id === undefined ? renderScopes(scopes) : renderScopeDetails(scopes));
  else {
    const members = scopes.map(({ key, fields }) => ({ vdpu_id: key[0], ha_scope_id: key.slice(1).join("|"), fields }));
    printJson(io, "show-dash-ha-scope-status", { scopes: members });
  }
  return ok();
};
