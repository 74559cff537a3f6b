import { millis } from "@tandem/base";
import { defineFault } from "../fault.js";
import { aSwitch, oneOf } from "../fault-params.js";

const SPAN = [millis(50), millis(60_000)] as const;

/** Clocks on the wall that jump, stand still, or run back. */
export const CLOCK_FAULTS = [
  defineFault({
    name: "clock-jump",
    doc: "the wall clock of a switch jumps, and stays there",
    params: { switch: aSwitch, by: oneOf("-3600000", "3600000", "-1000", "1000", "50") },
    text: ({ switch: sw, by }) => `the clock of ${sw.name} jumps by ${by} ms`,
    begin: ({ host }, { switch: sw, by }) => host.wall(sw).jump(millis(Number(by))),
  }),
  defineFault({
    name: "clock-frozen",
    doc: "the wall clock of a switch stands still",
    params: { switch: aSwitch },
    lasts: SPAN,
    text: ({ switch: sw }) => `the clock of ${sw.name} stands still`,
    begin: ({ host }, { switch: sw }) => host.wall(sw).setFrozen(true),
    end: ({ host }, { switch: sw }) => host.wall(sw).setFrozen(false),
  }),
  defineFault({
    name: "clock-wobbles",
    doc: "the wall clock of a switch is not monotone: each reading is up to 5 s off, forward or back",
    params: { switch: aSwitch },
    lasts: SPAN,
    text: ({ switch: sw }) => `the clock of ${sw.name} wobbles`,
    begin: ({ host }, { switch: sw }) => host.wall(sw).setWobbling(true),
    end: ({ host }, { switch: sw }) => host.wall(sw).setWobbling(false),
  }),
  defineFault({
    name: "device-clocks-jump",
    doc: "the wall clock of everybody, DPUs and pmon among them, jumps",
    params: { by: oneOf("-3600000", "3600000") },
    text: ({ by }) => `every clock jumps by ${by} ms`,
    begin: ({ host }, { by }) => host.clock.jump(millis(Number(by))),
  }),
];
