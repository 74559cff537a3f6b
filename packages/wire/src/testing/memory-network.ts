import { type Clock, type Millis, millis, seconds, type Timer } from "@tandem/base";
import type { ListenOptions } from "../bus.js";
import { MESSAGE_BYTES_MAX } from "../frame.js";
import { MemoryBus } from "./memory-bus.js";

export interface MemoryNetworkOptions {
  readonly clock: Clock;
  /** One-way delay of a link that has none of its own. Default 0.1 ms. */
  readonly latency?: Millis;
  /** As `GrpcBusOptions`. */
  readonly silence?: Millis;
  readonly dialTimeout?: Millis;
  readonly messageBytesMax?: number;
  readonly highWater?: number;
  readonly queueBytesMax?: number;
  readonly streamsMax?: number;
}

export interface MemoryLimits {
  readonly silence: Millis;
  readonly dialTimeout: Millis;
  readonly messageBytesMax: number;
  readonly highWater: number;
  readonly queueBytesMax: number;
  readonly streamsMax: number;
}

/** Ephemeral ports, as Linux has them. Far fewer connections stand at a time. */
const PORTS = { first: 32_768, last: 60_999 };

/** Who listens at an endpoint. */
export interface MemoryListener {
  readonly bus: MemoryBus;
  readonly options: ListenOptions;
  streams: number;
}

/** One direction of one connection: delivers in order, keeps what a cut link holds back. */
export interface Lane {
  readonly from: string;
  readonly to: string;
  /** Calls `deliver` after the link's latency, never before what was transmitted earlier. */
  transmit(deliver: () => void): void;
}

/** A connection that spans two hosts, as the network sees it. */
export interface Spanning {
  readonly hosts: readonly [string, string];
  /** Nothing was heard for the silence limit: both ends give up. */
  silent(): void;
  /** Somebody between the hosts has ended it: both ends see that at once, and what was under way is lost. */
  reset(): void;
}

/**
 * The wires between simulated processes. A host is an IP address; its processes are `bus(host)`s.
 *
 * A cut link behaves like a lost cable below TCP: what is sent meanwhile arrives when the link heals in time, and
 * when it does not, both ends notice after the silence limit (a cut in one direction is noticed too: answers to pings
 * stay out). Dials over a cut link wait, then time out. Deterministic under a virtual clock.
 */
export class MemoryNetwork {
  readonly clock: Clock;
  readonly limits: MemoryLimits;
  readonly listeners = new Map<string, MemoryListener>();
  readonly #latency: Millis;
  readonly #latencies = new Map<string, Millis>();
  readonly #cuts = new Set<string>();
  readonly #dark = new Set<string>();
  readonly #spanning = new Set<Spanning>();
  readonly #lanes = new Set<MemoryLane>();
  readonly #watches = new Map<Spanning, Timer>();
  readonly #buses = new Set<MemoryBus>();
  #nextPort = PORTS.first;

  constructor(options: MemoryNetworkOptions) {
    this.clock = options.clock;
    this.#latency = options.latency ?? millis(0.1);
    this.limits = {
      silence: options.silence ?? seconds(3),
      dialTimeout: options.dialTimeout ?? seconds(3),
      messageBytesMax: options.messageBytesMax ?? MESSAGE_BYTES_MAX,
      highWater: options.highWater ?? 1024 * 1024,
      queueBytesMax: options.queueBytesMax ?? 64 * 1024 * 1024,
      streamsMax: options.streamsMax ?? 1024,
    };
  }

  /** The bus of a new process on `host`. */
  bus(host: string): MemoryBus {
    const bus = new MemoryBus(this, host);
    this.#buses.add(bus);
    return bus;
  }

  /** One-way delay from `from` to `to`, both ways when `both`. */
  setLatency(from: string, to: string, latency: Millis, both = true): void {
    this.#latencies.set(`${from}>${to}`, latency);
    if (both) this.#latencies.set(`${to}>${from}`, latency);
  }

