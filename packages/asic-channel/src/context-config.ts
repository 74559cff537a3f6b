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

/**
 * The contexts of a `context_config.json`. The error names each member that is wrong, `; ` between; conflicts between
 * contexts are looked for once each is right by itself. A file without `CONTEXTS` has none.
 */
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
  const faults: string[] = [];
  const contexts = list.map((item, at) => readContext(item, `CONTEXTS[${at}]`, faults));
  if (faults.length === 0) faults.push(...conflictsOf(contexts));
  return faults.length === 0 ? ok(contexts) : err(faults.join("; "));
}

/** What is wrong goes to `faults`, and something that fits stands in its place. */
function readContext(item: unknown, where: string, faults: string[]): AsicContext {
  if (!isObject(item)) {
    faults.push(`${where}: must be an object`);
    return CONTEXT_DEFAULT;
  }
  const text = (name: string, absent?: string): string => {
    const value = item[name] ?? absent;
    if (typeof value === "string" && (value !== "" || absent !== undefined)) return value;
    faults.push(`${where}.${name}: must be a string`);
    return "";
  };
  const guid = byte(item, "guid", where, faults);
  const names = {
    ...{ name: text("name"), dbAsic: text("dbAsic"), dbCounters: text("dbCounters"), dbFlex: text("dbFlex") },
    dbState: text("dbState"),
  };
  const zmqEnable = item["zmq_enable"];
  if (zmqEnable !== undefined && typeof zmqEnable !== "boolean")
    faults.push(`${where}.zmq_enable: must be true or false`);
  return {
    ...{ guid, ...names, ...(typeof zmqEnable === "boolean" && { zmqEnable }) },
    zmqEndpoint: text("zmq_endpoint", ZMQ_ENDPOINT_DEFAULT),
    zmqNotificationEndpoint: text("zmq_ntf_endpoint", ZMQ_NOTIFICATION_ENDPOINT_DEFAULT),
    switches: readSwitches(item["switches"], `${where}.switches`, faults),
  };
}

function readSwitches(list: unknown, where: string, faults: string[]): readonly SwitchConfig[] {
  if (!Array.isArray(list)) {
    faults.push(`${where}: must be an array`);
    return [];
  }
  const switches: SwitchConfig[] = [];
  for (const [at, item] of list.entries()) {
    if (!isObject(item)) {
      faults.push(`${where}[${at}]: must be an object`);
      continue;
    }
    const before = faults.length;
    const index = byte(item, "index", `${where}[${at}]`, faults);
    const hwinfo = item["hwinfo"];
    if (typeof hwinfo !== "string") faults.push(`${where}[${at}].hwinfo: must be a string`);
    if (typeof hwinfo !== "string" || faults.length > before) continue;
    if (switches.some((other) => other.index === index || other.hwinfo === hwinfo))
      faults.push(`${where}[${at}]: index and hwinfo must each be named once`);
    switches.push({ index, hwinfo });
  }
  return switches;
}

/** Two contexts never share a database, nor an endpoint that both use. */
function conflictsOf(contexts: readonly AsicContext[]): readonly string[] {
  const faults: string[] = [];
  for (const [at, context] of contexts.entries()) {
    for (const other of contexts.slice(0, at)) {
      for (const name of ["guid", "name", "dbAsic", "dbCounters", "dbFlex"] as const) {
        if (context[name] === other[name])
          faults.push(`CONTEXTS[${at}].${name}: ${JSON.stringify(context[name])} is another context's`);
      }
      if (context.zmqEnable === false || other.zmqEnable === false) continue;
      if (context.zmqEnable === undefined && other.zmqEnable === undefined) continue;
      for (const name of ["zmqEndpoint", "zmqNotificationEndpoint"] as const) {
        if (context[name] === other[name])
          faults.push(`CONTEXTS[${at}]: ${context[name]} is another context's endpoint`);
      }
    }
  }
  return faults;
}

function byte(item: Members, name: string, where: string, faults: string[]): number {
  const value = item[name];
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 255) return value;
  faults.push(`${where}.${name}: must be an integer from 0 to 255`);
  return 0;
}

function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
