import { parseArgs } from "node:util";
import { err, ok, type Result } from "@tandem/base";
import { parsePort } from "@tandem/daemon";
import type { AsicContext } from "../context-config.js";
import type { ChannelMode } from "../op.js";
import { START_TYPES, type StartType } from "../syncd/boot.js";
import { TRANSPORT_NAMES, type TransportName } from "../transport.js";
import { asicPathOf } from "../virtual-asic/path.js";
import { parseGuid } from "./context-file.js";

export const SYNCD_HELP = `Usage: tandem asic syncd [options]

The server of orchagent's channel, over a virtual ASIC that outlives it: start that one with tandem asic virtual.

      --serve NAME[,NAME…]    transports to serve: ${TRANSPORT_NAMES.join(", ")}; default streams,
                          with -z what upstream serves in that mode: list-pubsub or zmq
      --asic PATH             unix socket of the ASIC; default ${asicPathOf(0)} (of context 0)
      --ring FILE             the ring file of shm; default /dev/shm/tandem-asic-<database>.ring
      --db-config FILE        database_config.json or database_global.json to use instead of the system's
  -x, --context-config FILE   context_config.json; a file that is wrong counts as none, with a warning
  -g, --guid N                the context to serve; default 0
  -z, --mode MODE             redis_async, redis_sync or zmq_sync, as upstream names them
  -s, --sync                  the same as -z redis_sync
  -u, --temp-view         as upstream's image starts it: views are switched. They always are here
  -t, --start TYPE            ${START_TYPES.join(", ")}; default auto: takes the ASIC over
                              where it is of the same life as the rows, else boots it cold from them
      --metrics-port PORT     serve /metrics, /health and /ready on 127.0.0.1
  -h, --help                  this text
`;

const MODES = ["redis_async", "redis_sync", "zmq_sync"] as const;
export type UpstreamMode = (typeof MODES)[number];

export interface SyncdFlags {
  /** Absent: as `mode` and context say. */
  readonly serve?: readonly TransportName[];
  readonly upstreamMode?: UpstreamMode;
  readonly start: StartType;
  readonly guid: number;
  readonly asic: string;
  readonly ring?: string;
  readonly dbConfig?: string;
  readonly contextConfig?: string;
  readonly metricsPort?: number;
}

export function parseSyncdFlags(argv: readonly string[]): Result<SyncdFlags | "help", string> {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        serve: { type: "string" },
        asic: { type: "string" },
        ring: { type: "string" },
        "db-config": { type: "string" },
        "context-config": { type: "string", short: "x" },
        guid: { type: "string", short: "g" },
        mode: { type: "string", short: "z" },
        sync: { type: "boolean", short: "s" },
        "temp-view": { type: "boolean", short: "u" },
        start: { type: "string", short: "t" },
        "metrics-port": { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
    if (values.help === true) return ok("help");
    const mode = MODES.find((name) => name === values.mode);
    if (values.mode !== undefined && mode === undefined)
      return err(`-z ${values.mode}: expected one of ${MODES.join(", ")}`);
    const serve = values.serve === undefined ? ok(undefined) : parseTransports(values.serve);
    if (!serve.ok) return serve;
    const start = START_TYPES.find((name) => name === (values.start ?? "auto"));
    if (start === undefined) return err(`--start ${values.start}: expected one of ${START_TYPES.join(", ")}`);
    const guid = parseGuid(values.guid);
    if (!guid.ok) return guid;
    const port = parsePort("--metrics-port", values["metrics-port"]);
    if (!port.ok) return port;
    return ok({
      ...(serve.value !== undefined && { serve: serve.value }),
      ...(mode !== undefined && { upstreamMode: values.sync === true ? "redis_sync" : mode }),
      ...(mode === undefined && values.sync === true && { upstreamMode: "redis_sync" as const }),
      start,
      guid: guid.value,
      asic: values.asic ?? asicPathOf(guid.value),
      ...(values.ring !== undefined && { ring: values.ring }),
      ...(values["db-config"] !== undefined && { dbConfig: values["db-config"] }),
      ...(values["context-config"] !== undefined && { contextConfig: values["context-config"] }),
      ...(port.value !== undefined && { metricsPort: port.value }),
    });
  } catch (error) {
    return err(`${(error as Error).message.split("\n")[0]}; try --help`);
  }
}

/** What a syncd serves, and how. */
export interface Served {
  readonly serve: readonly TransportName[];
  readonly mode: ChannelMode;
  /** The context has another way than was asked for: which one is taken. */
  readonly warning?: string;
}

/** What is served of a context, which may be locked to ZMQ or to Redis: then that is what is served, with a warning. */
export function servedOf(flags: SyncdFlags, { guid, zmqEnable }: AsicContext): Served {
  const { serve, upstreamMode } = flags;
  const mode: ChannelMode = upstreamMode === "redis_async" ? "async" : "sync";
  const asked = serve ?? [...usualOf(upstreamMode)];
  if (zmqEnable === true && (asked.length !== 1 || asked[0] !== "zmq")) {
    const warning = `context ${guid} is locked to ZMQ: zmq is served instead of ${asked.join(", ")}`;
    return { serve: ["zmq"], mode: "sync", ...((serve ?? upstreamMode) !== undefined && { warning }) };
  }
  if (zmqEnable === false && asked.includes("zmq")) {
    const rest = asked.filter((name) => name !== "zmq");
    const taken = rest.length > 0 ? rest : (["list-pubsub"] as const);
    return {
      serve: taken,
      mode: "sync",
      warning: `context ${guid} is locked to Redis: ${taken.join(", ")} is served instead of zmq`,
    };
  }
  return { serve: asked, mode };
}

function usualOf(mode: UpstreamMode | undefined): readonly TransportName[] {
  if (mode === undefined) return ["streams"];
  return mode === "zmq_sync" ? ["zmq"] : ["list-pubsub"];
}

function parseTransports(text: string): Result<readonly TransportName[], string> {
  const names: TransportName[] = [];
  for (const word of text.split(",")) {
    const name = TRANSPORT_NAMES.find((known) => known === word);
    if (name === undefined) return err(`--serve ${word}: expected one of ${TRANSPORT_NAMES.join(", ")}`);
    if (names.includes(name)) return err(`--serve ${text}: ${name} is named twice`);
    names.push(name);
  }
  return ok(names);
}