  /** Cuts the link for what `from` sends to `to`, or both ways. Idempotent. */
  cut(from: string, to: string, both = true): void {
    this.#cuts.add(`${from}>${to}`);
    if (both) this.#cuts.add(`${to}>${from}`);
    this.#watchSilence();
  }

  /** Mends what `cut` did. */
  heal(from: string, to: string, both = true): void {
    this.#cuts.delete(`${from}>${to}`);
    if (both) this.#cuts.delete(`${to}>${from}`);
    this.#healed();
  }

  /** Every connection between two hosts is reset; what was under way is lost, and dials succeed at once. */
  reset(a: string, b: string): void {
    for (const connection of [...this.#spanning]) {
      if (connection.hosts.includes(a) && connection.hosts.includes(b) && a !== b) connection.reset();
    }
  }

  /** The host loses power: its processes are gone and nobody is told; peers notice the silence. */
  powerOff(host: string): void {
    this.#dark.add(host);
    for (const bus of [...this.#buses]) if (bus.host === host) bus.abandon();
    this.#watchSilence();
  }

  /** The host answers again; its processes are new `bus`es. */
  powerOn(host: string): void {
    this.#dark.delete(host);
    this.#healed();
  }

  isCut(from: string, to: string): boolean {
    return this.#cuts.has(`${from}>${to}`) || this.#dark.has(from) || this.#dark.has(to);
  }

  /** A port for whoever does not care which, as a kernel gives them: those of long ago come again. */
  freePort(): number {
    const port = this.#nextPort;
    this.#nextPort = port < PORTS.last ? port + 1 : PORTS.first;
    return port;
  }

  /** The process is gone. */
  forget(bus: MemoryBus): void {
    this.#buses.delete(bus);
  }

  lane(from: string, to: string): Lane {
    return new MemoryLane(this, from, to, this.#lanes);
  }

  latency(from: string, to: string): Millis {
    return this.#latencies.get(`${from}>${to}`) ?? this.#latency;
  }

  /** Watches a connection for cut links until `ended` is called. */
  span(connection: Spanning): { ended(): void } {
    this.#spanning.add(connection);
    this.#watch(connection);
    return {
      ended: () => {
        this.#spanning.delete(connection);
        this.#unwatch(connection);
      },
    };
  }

  #watchSilence(): void {
    for (const connection of this.#spanning) this.#watch(connection);
  }

  #watch(connection: Spanning): void {
    if (!this.#severed(connection) || this.#watches.has(connection)) return;
    const timer = this.clock.setTimer(this.limits.silence, () => {
      this.#watches.delete(connection);
      connection.silent();
    });
    this.#watches.set(connection, timer);
  }

  #unwatch(connection: Spanning): void {
    this.#watches.get(connection)?.cancel();
    this.#watches.delete(connection);
  }

  #severed({ hosts: [a, b] }: Spanning): boolean {
    return this.isCut(a, b) || this.isCut(b, a);
  }

  #healed(): void {
    for (const connection of this.#spanning) if (!this.#severed(connection)) this.#unwatch(connection);
    for (const lane of [...this.#lanes]) lane.retransmit();
  }
}

class MemoryLane implements Lane {
  #held: (() => void)[] = [];
  #lastDue = 0;

  constructor(
    private readonly network: MemoryNetwork,
    readonly from: string,
    readonly to: string,
    private readonly holding: Set<MemoryLane>,
  ) {}

  transmit(deliver: () => void): void {
    const { clock } = this.network;
    const now = clock.monotonic();
    this.#lastDue = Math.max(this.#lastDue, now + this.network.latency(this.from, this.to));
    clock.setTimer(millis(this.#lastDue - now), () => {
      if (this.#held.length === 0 && !this.network.isCut(this.from, this.to)) deliver();
      else {
        this.#held.push(deliver);
        this.holding.add(this);
      }
    });
  }

  /** What was held back goes out again, in order, when the link is up. */
  retransmit(): void {
    if (this.network.isCut(this.from, this.to)) return;
    this.holding.delete(this);
    const held = this.#held;
    this.#held = [];
    for (const deliver of held) this.transmit(deliver);
  }
}
