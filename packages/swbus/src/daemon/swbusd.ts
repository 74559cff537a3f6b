import { type Clock, millis, type Random, seconds, type Timer } from "@tandem/base";
import type { Bus, BusServer } from "@tandem/wire";
import { messageIds } from "../message-id.js";
import type { RouteLine } from "../route-line.js";
import { METHOD } from "./admission.js";
import { type ConfigFault, type ConfigSource, fixedConfig, nodePath, type SwbusConfig } from "./config.js";
import { emptyStats, type SwbusdObserver, type SwbusdStats } from "./events.js";
import type { Link } from "./link.js";
import { Node } from "./node.js";
import { NODE_LIMITS, type NodeLimits } from "./node-limits.js";

/** Changes of the configuration that come within this time are read once. */
const RELOAD_GATHER = millis(50);
/** How often an endpoint that cannot be bound is tried. */
const LISTEN_RETRY = seconds(1);

export interface SwbusdOptions {
  /** A fixed configuration, or where to read and watch one. */
  readonly config: SwbusConfig | ConfigSource;
  readonly clock: Clock;
  readonly random: Random;
  readonly bus: Bus;
  readonly observer?: SwbusdObserver;
  readonly limits?: Partial<NodeLimits>;
}

/** What a swbusd is at: it never gives up, it waits and says for what. */
export type SwbusdState =
  | { readonly kind: "waiting"; readonly reason: string }
  | { readonly kind: "listening"; readonly endpoint: string; readonly path: string };

export interface Swbusd extends AsyncDisposable {
  readonly state: SwbusdState;
  readonly stats: Readonly<SwbusdStats>;
  readonly links: readonly Link[];
  /** Configured peers to which no stream of ours stands. */
  readonly peersDown: number;
  /** The route dump of GET_ROUTES. */
  routes(): readonly RouteLine[];
  /** Reads the configuration again (SIGHUP). Resolves when it is in force. */
  reload(): Promise<void>;
  /** Resolves when it listens for the first time. */
  readonly listening: Promise<void>;
}

/** Starts a router daemon. Resolves after the first reading of the configuration, whether or not that was usable. */
export async function startSwbusd(options: SwbusdOptions): Promise<Swbusd> {
  const daemon = new RunningSwbusd(options);
  await daemon.reload();
  return daemon;
}

class RunningSwbusd implements Swbusd {
  readonly stats = emptyStats();
  readonly listening: Promise<void>;
  readonly #options: SwbusdOptions;
  readonly #source: ConfigSource;
  readonly #observer: SwbusdObserver;
  readonly #newId;
  readonly #unwatch: () => void;
  #isListening: () => void = () => {};
  #state: SwbusdState = { kind: "waiting", reason: "the configuration" };
  #node: Node | undefined;
  #server: BusServer | undefined;
  #config: SwbusConfig | undefined;
  #faultsSaid = new Set<string>();
  #lastReason = "";
  #gathering: Timer | undefined;
  #work: Promise<void> = Promise.resolve();
  #retry: Timer | undefined;
  #stopped = false;

