import { defineTable, type Row, t } from "@tandem/swss";
import { ipCodec } from "./codecs.js";

const key = {
  vrf: t.text({ doc: "`default`." }),
  interface: t.text({ doc: "`default`." }),
  peer_ip: t.text({ doc: "Loopback of the NPU that probes the DPU." }),
};

/** Parameters of a passive BFD session on the DPU, one per NPU. The DPU creates it once its role is active. */
export const DpuBfdSession = defineTable({
  name: "BFD_SESSION_TABLE",
  db: "DPU_APPL_DB",
  spec: "SmartSwitchDpuLivenessUsingBfd; smart-switch-ha-hamgrd",
  key,
  fields: {
    tx_interval: t.u32({ doc: "Milliseconds.", optional: true }),
    rx_interval: t.u32({ doc: "Milliseconds.", optional: true }),
    multiplier: t.u32({ doc: "Packets lost until the session is down.", optional: true }),
    multihop: t.bool({ doc: "`true`." }),
    shutdown: t.bool({ doc: "`false`." }),
    local_addr: t.of(ipCodec, { doc: "Physical address of the DPU." }),
    type: t.text({ doc: "`passive`." }),
  },
});
export type DpuBfdSessionRow = Row<typeof DpuBfdSession>;

const activeFields = {
  type: t.text({ doc: "`async_active` and others.", optional: true }),
  local_addr: t.text({ doc: "Source address.", optional: true }),
  tx_interval: t.u32({ doc: "Milliseconds.", optional: true }),
  rx_interval: t.u32({ doc: "Milliseconds.", optional: true }),
  multiplier: t.u32({ doc: "Packets lost until the session is down.", optional: true }),
  multihop: t.bool({ doc: "Peer may be hops away.", optional: true }),
  tos: t.u32({ doc: "Type of service.", optional: true }),
  dst_mac: t.text({ doc: "For sessions that bypass the neighbour table.", optional: true }),
  src_mac: t.text({ doc: "As `dst_mac`.", optional: true }),
  shutdown_bfd_during_tsa: t.bool({ doc: "Taken down with traffic shift away.", optional: true }),
};

/** The NPU's active sessions, asked for by VnetOrch. */
export const NpuBfdSession = defineTable({
  name: "BFD_SESSION_TABLE",
  db: "APPL_DB",
  spec: "bfd hld; Overlay ECMP ehancements",
  key,
  fields: activeFields,
});

/** State of the NPU's active sessions. */
export const NpuBfdSessionState = defineTable({
  name: "BFD_SESSION_TABLE",
  db: "STATE_DB",
  spec: "bfd hld",
  key,
  fields: {
    state: t.oneOf(["up", "down", "init", "admin_down"], { doc: "Written capitalised.", optional: true }),
    ...activeFields,
  },
});

/** Passive sessions that the DPU's orchagent has asked FRR for; in the DPU's own STATE_DB. */
export const BfdSoftwareSession = defineTable({
  name: "BFD_SOFTWARE_SESSION_TABLE",
  db: "STATE_DB",
  spec: "SmartSwitchDpuLivenessUsingBfd",
  key,
  fields: activeFields,
});
