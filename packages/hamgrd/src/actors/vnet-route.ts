import type { DpuActorState } from "../ports/dpu-port.js";
import type { VdpuActorState } from "../ports/vdpu-port.js";
import type { PinnedState } from "../schema/codecs.js";
import type { DashHaGlobalConfigRow } from "../schema/dash-ha-global-config.js";
import type { DashHaSetConfigRow } from "../schema/dash-ha-set-config.js";
import type { VnetRouteTunnelRow } from "../schema/vnet-route-tunnel.js";

/** One side of an HA set with what is known of it. */
export interface Side {
  readonly vdpuId: string;
  readonly primary: boolean;
  readonly vdpu: VdpuActorState;
}

/** Ids in the order of endpoints: preferred ones first, each primary, then the rest as configured. */
export function sideOrder(
  config: DashHaSetConfigRow,
): readonly { readonly vdpuId: string; readonly primary: boolean }[] {
  const configured = config.vdpu_ids as readonly string[];
  const preferred = [...new Set(config.preferred_vdpu_id)].filter((id) => configured.includes(id));
  const rest = configured.filter((id) => !preferred.includes(id));
  return [
    ...preferred.map((vdpuId) => ({ vdpuId, primary: true })),
    ...rest.map((vdpuId) => ({ vdpuId, primary: false })),
  ];
}

/** DPUs of a side that traffic goes to: its representative, or all members that are up when it is balanced. */
export function sideDpus({ vdpu }: Side): readonly DpuActorState[] {
  if (vdpu.balanced !== true || vdpu.members === undefined) return [vdpu.dpu];
  const ups = vdpu.members.filter((member) => member.up);
  return ups.length === 0 ? [vdpu.dpu] : ups;
}

/** Where the underlay reaches a DPU from here: itself when it is local, else its switch. */
function endpointOf(dpu: DpuActorState): string {
  if (!dpu.remote_dpu) return dpu.pa_ipv4;
  return dpu.npu_ipv4 === "" ? (dpu.npu_ipv6 ?? "") : dpu.npu_ipv4;
}

/**
 * Pins in the order of the endpoints, aligned by vDPU; a missing one is none. Empty when nothing but blanks is
 * configured. The field is always written: VnetOrch keeps what an earlier row said otherwise.
 */
function pinsOf(config: DashHaSetConfigRow, endpoints: readonly string[]): readonly PinnedState[] {
  const pins = config.pinned_vdpu_bfd_probe_states;
  if (pins.every((pin) => pin === "")) return [];
  return endpoints.map((vdpuId) => {
    const pin = pins[(config.vdpu_ids as readonly string[]).indexOf(vdpuId)];
    return pin === undefined || pin === "" ? "none" : pin;
  });
}

/** The route to the pair's VIP over these sides. */
export function vnetRoute(
  config: DashHaSetConfigRow,
  global: DashHaGlobalConfigRow,
  sides: readonly Side[],
): VnetRouteTunnelRow {
  const endpoints = sides.flatMap((side) => sideDpus(side).map((dpu) => ({ side, dpu })));
  const primary = endpoints.filter(({ side }) => side.primary).map(({ dpu }) => endpointOf(dpu));
  const interval = global.dpu_bfd_probe_interval_in_ms;
  return {
    endpoint: endpoints.map(({ dpu }) => endpointOf(dpu)),
    endpoint_monitor: endpoints.map(({ dpu }) => dpu.pa_ipv4),
    monitoring: "custom_bfd",
    ...(primary.length > 0 && { primary }),
    ...(interval !== undefined && { rx_monitor_timer: interval, tx_monitor_timer: interval }),
    check_directly_connected: endpoints.some(({ dpu }) => !dpu.remote_dpu),
    pinned_state: pinsOf(
      config,
      endpoints.map(({ side }) => side.vdpuId),
    ),
  };
}
