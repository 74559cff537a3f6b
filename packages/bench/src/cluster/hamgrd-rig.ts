import { CleanUp, type Millis, seconds, unwrap, within } from "@tandem/base";
import {
  DashHaScopeConfig,
  DashHaSetConfig,
  DpuBfdSession,
  DpuDashHaScopeState,
  DpuState,
  type HaSetId,
  type VdpuId,
} from "@tandem/hamgrd";
import {
  configRows,
  type DaemonPlace,
  type DpuPlace,
  ProcessCluster,
  type ProcessClusterOptions,
  type SwitchPlace,
} from "@tandem/lab";
import {
  type AnyTable,
  type Store,
  Table,
  untilConnected,
  ZmqConsumerStateTable,
  ZmqServer,
  zmqSockets,
} from "@tandem/swss";

/** The cluster that is known: 8 × 8, so 64 DPUs, 64 vDPUs and 32 HA sets, as in hamgrd's own design. */
const SIDE = 8;
const READY_LIMIT = seconds(60);
/** A change whose rows are not all there after this is no measurement any more. */
const CHANGE_LIMIT = seconds(10);

/**
 * A real hamgrd of one slot, or of all slots, of one switch of a cluster of 64 DPUs, on real Redis. The DPU is played:
 * this process binds its orchagent's socket and writes what pmon and the DPU would write.
 */
export class HamgrdRig implements AsyncDisposable {
  readonly dpu: DpuPlace;
  readonly #host: ProcessCluster;
  readonly #sw: SwitchPlace;
  readonly #cleanUp = new CleanUp();
  readonly #stores = new Map<string, Store>();
  #arrivals = new Set<string>();
  #awaited: { readonly names: ReadonlySet<string>; readonly arrived: () => void } | undefined;

  private constructor(host: ProcessCluster) {
    this.#host = host;
    this.#sw = host.topology.switches[0] as SwitchPlace;
    this.dpu = this.#sw.dpus[0] as DpuPlace;
  }

  /** Owns what it starts. Throws when a program or an address is missing. */
  static async start(
    env: Readonly<Record<string, string | undefined>>,
    tandem: ProcessClusterOptions["tandem"],
  ): Promise<HamgrdRig> {
    const host = await ProcessCluster.create({
      switches: SIDE,
      dpusPerSwitch: SIDE,
      tandem,
      redisServer: env["TANDEM_REDIS_SERVER"] ?? "redis-server",
      path: env["PATH"] ?? "",
    });
    const rig = new HamgrdRig(host);
    try {
      await rig.#prepare();
      return rig;
    } catch (error) {
      await rig[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Starts the daemon of the first `slots` slots, and waits until it stands for its rows. */
  async startHamgrd(slots: number): Promise<DaemonPlace> {
    const place: DaemonPlace = {
      name: `${this.#sw.name}.hamgrd${slots}`,
      kind: "hamgrd",
      sw: this.#sw,
      dpus: this.#sw.dpus.slice(0, slots),
    };
    const ready = this.#arrival(this.#bfdNames("SET"));
    await this.#host.startDaemon(place);
    await this.#within(ready, READY_LIMIT, "the first BFD rows");
    return place;
  }

  stopHamgrd(place: DaemonPlace): Promise<void> {
    return this.#host.killDaemon(place);
  }

  /** Resident memory of a hamgrd, in MB. */
  async memory(place: DaemonPlace): Promise<number> {
    return (await this.#host.memory(place)) / 1e6;
  }

  /** The control plane falls; resolves when the BFD rows are gone and both rows for the controller are written. */
  fall(): Promise<void> {
    return this.#change("down", [
      ...this.#bfdNames("DEL"),
      `DPU_RESET_INFO|DPU${this.dpu.slot}`,
      `DASH_HA_SCOPE_STATE|${this.#scope("|")}`,
    ]);
  }

  /** It rises; resolves when every row for the DPU has gone out again, and the controller's row is written. */
  rise(): Promise<void> {
    return this.#change("up", [
      ...this.#bfdNames("SET"),
      `SET DASH_HA_SET_TABLE ${this.#setId}`,
      `SET DASH_HA_SCOPE_TABLE ${this.#setId}`,
      `DASH_HA_SCOPE_STATE|${this.#scope("|")}`,
    ]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cleanUp[Symbol.asyncDispose]();
    await this.#host[Symbol.asyncDispose]();
  }

  get #setId(): string {
    const set = this.#host.topology.haSets.find(({ dpus }) => dpus.includes(this.dpu));
    return set?.id ?? "";
  }

