import { OPERATION_TYPES, type OperationType } from "@tandem/hamgrd";
import type { Answer, Expected, Mutation } from "@tandem/northbound";
import type { Cluster } from "../cluster/cluster.js";
import type { DpuPlace, HaSetPlace, SwitchPlace } from "../topology.js";

/** What an orchestrator calls on one switch: the API, by HTTP or within the process. */
export interface SwitchApi {
  mutate(key: string, mutation: Mutation, expected: Expected): Promise<Answer>;
  startReset(key: string, vdpu: string, scope: string, version: string): Promise<Answer>;
}

/** Times that a change is asked for again because somebody else wrote the row. */
const ATTEMPTS_MAX = 20;

/** An orchestrator of its own that knows nothing but the API and what the databases show; the lab's controller is idle. */
export class Orchestrator {
  readonly #cluster: Cluster;
  readonly #apis: ReadonlyMap<string, SwitchApi>;
  readonly #versions = new Map<string, string>();
  readonly #approved = new Set<string>();
  #key = 0;

  constructor(cluster: Cluster, apis: ReadonlyMap<string, SwitchApi>) {
    this.#cluster = cluster;
    this.#apis = apis;
  }

  /** Programs a pair on every switch, both sides disabled. */
  async program(set: HaSetPlace): Promise<void> {
    for (const sw of this.#cluster.topology.switches) {
      const vdpus = set.dpus.map(({ vdpuId }) => vdpuId);
      const input = { vip_v4: set.vip, vip_v6: set.vipV6, vdpu_ids: vdpus, preferred_vdpu_id: vdpus.slice(0, 1) };
      await this.#done(sw, { kind: "createSet", set: set.id, input }, { kind: "absent" });
    }
    for (const [i, dpu] of set.dpus.entries()) {
      const input = { ha_set_id: set.id, desired_ha_state: i === 0 ? "active" : "unspecified" };
      const mutation = { kind: "createScope", vdpu: dpu.vdpuId, scope: set.id, input } as const;
      await this.#done(this.#switchOf(dpu), mutation, { kind: "absent" });
      this.#versions.set(dpu.vdpuId, "1");
    }
  }

  /** Changes a scope, whoever else writes it: a conflict says at which version it is. */
  async change(dpu: DpuPlace, set: HaSetPlace, change: object): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const mutation = { vdpu: dpu.vdpuId, scope: set.id, ...change } as Mutation;
      const version = this.#versions.get(dpu.vdpuId) ?? "1";
      const answer = await this.#api(dpu).mutate(this.#nextKey(), mutation, { kind: "version", version });
      const now = answer.body["version"];
      if (typeof now === "string") this.#versions.set(dpu.vdpuId, now);
      // Gone: the DPU has withdrawn what was to be approved.
      if (answer.status < 300 || answer.status === 410) return;
      if (answer.body["error"] !== "versionMismatch") throw new Error(JSON.stringify(answer));
    }
    throw new Error(`${dpu.vdpuId}: its version changed ${ATTEMPTS_MAX} times`);
  }

  /** Approves whatever waits, until `reached`. */
  async until(set: HaSetPlace, reached: () => boolean): Promise<void> {
    for (;;) {
      await this.#cluster.observer.until(() => reached() || this.#pending(set).length > 0);
      if (reached()) return;
      for (const { dpu, id, type } of this.#pending(set)) {
        this.#approved.add(id);
        await this.change(dpu, set, { kind: "approve", id, type });
      }
    }
  }

  /** Has the API bring a scope back after its DPU's restart; gives the reset's id. */
  async reset(dpu: DpuPlace, set: HaSetPlace): Promise<string> {
    const version = this.#versions.get(dpu.vdpuId) ?? "1";
    const answer = await this.#api(dpu).startReset(this.#nextKey(), dpu.vdpuId, set.id, version);
    if (answer.status !== 202) throw new Error(JSON.stringify(answer));
    return String(answer.body["id"]);
  }

  #pending(set: HaSetPlace): readonly { dpu: DpuPlace; id: string; type: OperationType }[] {
    return set.dpus.flatMap((dpu) => {
      const rows = this.#cluster.rows(this.#switchOf(dpu), "STATE_DB", "DASH_HA_SCOPE_STATE");
      const row = rows.get(`${dpu.vdpuId}|${set.id}`);
      const types = (row?.["pending_operation_types"] ?? "").split(",");
      return (row?.["pending_operation_ids"] ?? "").split(",").flatMap((id, i) => {
        const type = OPERATION_TYPES.find((candidate) => candidate === types[i]);
        return id === "" || type === undefined || this.#approved.has(id) ? [] : [{ dpu, id, type }];
      });
    });
  }

  async #done(sw: SwitchPlace, mutation: Mutation, expected: Expected): Promise<void> {
    const answer = await (this.#apis.get(sw.name) as SwitchApi).mutate(this.#nextKey(), mutation, expected);
    if (answer.status >= 300) throw new Error(JSON.stringify(answer));
  }

  #api(dpu: DpuPlace): SwitchApi {
    return this.#apis.get(this.#switchOf(dpu).name) as SwitchApi;
  }

  #switchOf(dpu: DpuPlace): SwitchPlace {
    return this.#cluster.topology.switches[dpu.switchIndex] as SwitchPlace;
  }

  #nextKey(): string {
    this.#key += 1;
    return `orchestrator-${this.#key}`;
  }
}
