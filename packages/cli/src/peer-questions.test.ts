import { expect, test } from "vitest";
import { peerQuestions, withPeer } from "./peer-questions.js";

const state = { key: ["vdpu0-0", "haset0-0"], fields: { local_ha_state: "active" } };
const rows = {
  states: [state],
  sets: [{ key: ["haset0-0"], fields: { vdpu_ids: "vdpu0-0,vdpu1-0" } }],
  vdpus: [
    { key: ["vdpu0-0"], fields: { main_dpu_ids: "sw0_dpu3" } },
    { key: ["vdpu1-0"], fields: { main_dpu_ids: "sw1_dpu3" } },
  ],
  dpus: [{ key: ["sw0_dpu3"], fields: { dpu_id: "3" } }],
  remoteDpus: [{ key: ["sw1_dpu3"], fields: { npu_ipv4: "10.0.1.1", swbus_port: "23609" } }],
};

test("the other side is asked over the slot of the local DPU", () => {
  const question = { state, slot: 3, endpoint: "10.0.1.1:23609", actor: "/hamgrd/0/ha-scope/vdpu1-0:haset0-0" };
  expect(peerQuestions(rows)).toEqual([question]);
});

test("an IPv6 switch is asked by its bracketed address", () => {
  const remoteDpus = [{ key: ["sw1_dpu3"], fields: { npu_ipv6: "fc00::1", swbus_port: "23609" } }];
  expect(peerQuestions({ ...rows, remoteDpus })[0]?.endpoint).toBe("[fc00::1]:23609");
});

test.each([
  ["its row already tells", { states: [{ ...state, fields: { peer_ha_state: "standby" } }] }],
  ["its set is not configured", { sets: [] }],
  ["its vDPU is not in the set", { sets: [{ key: ["haset0-0"], fields: { vdpu_ids: "vdpu8-0,vdpu9-0" } }] }],
  ["the peer's vDPU is unknown", { vdpus: rows.vdpus.slice(0, 1) }],
  ["the peer's DPU is not remote", { remoteDpus: [] }],
  ["the peer's DPU has no port", { remoteDpus: [{ key: ["sw1_dpu3"], fields: { npu_ipv4: "10.0.1.1" } }] }],
])("nobody is asked when %s", (_why, changed) => {
  expect(peerQuestions({ ...rows, ...changed })).toEqual([]);
});

test("what the peer says of itself completes the row and replaces nothing", () => {
  const ours = { key: state.key, fields: { peer_term: "2" } };
  expect(withPeer(ours, { local_ha_state: "standby", local_acked_term: "9" }).fields).toEqual({
    peer_term: "2",
    peer_ha_state: "standby",
  });
});
