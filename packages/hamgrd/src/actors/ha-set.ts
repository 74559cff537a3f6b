import {
  type ActorDefinition,
  type Derived,
  defineActor,
  type Inputs,
  type Problem,
  type Read,
  type StandingRow,
  standingRow,
  stands,
  type Wait,
} from "@tandem/actor";
import { countOf, millis, minutes, seconds } from "@tandem/base";
import type { AnyTable } from "@tandem/swss";
import type { DpuActorState } from "../ports/dpu-port.js";
import { haScopeTell } from "../ports/ha-scope-tell.js";
import { type HaSetActorState, haSetPort } from "../ports/ha-set-port.js";
import { vdpuPort } from "../ports/vdpu-port.js";
import { DpuBfdSession } from "../schema/bfd-session.js";
import { DashHaGlobalConfig, type DashHaGlobalConfigRow } from "../schema/dash-ha-global-config.js";
import { DashHaSet, type DashHaSetRow } from "../schema/dash-ha-set.js";
import { DashHaSetConfig, type DashHaSetConfigRow } from "../schema/dash-ha-set-config.js";
import type { HaSetId } from "../schema/ids.js";
import { VnetRouteTunnel } from "../schema/vnet-route-tunnel.js";
import { HOLD_READS } from "./bfd-hold.js";
import { bfdRows, distinct } from "./bfd-rows.js";
import { dpuVnet, globalConfig } from "./global-config.js";
import { type HaSetMemory, OWNER_WAIT, rememberHaSet } from "./ha-set-memory.js";
import { explicitlyDown, planesOfPmon } from "./planes.js";
import type { HamgrdSettings } from "./settings.js";
import { type Side, sideDpus, sideOrder, vnetRoute } from "./vnet-route.js";
import { snapshotWaits, WAIT_CONFIG } from "./waits.js";

type HaSetInputs = Inputs<HaSetMemory>;
type HaSetDerived = Derived<HaSetActorState>;

/** How long the first row of a set waits for its owner; afterwards it is written as unspecified. */
export const OWNER_GRACE = millis(500);

const WRITES: readonly AnyTable[] = [DashHaSet, VnetRouteTunnel, DpuBfdSession];

/**
 * One HA set: the DPU's view of the pair, and the route to its VIP. docs/actors.md, "ha-set".
 */
export function haSetActor(settings: HamgrdSettings): ActorDefinition<HaSetMemory, HaSetActorState> {
  const withBfd = settings.bfdMode === "ha-set";
  const reads: readonly Read[] = [{ table: DashHaGlobalConfig }, ...(withBfd ? HOLD_READS : [])];
  return defineActor<HaSetMemory, HaSetActorState>({
    type: "ha-set",
    rows: [DashHaSetConfig],
    publishes: haSetPort,
    hears: [haScopeTell],
    remember: rememberHaSet(withBfd),
    reads: () => reads,
    wants: (inputs) => (inputs.row(DashHaSetConfig)?.vdpu_ids ?? []).map((id) => ({ port: vdpuPort, id })),
    derive(inputs) {
      const config = inputs.row(DashHaSetConfig);
      if (config === undefined) return stands({ reason: "no row" });
      const problems = problemsOf(inputs.id, config);
      const refusal = refusalOf(inputs, config);
      if (refusal !== undefined) {
        return stands({ problems: [...problems, refusal], keeps: WRITES, reason: refusal.text });
      }
      const order = sideOrder(config);
      const sides = order.flatMap(({ vdpuId, primary }): readonly Side[] => {
        const vdpu = inputs.state(vdpuPort, vdpuId);
        return vdpu === undefined ? [] : [{ vdpuId, primary, vdpu }];
      });
      const global = globalConfig(inputs);
      const waits: Wait[] = [...snapshotWaits(inputs, reads)];
      if (waits.length === 0 && global === undefined) waits.push(WAIT_CONFIG);
      for (const { vdpuId } of order) {
        if (!sides.some((side) => side.vdpuId === vdpuId)) waits.push(vdpuWait(vdpuId));
      }
      if (waits.length > 0 || global === undefined) {
        return stands({
          waits,
          problems,
          keeps: WRITES,
          reason: `waits for ${waits.map((wait) => wait.for).join(", ")}`,
        });
      }
      const same = sameDpu(sides);
      if (same !== undefined) {
        return stands({ problems: [...problems, same], keeps: WRITES, reason: same.text });
      }
      const gone = sides.filter(({ vdpu }) => vdpu.gone === true).map(({ vdpuId }) => goneVdpu(vdpuId));
      return standsComplete(inputs, { config, global, sides, problems: [...problems, ...gone], settings });
    },
  });
}

