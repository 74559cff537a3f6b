import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { CleanUp, randomBelow, systemClock, systemFiles, systemRandom, unwrap } from "@tandem/base";
import { type FieldValues, openDatabases, type Store, untilConnected } from "@tandem/swss";
import { databaseConfigText, freePort, type RedisServer, startRedis } from "@tandem/swss/testing";
import type { AsicContext } from "../context-config.js";
import { loadContext } from "../daemon/context-file.js";
import { grpcEndpoints } from "../grpc/options.js";
import type { FallbackName } from "../grpc-queue/fallback.js";
import { grpcQueueEndpoints } from "../grpc-queue/options.js";
import { auditAsic } from "../inspect/audit.js";
import { LocalClaim } from "../local-claim.js";
import { switchVid } from "../object-id.js";
import type { AsicOp, ChannelMode } from "../op.js";
import { ringPath } from "../shm/options.js";
import type { AsicObserver, TransportName, TransportTraits } from "../transport.js";
import { OBSERVERS } from "../transports.js";
import { connectAsic } from "../virtual-asic/client.js";
import type { EndCommand, EndWanted } from "./end-main.js";
import { routerNumber, routerOf } from "./objects.js";
import { compiled, Peer } from "./peer.js";

/** Ports of the virtual ASIC. */
export const PORTS = 2;
const REPLY_TIMEOUT_MS = 20_000;
/** Creations that are asked for in one call to the ASIC. */
const COUNTS_AT_ONCE = 10_000;
let worlds = 0;

/** How the cases of a transport are run. */
export interface RunWish {
  /** Bursts of 250,000 and a minute's absence. */
  readonly long?: boolean;
  /** What grpc-queue has behind it; default: its own default. */
  readonly fallback?: FallbackName | undefined;
  /** Whether zmq has an outbox. */
  readonly outbox?: boolean;
}

/** How a case wants orchagent's end to be. */
export interface ClientWish {
  readonly mode?: ChannelMode;
  readonly name?: string;
  readonly replyTimeoutMs?: number;
  /** Crash point at which it kills itself. */
  readonly dies?: string;
  readonly record?: string;
  /** Default: the world's. */
  readonly transport?: TransportName;
}

/**
 * One channel between processes that may be killed: a redis-server, a virtual ASIC, a syncd, an orchagent. Everything is
 * its own: files, ports, names; nothing of a switch that runs on this machine is touched.
 */
export class ConformanceWorld implements AsyncDisposable {
  readonly traits: TransportTraits;
  readonly long: boolean;
  /** What grpc-queue has behind it. */
  readonly fallback: FallbackName | undefined;
  /** Whether zmq has an outbox. */
  readonly outbox: boolean;
  readonly redis: RedisServer;
  readonly folder: string;
  readonly context: AsicContext;
  readonly store: Store;
  readonly #stores: Awaited<ReturnType<typeof openDatabases>> & { readonly ok: true };
  readonly #cleanUp: CleanUp;
  #asic: Peer | undefined;
  #tag = 0;

  private constructor(
    facts: Pick<ConformanceWorld, "traits" | "long" | "fallback" | "outbox" | "redis" | "folder" | "context" | "store">,
    stores: Awaited<ReturnType<typeof openDatabases>> & { readonly ok: true },
    cleanUp: CleanUp,
  ) {
    this.traits = facts.traits;
    this.long = facts.long;
    this.fallback = facts.fallback;
    this.outbox = facts.outbox;
    this.redis = facts.redis;
    this.folder = facts.folder;
    this.context = facts.context;
    this.store = facts.store;
    this.#stores = stores;
    this.#cleanUp = cleanUp;
  }

