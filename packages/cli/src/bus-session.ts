import {
  type Clock,
  err,
  type Millis,
  millis,
  ok,
  type Result,
  seconds,
  sleep,
  systemClock,
  systemFiles,
  systemRandom,
} from "@tandem/base";
import {
  type BusSecurity,
  type ConfigReading,
  dbConfig,
  nodePath,
  openBusSecurity,
  type SwbusConfig,
  yamlConfig,
} from "@tandem/swbus";
import {
  type EdgeRuntime,
  type ProbeOutcome,
  parseServicePath,
  type QueryError,
  resolvePeer,
  type ServicePath,
  SimpleClient,
  SwbusErrorCode,
  startEdge,
  waitConnected,
} from "@tandem/swbus/edge";
import { type Failure, failed, type Invocation, type Io, numberOption, textOption } from "./io.js";
import { type Probe, TTL_START } from "./render/bus.js";
import { openStores } from "./stores.js";

/** How long the local swbusd may take to accept us. */
const CONNECT_WITHIN = seconds(10);

/** How long CONFIG_DB may take to give a usable configuration. */
const CONFIG_WITHIN = seconds(3);

/** What tells which swbusd is the local one. */
export interface BusAddress {
  readonly slot: number | undefined;
  readonly configFile: string | undefined;
  readonly dbConfig: string | undefined;
  /** The file of certificates; else the environment's, else members of `configFile`. */
  readonly busSecurity?: string | undefined;
}

/** The address that the options give, the slot else from `DEV=dpu<slot>`. */
export function busAddress(invocation: Invocation, io: Io): Result<BusAddress, Failure> {
  const configFile = textOption(invocation, "configFile");
  const dbConfigFile = textOption(invocation, "dbConfig");
  const busSecurity = textOption(invocation, "busSecurity");
  const slot = numberOption(invocation, "slotId", -1);
  if (configFile !== undefined || slot >= 0) {
    return ok({ slot: slot >= 0 ? slot : undefined, configFile, dbConfig: dbConfigFile, busSecurity });
  }
  const device = io.env["DEV"] ?? "";
  const fromDevice = /^dpu(\d{1,3})$/.exec(device)?.[1];
  if (fromDevice !== undefined)
    return ok({ slot: Number(fromDevice), configFile, dbConfig: dbConfigFile, busSecurity });
  const why = device === "" ? "no DPU slot is given" : `DEV=${device} is no dpu<slot>`;
  return err({ kind: "usage", message: `${why}; give --slot-id, or DEV=dpu<slot>, or --config-file` });
}

/** The way to a swbusd, which nobody has gone yet. */
export interface BusWay {
  readonly config: SwbusConfig;
  readonly security: BusSecurity;
}

/** A tool's connection to the local swbusd. */
export class BusSession implements AsyncDisposable {
  readonly #edge: EdgeRuntime;
  readonly #security: BusSecurity;

  private constructor(edge: EdgeRuntime, security: BusSecurity) {
    this.#edge = edge;
    this.#security = security;
  }

  static async open(
    address: BusAddress,
    io: Pick<Io, "complain" | "env">,
    connectWithin: Millis = CONNECT_WITHIN,
  ): Promise<Result<BusSession, Failure>> {
    const way = await BusSession.prepare(address, io);
    return way.ok ? BusSession.connect(way.value, connectWithin) : way;
  }

  /** Finds out where the swbusd listens and whom we are to it. Fails before the swbusd is asked anything. */
  static async prepare(address: BusAddress, io: Pick<Io, "complain" | "env">): Promise<Result<BusWay, Failure>> {
    const config = await readConfig(address, io);
    if (!config.ok) return config;
    const security = await openBusSecurity({
      file: address.busSecurity,
      configFile: address.slot === undefined ? address.configFile : undefined,
      env: io.env,
      files: systemFiles,
      clock: systemClock,
    });
    return security.ok ? ok({ config: config.value, security: security.value }) : err(failed(security.error));
  }

