import { millis } from "@tandem/base";
import { pairOf } from "../../topology.js";
import { defineFault } from "../fault.js";
import { aSide, oneOf } from "../fault-params.js";

const SPAN = [millis(10), millis(60_000)] as const;

/** Config rows that the SDN controller did not mean so: gone, odd, or of another order. */
export const CONFIG_FAULTS = [
  defineFault({
    name: "set-deleted-first",
    doc: "the config row of a set is deleted on one switch while its scope stands; it comes back later: scope before set",
    params: { dpu: aSide },
    lasts: [millis(10), millis(90_000)],
    text: ({ dpu }) => `the set of ${dpu.name} is deleted under its scope`,
    begin: (world, { dpu }) => world.distortSet(dpu, () => undefined),
    end: ({ cluster }) => cluster.controller.replay(),
  }),
  defineFault({
    name: "scope-deleted",
    doc: "the config row of one side is deleted, and comes back; meanwhile its set stands without it",
    params: { dpu: aSide },
    lasts: [millis(10), millis(90_000)],
    text: ({ dpu }) => `the scope config of ${dpu.name} is deleted`,
    begin: (world, { dpu }) => world.distortScope(dpu, () => undefined),
    end: ({ cluster }) => cluster.controller.replay(),
  }),
  defineFault({
    name: "scope-del-set",
    doc: "the config row of one side is deleted and written again at once",
    params: { dpu: aSide },
    text: ({ dpu }) => `the scope config of ${dpu.name} is deleted and written again`,
    begin: async (world, { dpu }) => {
      await world.distortScope(dpu, () => undefined);
      await world.distortScope(dpu, (fields) => fields);
    },
  }),
  defineFault({
    name: "version-odd",
    doc: "the version of a config row is no number, empty, or huge",
    params: { dpu: aSide, version: oneOf("new", "3b", "empty", "99999999999999999999"), row: oneOf("scope", "set") },
    lasts: SPAN,
    text: ({ dpu, version, row }) => `version ${version} in the ${row} config of ${dpu.name}`,
    begin: (world, { dpu, version, row }) => {
      const change = (fields: Readonly<Record<string, string>>) => ({
        ...fields,
        version: version === "empty" ? "" : version,
      });
      return row === "set" ? world.distortSet(dpu, change) : world.distortScope(dpu, change);
    },
    end: ({ cluster }) => cluster.controller.replay(),
  }),
  defineFault({
    name: "config-odd",
    doc: "the config row of one side has a field that nobody knows, an empty one, an owner or a state that is no word of the table, or the owner switch",
    params: {
      dpu: aSide,
      how: oneOf("unknown-field", "empty-desired", "bad-desired", "bad-owner", "owner-switch", "no-set"),
    },
    lasts: SPAN,
    text: ({ dpu, how }) => `the scope config of ${dpu.name} is odd: ${how}`,
    begin: (world, { dpu, how }) => {
      const odd = {
        "unknown-field": { colour: "green" },
        "empty-desired": { desired_ha_state: "" },
        "bad-desired": { desired_ha_state: "eager" },
        "bad-owner": { owner: "nobody" },
        "owner-switch": { owner: "switch" },
        "no-set": { ha_set_id: "haset-of-nobody" },
      }[how];
      return world.distortScope(dpu, (fields) => ({ ...fields, ...odd }));
    },
    end: ({ cluster }) => cluster.controller.replay(),
  }),
  defineFault({
    name: "vdpus-changed",
    doc: "the vDPUs of a set change on one switch: the other order, a third one, one alone",
    params: { dpu: aSide, how: oneOf("reversed", "third", "alone") },
    lasts: SPAN,
    text: ({ dpu, how }) => `the vDPUs of the set of ${dpu.name} on its switch: ${how}`,
    begin: (world, { dpu, how }) => {
      const [a, b] = (pairOf(world.cluster.topology, dpu)?.set.dpus ?? []).map(({ vdpuId }) => vdpuId);
      const vdpus = { reversed: `${b},${a}`, third: `${a},vdpu-of-nobody`, alone: `${a}` }[how];
      return world.distortSet(dpu, (fields) => ({ ...fields, vdpu_ids: vdpus }));
    },
    end: ({ cluster }) => cluster.controller.replay(),
  }),
  defineFault({
    name: "replay",
    doc: "the controller writes every row again that stands",
    params: {},
    text: () => "the controller writes all its rows again",
    begin: ({ cluster }) => cluster.controller.replay(),
  }),
];