  /** Redis, its files, and an ASIC; ends are for the case to start. */
  static async open(
    traits: TransportTraits,
    { long = false, fallback, outbox = false }: RunWish,
  ): Promise<ConformanceWorld> {
    const cleanUp = new CleanUp();
    const folder = await mkdtemp(join(tmpdir(), "tandem-conformance-"));
    cleanUp.defer(() => rm(folder, { recursive: true, force: true }));
    const redis = cleanUp.use(await startRedis({ config: { appendonly: "yes", appendfsync: "everysec" } }));
    worlds += 1;
    const db = `TANDEM_CONFORMANCE_${process.pid}_${worlds}`;
    cleanUp.defer(() => removeRing(db));
    const config = JSON.parse(databaseConfigText({ socket: redis.socket }));
    config.DATABASES[db] = { ...config.DATABASES["ASIC_DB"] };
    await writeFile(join(folder, "db.json"), JSON.stringify(config));
    const guid = await freeGuid(cleanUp);
    const endpoints = [`tcp://127.0.0.1:${await freePort()}`, `tcp://127.0.0.1:${await freePort()}`];
    await writeFile(join(folder, "context.json"), contextText(guid, db, endpoints));
    const { context } = unwrap(await loadContext(systemFiles, join(folder, "context.json"), guid));
    const stores = await openDatabases({ ignoreNonexistent: true, config: join(folder, "db.json") });
    cleanUp.use(unwrap(stores));
    const store = unwrap(unwrap(stores).open({ db }));
    await untilConnected(store);
    const world = new ConformanceWorld(
      { traits, long, fallback, outbox, redis, folder, context, store },
      stores as never,
      cleanUp,
    );
    await world.startAsic();
    return world;
  }

  get transport(): TransportName {
    return this.traits.name;
  }

  /** The mode in which what waits for a server is accepted, where there is one. */
  get bestMode(): ChannelMode {
    return this.traits.modes.includes("async") ? "async" : "sync";
  }

  get switchKey(): string {
    return `SAI_OBJECT_TYPE_SWITCH:${switchVid(0, this.context.guid)}`;
  }

  get asicPath(): string {
    return join(this.folder, "asic.sock");
  }

  /** Switches the hardware on; it forgets everything. */
  async startAsic(): Promise<void> {
    await this.#asic?.kill9();
    this.#asic = this.#start(programOf("virtualAsicMain"), ["--socket", this.asicPath, "--ports", String(PORTS)]);
    await this.#asic.says("listens at");
  }

  /** A syncd once it serves; `dies` is where it kills itself. */
  async syncd(wish: { mode?: ChannelMode; dies?: string; start?: string; serve?: string } = {}): Promise<Peer> {
    const started = this.startSyncd(wish);
    await started.says("serving ");
    return started;
  }

  startSyncd(wish: { mode?: ChannelMode; dies?: string; start?: string; serve?: string } = {}): Peer {
    const mode = wish.mode === "async" ? "redis_async" : "redis_sync";
    const args = [
      ...["--serve", wish.serve ?? this.transport, "-z", mode, "--asic", this.asicPath],
      ...["--start", wish.start ?? "auto", ...this.#files],
    ];
    return this.#start(programOf("asicSyncdMain"), args, wish.dies);
  }

  /** A gateway once it passes requests on; `dies` is where it kills itself. */
  async gateway(from: TransportName, to: TransportName, more: readonly string[] = [], dies?: string): Promise<Peer> {
    const args = ["--from", from, "--to", to, ...more, ...this.#files];
    const started = this.#start(programOf("asicGatewayMain"), args, dies);
    await started.says("passes requests");
    return started;
  }

  /** An orchagent once it has its end. */
  async client(wish: ClientWish = {}): Promise<Orchagent> {
    const client = new Orchagent(this.startEnd("client", wish), this.context.guid);
    await client.peer.says("ready");
    return client;
  }

  startEnd(end: EndWanted["end"], wish: ClientWish = {}): Peer {
    const { name = `conformance-${end}`, mode = "sync", replyTimeoutMs = REPLY_TIMEOUT_MS, dies, record } = wish;
    const wanted: EndWanted = {
      ...{ end, name, mode, replyTimeoutMs, transport: wish.transport ?? this.transport, guid: this.context.guid },
      ...{ dbConfig: join(this.folder, "db.json"), contextConfig: join(this.folder, "context.json") },
      ...(record !== undefined && { record }),
      ...(this.fallback !== undefined && { fallback: this.fallback }),
      ...(this.outbox && { outbox: true }),
    };
    return this.#start([compiled("conformance/end-main.js")], [JSON.stringify(wanted)], dies);
  }

  /** Opens the observer of this transport, for what is said from now on. */
  async observer(): Promise<AsicObserver | undefined> {
    const open = await OBSERVERS[this.transport]?.();
    if (open === undefined) return undefined;
    const options = { stores: this.#stores.value, context: this.context };
    return this.#cleanUp.use(unwrap(await open(options, new AbortController().signal)));
  }

  /** Numbers of the routers that exist, in the order in which the ASIC made them. */
  async made(): Promise<number[]> {
    const flat = unwrap(await this.store.command(["HGETALL", "VIDTORID"])) as readonly string[];
    const pairs: [bigint, number][] = [];
    for (let i = 0; i + 1 < flat.length; i += 2) {
      const n = routerNumber(flat[i] as string);
      if (n !== undefined) pairs.push([BigInt((flat[i + 1] as string).slice(4)), n]);
    }
    return pairs.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, n]) => n);
  }

