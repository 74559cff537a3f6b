import { invariant } from "@tandem/base";

/** One DPU of one switch. */
export interface DpuPlace {
  /** Row key in DPU and REMOTE_DPU, e.g. `sw0_dpu1`. */
  readonly name: string;
  readonly switchIndex: number;
  /** `dpu_id`, and the slot that its hamgrd is started with. */
  readonly slot: number;
  readonly vdpuId: string;
  readonly pa: string;
  readonly vip: string;
  readonly midplane: string;
  /** Port of the DPU's orchagent on `midplane`. */
  readonly zmqPort: number;
  readonly swbusPort: number;
  /** Port of the DPU's Redis, on its switch's loopback address. */
  readonly redisPort: number;
}

export interface SwitchPlace {
  /** Host name, e.g. `sw0`. */
  readonly name: string;
  readonly index: number;
  /** Loopback0 of the switch: swbusd binds there, BFD sessions end there. */
  readonly npu: string;
  readonly redisPort: number;
  readonly dpus: readonly DpuPlace[];
}

/** Two vDPUs on different switches that back each other. */
export interface HaSetPlace {
  readonly id: string;
  readonly vip: string;
  readonly vipV6: string;
  /** In config order; the first is preferred. */
  readonly dpus: readonly [DpuPlace, DpuPlace];
}

export interface Topology {
  readonly region: string;
  readonly cluster: string;
  readonly switches: readonly SwitchPlace[];
  readonly dpus: readonly DpuPlace[];
  readonly haSets: readonly HaSetPlace[];
}

export interface TopologyOptions {
  readonly switches: number;
  readonly dpusPerSwitch: number;
  /** First two octets of every address that must be bindable, e.g. `127.7`. */
  readonly network?: string;
  /** Added to every port; default 0. */
  readonly portShift?: number;
}

export const SWITCHES_MAX = 64;
export const DPUS_PER_SWITCH_MAX = 8;

const SWBUS_PORT_FIRST = 23606;
const ORCHAGENT_ZMQ_PORT = 8100;
const NPU_REDIS_PORT = 6379;
/** SONiC places the Redis of DPU n at this port plus n. */
const DPU_REDIS_PORT_FIRST = 6381;

/**
 * A cluster of `switches` × `dpusPerSwitch`. DPU d of switch 2k is paired with DPU d of switch 2k+1; with one switch,
 * or on an odd last one, DPUs stay unpaired. Loopback addresses follow the BFD, ZMQ and swbus endpoints of real ones,
 * so that a whole cluster can bind them on one machine.
 */
export function planTopology(options: TopologyOptions): Topology {
  const { switches: count, dpusPerSwitch } = options;
  const { network = "127.10", portShift = 0 } = options;
  invariant(count >= 1 && count <= SWITCHES_MAX, `1 to ${SWITCHES_MAX} switches`);
  invariant(dpusPerSwitch >= 1 && dpusPerSwitch <= DPUS_PER_SWITCH_MAX, `1 to ${DPUS_PER_SWITCH_MAX} DPUs per switch`);
  const switches = Array.from(
    { length: count },
    (_, s): SwitchPlace => ({
      name: `sw${s}`,
      index: s,
      npu: `${network}.${s}.1`,
      redisPort: NPU_REDIS_PORT + portShift,
      dpus: Array.from(
        { length: dpusPerSwitch },
        (_, d): DpuPlace => ({
          name: `sw${s}_dpu${d}`,
          switchIndex: s,
          slot: d,
          vdpuId: `vdpu${s}-${d}`,
          pa: `18.${s}.202.${d + 1}`,
          vip: `3.2.${s >> 1}.${d}`,
          midplane: `${network}.${s}.${200 + d}`,
          zmqPort: ORCHAGENT_ZMQ_PORT + portShift,
          swbusPort: SWBUS_PORT_FIRST + d + portShift,
          redisPort: DPU_REDIS_PORT_FIRST + d + portShift,
        }),
      ),
    }),
  );
  const haSets: HaSetPlace[] = [];
  for (let s = 0; s + 1 < count; s += 2) {
    const [left, right] = [switches[s] as SwitchPlace, switches[s + 1] as SwitchPlace];
    for (const [d, dpu] of left.dpus.entries()) {
      haSets.push({
        id: `haset${s >> 1}-${d}`,
        vip: dpu.vip,
        vipV6: `3:2:${s >> 1}::${d + 1}`,
        dpus: [dpu, right.dpus[d] as DpuPlace],
      });
    }
  }
  return { region: "region-a", cluster: "cluster-a", switches, dpus: switches.flatMap((sw) => sw.dpus), haSets };
}

/** The switch that carries `dpu`. */
export function switchOf(topology: Topology, dpu: DpuPlace): SwitchPlace {
  return topology.switches[dpu.switchIndex] as SwitchPlace;
}

/** Service path of the node that serves `dpu`'s slot. */
export function nodePath(topology: Topology, dpu: DpuPlace): string {
  return `${topology.region}.${topology.cluster}.${switchOf(topology, dpu).name}-dpu${dpu.slot}`;
}

/** The set that `dpu` belongs to, and its partner there. */
export function pairOf(topology: Topology, dpu: DpuPlace): { set: HaSetPlace; peer: DpuPlace } | undefined {
  for (const set of topology.haSets) {
    if (set.dpus[0] === dpu) return { set, peer: set.dpus[1] };
    if (set.dpus[1] === dpu) return { set, peer: set.dpus[0] };
  }
  return undefined;
}
