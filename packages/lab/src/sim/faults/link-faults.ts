import { millis } from "@tandem/base";
import { defineFault } from "../fault.js";
import { aDpu, aSwitch, oneOf, twoSwitches } from "../fault-params.js";

const SPAN = [millis(50), millis(60_000)] as const;

/** Links that break, both ways or one way, wholly or for one kind of packet. */
export const LINK_FAULTS = [
  defineFault({
    name: "link-cut",
    doc: "nothing passes between two switches, or nothing from the first to the second: bus, probes, data-plane channels; nothing is closed, so ends notice by silence",
    params: { link: twoSwitches, direction: oneOf("both", "oneWay") },
    lasts: SPAN,
    text: ({ link: [a, b], direction }) => `link ${a.name} ${direction === "both" ? "-" : ">"} ${b.name} is cut`,
    begin: (world, { link: [a, b], direction }) =>
      world.hold(`link ${a.name} ${b.name} ${direction}`, () => {
        world.host.network.cut(a.npu, b.npu, direction === "both");
        world.cluster.devices.network.cut(a.name, b.name, direction);
      }),
    end: (world, { link: [a, b], direction }) =>
      world.release(`link ${a.name} ${b.name} ${direction}`, () => {
        world.host.network.heal(a.npu, b.npu, direction === "both");
        world.cluster.devices.network.heal(a.name, b.name, direction);
      }),
  }),
  defineFault({
    name: "probes-lost",
    doc: "the BFD probes of one switch to one DPU are lost, those of other switches are not",
    params: { switch: aSwitch, dpu: aDpu },
    lasts: SPAN,
    text: ({ switch: sw, dpu }) => `probes of ${sw.name} to ${dpu.name} are lost`,
    begin: ({ cluster }, { switch: sw, dpu }) => cluster.devices.bfd.setLost(sw.name, dpu.name, true),
    end: ({ cluster }, { switch: sw, dpu }) => cluster.devices.bfd.setLost(sw.name, dpu.name, false),
  }),
  defineFault({
    name: "plane",
    doc: "pmon sees one plane of a DPU down, whatever it is",
    params: { dpu: aDpu, plane: oneOf("midplane_link", "control_plane", "data_plane") },
    lasts: SPAN,
    text: ({ dpu, plane }) => `pmon sees ${plane} of ${dpu.name} down`,
    begin: ({ cluster }, { dpu, plane }) =>
      cluster.pmon(dpu).setPlane(cluster.devices.dpu(dpu), plane, false, "a fault"),
    end: ({ cluster }, { dpu, plane }) => cluster.pmon(dpu).setPlane(cluster.devices.dpu(dpu), plane, true, "a fault"),
  }),
];