const vdpuWait = (vdpuId: string): Wait => ({
  for: `the state of vDPU ${vdpuId}`,
  deadline: seconds(10),
  then: "go on asking for it; what stands stays",
});

const goneVdpu = (vdpuId: string): Problem => ({
  code: "vdpuGone",
  severity: "warning",
  text: `vDPU ${vdpuId} or its DPUs are deleted while an HA set names it; its last addresses are used`,
});

/** A pair needs two DPUs. */
function sameDpu(sides: readonly Side[]): Problem | undefined {
  const [name, other] = sides.map(({ vdpu }) => vdpu.dpu.dpu_name);
  if (name === undefined || name !== other) return undefined;
  const text = `both vDPUs stand for DPU ${name}; what stands of the set stays as it is`;
  return { code: "sameDpu", severity: "refused", text };
}

function refusalOf(inputs: HaSetInputs, config: DashHaSetConfigRow): Problem | undefined {
  if (config.scope === "eni") {
    const text = "scope eni is not supported; what stands of the set stays as it is";
    return { code: "scopeEni", severity: "refused", text };
  }
  if (inputs.memory.owner === "switch") {
    const text = "its HA scope has owner switch, which is not supported; what stands of the set stays as it is";
    return { code: "ownerSwitch", severity: "refused", text };
  }
  return undefined;
}

function problemsOf(id: string, config: DashHaSetConfigRow): readonly Problem[] {
  const problems: Problem[] = [];
  const warn = (code: string, text: string): void => {
    problems.push({ code, severity: "warning", text });
  };
  const configured = config.vdpu_ids as readonly string[];
  for (const preferred of config.preferred_vdpu_id) {
    if (!configured.includes(preferred))
      warn("unknownPreferred", `preferred vDPU ${preferred} is not in vdpu_ids of ${id}; it is ignored`);
  }
  if (config.scope === "unspecified") warn("scopeUnspecified", `scope of ${id} is unspecified; dpu is taken`);
  if (config.vip_v4 === undefined) warn("noVip", `${id} has no vip_v4: no route is written, and the DPU may refuse it`);
  const pins = config.pinned_vdpu_bfd_probe_states.length;
  if (pins > configured.length)
    warn("surplusPins", `${id} pins ${pins} probe states for ${configured.length} vDPUs; the surplus is ignored`);
  return problems;
}

interface Complete {
  readonly config: DashHaSetConfigRow;
  readonly global: DashHaGlobalConfigRow;
  /** In endpoint order. */
  readonly sides: readonly Side[];
  readonly problems: readonly Problem[];
  readonly settings: HamgrdSettings;
}

function standsComplete(inputs: HaSetInputs, complete: Complete): HaSetDerived {
  const { config, sides, settings } = complete;
  const { memory } = inputs;
  const local = sides.find(({ vdpu }) => vdpu.dpu.is_managed);
  const rows: StandingRow[] = [];
  const keeps: AnyTable[] = [];
  const waits: Wait[] = [];
  let publish: HaSetActorState | undefined;
  if (local !== undefined && memory.owner === "unspecified" && !memory.graceOver) {
    waits.push({ for: OWNER_WAIT, deadline: OWNER_GRACE, then: "write the set with owner unspecified" });
    keeps.push(DashHaSet);
  } else if (local !== undefined) {
    const set = setRow(complete, local, memory.owner);
    rows.push(standingRow(DashHaSet, { ha_set_id: inputs.id as HaSetId }, set));
    publish = {
      ha_set: set,
      vdpu_ids: config.vdpu_ids,
      pinned_vdpu_bfd_probe_states: config.pinned_vdpu_bfd_probe_states,
      ...(settings.bfdMode === "ha-set" && memory.held && { bfd_withdrawn: true }),
    };
  }
  const route = routeOf(complete, local !== undefined);
  rows.push(...route.rows);
  keeps.push(...route.keeps);
  waits.push(...route.waits);
  if (settings.bfdMode === "ha-set" && local !== undefined && !memory.held) rows.push(...pairBfdRows(complete, local));
  const where = local === undefined ? "no DPU of it is managed here" : `${local.vdpuId} is managed here`;
  const wrote = rows.length === 0 ? "writes nothing" : `owner ${memory.owner}, ${countOf(rows.length, "row")}`;
  const leaves = route.leaves ?? [];
  return stands({ rows, keeps, leaves, publish, waits, problems: complete.problems, reason: `${where}; ${wrote}` });
}

