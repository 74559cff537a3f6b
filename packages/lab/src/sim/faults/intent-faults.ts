import { millis } from "@tandem/base";
import { defineFault } from "../fault.js";
import { aSet, aSide, aTime, oneOf } from "../fault-params.js";
import { wantedOf } from "../wanted-state.js";

const SPAN = [millis(10), millis(60_000)] as const;
const STATES = oneOf("dead", "active", "unspecified", "standalone");
const SIDE = oneOf("0", "1");

/** What the SDN controller asks for: at odd times, on both sides, or only for a moment. */
export const INTENT_FAULTS = [
  defineFault({
    name: "desire",
    doc: "another state is desired of one side; in the end the usual one again",
    params: { dpu: aSide, state: STATES },
    lasts: SPAN,
    text: ({ dpu, state }) => `${dpu.name} is desired ${state}`,
    begin: ({ cluster }, { dpu, state }) => cluster.controller.desire(dpu.vdpuId, state),
    end: ({ cluster }, { dpu }) => cluster.controller.desire(dpu.vdpuId, wantedOf(cluster.topology, dpu)),
  }),
  defineFault({
    name: "desire-pair",
    doc: "both sides are desired active, none is, or they change places, one write a while after the other",
    params: { set: aSet, how: oneOf("both-active", "none", "swapped"), first: SIDE, gap: aTime(0, 5000) },
    lasts: SPAN,
    text: ({ set, how, first, gap }) => `${set.id} is desired ${how}, side ${first} first, ${gap} ms apart`,
    begin: (world, { set, how, first, gap }) => {
      const order = first === "0" ? ([0, 1] as const) : ([1, 0] as const);
      const wanted = {
        "both-active": ["active", "active"],
        none: ["unspecified", "unspecified"],
        swapped: ["unspecified", "active"],
      } as const;
      const desire = (side: 0 | 1): unknown =>
        world.cluster.controller.desire(set.dpus[side].vdpuId, wanted[how][side]);
      const second = world.later(gap, () => desire(order[1]));
      world.untilSteady(`desire ${set.id}`, () => second.cancel());
      return desire(order[0]);
    },
    end: async (world, { set }) => {
      world.steady(`desire ${set.id}`);
      const { cluster } = world;
      for (const dpu of set.dpus) await cluster.controller.desire(dpu.vdpuId, wantedOf(cluster.topology, dpu));
    },
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
    name: "disable-flap",
    doc: "HA of one side is disabled and enabled again and again, pending operations or not",
    params: { dpu: aSide, every: aTime(5, 5000) },
    lasts: [millis(50), millis(20_000)],
    text: ({ dpu, every }) => `${dpu.name} is disabled and enabled every ${every} ms`,
    begin: (world, { dpu, every }) =>
      world.flap(`disable ${dpu.name}`, every, (down) =>
        down ? world.cluster.controller.disable(dpu.vdpuId) : world.cluster.controller.enable(dpu.vdpuId),
      ),
    end: (world, { dpu }) => world.steady(`disable ${dpu.name}`),
  }),
  defineFault({
    name: "restart-side",
    doc: "HA of one side is disabled until it is dead, then enabled",
    params: { dpu: aSide },
    text: ({ dpu }) => `HA of ${dpu.name} is restarted`,
    begin: ({ cluster }, { dpu }) => cluster.controller.restart(dpu.vdpuId),
  }),
  defineFault({
    name: "pin",
    doc: "the probe state of one side is pinned",
    params: { set: aSet, side: SIDE, state: oneOf("up", "down") },
    lasts: SPAN,
    text: ({ set, side, state }) => `side ${side} of ${set.id} is pinned ${state}`,
    begin: ({ cluster }, { set, side, state }) =>
      cluster.controller.pin(set.id, set.dpus[side === "0" ? 0 : 1].vdpuId, state),
    end: ({ cluster }, { set, side }) => cluster.controller.pin(set.id, set.dpus[side === "0" ? 0 : 1].vdpuId, "none"),
  }),
  defineFault({
    name: "prefer",
    doc: "the other side, both or none are preferred by the switches",
    params: { set: aSet, who: oneOf("other", "both", "none") },
    lasts: SPAN,
    text: ({ set, who }) => `preferred of ${set.id}: ${who}`,
    begin: ({ cluster }, { set, who }) => {
      const [a, b] = set.dpus.map((dpu) => dpu.vdpuId) as [string, string];
      return cluster.controller.prefer(set.id, { other: [b], both: [a, b], none: [] }[who]);
    },
    end: ({ cluster }, { set }) => cluster.controller.prefer(set.id, [set.dpus[0].vdpuId]),
  }),
  defineFault({
    name: "recreate-set",
    doc: "a pair is deleted, scopes and set, and created again",
    params: { set: aSet },
    lasts: SPAN,
    text: ({ set }) => `${set.id} is deleted`,
    begin: ({ cluster }, { set }) => cluster.controller.removeSet(set.id),
    end: async ({ cluster }, { set }) => {
      await cluster.controller.createSet(set);
      for (const dpu of set.dpus) await cluster.controller.enable(dpu.vdpuId);
    },
  }),
];
