import { type DatabaseName, defineTable, type Field, t } from "@tandem/swss";
import { counterCodec } from "./codecs.js";

const PACKETS = ["BYTES", "PACKETS"];
const SYNC_OPERATIONS = ["CREATE", "UPDATE", "DELETE"].flatMap((operation) =>
  ["REQ_SENT", "REQ_RECV", "REQ_FAILED", "REQ_IGNORED", "ACK_RECV", "ACK_FAILED", "ACK_IGNORED"].map(
    (outcome) => `${operation}_${outcome}`,
  ),
);

const across = (...lists: readonly (readonly string[])[]): string[] =>
  lists.reduce<string[]>((names, list) => names.flatMap((name) => list.map((item) => name + item)), [""]);

/** SAI counters of one ENI. */
export const ENI_STATS: readonly string[] = [
  ...across(["SAI_ENI_STAT_"], ["", "OUTBOUND_", "INBOUND_"], ["RX_", "TX_"], PACKETS),
  ...across(
    ["SAI_ENI_STAT_"],
    [
      "OUTBOUND_ROUTING_ENTRY_MISS_DROP_PKTS",
      "OUTBOUND_CA_PA_ENTRY_MISS_DROP_PKTS",
      "TUNNEL_MISS_DROP_PKTS",
      "INBOUND_ROUTING_MISS_DROP_PKTS",
      "FLOW_CREATED",
      "FLOW_CREATE_FAILED",
      "FLOW_UPDATED",
      "FLOW_UPDATE_FAILED",
      "FLOW_DELETED",
      "FLOW_DELETE_FAILED",
      "FLOW_AGED",
    ],
  ),
  ...across(["SAI_ENI_STAT_"], ["INLINE_", "TIMED_"], ["FLOW_SYNC_PACKET_"], ["RX_", "TX_"], PACKETS),
  ...across(["SAI_ENI_STAT_"], ["INLINE_", "TIMED_"], ["FLOW_"], SYNC_OPERATIONS),
];

/** SAI counters of one HA set. */
export const HA_SET_STATS: readonly string[] = [
  ...across(["SAI_HA_SET_STAT_DP_PROBE_"], ["REQ_", "ACK_"], ["RX_", "TX_"], PACKETS),
  "SAI_HA_SET_STAT_DP_PROBE_FAILED",
  ...across(
    ["SAI_HA_SET_STAT_CP_DATA_CHANNEL_"],
    [
      "CONNECT_ATTEMPTED",
      "CONNECT_RECEIVED",
      "CONNECT_SUCCEEDED",
      "CONNECT_FAILED",
      "CONNECT_REJECTED",
      "TIMEOUT_COUNT",
    ],
  ),
  ...across(
    ["SAI_HA_SET_STAT_BULK_SYNC_"],
    ["MESSAGE_RECEIVED", "MESSAGE_SENT", "MESSAGE_SEND_FAILED", "FLOW_RECEIVED", "FLOW_SENT"],
  ),
];

const counters: Record<string, Field<bigint, "optional">> = Object.fromEntries(
  [...ENI_STATS, ...HA_SET_STATS].map((name) => [
    name,
    t.of(counterCodec, { doc: "SAI counter of that name.", optional: true }),
  ]),
);

const object = { oid: t.text({ doc: "SAI object, by one of the name maps." }) };
const COUNTERS_SPEC = "smart-switch-ha-detailed-design §3; sonic-swss-common schema.h";

/** Counters of the DPU's objects, on the NPU. */
export const DpuCounters = defineTable({
  name: "COUNTERS",
  db: "DPU_COUNTERS_DB",
  spec: COUNTERS_SPEC,
  key: object,
  fields: counters,
});

/** The same in a database of the DPU itself. */
export const Counters = defineTable({
  name: "COUNTERS",
  db: "COUNTERS_DB",
  spec: COUNTERS_SPEC,
  key: object,
  fields: counters,
});

export const FlexCounterGroup = defineTable({
  name: "FLEX_COUNTER_GROUP_TABLE",
  db: "FLEX_COUNTER_DB",
  spec: "sonic-swss orchagent/flex_counter",
  key: { group: t.text({ doc: "`ENI_STAT_COUNTER`, `METER_STAT_COUNTER`, `HA_SET_STAT_COUNTER`." }) },
  fields: {
    POLL_INTERVAL: t.u32({ doc: "Milliseconds; 10000 by default.", optional: true }),
    FLEX_COUNTER_STATUS: t.text({ doc: "`enable` or `disable`; the HA set group starts disabled.", optional: true }),
    STATS_MODE: t.text({ doc: "`STATS_MODE_READ`.", optional: true }),
  },
});

/** One hash whose fields are names and whose values are OIDs (or the reverse): a map rather than a table of rows. */
export interface NameMap {
  /** The Redis key; no separator follows. */
  readonly name: string;
  readonly db: DatabaseName;
  readonly doc: string;
}

export const NAME_MAPS = [
  { name: "COUNTERS_ENI_NAME_MAP", db: "DPU_COUNTERS_DB", doc: "ENI name or MAC → OID." },
  { name: "COUNTERS_ENI_OID_MAP", db: "DPU_COUNTERS_DB", doc: "OID → ENI name or MAC." },
  { name: "COUNTERS_HA_SET_NAME_MAP", db: "COUNTERS_DB", doc: "HA set → OID, in a database of the DPU itself." },
] as const satisfies readonly NameMap[];
