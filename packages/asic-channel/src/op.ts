/** What one op of the channel is. sonic-sairedis, lib/RedisRemoteSaiInterface.cpp and syncd/Syncd.cpp. */
interface OpFacts {
  /** The op of its reply. */
  readonly reply: string;
  /** Whether the server answers it in every mode, or only where requests are synchronous. */
  readonly answered: "always" | "sync";
  /** What the key names: one object, a type and a count, a switch, a view, counters. */
  readonly key: "object" | "bulk" | "switch" | "view" | "flush" | "counters";
}

const QUERY = { answered: "always", key: "switch" } as const;
const COUNTERS = { reply: "getresponse", answered: "sync", key: "counters" } as const;

/** Every op that a client sends. */
export const ASIC_OPS = {
  create: { reply: "getresponse", answered: "sync", key: "object" },
  remove: { reply: "getresponse", answered: "sync", key: "object" },
  set: { reply: "getresponse", answered: "sync", key: "object" },
  get: { reply: "getresponse", answered: "always", key: "object" },
  bulkcreate: { reply: "getresponse", answered: "sync", key: "bulk" },
  bulkremove: { reply: "getresponse", answered: "sync", key: "bulk" },
  bulkset: { reply: "getresponse", answered: "sync", key: "bulk" },
  bulkget: { reply: "getresponse", answered: "always", key: "bulk" },
  notify: { reply: "notify", answered: "always", key: "view" },
  get_stats: { reply: "getresponse", answered: "always", key: "object" },
  clear_stats: { reply: "getresponse", answered: "always", key: "object" },
  flush: { reply: "flushresponse", answered: "always", key: "flush" },
  attribute_capability_query: { reply: "attribute_capability_response", ...QUERY },
  attr_enum_values_capability_query: { reply: "attr_enum_values_capability_response", ...QUERY },
  object_type_get_availability_query: { reply: "object_type_get_availability_response", ...QUERY },
  stats_capability_query: { reply: "stats_capability_response", ...QUERY },
  stats_st_capability_query: { reply: "stats_st_capability_response", ...QUERY },
  link_event_damping_config_set: { reply: "link_event_damping_config_set", answered: "sync", key: "object" },
  start_poll: COUNTERS,
  stop_poll: COUNTERS,
  set_counter_group: COUNTERS,
  del_counter_group: COUNTERS,
} as const satisfies Readonly<Record<string, OpFacts>>;

export type AsicOp = keyof typeof ASIC_OPS;

/** How a client and a server of one channel work; both ends are configured alike. */
export type ChannelMode =
  /** Requests that change something are taken as executed once they are queued; the others are answered. `redis_async`. */
  | "async"
  /** Every request is answered. `redis_sync`, `zmq_sync`. */
  | "sync";

export function isAsicOp(word: string): word is AsicOp {
  return Object.hasOwn(ASIC_OPS, word);
}

/** Whether the server answers `op`. */
export function isAnswered(op: AsicOp, mode: ChannelMode): boolean {
  return mode === "sync" || ASIC_OPS[op].answered === "always";
}

/** The keys that `notify` takes. */
export const VIEW_KEYS = ["INIT_VIEW", "APPLY_VIEW", "SYNCD_INSPECT_ASIC", "SYNCD_INVOKE_DUMP"] as const;
export type ViewKey = (typeof VIEW_KEYS)[number];
