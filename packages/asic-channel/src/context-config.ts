import { err, ok, type Result } from "@tandem/base";

/** One ASIC of the machine: its databases, its switches, and where its ZMQ sockets are. sonic-sairedis, lib/ContextConfig.cpp. */
export interface AsicContext {
  /** 0 to 255; stands in object ids. */
  readonly guid: number;
  readonly name: string;
  readonly dbAsic: string;
  readonly dbCounters: string;
  readonly dbFlex: string;
  /** As configured; STATE_DB is opened by that literal name all the same. */
  readonly dbState: string;
  /** `true` locks the channel to ZMQ, `false` to Redis; absent: as the command line says. */
  readonly zmqEnable?: boolean;
  readonly zmqEndpoint: string;
  readonly zmqNotificationEndpoint: string;
  readonly switches: readonly SwitchConfig[];
}

export interface SwitchConfig {
  /** 0 to 255; stands in object ids. */
  readonly index: number;
  readonly hwinfo: string;
}

export const ZMQ_ENDPOINT_DEFAULT = "tcp://127.0.0.1:5555";
export const ZMQ_NOTIFICATION_ENDPOINT_DEFAULT = "tcp://127.0.0.1:5556";

/** What stands in place of a file that is missing or wrong. */
export const CONTEXT_DEFAULT: AsicContext = {
  ...{ guid: 0, name: "syncd", dbAsic: "ASIC_DB", dbCounters: "COUNTERS_DB", dbFlex: "FLEX_COUNTER_DB" },
  ...{ dbState: "STATE_DB", switches: [{ index: 0, hwinfo: "" }] },
  ...{ zmqEndpoint: ZMQ_ENDPOINT_DEFAULT, zmqNotificationEndpoint: ZMQ_NOTIFICATION_ENDPOINT_DEFAULT },
};

type Members = Readonly<Record<string, unknown>>;

/** The contexts of a `context_config.json`; the error names the member. A file without `CONTEXTS` has none. */
export function parseContextConfig(text: string): Result<readonly AsicContext[], string> {
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch (error) {
    return err(`not JSON: ${(error as SyntaxError).message}`);
  }
  if (!isObject(file)) return err("must be an object");
  const list = file["CONTEXTS"] ?? [];
  if (!Array.isArray(list)) return err("CONTEXTS: must be an array");
  const contexts: AsicContext[] = [];
  for (const [at, item] of list.entries()) {
    const context = isObject(item) ? parseContext(item) : err("must be an object");
    if (!context.ok) return err(`CONTEXTS[${at}]${context.error.startsWith("must") ? ": " : "."}${context.error}`);
    contexts.push(context.value);
  }
  const conflict = conflictOf(contexts);
  return conflict === undefined ? ok(contexts) : err(conflict);
}

function parseContext(item: Members): Result<AsicContext, string> {
  const guid = byte(item, "guid");
  if (!guid.ok) return guid;
  const names: Record<string, string> = {};
  for (const name of ["name", "dbAsic", "dbCounters", "dbFlex", "dbState"]) {
    const value = item[name];
    if (typeof value !== "string" || value === "") return err(`${name}: must be a string`);
    names[name] = value;
  }
  const zmqEnable = item["zmq_enable"];
  if (zmqEnable !== undefined && typeof zmqEnable !== "boolean") return err("zmq_enable: must be true or false");
  const endpoints: string[] = [];
  for (const [name, absent] of [
    ["zmq_endpoint", ZMQ_ENDPOINT_DEFAULT],
    ["zmq_ntf_endpoint", ZMQ_NOTIFICATION_ENDPOINT_DEFAULT],
  ] as const) {
    const value = item[name] ?? absent;
    if (typeof value !== "string") return err(`${name}: must be a string`);
    endpoints.push(value);
  }
  const switches = parseSwitches(item["switches"]);
  if (!switches.ok) return switches;
  const { name = "", dbAsic = "", dbCounters = "", dbFlex = "", dbState = "" } = names;
  return ok({
    ...{ guid: guid.value, name, dbAsic, dbCounters, dbFlex, dbState, switches: switches.value },
    ...(zmqEnable !== undefined && { zmqEnable }),
    ...{ zmqEndpoint: endpoints[0] as string, zmqNotificationEndpoint: endpoints[1] as string },
  });
}

function parseSwitches(list: unknown): Result<readonly SwitchConfig[], string> {
  if (!Array.isArray(list)) return err("switches: must be an array");
  const switches: SwitchConfig[] = [];
  for (const [at, item] of list.entries()) {
    if (!isObject(item)) return err(`switches[${at}]: must be an object`);
    const index = byte(item, "index");
    if (!index.ok) return err(`switches[${at}].${index.error}`);
    const hwinfo = item["hwinfo"];
    if (typeof hwinfo !== "string") return err(`switches[${at}].hwinfo: must be a string`);
    if (switches.some((other) => other.index === index.value || other.hwinfo === hwinfo))
      return err(`switches[${at}]: index and hwinfo must each be named once`);
    switches.push({ index: index.value, hwinfo });
  }
  return ok(switches);
}

/** Two contexts never share a database, nor an endpoint that both use. */
function conflictOf(contexts: readonly AsicContext[]): string | undefined {
  for (const [at, context] of contexts.entries()) {
    for (const other of contexts.slice(0, at)) {
      for (const name of ["guid", "name", "dbAsic", "dbCounters", "dbFlex"] as const) {
        if (context[name] === other[name])
          return `CONTEXTS[${at}].${name}: ${JSON.stringify(context[name])} is another context's`;
      }
      if (context.zmqEnable === false || other.zmqEnable === false) continue;
      for (const name of ["zmqEndpoint", "zmqNotificationEndpoint"] as const) {
        if (context[name] !== other[name]) continue;
        if (context.zmqEnable === undefined && other.zmqEnable === undefined) continue;
        return `CONTEXTS[${at}]: ${context[name]} is another context's endpoint`;
      }
    }
  }
  return undefined;
}

function byte(item: Members, name: string): Result<number, string> {
  const value = item[name];
  const fits = typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 255;
  return fits ? ok(value) : err(`${name}: must be an integer from 0 to 255`);
}

function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
