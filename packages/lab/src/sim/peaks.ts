import type { SimulatedCluster } from "../cluster/simulated-cluster.js";
import { connectionsOf } from "./footprint.js";
import type { HamgrdWatch } from "./hamgrd-watch.js";

/** The most that ever was at a time. */
export interface Peaks {
  /** Unsettled messages of one hamgrd. */
  readonly messages: number;
  /** Changes that waited for one actor. */
  readonly mail: number;
  /** Timers of the whole cluster. */
  readonly timers: number;
  /** Connections to every Redis. */
  readonly connections: number;
}

/**
 * What the worst storm may take up, by what the launch of everything at once takes: queues hold one thing for each key,
 * however much happens, so a few times as much is enough for what is under way twice.
 */
const TIMES_MAX = 3;
const BESIDES_MAX = 30;

/** Follows what a cluster takes up, instant by instant. */
export class PeakWatch implements Disposable {
  readonly #host: SimulatedCluster;
  readonly #hamgrds: HamgrdWatch;
  readonly #stop: () => void;
  #timers = 0;
  #connections = 0;

  constructor(host: SimulatedCluster, hamgrds: HamgrdWatch) {
    this.#host = host;
    this.#hamgrds = hamgrds;
    this.#stop = host.clock.onRest(() => {
      this.#timers = Math.max(this.#timers, host.clock.pending);
    });
  }

  get peaks(): Peaks {
    this.#connections = Math.max(this.#connections, connectionsOf(this.#host));
    return { ...this.#hamgrds.peaks, timers: this.#timers, connections: this.#connections };
  }

  [Symbol.dispose](): void {
    this.#stop();
  }
}

/** What was more than a storm may take, one line each. `besides`: timers that the storm itself has set. */
export function beyondBounds(calm: Peaks, found: Peaks, besides: number): readonly string[] {
  const what: Readonly<Record<keyof Peaks, string>> = {
    messages: "messages of one hamgrd were unsettled",
    mail: "changes waited for one actor",
    timers: "timers waited",
    connections: "connections to Redis stood",
  };
  return (Object.keys(what) as (keyof Peaks)[]).flatMap((name) => {
    const limit = calm[name] * TIMES_MAX + BESIDES_MAX + (name === "timers" ? besides : 0);
    return found[name] <= limit ? [] : [`${found[name]} ${what[name]} at a time; at a launch ${calm[name]}`];
  });
}
