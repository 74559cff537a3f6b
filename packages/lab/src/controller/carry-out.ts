import { type Millis, seconds, unreachable } from "@tandem/base";
import {
  DashHaScopeConfig,
  type OperationPlan,
  type PairView,
  type PlanAction,
  readSide,
  type SideView,
} from "@tandem/hamgrd";
import type { Cluster } from "../cluster/cluster.js";
import { type DpuPlace, type HaSetPlace, switchOf } from "../topology.js";

/** How long one step may take. */
const STEP_LIMIT: Millis = seconds(60);

/** A pair as the rows of its switches tell it, for `planOperation`. */
export function pairView(cluster: Cluster, set: HaSetPlace): PairView {
  const side = (dpu: DpuPlace): SideView => {
    const sw = switchOf(cluster.topology, dpu);
    const row = cluster.rows(sw, "STATE_DB", "DASH_HA_SCOPE_STATE").get(`${dpu.vdpuId}|${set.id}`);
    const fields = cluster.rows(sw, "APPL_DB", "DASH_HA_SCOPE_CONFIG_TABLE").get(`${dpu.vdpuId}:${set.id}`);
    const config = fields === undefined ? undefined : DashHaScopeConfig.decode(fields);
    const known =
      row === undefined ? undefined : readSide(row, config?.ok ? config.value : undefined, cluster.host.clock.now());
    const state = known ?? ({ known: false, why: `${sw.name} has no row of it` } as const);
    const pins = cluster.controller.plan.sets.get(set.id)?.pinned ?? [];
    return {
      vdpu: dpu.vdpuId,
      dpu: dpu.name,
      on: sw.name,
      npu: sw.npu,
      pinned: pins[set.dpus.indexOf(dpu)] ?? "none",
      state,
    };
  };
  return { set: set.id, sides: [side(set.dpus[0]), side(set.dpus[1])], preferred: set.dpus[0].vdpuId };
}

/** The lab's controller carries out a plan, step by step. Throws when a step does not come true in time. */
export async function carryOut(cluster: Cluster, set: HaSetPlace, plan: OperationPlan): Promise<void> {
  for (const { action, text } of plan.steps) {
    await cluster.host.run(text, perform(cluster, set, action), STEP_LIMIT);
  }
}

async function perform(cluster: Cluster, set: HaSetPlace, action: PlanAction): Promise<void> {
  const { controller } = cluster;
  switch (action.kind) {
    case "desire":
      return controller.desire(action.vdpu, action.desired);
    case "disable":
      return controller.disable(action.vdpu);
    case "enable":
      return controller.enable(action.vdpu);
    case "approve": {
      const asks = (): boolean => controller.pending(action.vdpu).some(({ type }) => type === action.type);
      await cluster.observer.until(asks);
      return controller.approve(action.vdpu, action.type);
    }
    case "deleteScope":
      return controller.removeScope(action.vdpu);
    case "deleteSet":
      return controller.removeSet(set.id);
    case "until": {
      const reached = action.sides.map(({ vdpu, states }) => {
        const dpu = set.dpus.find(({ vdpuId }) => vdpuId === vdpu) as DpuPlace;
        return (): boolean => states.includes(cluster.haState(dpu) ?? "");
      });
      return cluster.observer.until(() => reached.every((holds) => holds()));
    }
    default:
      return unreachable(action);
  }
}
