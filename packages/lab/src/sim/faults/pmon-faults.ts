import { millis } from "@tandem/base";
import { PLANES } from "../../pmon/planes.js";
import { switchOf } from "../../topology.js";
import { defineFault } from "../fault.js";
import { aDpu, aSwitch, aTime, oneOf } from "../fault-params.js";

const SPAN = [millis(50), millis(60_000)] as const;
const PLANE = oneOf(...PLANES);

/** What pmon says of DPUs. */
export const PMON_FAULTS = [
  defineFault({
    name: "plane",
    doc: "pmon sees one plane of a DPU down, whatever it is",
    params: { dpu: aDpu, plane: PLANE },
    lasts: SPAN,
    text: ({ dpu, plane }) => `pmon sees ${plane} of ${dpu.name} down`,
    begin: (world, { dpu, plane }) => world.setPlane(dpu, plane, false),
    end: (world, { dpu, plane }) => world.setPlane(dpu, plane, true),
  }),
  defineFault({
    name: "plane-flap",
    doc: "pmon sees one plane of a DPU go down and up again and again",
    params: { dpu: aDpu, plane: PLANE, every: aTime(10, 5000) },
    lasts: [millis(200), millis(40_000)],
    text: ({ dpu, plane, every }) => `${plane} of ${dpu.name} flaps every ${every} ms`,
    begin: (world, { dpu, plane, every }) =>
      world.flap(`plane ${plane} ${dpu.name}`, every, (down) => world.setPlane(dpu, plane, !down)),
    end: (world, { dpu, plane }) => world.steady(`plane ${plane} ${dpu.name}`),
  }),
  defineFault({
    name: "planes-out-of-order",
    doc: "pmon sees a DPU down, then its control plane up before its midplane and data plane",
    params: { dpu: aDpu, gap: aTime(10, 5000) },
    lasts: [millis(200), millis(30_000)],
    text: ({ dpu, gap }) => `planes of ${dpu.name} come up out of order, ${gap} ms apart`,
    begin: (world, { dpu, gap }) => {
      for (const plane of PLANES) world.setPlane(dpu, plane, false);
      world.later(gap, () => world.setPlane(dpu, "control_plane", true));
      world.later(millis(2 * gap), () => world.setPlane(dpu, "midplane_link", true));
    },
    end: (world, { dpu }) => {
      for (const plane of PLANES) world.setPlane(dpu, plane, true);
    },
  }),
  defineFault({
    name: "plane-unknown",
    doc: "pmon does not know one plane of a DPU: `unknown`, nothing, or a word of its own",
    params: { dpu: aDpu, plane: PLANE, word: oneOf("unknown", "none", "UP") },
    lasts: SPAN,
    text: ({ dpu, plane, word }) => `pmon says ${word} of ${plane} of ${dpu.name}`,
    begin: ({ cluster }, { dpu, plane, word }) =>
      cluster.pmon(dpu).distort(cluster.devices.dpu(dpu), { [`dpu_${plane}_state`]: word === "none" ? "" : word }),
    end: (world, { dpu }) => world.rewritePlanes(dpu),
  }),
  defineFault({
    name: "planes-missing",
    doc: "the row of pmon for a DPU is gone",
    params: { dpu: aDpu },
    lasts: SPAN,
    text: ({ dpu }) => `pmon's row of ${dpu.name} is gone`,
    begin: ({ cluster }, { dpu }) => cluster.pmon(dpu).deleteRow(cluster.devices.dpu(dpu)),
    end: (world, { dpu }) => world.rewritePlanes(dpu),
  }),
  defineFault({
    name: "planes-time",
    doc: "pmon writes times in a format of its own, or none",
    params: { dpu: aDpu, time: oneOf("2026-01-01T00:00:00Z", "1767225600", "none", "yesterday") },
    lasts: SPAN,
    text: ({ dpu, time }) => `pmon's times of ${dpu.name} read ${time}`,
    begin: ({ cluster }, { dpu, time }) =>
      cluster
        .pmon(dpu)
        .distort(
          cluster.devices.dpu(dpu),
          Object.fromEntries(PLANES.map((plane) => [`dpu_${plane}_time`, time === "none" ? "" : time])),
        ),
    end: (world, { dpu }) => world.rewritePlanes(dpu),
  }),
  defineFault({
    name: "pmon-stall",
    doc: "pmon of a switch writes nothing; in the end it writes what it sees",
    params: { switch: aSwitch },
    lasts: SPAN,
    text: ({ switch: sw }) => `pmon of ${sw.name} stands still`,
    begin: ({ cluster }, { switch: sw }) => cluster.devices.pmon(sw).setHeld(true),
    end: ({ cluster }, { switch: sw }) => cluster.devices.pmon(sw).setHeld(false),
  }),
  defineFault({
    name: "reset-info-gone",
    doc: "the DPU_RESET_INFO row of a DPU is deleted by whoever handles resets",
    params: { dpu: aDpu },
    text: ({ dpu }) => `the reset of ${dpu.name} is marked as handled`,
    begin: (world, { dpu }) =>
      world.deleteKey(switchOf(world.cluster.topology, dpu), "STATE_DB", `DPU_RESET_INFO|DPU${dpu.slot}`),
  }),
];
