import type { CrashPointName } from "@tandem/base";
import type { Cluster } from "../cluster/cluster.js";
import type { DaemonPlace, RedisOwner } from "../cluster/cluster-host.js";
import type { SimulatedCluster } from "../cluster/simulated-cluster.js";
import type { Wipe } from "../dpu/wipe.js";
import type { DpuPlace } from "../topology.js";
import { Holds } from "./holds.js";

/**
 * The cluster as faults reach for it. What several faults hold down at a time (a daemon, a Redis, a DPU, a cut) comes
 * back when the last of them lets go.
 */
export class SimWorld {
  readonly host: SimulatedCluster;
  readonly cluster: Cluster;
  readonly #holds = new Holds();
  readonly #crashed = new Set<string>();

  constructor(host: SimulatedCluster, cluster: Cluster) {
    this.host = host;
    this.cluster = cluster;
  }

  /** Calls `begin` unless `name` is held already. */
  hold(name: string, begin: () => unknown): unknown {
    return this.#holds.take(name) ? begin() : undefined;
  }

  /** Calls `end` unless somebody else still holds `name`. */
  release(name: string, end: () => unknown): unknown {
    return this.#holds.release(name) ? end() : undefined;
  }

  killDaemon(daemon: DaemonPlace): unknown {
    return this.hold(daemon.name, () => this.host.killDaemon(daemon));
  }

  /** Does not wait until the daemon is ready: what it needs may be away. */
  reviveDaemon(daemon: DaemonPlace): unknown {
    return this.release(daemon.name, () => {
      void this.host.startDaemon(daemon);
    });
  }

  /** The daemon dies when it comes by `point` once more after `passes` passes. */
  armCrash(daemon: DaemonPlace, point: CrashPointName, passes: number): void {
    this.host.armCrash(daemon, point, passes, () => {
      this.#holds.take(daemon.name);
      this.#crashed.add(daemon.name);
    });
  }

  /** A daemon that died of it is started again. */
  disarmCrash(daemon: DaemonPlace): unknown {
    this.host.disarmCrash(daemon);
    return this.#crashed.delete(daemon.name) ? this.reviveDaemon(daemon) : undefined;
  }

  killRedis(owner: RedisOwner): unknown {
    return this.hold(`redis ${owner.name}`, () => this.host.killRedis(owner));
  }

  reviveRedis(owner: RedisOwner): unknown {
    return this.release(`redis ${owner.name}`, () => this.host.startRedis(owner));
  }

  powerOff(dpu: DpuPlace): unknown {
    return this.hold(`power ${dpu.name}`, () => this.cluster.devices.dpu(dpu).powerOff());
  }

  /** Does not wait until the DPU has booted: its databases may be away. */
  powerOn(dpu: DpuPlace, wipe: Wipe): unknown {
    return this.release(`power ${dpu.name}`, () => {
      void this.cluster.devices.dpu(dpu).powerOn(wipe);
    });
  }
}
