import { countOf } from "@tandem/base";
import type { Cluster } from "../cluster/cluster.js";
import { type DpuPlace, pairOf, switchOf } from "../topology.js";
import type { DpuRow, LabSnapshot, ProcessRow, Tone } from "./snapshot.js";

/** Takes what the view shows from a running cluster; losses are those since the last call. */
export class SnapshotTaker {
  readonly #cluster: Cluster;
  readonly #lost = new Map<string, number>();
  #lostAt: number;
  #rates = new Map<string, number>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#lostAt = cluster.host.clock.monotonic();
  }

  take(processes: readonly ProcessRow[]): LabSnapshot {
    const { topology, controller, devices } = this.#cluster;
    this.#measure();
    const pending = topology.dpus.reduce((sum, dpu) => sum + controller.pending(dpu.vdpuId).length, 0);
    const { sets, defaultMode } = controller.plan;
    const { sent, lost } = devices.traffic;
    return {
      dpus: topology.dpus.map((dpu) => this.#row(dpu)),
      processes,
      controller: `controller: ${countOf(sets.size, "HA set")}, approvals ${defaultMode}, ${pending} pending`,
      packets: sent === 0 ? "" : `packets: ${sent} sent, ${lost} lost`,
    };
  }

  #row(dpu: DpuPlace): DpuRow {
    const { topology, devices, observer, controller } = this.#cluster;
    const pair = pairOf(topology, dpu);
    const peer = pair?.peer;
    const device = devices.dpu(dpu);
    const pmon = this.#cluster.pmon(dpu);
    const planes = (["midplane_link", "control_plane", "data_plane"] as const).map((plane) => pmon.isUp(device, plane));
    const state = device.powered ? (this.#cluster.haState(dpu) ?? "no scope") : "off";
    const rows = observer.rows(dpu, "DPU_APPL_DB", "DASH_HA_SCOPE_TABLE");
    const up = topology.switches.filter((sw) => devices.bfd.isUp(devices.npu(sw), dpu.pa)).length;
    const lost = this.#rates.get(dpu.name) ?? 0;
    const peerState = peer === undefined ? "-" : `${peer.name} ${this.#cluster.haState(peer) ?? "no scope"}`;
    return {
      name: dpu.name,
      planes: planes.map((isUp) => (isUp ? "+" : "-")).join(""),
      role: rows.get(pair?.set.id ?? "")?.["ha_role"] ?? "-",
      state,
      peer: peerState,
      bfd: `${up}/${topology.switches.length}`,
      pending:
        controller
          .pending(dpu.vdpuId)
          .map(({ type }) => type)
          .join(",") || "-",
      lost,
      tone: toneOf(state, planes.every(Boolean), lost),
    };
  }

  /** Packets lost a second at each DPU, and at its switch where no other DPU is to blame. */
  #measure(): void {
    const { host, devices, topology } = this.#cluster;
    const now = host.clock.monotonic();
    const elapsed = (now - this.#lostAt) / 1000;
    if (elapsed < RATE_WINDOW) return;
    const totals = new Map<string, number>();
    for (const { at, packets } of devices.traffic.windows) totals.set(at, (totals.get(at) ?? 0) + packets);
    const rateAt = (place: string): number => {
      const before = this.#lost.get(place) ?? 0;
      const total = totals.get(place) ?? 0;
      return Math.round((total >= before ? total - before : total) / elapsed);
    };
    this.#rates = new Map(
      topology.dpus.map((dpu) => {
        const { name, dpus } = switchOf(topology, dpu);
        return [dpu.name, rateAt(dpu.name) + (dpus.length === 1 ? rateAt(name) : 0)];
      }),
    );
    this.#lost.clear();
    for (const [place, total] of totals) this.#lost.set(place, total);
    this.#lostAt = now;
  }
}

/** Seconds over which losses are counted. */
const RATE_WINDOW = 0.9;

function toneOf(state: string, planesUp: boolean, lost: number): Tone {
  if (lost > 0 || state === "off" || !planesUp) return "bad";
  if (state === "active" || state === "standby") return "good";
  return state === "dead" || state === "no scope" ? "plain" : "warn";
}
