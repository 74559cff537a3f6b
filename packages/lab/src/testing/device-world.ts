import { type Millis, millis, seededRandom, unwrap } from "@tandem/base";
import { VirtualClock } from "@tandem/base/testing";
import { encodeMessage, type Fields, ProducerStateTable, type Store, type Stores } from "@tandem/swss";
import { MemoryRedis, MemoryStores, MemoryWires } from "@tandem/swss/testing";
import { LabDevices } from "../devices.js";
import type { SimulatedDpu } from "../dpu/simulated-dpu.js";
import {
  type DpuPlace,
  type HaSetPlace,
  planTopology,
  type SwitchPlace,
  switchOf,
  type Topology,
} from "../topology.js";

/** Every simulated device of a cluster on databases and sockets in memory; the test plays hamgrd. */
export class DeviceWorld implements AsyncDisposable {
  readonly clock = new VirtualClock();
  readonly random = seededRandom(1);
  readonly topology: Topology;
  readonly devices: LabDevices;
  readonly warnings: string[] = [];
  readonly redis = new Map<string, MemoryRedis>();
  readonly #wires = new MemoryWires();
  readonly #stores = new Map<string, MemoryStores>();
  readonly #sockets = this.#wires.sockets();
  #version = 0;

  constructor() {
    const { clock, random } = this;
    this.topology = planTopology({ switches: 2, dpusPerSwitch: 1 });
    for (const sw of this.topology.switches) {
      for (const { name } of [sw, ...sw.dpus]) this.redis.set(name, new MemoryRedis({ clock, random, name }));
      const server = (name: string): MemoryRedis => this.redis.get(name) as MemoryRedis;
      const servers = [
        { redis: server(sw.name) },
        ...sw.dpus.map((dpu) => ({ redis: server(dpu.name), container: `dpu${dpu.slot}` })),
      ];
      this.#stores.set(sw.name, new MemoryStores({ clock, random, servers }));
    }
    this.devices = unwrap(
      LabDevices.start({
        topology: this.topology,
        clock,
        random,
        sockets: this.#sockets,
        stores: (sw) => this.stores(sw),
        onWarning: (text) => this.warnings.push(text),
      }),
    );
  }

  stores(sw: SwitchPlace): Stores {
    return this.#stores.get(sw.name) as MemoryStores;
  }

  store(owner: SwitchPlace | DpuPlace, db: string): Store {
    const stores = "slot" in owner ? this.stores(switchOf(this.topology, owner)) : this.stores(owner);
    return unwrap(stores.open({ db, container: "slot" in owner ? `dpu${owner.slot}` : "" }));
  }

  /** Whole row at a Redis key; empty when there is none. */
  async row(owner: SwitchPlace | DpuPlace, db: string, key: string): Promise<Fields> {
    const flat = unwrap(await this.run(this.store(owner, db).command(["HGETALL", key]))) as readonly string[];
    return Object.fromEntries(
      flat.flatMap((field, i) => (i % 2 === 0 ? [[field, flat[i + 1] as string] as const] : [])),
    );
  }

  async keys(owner: SwitchPlace | DpuPlace, db: string): Promise<readonly string[]> {
    const keys = unwrap(await this.run(this.store(owner, db).command(["KEYS", "*"]))) as readonly string[];
    return [...keys].sort();
  }

  run<T>(work: Promise<T>, limit: Millis = millis(10_000)): Promise<T> {
    return this.clock.run(work, limit);
  }

  /** One row to a DPU as hamgrd's ZMQ producer sends it. */
  async tell(dpu: DpuPlace, table: string, key: string, fields: Fields | undefined): Promise<void> {
    const entry = { key, op: fields === undefined ? ("DEL" as const) : ("SET" as const), fieldValues: fields ?? {} };
    await this.send(dpu, unwrap(encodeMessage("DPU_APPL_DB", table, [entry])));
  }