function setRow({ config, global, sides }: Complete, local: Side, owner: HaSetMemory["owner"]): DashHaSetRow {
  const peer = sides.find((side) => side !== local) as Side;
  const { dpu } = local.vdpu;
  return {
    version: config.version,
    ...(config.vip_v4 !== undefined && { vip_v4: config.vip_v4 }),
    ...(config.vip_v6 !== undefined && { vip_v6: config.vip_v6 }),
    owner,
    scope: "dpu",
    local_npu_ip: dpu.npu_ipv4 === "" ? (dpu.npu_ipv6 ?? "") : dpu.npu_ipv4,
    local_ip: dpu.pa_ipv4,
    peer_ip: peer.vdpu.dpu.pa_ipv4,
    ...pick(global, [
      "cp_data_channel_port",
      "dp_channel_dst_port",
      "dp_channel_src_port_min",
      "dp_channel_src_port_max",
      "dp_channel_probe_interval_ms",
      "dp_channel_probe_fail_threshold",
    ]),
  };
}

function pick<T extends object, K extends keyof T>(row: T, names: readonly K[]): Pick<T, K> {
  const out: Partial<T> = {};
  for (const name of names) if (row[name] !== undefined) out[name] = row[name];
  return out as Pick<T, K>;
}

interface Route extends Pick<HaSetDerived, "rows" | "waits" | "leaves"> {
  readonly keeps: readonly AnyTable[];
}

/**
 * The route. A hamgrd that manages no side writes it too when all sides are remote (all switches route to every pair);
 * a sibling slot writes it when one is local, and then what this one once wrote stays: the sibling's row has its key.
 */
function routeOf({ config, global, sides, settings }: Complete, isManaged: boolean): Route {
  if (!isManaged && settings.vnetMode === "participants") return { rows: [], keeps: [], waits: [] };
  const isLocal = (dpu: DpuActorState): boolean => !dpu.remote_dpu;
  if (!isManaged && sides.some((side) => sideDpus(side).some(isLocal))) {
    return { rows: [], keeps: [], leaves: [VnetRouteTunnel], waits: [] };
  }
  if (config.vip_v4 === undefined) return { rows: [], keeps: [], waits: [] };
  const vnet = dpuVnet(global);
  if (vnet === undefined) return { rows: [], keeps: [VnetRouteTunnel], waits: [WAIT_VNET] };
  const row = vnetRoute(config, global, sides);
  return { rows: [standingRow(VnetRouteTunnel, { vnet, prefix: config.vip_v4 }, row)], keeps: [], waits: [] };
}

const WAIT_VNET: Wait = {
  for: "dpu_vnet in DASH_HA_GLOBAL_CONFIG",
  deadline: minutes(1),
  then: "go on waiting; the route alone is missing",
};

/** Sessions to the switches of the pair, our own included. */
function pairBfdRows({ global, sides, settings }: Complete, local: Side): readonly StandingRow[] {
  const { dpu } = local.vdpu;
  const pmon = dpu.dpu_pmon_state;
  if (pmon !== undefined && explicitlyDown(planesOfPmon(pmon))) return [];
  const dpus = sides.flatMap(sideDpus);
  const rows = bfdRows(global, dpu.pa_ipv4, distinct(dpus.map((other) => other.npu_ipv4)));
  if (!settings.bfdIpv6 || dpu.pa_ipv6 === undefined) return rows;
  return [...rows, ...bfdRows(global, dpu.pa_ipv6, distinct(dpus.map((other) => other.npu_ipv6)))];
}
