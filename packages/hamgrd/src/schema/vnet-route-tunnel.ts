import { codecs, defineTable, type Row, t } from "@tandem/swss";
import { ipCodec, pinnedStateCodec } from "./codecs.js";

const key = {
  vnet: t.text({ doc: "`dpu_vnet` of the global config." }),
  prefix: t.text({ doc: "VIP of the pair, without length." }),
};

/** The route to a pair's VIP: through the switch of each side, monitored at the DPU itself. */
export const VnetRouteTunnel = defineTable({
  name: "VNET_ROUTE_TUNNEL_TABLE",
  db: "APPL_DB",
  spec: "Overlay ECMP ehancements §3.1; vnet_local_endpoint_forwarding",
  key,
  fields: {
    endpoint: t.positions(ipCodec, { doc: "The DPU's address when it is local, else its switch; primary first." }),
    endpoint_monitor: t.positions(ipCodec, { doc: "Physical address of each endpoint's DPU.", optional: true }),
    monitoring: t.text({ doc: "`custom_bfd`.", optional: true }),
    primary: t.list(codecs.text, { doc: "Endpoints that are preferred while their probe is up.", optional: true }),
    rx_monitor_timer: t.u32({ doc: "Milliseconds between probes.", optional: true }),
    tx_monitor_timer: t.u32({ doc: "Milliseconds between probes.", optional: true }),
    check_directly_connected: t.bool({ doc: "Some endpoint is local.", optional: true }),
    pinned_state: t.positions(pinnedStateCodec, {
      doc: "Override of each endpoint's probe; empty: none.",
      optional: true,
    }),
  },
});
export type VnetRouteTunnelRow = Row<typeof VnetRouteTunnel>;

/** What VnetOrch has made of the route. */
export const VnetRouteTunnelState = defineTable({
  name: "VNET_ROUTE_TUNNEL_TABLE",
  db: "STATE_DB",
  spec: "Overlay ECMP ehancements",
  key,
  fields: {
    active_endpoints: t.list(codecs.text, { doc: "Endpoints that carry traffic.", optional: true }),
    state: t.oneOf(["active", "inactive"], { doc: "Whether any does.", optional: true }),
  },
});

export const VnetMonitor = defineTable({
  name: "VNET_MONITOR_TABLE",
  db: "APPL_DB",
  spec: "Overlay ECMP ehancements",
  key: { endpoint: t.text({ doc: "Endpoint." }), prefix: t.text({ doc: "Prefix." }) },
  fields: {
    packet_type: t.text({ doc: "Kind of probe.", optional: true }),
    interval: t.u32({ doc: "Milliseconds.", optional: true }),
    multiplier: t.u32({ doc: "Probes lost until down.", optional: true }),
    overlay_dmac: t.text({ doc: "Destination of the inner frame.", optional: true }),
  },
});

export const VnetMonitorState = defineTable({
  name: "VNET_MONITOR_TABLE",
  db: "STATE_DB",
  spec: "Overlay ECMP ehancements",
  key: { endpoint: t.text({ doc: "Endpoint." }), ip: t.text({ doc: "Monitored address." }) },
  fields: { state: t.oneOf(["up", "down"], { doc: "Of the probe." }) },
});
