import { allOk, type Clock, err, ok, type Random, type Result } from "@tandem/base";
import type { OpenError, Sockets, Stores } from "@tandem/swss";
import { BfdProbes } from "./bfd/bfd-probes.js";
import { DpuFabric } from "./dpu/fabric.js";
import type { DpuTimings } from "./dpu/ha-state.js";
import { type SimulatedDpu, startDpu } from "./dpu/simulated-dpu.js";
import { LabNetwork } from "./network.js";
import { type SimulatedNpu, startNpu } from "./npu/simulated-npu.js";
import { type PmonTimings, type SimulatedPmon, startPmon } from "./pmon/simulated-pmon.js";
import type { DpuPlace, SwitchPlace, Topology } from "./topology.js";
import { type Forwarding, Traffic } from "./traffic.js";

export interface DevicesOptions {
  readonly topology: Topology;
  readonly clock: Clock;
  readonly random: Random;
  readonly sockets: Sockets;
  /** Databases of a switch and of its DPUs. */
  readonly stores: (sw: SwitchPlace) => Stores;
  readonly dpuTimings?: Partial<DpuTimings>;
  readonly pmonTimings?: Partial<PmonTimings>;
  readonly onWarning: (text: string) => void;
  /** Hears of databases that were emptied without a key event. */
  readonly onFlush?: (dpu: DpuPlace, db: string) => void;
}

/** Every simulated device of a cluster, wired together. DPUs are off at first; traffic is stopped. */
export class LabDevices implements AsyncDisposable {
  private constructor(
    readonly network: LabNetwork,
    readonly fabric: DpuFabric,
    readonly bfd: BfdProbes,
    readonly traffic: Traffic,
    /** What decides where packets go. */
    readonly forwarding: Forwarding,
    /** In the order of the topology, as the switches. */
    readonly dpus: readonly SimulatedDpu[],
    readonly npus: readonly SimulatedNpu[],
    readonly pmons: readonly SimulatedPmon[],
  ) {}

  /** Fails when a database is not configured. */
  static start(options: DevicesOptions): Result<LabDevices, OpenError> {
    const { topology, clock, random, sockets, onWarning } = options;
    const storesAt = (index: number): Stores => options.stores(topology.switches[index] as SwitchPlace);
    const network = new LabNetwork(topology);
    const fabric = new DpuFabric({ clock, network });
    const dpus = allOk(
      topology.dpus.map((place) => {
        const stores = storesAt(place.switchIndex);
        const timings = options.dpuTimings ?? {};
        const onFlush = (db: string): void => options.onFlush?.(place, db);
        return startDpu({ place, clock, random, sockets, stores, fabric, timings, onWarning, onFlush });
      }),
    );
    if (!dpus.ok) return err(dpus.error);
    const npus = allOk(
      topology.switches.map((place) => startNpu({ place, clock, stores: storesAt(place.index), onWarning })),
    );
    if (!npus.ok) return err(npus.error);
    const pmons = allOk(
      topology.switches.map((place) =>
        startPmon({
          place,
          clock,
          stores: storesAt(place.index),
          dpus: dpus.value.filter((dpu) => dpu.place.switchIndex === place.index),
          timings: options.pmonTimings ?? {},
          onWarning,
        }),
      ),
    );
    if (!pmons.ok) return err(pmons.error);
    const world = { clock, network, npus: npus.value, dpus: dpus.value };
    const bfd = new BfdProbes({ ...world, stores: (dpu) => storesAt(dpu.place.switchIndex), onWarning });
    const targets = topology.haSets.map((set) => ({ vip: set.vip, scope: set.id }));
    const traffic = new Traffic({ ...world, bfd, targets });
    const forwarding = { network, bfd, dpus: dpus.value };
    return ok(new LabDevices(network, fabric, bfd, traffic, forwarding, dpus.value, npus.value, pmons.value));
  }

  dpu(place: DpuPlace): SimulatedDpu {
    return found(this.dpus, (dpu) => dpu.place.name === place.name);
  }

  npu(place: SwitchPlace): SimulatedNpu {
    return found(this.npus, (npu) => npu.place.name === place.name);
  }

  pmon(place: SwitchPlace): SimulatedPmon {
    return found(this.pmons, (pmon) => pmon.place.name === place.name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.traffic.stop();
    await this.bfd[Symbol.asyncDispose]();
    const devices: AsyncDisposable[] = [...this.pmons, ...this.npus, ...this.dpus];
    await Promise.all(devices.map((device) => device[Symbol.asyncDispose]()));
  }
}

function found<T>(items: readonly T[], test: (item: T) => boolean): T {
  const item = items.find(test);
  if (item === undefined) throw new Error("a device of another topology");
  return item;
}