  /** How often the ASIC made each of the routers `from` to `from + count - 1`. */
  async timesMade(from: number, count: number): Promise<number[]> {
    await using chip = unwrap(await connectAsic(this.asicPath));
    const times: number[] = [];
    for (let at = from; at < from + count; at += COUNTS_AT_ONCE) {
      const some = Array.from({ length: Math.min(COUNTS_AT_ONCE, from + count - at) }, (_, i) => at + i);
      const labels = some.map((n) => routerOf(this.context.guid, n));
      times.push(...(unwrap(await chip.call({ call: "counts", labels })).counts ?? []));
    }
    return times;
  }

  /** The switch says that its state is this, and syncd tells it on. */
  async raise(status: string): Promise<void> {
    await using chip = unwrap(await connectAsic(this.asicPath));
    const vid = switchVid(0, this.context.guid);
    const rid = String(unwrap(await this.store.command(["HGET", "VIDTORID", vid])));
    const data = JSON.stringify({ status, switch_id: rid });
    unwrap(await chip.call({ call: "raise", cause: { kind: "other", name: "switch_state_change", data } }));
  }

  /** What differs between rows and ASIC. */
  async drift(): Promise<readonly string[]> {
    await using chip = unwrap(await connectAsic(this.asicPath));
    return unwrap(await auditAsic(this.store, chip, this.context)).findings.map(({ text }) => text);
  }

  /** Asks syncd to stop, as the platform does. */
  async restartQuery(word: string): Promise<void> {
    unwrap(await this.store.command(["PUBLISH", `${this.context.dbAsic}_RESTARTQUERY`, JSON.stringify([word, word])]));
  }

  /** Ends redis-server as `kill -9`, and starts it from what it had written. */
  async restartRedis(): Promise<void> {
    await this.redis.restart();
    await untilConnected(this.store);
  }

  file(name: string): Promise<string> {
    return readFile(join(this.folder, name), "utf8");
  }

