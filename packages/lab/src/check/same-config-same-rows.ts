import { type Millis, millis, seconds } from "@tandem/base";
import type { DatabaseName } from "@tandem/swss";
import { type DpuPlace, type HaSetPlace, type SwitchPlace, switchOf } from "../topology.js";
import { scopeConfigOf, setConfigOf } from "./config-fields.js";
import { fairPair, STIRS } from "./fair.js";
import type { Always, ClusterView } from "./invariant.js";
import { lastingText } from "./lasting-fields.js";

/** After the last thing that was broken: restarts, audits and convergence are over by then. */
const SETTLED = seconds(45);

/** What the controller wants of a pair, without what says when it wanted that. */
function configOf(view: ClusterView, set: HaSetPlace): string {
  return set.dpus
    .map((dpu) => {
      const sw = switchOf(view.topology, dpu);
      const scopes = view.rows(sw, "APPL_DB", "DASH_HA_SCOPE_CONFIG_TABLE");
      const scope = scopeConfigOf(scopes.get(`${dpu.vdpuId}:${set.id}`));
      const pair = setConfigOf(view.rows(sw, "APPL_DB", "DASH_HA_SET_CONFIG_TABLE").get(set.id));
      const lasting = ({ version: _, approved_pending_operation_ids: __, ...rest }: Readonly<Record<string, string>>) =>
        JSON.stringify(rest);
      return `${lasting(scope ?? {})} ${lasting(pair ?? {})} ${planesOf(view, dpu)}`;
    })
    .join();
}

/** What pmon says of a DPU is configuration too, as far as rows follow it. */
function planesOf(view: ClusterView, dpu: DpuPlace): string {
  const row = view.rows(switchOf(view.topology, dpu), "CHASSIS_STATE_DB", "DPU_STATE").get(`DPU${dpu.slot}`);
  return `${row?.["dpu_midplane_link_state"]} ${row?.["dpu_control_plane_state"]} ${row?.["dpu_data_plane_state"]}`;
}

/** Every row that hamgrds stand for because of the pair and its DPUs, as lines. */
function rowsOf(view: ClusterView, set: HaSetPlace): readonly string[] {
  const lines: string[] = [];
  const add = (
    owner: SwitchPlace | DpuPlace,
    db: DatabaseName,
    table: string,
    concerns: (key: string) => boolean,
  ): void => {
    for (const [key, fields] of view.rows(owner, db, table)) {
      if (concerns(key)) lines.push(`${owner.name} ${table} ${key} ${lastingText(fields)}`);
    }
  };
  for (const dpu of set.dpus) {
    const sw = switchOf(view.topology, dpu);
    for (const table of ["DASH_HA_SET_TABLE", "DASH_HA_SCOPE_TABLE", "BFD_SESSION_TABLE"]) {
      add(dpu, "DPU_APPL_DB", table, () => true);
    }
    add(sw, "APPL_DB", "VNET_ROUTE_TUNNEL_TABLE", (key) => key.endsWith(`:${set.vip}`));
    add(sw, "STATE_DB", "DASH_HA_SCOPE_STATE", (key) => key.startsWith(`${dpu.vdpuId}|`));
    add(sw, "APPL_DB", "NEIGH_RESOLVE_TABLE", (key) => key.endsWith(`:${dpu.pa}`));
  }
  return lines.sort();
}

export const sameConfigSameRows: Always = {
  id: "same-config-same-rows",
  text: "Whatever crashed, restarted or was lost meanwhile: once nothing has been broken for 45 seconds, rows of a pair that serves are what they were before under the same config.",
  when: "always",
  exact: true,
  sees: [],
  start(view) {
    const { haSets } = view.topology;
    /** Rows of each pair under its config as they were first seen at rest; and which stretches were looked at. */
    const known = new Map<string, readonly string[]>();
    const looked = new Map<string, Millis>();
    const dueOf = (set: HaSetPlace): Millis | undefined => {
      const since = fairPair(view, set, STIRS);
      return since === undefined || looked.get(set.id) === since ? undefined : millis(since + SETTLED);
    };
    const serves = (set: HaSetPlace): boolean => {
      const states = set.dpus.map((dpu) => view.haState(dpu));
      return states.includes("active") && states.includes("standby");
    };
    return {
      observe: () => [],
      due() {
        const times = haSets.map(dueOf).filter((at) => at !== undefined);
        return times.length === 0 ? undefined : millis(Math.min(...times));
      },
      expire(now) {
        return haSets.flatMap((set) => {
          const at = dueOf(set);
          if (at === undefined || at > now) return [];
          looked.set(set.id, millis(at - SETTLED));
          if (!serves(set)) return [];
          const name = `${set.id} ${configOf(view, set)}`;
          const [before, after] = [known.get(name), rowsOf(view, set)];
          if (before === undefined) known.set(name, after);
          return before === undefined ? [] : differences(before, after).map((text) => `${set.id}: ${text}`);
        });
      },
    };
  },
};

function differences(before: readonly string[], after: readonly string[]): readonly string[] {
  return [
    ...before.filter((line) => !after.includes(line)).map((line) => `gone: ${line}`),
    ...after.filter((line) => !before.includes(line)).map((line) => `new: ${line}`),
  ];
}