  #scope(separator: string): string {
    return `${this.dpu.vdpuId}${separator}${this.#setId}`;
  }

  #bfdNames(op: "SET" | "DEL"): readonly string[] {
    return this.#host.topology.switches.map(({ npu }) => `${op} BFD_SESSION_TABLE default:default:${npu}`);
  }

  async #prepare(): Promise<void> {
    const { topology } = this.#host;
    await Promise.all([this.#sw, ...this.#sw.dpus].map((owner) => this.#host.startRedis(owner)));
    for (const { db, table, key, fields } of configRows(topology, this.#sw)) {
      unwrap(await new Table(await this.#store(db), table).set(key, fields));
    }
    for (const { id, vip, vipV6, dpus } of topology.haSets) {
      await this.#write(DashHaSetConfig, id, {
        version: "1",
        vip_v4: vip,
        vip_v6: vipV6,
        vdpu_ids: dpus.map(({ vdpuId }) => vdpuId as VdpuId),
        scope: "dpu",
        pinned_vdpu_bfd_probe_states: [],
        preferred_vdpu_id: [dpus[0].vdpuId as VdpuId],
        preferred_standalone_vdpu_index: 0,
      });
      const here = dpus.find(({ switchIndex }) => switchIndex === this.#sw.index);
      if (here === undefined) continue;
      await this.#write(DashHaScopeConfig, `${here.vdpuId}:${id}`, {
        version: "1",
        disabled: false,
        owner: "dpu",
        ha_set_id: id as HaSetId,
        desired_ha_state: "active",
        approved_pending_operation_ids: [],
      });
    }
    for (const dpu of this.#sw.dpus) await this.#writePlanes(dpu, "up");
    const container = `dpu${this.dpu.slot}`;
    const report = new Table(await this.#store("DPU_STATE_DB", container), DpuDashHaScopeState.name);
    unwrap(await report.set(this.#setId, { ha_role: "active", ha_state: "active", ha_term: "1" }));
    await this.#listen(container);
  }

  async #listen(container: string): Promise<void> {
    const server = this.#cleanUp.use(new ZmqServer(this.#cleanUp.use(zmqSockets()), this.#orchagent()));
    const store = await this.#store("DPU_APPL_DB", container);
    for (const name of [DpuBfdSession.name, "DASH_HA_SET_TABLE", "DASH_HA_SCOPE_TABLE"]) {
      const table = this.#cleanUp.use(new ZmqConsumerStateTable(store, name, server));
      void (async () => {
        for await (const changes of table) for (const { op, key } of changes) this.#arrived(`${op} ${name} ${key}`);
      })();
    }
    unwrap(await server.bind());
    const state = await this.#store("STATE_DB");
    const prefix = `__keyspace@${state.db.id}__:`;
    const listening = await state.psubscribe(`${prefix}D*`, (event, channel) => {
      if (event === "hset") this.#arrived(channel.slice(prefix.length));
    });
    unwrap(listening);
  }

  #orchagent(): string {
    return `tcp://${this.dpu.midplane}:${this.dpu.zmqPort}`;
  }

  async #change(state: "up" | "down", names: readonly string[]): Promise<void> {
    const there = this.#arrival(names);
    await this.#writePlanes(this.dpu, state);
    await this.#within(there, CHANGE_LIMIT, `the rows of a control plane that is ${state}`);
  }

  async #writePlanes({ slot }: DpuPlace, controlPlane: "up" | "down"): Promise<void> {
    const table = new Table(await this.#store("CHASSIS_STATE_DB"), DpuState.name);
    const fields = {
      dpu_midplane_link_state: "up",
      dpu_control_plane_state: controlPlane,
      dpu_data_plane_state: "up",
    };
    unwrap(await table.set(`DPU${slot}`, fields));
  }

  async #write<T extends AnyTable>(table: T, key: string, row: Parameters<T["encode"]>[0]): Promise<void> {
    unwrap(await new Table(await this.#store(table.db), table.name).set(key, table.encode(row)));
  }

  #arrival(names: readonly string[]): Promise<void> {
    this.#arrivals = new Set();
    return new Promise((resolve) => {
      this.#awaited = { names: new Set(names), arrived: resolve };
    });
  }

  #arrived(name: string): void {
    if (this.#awaited?.names.has(name) !== true) return;
    this.#arrivals.add(name);
    if (this.#arrivals.size === this.#awaited.names.size) this.#awaited.arrived();
  }

  async #within(work: Promise<void>, limit: Millis, what: string): Promise<void> {
    const done = await within(
      this.#host.clock,
      limit,
      work.then(() => true),
    );
    if (done === true) return;
    const missing = [...(this.#awaited?.names ?? [])].filter((name) => !this.#arrivals.has(name));
    throw new Error(`${what} did not come within ${limit / 1000} s; missing: ${missing.join(", ")}`);
  }

  async #store(db: string, container = ""): Promise<Store> {
    const name = `${container} ${db}`;
    const known = this.#stores.get(name);
    if (known !== undefined) return known;
    const store = unwrap(this.#host.stores(this.#sw).open({ db, container }), name);
    this.#stores.set(name, store);
    await untilConnected(store);
    return store;
  }
}