  /** Fails when the swbusd does not take us in time. */
  static async connect({ config, security }: BusWay, connectWithin: Millis): Promise<Result<BusSession, Failure>> {
    const { endpoint } = config;
    let lastFailure = "is it running?";
    const edge = startEdge({
      bus: security.bus,
      clock: systemClock,
      random: systemRandom,
      endpoint,
      basePath: nodePath(config).withService("swbus-cli", systemRandom.uuid()),
      type: "client",
      observer: (event) => {
        if (event.kind === "dialFailed") lastFailure = event.detail;
      },
    });
    if (await waitConnected(edge, systemClock, connectWithin)) return ok(new BusSession(edge, security));
    await edge[Symbol.asyncDispose]();
    await security[Symbol.asyncDispose]();
    return err(failed(`no swbusd accepts us at ${endpoint} within ${connectWithin / 1000} s; ${lastFailure}`));
  }

  /** The swbusd that we are connected to. */
  get node(): ServicePath {
    return this.#edge.basePath.swbusdPath;
  }

  /** A client at a resource of ours, e.g. `ping/0`. */
  client(resource: string): SimpleClient {
    return new SimpleClient(this.#edge, this.#edge.basePath.withResource(resource, "0"), systemClock);
  }

  /** What the user typed as a path: relative ones (`/hamgrd/0`) start at `node`, by default the local swbusd. */
  destination(text: string, node: ServicePath = this.node): ServicePath {
    const path = parseServicePath(text);
    return path.region === "" ? node.join(path) : path;
  }

  /** The path of the peer that our swbusd dialed at `endpoint`. */
  resolve(endpoint: string, timeout: Millis): Promise<Result<ServicePath, QueryError>> {
    return resolvePeer(this.#edge, systemClock, endpoint, timeout);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#edge[Symbol.asyncDispose]();
    await this.#security[Symbol.asyncDispose]();
  }
}

/** A probe's outcome in the renderer's words. */
export function probeOf(outcome: ProbeOutcome): Probe {
  if (outcome.kind === "none") return { kind: "timeout" };
  const { source, code, text, ttl, elapsed } = outcome.response;
  const from = source.toString();
  return code === SwbusErrorCode.OK
    ? { kind: "answered", from, ttl, elapsedMs: elapsed, hops: TTL_START - ttl }
    : { kind: "refused", from, code: SwbusErrorCode[code] ?? String(code), text };
}

export function secondsOption(invocation: Invocation, name: string, absent: number): Millis {
  return millis(numberOption(invocation, name, absent) * 1000);
}

async function readConfig(address: BusAddress, io: Pick<Io, "complain">): Promise<Result<SwbusConfig, Failure>> {
  if (address.slot === undefined) {
    const reading = await yamlConfig(systemFiles, address.configFile ?? "").read();
    return usable(reading, io);
  }
  const stores = await openStores(address.dbConfig);
  if (!stores.ok) return stores;
  await using opened = stores.value;
  const store = await opened.open("CONFIG_DB");
  if (!store.ok) return store;
  return usable(await firstUsable(() => dbConfig(store.value, address.slot ?? 0, systemClock).read(), systemClock), io);
}

/** A database that is still coming up gives its configuration a moment later. */
async function firstUsable(read: () => Promise<ConfigReading>, clock: Clock): Promise<ConfigReading> {
  const until = clock.monotonic() + CONFIG_WITHIN;
  for (;;) {
    const reading = await read();
    if (reading.kind === "config" || clock.monotonic() >= until) return reading;
    await sleep(clock, millis(100));
  }
}

function usable(reading: ConfigReading, io: Pick<Io, "complain">): Result<SwbusConfig, Failure> {
  for (const { where, detail, effect } of reading.faults) io.complain(`warning: ${where}: ${detail}; ${effect}`);
  return reading.kind === "config"
    ? ok(reading.config)
    : err(failed(`no usable swbusd configuration: ${reading.reason}`));
}
