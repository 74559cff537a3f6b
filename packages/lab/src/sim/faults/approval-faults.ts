import { millis } from "@tandem/base";
import { defineFault } from "../fault.js";
import { aSide, oneOf } from "../fault-params.js";
import { wantedOf } from "../wanted-state.js";

/** An id that no operation has. */
const NOBODYS_ID = "00000000-0000-4000-8000-000000000000";

/** Approvals that come late, twice, too early, or for nothing. */
export const APPROVAL_FAULTS = [
  defineFault({
    name: "approvals-held",
    doc: "the controller approves nothing of one side; in the end everything that waits. Long enough, approvals come after a restart of the DPU, or after HA was disabled and enabled",
    params: { dpu: aSide },
    lasts: [millis(100), millis(90_000)],
    text: ({ dpu }) => `nothing of ${dpu.name} is approved`,
    begin: ({ cluster }, { dpu }) => cluster.controller.setApprovals("manual", { vdpu: dpu.vdpuId }),
    end: ({ cluster }, { dpu }) => cluster.controller.setApprovals("auto", { vdpu: dpu.vdpuId }),
  }),
  defineFault({
    name: "approve-odd",
    doc: "ids are approved that are no operation's: unknown ones, no ids at all, or every id that was ever approved again",
    params: { dpu: aSide, what: oneOf("unknown", "no-id", "old") },
    text: ({ dpu, what }) => `${what} ids of ${dpu.name} are approved`,
    begin: ({ cluster }, { dpu, what }) => {
      if (what === "old") return cluster.controller.replay();
      return cluster.controller.approveIds(dpu.vdpuId, [what === "unknown" ? NOBODYS_ID : "yes"]);
    },
  }),
  defineFault({
    name: "approve-late",
    doc: "what one side waits for now is approved only in the end, whatever became of it meanwhile; what comes later is approved at once",
    params: { dpu: aSide },
    lasts: [millis(500), millis(60_000)],
    text: ({ dpu }) => `what ${dpu.name} waits for is approved late`,
    begin: (world, { dpu }) => world.delayApprovals(dpu),
    end: (world, { dpu }) => world.approveDelayed(dpu),
  }),
  defineFault({
    name: "approve-and-desire",
    doc: "one row approves what waits and desires another state",
    params: { dpu: aSide, state: oneOf("dead", "active", "unspecified", "standalone") },
    lasts: [millis(50), millis(30_000)],
    text: ({ dpu, state }) => `one row approves what waits at ${dpu.name} and desires ${state}`,
    begin: async ({ cluster }, { dpu, state }) => {
      // Both changes are in the plan before the controller writes its next row.
      const approved = cluster.controller.approve(dpu.vdpuId);
      await cluster.controller.desire(dpu.vdpuId, state);
      await approved;
    },
    end: ({ cluster }, { dpu }) => cluster.controller.desire(dpu.vdpuId, wantedOf(cluster.topology, dpu)),
  }),
  defineFault({
    name: "approvals-forgotten",
    doc: "a config row lists no approval any more; in the end all again",
    params: { dpu: aSide },
    lasts: [millis(50), millis(30_000)],
    text: ({ dpu }) => `the config of ${dpu.name} lists no approvals`,
    begin: (world, { dpu }) => world.distortScope(dpu, (fields) => ({ ...fields, approved_pending_operation_ids: "" })),
    end: ({ cluster }) => cluster.controller.replay(),
  }),
];
