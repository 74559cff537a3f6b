import { type Clock, err, type Json, type Millis, ok, type Result, seconds } from "@tandem/base";
import type { ConsulApi, ConsulFailure } from "../consul/consul-api.js";
import type { EntrypointReply } from "../link/ha-link.js";
import type { Note } from "../motr/message.js";
import type { BridgeEvent } from "./bridge-event.js";
import type { ConsulCaller } from "./consul-caller.js";
import { readDrives } from "./core/broadcast-queue.js";
import { byteCounts, clusterStatus, processFids } from "./core/cluster-status.js";
import { type ConfTree, type Pair, readConfTree, stateIn } from "./core/conf-tree.js";
import { confdOfLeader, entrypointReply } from "./core/entrypoint-reply.js";
import { asksForDrives, type HealthView, nodesOf } from "./core/health-view.js";
import { readSurroundings, type Surroundings } from "./core/process-tree.js";
import { clientTypesIn, startsIn, startsPrefix } from "./core/restart.js";
import type { WatchedCheck } from "./core/service-watch.js";

/** Values of one kind that are told as unreadable. */
const FAULTS_MAX = 20;

/** Deadline of what a process waits for. */
const READ_WITHIN = seconds(2);

/** Processes, and what stands around them. */
export interface ProcessTree {
  readonly conf: ConfTree;
  readonly around: Surroundings;
}

/** What is stored about starts of this node's processes. */
export interface StartsRead {
  /** Process fid (text) → its starts. */
  readonly counted: ReadonlyMap<string, number>;
  /** What else is known, where the counters asked for it. */
  readonly known:
    | {
        /** Values of `processes/<fid>` by key. */
        readonly statuses: ReadonlyMap<string, string>;
        readonly tree: ProcessTree;
        readonly clientTypes: readonly string[];
      }
    | undefined;
}

/** Reads of Consul that answer one question each, and the last good view behind them. */
export class ClusterReader {
  readonly #caller: ConsulCaller;
  readonly #clock: Clock;
  readonly #tell: (event: BridgeEvent) => void;
  /** Values that cannot be read, as they were told. */
  readonly #faults = { conf: new Set<string>(), events: new Set<string>(), starts: new Set<string>() };
  #conf: ConfTree | undefined;
  #tree: ProcessTree | undefined;
  #last: { readonly view: HealthView; readonly at: Millis } | undefined;

  constructor(caller: ConsulCaller, clock: Clock, tell: (event: BridgeEvent) => void) {
    this.#caller = caller;
    this.#clock = clock;
    this.#tell = tell;
  }