  nextTag(): string {
    this.#tag += 1;
    return `t${this.#tag}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cleanUp[Symbol.asyncDispose]();
  }

  get #files(): readonly string[] {
    const { guid } = this.context;
    const [db, context] = [join(this.folder, "db.json"), join(this.folder, "context.json")];
    return ["--db-config", db, "--context-config", context, "--guid", String(guid)];
  }

  #start(program: readonly string[], args: readonly string[], dies?: string): Peer {
    return this.#cleanUp.use(new Peer([...program, ...args], dies));
  }
}

/** Orchagent's end in a process of its own. */
export class Orchagent {
  readonly peer: Peer;
  readonly guid: number;
  #tags = 0;

  constructor(peer: Peer, guid: number) {
    this.peer = peer;
    this.guid = guid;
  }

  /** Begins to create these routers; the promise resolves when the last one ended. */
  create(from: number, count: number, window = 50): Promise<string> {
    const tag = this.#tag();
    return this.#tell({ do: "create", from, count, window, tag }, `done ${tag} `);
  }

  /** How one request ended, its microseconds, and its fields. */
  async ask(op: AsicOp, key: string, fields: FieldValues = []): Promise<Answer> {
    const tag = this.#tag();
    const line = await this.#tell({ do: "ask", op, key, fields, tag }, `answer ${tag} `);
    const [, , word = "", micros = "", ...rest] = line.split(" ");
    return { word, micros: Number(micros), fields: JSON.parse(rest.join(" ")) as FieldValues };
  }

  async listen(): Promise<void> {
    this.peer.tell({ do: "listen" } satisfies EndCommand);
    await this.peer.says("listening");
  }

  /** How the creations ended: number to word. */
  get ends(): ReadonlyMap<number, string> {
    const ends = new Map<number, string>();
    for (const line of this.peer.lines) {
      const [, n, word] = /^(\d+) (\w+)$/.exec(line) ?? [];
      if (n !== undefined && word !== undefined) ends.set(Number(n), word);
    }
    return ends;
  }

  #tag(): string {
    this.#tags += 1;
    return `t${this.#tags}`;
  }

  #tell(command: EndCommand, end: string): Promise<string> {
    this.peer.tell(command);
    return this.peer.says(end);
  }
}

export interface Answer {
  /** `accepted`, a status, or the kind of an error. */
  readonly word: string;
  readonly micros: number;
  readonly fields: FieldValues;
}

function programOf(name: string): readonly string[] {
  const code = `import(${JSON.stringify(compiled("main.js"))}).then(async (m) => process.exit(await m.${name}(process.argv.slice(1), process.env)))`;
  return ["-e", code, "--"];
}

function contextText(guid: number, db: string, [endpoint, notifications]: readonly string[]): string {
  const context = {
    ...{ guid, name: "conformance", dbAsic: db, dbCounters: "COUNTERS_DB", dbFlex: "FLEX_COUNTER_DB" },
    ...{ dbState: "STATE_DB", zmq_endpoint: endpoint, zmq_ntf_endpoint: notifications },
    switches: [{ index: 0, hwinfo: "" }],
  };
  return JSON.stringify({ CONTEXTS: [context] });
}

async function removeRing(db: string): Promise<void> {
  const path = ringPath(db);
  for (const name of [path, ...["client", "server"].flatMap((end) => [`${path}.${end}.fifo`, `${path}.${end}.lock`])])
    await rm(name, { force: true });
}

/** A context whose gRPC ports nobody holds; it is this world's until that is closed, whoever else looks for one. */
async function freeGuid(cleanUp: CleanUp): Promise<number> {
  const owner = { name: "conformance", host: hostname(), pid: process.pid, since: systemClock.now() };
  for (let tries = 0; tries < 100; tries++) {
    const guid = 1 + randomBelow(systemRandom, 255);
    const claim = await LocalClaim.take(`conformance:${guid}`, owner, systemClock);
    if (!claim.ok) continue;
    cleanUp.use(claim.value);
    const places = [grpcEndpoints(guid), grpcQueueEndpoints(guid)].flatMap(Object.values) as string[];
    const free = await Promise.all(places.map(isFree));
    if (free.every(Boolean)) return guid;
  }
  throw new Error("no context of this machine has four free ports for gRPC");
}

function isFree(endpoint: string): Promise<boolean> {
  const [host, port] = endpoint.split(":");
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(Number(port), host, () => server.close(() => resolve(true)));
  });
}

/** Now, for what a case measures. */
export function now(): number {
  return systemClock.monotonic();
}
