import { millis } from "@tandem/base";
import { defineFault } from "../fault.js";
import { aSet, aSide, oneOf } from "../fault-params.js";
import { wantedOf } from "../wanted-state.js";

const SPAN = [millis(10), millis(60_000)] as const;

/** What the SDN controller asks for: at odd times, twice, or in another order. */
export const CONFIG_FAULTS = [
  defineFault({
    name: "desire",
    doc: "another state is desired of one side; afterwards the usual one again",
    params: { dpu: aSide, state: oneOf("dead", "active", "unspecified", "standalone") },
    lasts: SPAN,
    text: ({ dpu, state }) => `${dpu.name} is desired ${state}`,
    begin: ({ cluster }, { dpu, state }) => cluster.controller.desire(dpu.vdpuId, state),
    end: ({ cluster }, { dpu }) => cluster.controller.desire(dpu.vdpuId, wantedOf(cluster.topology, dpu)),
  }),
  defineFault({
    name: "disable",
    doc: "HA of one side is disabled, and enabled again",
    params: { dpu: aSide },
    lasts: SPAN,
    text: ({ dpu }) => `${dpu.name} is disabled`,
    begin: ({ cluster }, { dpu }) => cluster.controller.disable(dpu.vdpuId),
    end: ({ cluster }, { dpu }) => cluster.controller.enable(dpu.vdpuId),
  }),
  defineFault({
    name: "pin",
    doc: "the probe state of one side is pinned",
    params: { set: aSet, side: oneOf("0", "1"), state: oneOf("up", "down") },
    lasts: SPAN,
    text: ({ set, side, state }) => `side ${side} of ${set.id} is pinned ${state}`,
    begin: ({ cluster }, { set, side, state }) =>
      cluster.controller.pin(set.id, set.dpus[side === "0" ? 0 : 1].vdpuId, state),
    end: ({ cluster }, { set, side }) => cluster.controller.pin(set.id, set.dpus[side === "0" ? 0 : 1].vdpuId, "none"),
  }),
  defineFault({
    name: "replay",
    doc: "the controller writes every row again that stands",
    params: {},
    text: () => "the controller writes all its rows again",
    begin: ({ cluster }) => cluster.controller.replay(),
  }),
  defineFault({
    name: "restart-side",
    doc: "HA of one side is disabled until it is dead, then enabled",
    params: { dpu: aSide },
    text: ({ dpu }) => `HA of ${dpu.name} is restarted`,
    begin: ({ cluster }, { dpu }) => cluster.controller.restart(dpu.vdpuId),
  }),
];
