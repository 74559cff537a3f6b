import { millis } from "@tandem/base";
import { type DpuPlace, pairOf, switchOf } from "../../topology.js";
import { defineFault } from "../fault.js";
import { aDpu, aSide, oneOf } from "../fault-params.js";
import type { SimWorld } from "../sim-world.js";

const SPAN = [millis(50), millis(30_000)] as const;

/** What hamgrd wrote is lost, or comes in pieces. */
const WRITTEN = {
  "scope-state": { of: "switch", db: "STATE_DB", prefix: "DASH_HA_SCOPE_STATE|" },
  memory: { of: "switch", db: "STATE_DB", prefix: "TANDEM_MEMORY|" },
  ledger: { of: "switch", db: "STATE_DB", prefix: "TANDEM_LEDGER|" },
  route: { of: "switch", db: "APPL_DB", prefix: "VNET_ROUTE_TUNNEL_TABLE:" },
  neighbour: { of: "switch", db: "APPL_DB", prefix: "NEIGH_RESOLVE_TABLE:" },
  "scope-row": { of: "dpu", db: "DPU_APPL_DB", prefix: "DASH_HA_SCOPE_TABLE:" },
  "set-row": { of: "dpu", db: "DPU_APPL_DB", prefix: "DASH_HA_SET_TABLE:" },
  "bfd-rows": { of: "dpu", db: "DPU_APPL_DB", prefix: "BFD_SESSION_TABLE:" },
} as const;
const WHAT = oneOf(...(Object.keys(WRITTEN) as (keyof typeof WRITTEN)[]));

/** Rows of databases that are lost, or odd. */
export const ROW_FAULTS = [
  defineFault({
    name: "rows-lost",
    doc: "rows that hamgrd has written are deleted by somebody else",
    params: { dpu: aDpu, rows: WHAT },
    text: ({ dpu, rows }) => `${rows} of ${dpu.name} or its switch are deleted`,
    concerns: ownerName,
    begin: (world, { dpu, rows }) => {
      const { of, db, prefix } = WRITTEN[rows];
      return world.deleteKeys(of === "dpu" ? dpu : switchOf(world.cluster.topology, dpu), db, prefix);
    },
  }),
  defineFault({
    name: "rows-partial",
    doc: "rows that hamgrd has written lose one of their fields",
    params: { dpu: aDpu, rows: WHAT },
    text: ({ dpu, rows }) => `${rows} of ${dpu.name} or its switch lose a field`,
    concerns: ownerName,
    begin: (world, { dpu, rows }) => {
      const { of, db, prefix } = WRITTEN[rows];
      return world.dropField(of === "dpu" ? dpu : switchOf(world.cluster.topology, dpu), db, prefix);
    },
  }),
  defineFault({
    name: "report-odd",
    doc: "the report of a DPU has fields that nobody knows, empty fields, or lacks its state; in the end the DPU reports whole",
    params: { dpu: aSide, how: oneOf("unknown-field", "empty-fields", "no-state", "no-times", "bad-word") },
    lasts: SPAN,
    text: ({ dpu, how }) => `the report of ${dpu.name} is odd: ${how}`,
    begin: (world, { dpu, how }) => {
      const key = `DASH_HA_SCOPE_STATE_TABLE|${pairOf(world.cluster.topology, dpu)?.set.id}`;
      switch (how) {
        case "unknown-field":
          return world.hset(dpu, "DPU_STATE_DB", key, { colour: "green" });
        case "empty-fields":
          return world.hset(dpu, "DPU_STATE_DB", key, { ha_term: "", ha_role: "" });
        case "no-state":
          return world.hdel(dpu, "DPU_STATE_DB", key, ["ha_state", "ha_state_start_time"]);
        case "no-times":
          return world.hdel(dpu, "DPU_STATE_DB", key, ["last_updated_time", "ha_role_start_time"]);
        case "bad-word":
          return world.hset(dpu, "DPU_STATE_DB", key, { ha_state: "excited" });
      }
    },
    end: (world, { dpu }) => world.mendReport(dpu),
  }),
  defineFault({
    name: "report-lost",
    doc: "the report of a DPU is deleted; in the end the DPU reports again",
    params: { dpu: aSide },
    lasts: SPAN,
    text: ({ dpu }) => `the report of ${dpu.name} is deleted`,
    begin: (world, { dpu }) => world.deleteKeys(dpu, "DPU_STATE_DB", "DASH_HA_SCOPE_STATE_TABLE|"),
    end: ({ cluster }, { dpu }) => cluster.devices.dpu(dpu).repeatReports(),
  }),
  defineFault({
    name: "report-del-set",
    doc: "the report of a DPU is deleted and written again at once",
    params: { dpu: aSide },
    text: ({ dpu }) => `the report of ${dpu.name} is deleted and written again`,
    begin: async (world, { dpu }) => {
      await world.deleteKeys(dpu, "DPU_STATE_DB", "DASH_HA_SCOPE_STATE_TABLE|");
      world.cluster.devices.dpu(dpu).repeatReports();
    },
  }),
  defineFault({
    name: "global-config-gone",
    doc: "DASH_HA_GLOBAL_CONFIG of a switch is deleted, and comes back",
    params: { dpu: aDpu },
    lasts: SPAN,
    text: ({ dpu }) => `the global config of ${switchName(dpu.name)} is gone`,
    concerns: ({ dpu }) => switchName(dpu.name),
    begin: (world, { dpu }) => world.takeConfig(dpu, "DASH_HA_GLOBAL_CONFIG|global"),
    end: (world, { dpu }) => world.bringConfig(dpu, "DASH_HA_GLOBAL_CONFIG|global"),
  }),
  defineFault({
    name: "vdpu-gone",
    doc: "the VDPU row of a DPU is deleted on its switch, and comes back",
    params: { dpu: aDpu },
    lasts: SPAN,
    text: ({ dpu }) => `VDPU ${dpu.vdpuId} is gone from ${switchName(dpu.name)}`,
    begin: (world, { dpu }) => world.takeConfig(dpu, `VDPU|${dpu.vdpuId}`),
    end: (world, { dpu }) => world.bringConfig(dpu, `VDPU|${dpu.vdpuId}`),
  }),
  defineFault({
    name: "dpu-gone",
    doc: "the DPU row of a DPU is deleted on its switch, or the REMOTE_DPU row of its peer, and comes back",
    params: { dpu: aSide, whose: oneOf("own", "peer") },
    lasts: SPAN,
    text: ({ dpu, whose }) => `${whose === "own" ? "DPU" : "REMOTE_DPU of the peer of"} ${dpu.name} is gone`,
    begin: (world, { dpu, whose }) => world.takeConfig(dpu, dpuRow(world, dpu, whose)),
    end: (world, { dpu, whose }) => world.bringConfig(dpu, dpuRow(world, dpu, whose)),
  }),
];

function dpuRow({ cluster }: SimWorld, dpu: DpuPlace, whose: "own" | "peer"): string {
  return whose === "own" ? `DPU|${dpu.name}` : `REMOTE_DPU|${pairOf(cluster.topology, dpu)?.peer.name}`;
}

/** Rows of a switch are those of all its DPUs. */
function ownerName({ dpu, rows }: { readonly dpu: DpuPlace; readonly rows: keyof typeof WRITTEN }): string {
  return WRITTEN[rows].of === "dpu" ? dpu.name : switchName(dpu.name);
}

function switchName(dpuName: string): string {
  return dpuName.replace(/_dpu\d+$/, "");
}
