import type { PairView, SideView } from "@tandem/hamgrd";
import { expect, test } from "vitest";
import type { SlotBus } from "./bus-view.js";
import { renderTopology } from "./render/topology.js";
import { type TopologyInput, topologyView } from "./topology-view.js";

const peer = (dpu: string, change: Partial<SlotBus["peers"][number]> = {}) => ({
  ...{ dpu, npu: "10.0.1.1", endpoint: `10.0.1.1:${dpu}`, node: `r.c.sw1-${dpu}`, rttMs: 1.25, why: "" },
  ...change,
});
const side = (vdpu: string, on: string, haState: string): SideView => ({
  ...{ vdpu, dpu: `${on}_dpu0`, on, pinned: "none" as const },
  state: {
    ...{ known: true, haState, term: "1", planesWrong: [], bfd: ["10.0.0.1"], pending: [], version: "1" },
    ...{ desired: "active", disabled: false, silentMs: undefined, owner: "dpu" },
  },
});
const PAIR: PairView = {
  set: "h0",
  sides: [side("v0", "sw0", "active"), side("v1", "sw1", "standby")],
  preferred: "v0",
};
const SILENT = { kind: "silent", why: "no hamgrd is connected to r.c.sw0-dpu1" } as const;
const SLOTS: readonly SlotBus[] = [
  {
    slot: 0,
    dpu: "a0",
    swbusd: { kind: "up", node: "r.c.sw0-dpu0" },
    hamgrd: SILENT,
    peers: [
      peer("dpu0"),
      peer("dpu1", { node: undefined, rttMs: undefined, why: "our swbusd has no connection to it" }),
    ],
  },
  { slot: 1, dpu: "a1", swbusd: { kind: "down", why: "it does not accept us" }, hamgrd: SILENT, peers: [] },
];
const row = (key: string, fields: Readonly<Record<string, string>>) => ({ key: [key], fields });
const INPUT: TopologyInput = {
  rows: {
    hostname: "sw0",
    npu: "10.0.0.1",
    sets: [
      row("h0", { vip_v4: "3.0.0.1", vdpu_ids: "v0,v1" }),
      row("h9", { vip_v4: "3.0.0.9", vdpu_ids: "v8,v9" }),
      { ...row("bad", {}), bad: "pb" },
    ],
    scopes: [],
    states: [],
    vdpus: [row("v0", { main_dpu_ids: "a0" }), row("v1", { main_dpu_ids: "dpu0" })],
    dpus: [],
    remoteDpus: [
      row("dpu0", { npu_ipv4: "10.0.1.1", swbus_port: "1", dpu_id: "0", pa_ipv4: "18.1.0.1" }),
      row("dpu1", { npu_ipv4: "10.0.1.1", swbus_port: "2", dpu_id: "1", pa_ipv4: "18.1.0.2" }),
    ],
  },
  region: "r",
  cluster: "c",
  address: "10.0.0.1",
  slots: [
    {
      slot: 0,
      dpu: "a0",
      row: row("a0", { pa_ipv4: "18.0.0.1" }),
      planes: { midplane: "up", control: "up", data: "up" },
    },
    { slot: 1, dpu: "a1", row: row("a1", {}), planes: { midplane: "down", control: "unknown", data: "up" } },
  ],
  bus: { slots: SLOTS, remotes: new Map() },
  pairs: new Map([["h0", PAIR]]),
};

test("a tree: this switch, the others by their address, pairs; what is unknown reads so", () => {
  expect(renderTopology(topologyView(INPUT)).split("\n")).toEqual([
    "r.c",
    "",
    "sw0  10.0.0.1  this switch",
    "├─ a0  slot 0  v0       18.0.0.1  up                              swbusd up    hamgrd silent",
    "└─ a1  slot 1  no vDPU            midplane down, control unknown  swbusd down  hamgrd silent",
    "",
    "sw1  10.0.1.1",
    "├─ dpu0  slot 0  v1       18.1.0.1  1.3 ms from dpu0                    hamgrd silent",
    "└─ dpu1  slot 1  no vDPU  18.1.0.2  our swbusd has no connection to it",
    "",
    "HA sets",
    "├─ bad  -        refused: bad pb",
    "├─ h0   3.0.0.1  v0 Active on sw0, bfd 1  v1 Standby on sw1, bfd 1",
    "└─ h9   3.0.0.9  v8                       v9                        no side here",
    "",
  ]);
});

test("a swbusd that could not be asked is not called down, nor its hamgrd silent", () => {
  const why = "/etc/bus.yaml: permission denied";
  const slots = SLOTS.map((slot): SlotBus => ({ ...slot, swbusd: { kind: "unasked", why }, peers: [] }));
  const lines = renderTopology(topologyView({ ...INPUT, bus: { slots, remotes: new Map() } })).split("\n");
  expect(lines.slice(3, 5)).toEqual([
    `├─ a0  slot 0  v0       18.0.0.1  up                              swbusd not asked: ${why}  hamgrd not asked`,
    `└─ a1  slot 1  no vDPU            midplane down, control unknown  swbusd not asked: ${why}  hamgrd not asked`,
  ]);
  expect(lines[7]).toContain("no swbusd of this switch could be asked");
});

test("lines are good, doubtful or bad by what they say", () => {
  const tones: string[] = [];
  renderTopology(topologyView(INPUT), (tone, text) => {
    tones.push(`${text.split(" ")[0]} ${tone}`);
    return text;
  });
  expect(tones).toEqual(["a0 bad", "a1 bad", "dpu0 warn", "dpu1 bad", "bad bad", "h0 good", "h9 warn"]);
});