  constructor(options: SwbusdOptions) {
    this.#options = options;
    this.#observer = options.observer ?? (() => {});
    this.#newId = messageIds(options.clock);
    this.#source = "read" in options.config ? options.config : fixedConfig(options.config);
    this.listening = new Promise((resolve) => {
      this.#isListening = resolve;
    });
    this.#unwatch = this.#source.watch(() => {
      if (this.#stopped) return;
      this.#gathering ??= options.clock.setTimer(RELOAD_GATHER, () => {
        this.#gathering = undefined;
        void this.reload();
      });
    });
  }

  get state(): SwbusdState {
    return this.#state;
  }

  get links(): readonly Link[] {
    return this.#node?.links ?? [];
  }

  get peersDown(): number {
    return this.#node?.peersDown ?? 0;
  }

  routes(): readonly RouteLine[] {
    return this.#node?.table.lines() ?? [];
  }

  reload(): Promise<void> {
    this.#work = this.#work.then(() => this.#reload());
    return this.#work;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.#unwatch();
    this.#gathering?.cancel();
    this.#retry?.cancel();
    await this.#work;
    await this.#shutDown();
  }

  async #reload(): Promise<void> {
    if (this.#stopped) return;
    const reading = await this.#source.read();
    this.#tellFaults(reading.faults);
    if (reading.kind === "waiting") {
      if (this.#node === undefined) this.#waitFor(reading.reason);
      else this.#sayOnce(`${reading.reason}; the last good configuration stays`);
      this.#armRetry();
      return;
    }
    this.#lastReason = "";
    await this.#apply(reading.config);
    this.#armRetry();
  }

  #armRetry(): void {
    this.#retry?.cancel();
    if (this.#node === undefined || this.#server !== undefined || this.#stopped) return;
    this.#retry = this.#options.clock.setTimer(LISTEN_RETRY, () => void this.reload());
  }

  async #apply(config: SwbusConfig): Promise<void> {
    if (config === this.#config && this.#server !== undefined) return;
    const path = nodePath(config);
    const moved = this.#config?.endpoint !== config.endpoint || !this.#node?.path.equals(path);
    const same = !moved && this.#server !== undefined && JSON.stringify(this.#config) === JSON.stringify(config);
    if (same || this.#stopped) return;
    if (moved || this.#node === undefined) await this.#shutDown();
    this.#config = config;
    this.#observer({
      kind: "configured",
      path: path.toString(),
      endpoint: config.endpoint,
      peers: config.peers.length,
    });
    if (this.#node === undefined) {
      const { bus, clock, random, limits } = this.#options;
      const { stats } = this;
      this.#node = new Node(config, {
        bus,
        clock,
        random,
        observer: this.#observer,
        stats,
        newId: this.#newId,
        limits: { ...NODE_LIMITS, ...limits },
      });
    }
    // Listening comes first: a peer that we dial dials back at once.
    await this.#listen(this.#node, config.endpoint);
    this.#node.apply(config);
  }

  /** Binds the endpoint. One that is taken is tried again with each reading of the configuration, and each second. */
  async #listen(node: Node, endpoint: string): Promise<void> {
    if (this.#server !== undefined) return;
    const listening = await this.#options.bus.listen({
      endpoint,
      method: METHOD,
      accept: (metadata, remote, arrival) => node.accept(metadata, remote, arrival),
      refused: (refusal) => node.refused(refusal),
    });
    if (!listening.ok) {
      const { detail } = listening.error;
      const reason = `${endpoint}: ${detail}`;
      if (this.#state.kind !== "waiting" || this.#state.reason !== reason)
        this.#observer({ kind: "listenFailed", endpoint, detail });
      this.#state = { kind: "waiting", reason };
      return;
    }
    this.#server = listening.value;
    this.#state = { kind: "listening", endpoint: this.#server.endpoint, path: node.path.toString() };
    this.#observer({ kind: "listening", endpoint: this.#server.endpoint });
    this.#isListening();
  }

  #waitFor(reason: string): void {
    this.#state = { kind: "waiting", reason };
    this.#sayOnce(reason);
  }

  #sayOnce(reason: string): void {
    if (this.#lastReason === reason) return;
    this.#lastReason = reason;
    this.stats.waits += 1;
    this.#observer({ kind: "waiting", reason });
  }

  /** Each fault is told when it appears, not at each reading. */
  #tellFaults(faults: readonly ConfigFault[]): void {
    const said = new Set(faults.map(({ where, detail }) => `${where}: ${detail}`));
    for (const fault of faults) {
      if (this.#faultsSaid.has(`${fault.where}: ${fault.detail}`)) continue;
      this.stats.configFaults += 1;
      this.#observer({ kind: "badConfig", fault });
    }
    this.#faultsSaid = said;
  }

  async #shutDown(): Promise<void> {
    this.#node?.stop();
    this.#node = undefined;
    const server = this.#server;
    this.#server = undefined;
    await server?.[Symbol.asyncDispose]();
  }
}