  /** The reply to entrypoint requests that came before this call, or why there is none. */
  async entrypoint(): Promise<Result<EntrypointReply, string>> {
    let why = "";
    const read = await this.#caller.call(READ_WITHIN, async (consul, signal) => {
      const refuse = (text: string): Result<undefined, ConsulFailure> => {
        why = text;
        return ok(undefined);
      };
      // The catalog has nothing to do with the leader: both are asked at once.
      const listed = consul.catalogService("confd", { signal });
      const leader = await consul.get("leader", { consistency: "consistent", signal });
      if (!leader.ok) return leader;
      const session = leader.value.value?.session;
      if (session === undefined) return refuse("nobody holds `leader`");
      const node = await consul.sessionNode(session, { signal });
      if (!node.ok) return node;
      const leaderNode = node.value.value;
      if (leaderNode === undefined) return refuse("the session of `leader` is gone");
      const catalog = await listed;
      if (!catalog.ok) return catalog;
      const confds = catalog.value.value.map((service) => ({ ...service, transport: service.meta.transport_type }));
      const principal = confdOfLeader(confds, leaderNode);
      if (principal === undefined) return ok({ leaderNode, confds, rmsKey: undefined });
      const key = `m0conf/nodes/${principal.node}/processes/${principal.serviceId}/services/rms`;
      const rms = await consul.get(key, { signal });
      return rms.ok ? ok({ leaderNode, confds, rmsKey: rms.value.value?.text }) : rms;
    });
    if (!read.ok) return read;
    return read.value === undefined ? err(why) : entrypointReply(read.value);
  }

  /** The configuration: one read of `m0conf/nodes`. */
  conf(): Promise<Result<ConfTree, string>> {
    return this.#caller.call(READ_WITHIN, (consul, signal) => this.#readConf(consul, signal));
  }

  /** The last configuration that was read. */
  get lastConf(): ConfTree | undefined {
    return this.#conf;
  }

  /** The configuration with what stands around its processes: one read of `m0conf/`. */
  async tree(): Promise<Result<ProcessTree, string>> {
    const read = await this.#caller.call(READ_WITHIN, (consul, signal) => consul.list("m0conf/", { signal }));
    if (!read.ok) return this.#tree === undefined ? read : ok(this.#tree);
    return ok(this.#takeTree(read.value.value));
  }

  /** Starts of this node's processes; all that is known of them where `suspects` says so of the counters. */
  starts(
    node: string,
    suspects: (counted: ReadonlyMap<string, number>) => boolean,
  ): Promise<Result<StartsRead, string>> {
    return this.#caller.call(READ_WITHIN, async (consul, signal): Promise<Result<StartsRead, ConsulFailure>> => {
      const prefix = startsPrefix(node);
      const listed = await consul.list(prefix, { signal });
      if (!listed.ok) return listed;
      const counted = new Map<string, number>();
      const faults: string[] = [];
      for (const { key, text } of listed.value.value) {
        const starts = startsIn(text);
        if (starts.ok) counted.set(key.slice(prefix.length), starts.value);
        else if (faults.length < FAULTS_MAX) faults.push(`${key}: ${starts.error}`);
      }
      if (!suspects(counted)) {
        this.#tellFaults("starts", faults);
        return ok({ counted, known: undefined });
      }
      const [m0conf, stored, listedTypes] = await Promise.all([
        consul.list("m0conf/", { signal }),
        consul.list("processes/", { signal }),
        consul.get("m0_client_types", { signal }),
      ]);
      if (!m0conf.ok) return m0conf;
      if (!stored.ok) return stored;
      if (!listedTypes.ok) return listedTypes;
      const types = clientTypesIn(listedTypes.value.value?.text);
      this.#tellFaults("starts", types.ok ? faults : [...faults, `m0_client_types: ${types.error}`]);
      const statuses = new Map(stored.value.value.map(({ key, text }) => [key, text]));
      const tree = this.#takeTree(m0conf.value.value);
      return ok({ counted, known: { statuses, tree, clientTypes: types.ok ? types.value : [] } });
    });
  }

  /** Drive by device, and device by drive. */
  drives(): Promise<Result<ReturnType<typeof readDrives>, string>> {
    return this.#caller.call(READ_WITHIN, async (consul, signal) => {
      const sites = await consul.list("m0conf/sites", { signal });
      return sites.ok ? ok(readDrives(sites.value.value)) : sites;
    });
  }

  /** What the answers to `asked` need: one read of the configuration, one of the events, one of each node's checks. */
  view(asked: readonly Note[]): Promise<Result<HealthView, string>> {
    return this.#caller.call(READ_WITHIN, async (consul, signal) => {
      const conf = await this.#readConf(consul, signal);
      return conf.ok ? this.#readView(consul, signal, conf.value, asked) : conf;
    });
  }

  /** The last good view, if it is not older than `age` and knows the nodes that `asked` is about. */
  lastView(asked: readonly Note[], age: Millis): HealthView | undefined {
    if (this.#last === undefined || this.#clock.monotonic() - this.#last.at > age) return undefined;
    const { view } = this.#last;
    return nodesOf(asked, view.conf).every((node) => view.checks.has(node)) ? view : undefined;
  }

  /** What `GET /v1/cluster/status` tells. */
  clusterStatus(): Promise<Result<Json, string>> {
    return this.#caller.call(READ_WITHIN, async (consul, signal) => {
      const [m0conf, filesystem] = await Promise.all([
        consul.list("m0conf/", { signal }),
        consul.get("stats/filesystem", { signal }),
      ]);
      if (!m0conf.ok) return m0conf;
      if (!filesystem.ok) return filesystem;
      const conf = readConfTree(m0conf.value.value);
      const asked = [...conf.processes.values()].map(({ fid }): Note => ({ fid, state: "UNKNOWN" }));
      const view = await this.#readView(consul, signal, conf, asked);
      return view.ok ? ok(clusterStatus(m0conf.value.value, filesystem.value.value?.text, view.value)) : view;
    });
  }

  byteCounts(): Promise<Result<Json, string>> {
    return this.#caller.call(READ_WITHIN, async (consul, signal) => {
      const counts = await consul.list("bytecount/", { signal });
      return counts.ok ? ok(byteCounts(counts.value.value)) : counts;
    });
  }

  async processFids(): Promise<Result<Json, string>> {
    const conf = await this.conf();
    return conf.ok ? ok(processFids(conf.value)) : conf;
  }

  async #readView(
    consul: ConsulApi,
    signal: AbortSignal,
    conf: ConfTree,
    asked: readonly Note[],
  ): Promise<Result<HealthView, ConsulFailure>> {
    const nodes = nodesOf(asked, conf);
    const [stored, sites, ...checked] = await Promise.all([
      consul.list("processes/", { signal }),
      asksForDrives(asked) ? consul.list("m0conf/sites", { signal }) : undefined,
      ...nodes.map((node) => consul.nodeChecks(node, { signal })),
    ]);
    if (!stored.ok) return stored;
    if (sites?.ok === false) return sites;
    const checks = new Map<string, readonly WatchedCheck[]>(this.#last?.view.checks);
    for (const [i, answer] of checked.entries()) {
      if (!answer.ok) return answer;
      checks.set(nodes[i] as string, answer.value.value);
    }
    const events = new Map<string, string>();
    const faults: string[] = [];
    for (const { key, text } of stored.value.value) {
      const state = stateIn(text);
      if (state !== undefined) events.set(key.slice("processes/".length), state);
      else if (faults.length < FAULTS_MAX) faults.push(`${key}: expected a JSON object with a state`);
    }
    this.#tellFaults("events", faults);
    const sdevs = sites === undefined ? (this.#last?.view.sdevs ?? new Map()) : readDrives(sites.value.value).sdevOf;
    const view: HealthView = { conf, events, checks, sdevs };
    this.#last = { view, at: this.#clock.monotonic() };
    return ok(view);
  }

  async #readConf(consul: ConsulApi, signal: AbortSignal): Promise<Result<ConfTree, ConsulFailure>> {
    const nodes = await consul.list("m0conf/nodes", { signal });
    if (!nodes.ok) return nodes;
    this.#conf = readConfTree(nodes.value.value);
    this.#tellFaults("conf", this.#conf.faults);
    return ok(this.#conf);
  }

  #takeTree(pairs: readonly Pair[]): ProcessTree {
    this.#tree = {
      conf: readConfTree(pairs.filter(({ key }) => key.startsWith("m0conf/nodes/"))),
      around: readSurroundings(pairs),
    };
    this.#conf = this.#tree.conf;
    this.#tellFaults("conf", this.#conf.faults);
    return this.#tree;
  }

  /** Each once, however often it is read, until it is put right. */
  #tellFaults(of: "conf" | "events" | "starts", faults: readonly string[]): void {
    const told = this.#faults[of];
    for (const fault of told) if (!faults.includes(fault)) told.delete(fault);
    for (const fault of faults) {
      if (told.has(fault)) continue;
      told.add(fault);
      this.#tell({ kind: "badInput", where: "Consul", detail: `${fault}; it counts as absent` });
    }
  }
}