  async send(dpu: DpuPlace, bytes: Uint8Array): Promise<void> {
    await using push = this.#sockets.push(`tcp://${dpu.midplane}:${dpu.zmqPort}`);
    unwrap(await push.push(bytes));
    await this.clock.advance(millis(1));
  }

  /** Powers both DPUs on and writes what hamgrd writes for a set: set and BFD rows, and the route on every switch. */
  async programSet(set: HaSetPlace): Promise<void> {
    for (const dpu of set.dpus) {
      unwrap(await this.run(this.dpu(dpu).powerOn()));
      await this.programDpu(set, dpu);
    }
    for (const sw of this.topology.switches) await this.programRoute(set, sw, {});
  }

  async programDpu(set: HaSetPlace, dpu: DpuPlace): Promise<void> {
    const peer = set.dpus.find((other) => other !== dpu) as DpuPlace;
    const npu = switchOf(this.topology, dpu).npu;
    await this.tell(dpu, "DASH_HA_SET_TABLE", set.id, {
      version: "1",
      vip_v4: set.vip,
      owner: "dpu",
      scope: "dpu",
      local_npu_ip: npu,
      local_ip: dpu.pa,
      peer_ip: peer.pa,
      dp_channel_probe_interval_ms: "500",
      dp_channel_probe_fail_threshold: "5",
    });
    for (const sw of this.topology.switches) {
      await this.tell(dpu, "BFD_SESSION_TABLE", `default:default:${sw.npu}`, {
        tx_interval: "100",
        rx_interval: "100",
        multiplier: "3",
        multihop: "true",
        shutdown: "false",
        local_addr: dpu.pa,
        type: "passive",
      });
    }
  }

  async programRoute(set: HaSetPlace, sw: SwitchPlace, change: Fields): Promise<void> {
    const endpoint = (dpu: DpuPlace): string =>
      dpu.switchIndex === sw.index ? dpu.pa : switchOf(this.topology, dpu).npu;
    const producer = new ProducerStateTable(this.store(sw, "APPL_DB"), "VNET_ROUTE_TUNNEL_TABLE");
    const row = {
      endpoint: set.dpus.map(endpoint).join(","),
      endpoint_monitor: set.dpus.map((dpu) => dpu.pa).join(","),
      monitoring: "custom_bfd",
      primary: endpoint(set.dpus[0]),
      pinned_state: "none,none",
      ...change,
    };
    unwrap(await this.run(producer.set(`Vnet_55:${set.vip}`, row)));
    await this.clock.advance(millis(1));
  }

  /** The scope row as hamgrd writes it. */
  async programScope(set: HaSetPlace, dpu: DpuPlace, fields: Fields): Promise<void> {
    this.#version += 1;
    await this.tell(dpu, "DASH_HA_SCOPE_TABLE", set.id, {
      version: String(this.#version),
      ha_role: dpu === set.dpus[0] ? "active" : "standby",
      ha_term: "0",
      ha_set_id: set.id,
      disabled: "false",
      vip_v4: set.vip,
      activate_role_requested: "false",
      flow_reconcile_requested: "false",
      brainsplit_recovered: "false",
      ...fields,
    });
  }

  /** Both sides enabled and approved: the first active, the second standby, probes up. */
  async launch(set: HaSetPlace): Promise<void> {
    await this.programSet(set);
    for (const dpu of set.dpus) await this.programScope(set, dpu, {});
    await this.clock.advance(millis(4000));
    for (const dpu of set.dpus) await this.programScope(set, dpu, { activate_role_requested: "true" });
    await this.clock.advance(millis(4000));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.run(this.devices[Symbol.asyncDispose]());
    for (const stores of this.#stores.values()) stores.abandon();
    await this.#sockets[Symbol.asyncDispose]();
  }

  dpu(place: DpuPlace): SimulatedDpu {
    return this.devices.dpu(place);
  }
}
