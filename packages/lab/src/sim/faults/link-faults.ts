import { millis } from "@tandem/base";
import { switchOf } from "../../topology.js";
import { defineFault } from "../fault.js";
import { aDpu, aSet, aSwitch, aTime, oneOf, twoSwitches } from "../fault-params.js";

const SPAN = [millis(50), millis(60_000)] as const;
const DIRECTION = oneOf("both", "oneWay");

/** Links that break, both ways or one way, wholly or for one kind of packet. */
export const LINK_FAULTS = [
  defineFault({
    name: "link-cut",
    doc: "nothing passes between two switches, or nothing from the first to the second: bus, probes, data-plane channels; nothing is closed, so ends notice by silence",
    params: { link: twoSwitches, direction: DIRECTION },
    lasts: SPAN,
    text: ({ link: [a, b], direction }) => `link ${a.name} ${direction === "both" ? "-" : ">"} ${b.name} is cut`,
    begin: (world, { link: [a, b], direction }) => {
      world.cutBus(a, b, direction);
      world.cutPath(a.name, b.name, direction);
    },
    end: (world, { link: [a, b], direction }) => {
      world.healBus(a, b, direction);
      world.healPath(a.name, b.name, direction);
    },
  }),
  defineFault({
    name: "bus-cut",
    doc: "bus messages between two switches, or from the first to the second, do not pass: half-open connections",
    params: { link: twoSwitches, direction: DIRECTION },
    lasts: SPAN,
    text: ({ link: [a, b], direction }) => `bus ${a.name} ${direction === "both" ? "-" : ">"} ${b.name} is cut`,
    begin: (world, { link: [a, b], direction }) => world.cutBus(a, b, direction),
    end: (world, { link: [a, b], direction }) => world.healBus(a, b, direction),
  }),
  defineFault({
    name: "bus-reset",
    doc: "every bus connection between two switches is reset: what was under way is lost, and both ends know",
    params: { link: twoSwitches },
    text: ({ link: [a, b] }) => `bus connections ${a.name} - ${b.name} are reset`,
    begin: ({ host }, { link: [a, b] }) => host.network.reset(a.npu, b.npu),
  }),
  defineFault({
    name: "bus-slow",
    doc: "bus messages between two switches take their time",
    params: { link: twoSwitches, delay: aTime(1, 2500) },
    lasts: SPAN,
    text: ({ link: [a, b], delay }) => `bus ${a.name} - ${b.name} takes ${delay} ms`,
    begin: ({ host }, { link: [a, b], delay }) => host.network.setLatency(a.npu, b.npu, delay),
    end: ({ host }, { link: [a, b] }) => host.network.setLatency(a.npu, b.npu, millis(0.1)),
  }),
  defineFault({
    name: "channel-cut",
    doc: "the data-plane channel of a pair breaks while both DPUs are up, both ways or one way",
    params: { set: aSet, direction: DIRECTION },
    lasts: SPAN,
    text: ({ set, direction }) => `the channel of ${set.id} is cut${direction === "oneWay" ? " one way" : ""}`,
    begin: (world, { set: { dpus }, direction }) => world.cutPath(dpus[0].name, dpus[1].name, direction),
    end: (world, { set: { dpus }, direction }) => world.healPath(dpus[0].name, dpus[1].name, direction),
  }),
  defineFault({
    name: "channel-flap",
    doc: "the data-plane channel of a pair goes down and up again and again",
    params: { set: aSet, every: aTime(100, 8000) },
    lasts: [millis(1000), millis(40_000)],
    text: ({ set, every }) => `the channel of ${set.id} flaps every ${every} ms`,
    begin: (world, { set: { dpus }, every }) =>
      world.flap(`channel ${dpus[0].name}`, every, (down) =>
        down ? world.cutPath(dpus[0].name, dpus[1].name, "both") : world.healPath(dpus[0].name, dpus[1].name, "both"),
      ),
    end: (world, { set: { dpus } }) => world.steady(`channel ${dpus[0].name}`),
  }),
  defineFault({
    name: "deaf",
    doc: "only one side of a pair sees its channel down: its probes fail, those of its peer do not",
    params: { dpu: aDpu },
    lasts: SPAN,
    text: ({ dpu }) => `probes of ${dpu.name} to its peer fail`,
    begin: ({ cluster }, { dpu }) => cluster.devices.fabric.setDeaf(dpu.name, true),
    end: ({ cluster }, { dpu }) => cluster.devices.fabric.setDeaf(dpu.name, false),
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
    name: "probes-flap",
    doc: "the BFD session of one switch to one DPU goes down and up again and again",
    params: { switch: aSwitch, dpu: aDpu, every: aTime(50, 4000) },
    lasts: [millis(500), millis(40_000)],
    text: ({ switch: sw, dpu, every }) => `probes of ${sw.name} to ${dpu.name} flap every ${every} ms`,
    begin: (world, { switch: sw, dpu, every }) =>
      world.flap(`probes ${sw.name} ${dpu.name}`, every, (down) =>
        world.cluster.devices.bfd.setLost(sw.name, dpu.name, down),
      ),
    end: (world, { switch: sw, dpu }) => world.steady(`probes ${sw.name} ${dpu.name}`),
  }),
  defineFault({
    name: "bfdmon-stall",
    doc: "bfdmon of a DPU does not look at its sessions",
    params: { dpu: aDpu },
    lasts: SPAN,
    text: ({ dpu }) => `bfdmon of ${dpu.name} stands still`,
    begin: ({ cluster }, { dpu }) => cluster.devices.bfd.setStalled(dpu.name, true),
    end: ({ cluster }, { dpu }) => cluster.devices.bfd.setStalled(dpu.name, false),
  }),
  defineFault({
    name: "bfd-row-odd",
    doc: "the probe state row of a DPU is odd: no IPv4 session and one of IPv6, a bracketed list, an empty one",
    params: { dpu: aDpu, row: oneOf("v6-only", "bracketed", "empty") },
    lasts: SPAN,
    text: ({ dpu, row }) => `the probe state row of ${dpu.name} is ${row}`,
    begin: (world, { dpu, row }) => {
      const npu = switchOf(world.cluster.topology, dpu).npu;
      const fields = {
        "v6-only": { v4_bfd_up_sessions: "", v6_bfd_up_sessions: "fc00::1" },
        bracketed: { v4_bfd_up_sessions: `["${npu}"]`, v6_bfd_up_sessions: "[]" },
        empty: { v4_bfd_up_sessions: "", v6_bfd_up_sessions: "" },
      }[row];
      return world.putRow(dpu, "DPU_STATE_DB", "DASH_BFD_PROBE_STATE", "dash_ha", fields);
    },
    end: ({ cluster }, { dpu }) => cluster.devices.bfd.rewrite(dpu.name),
  }),
];
