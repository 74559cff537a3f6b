import { backoffDelay, type Clock, millis, type Random, seconds, sleep } from "@tandem/base";
import type { Bus, BusStream, DialError } from "@tandem/wire";
import { formatConnectionType } from "../connection-info.js";
import { displayServicePath, type ServicePath } from "../service-path.js";
import { METHOD, PATH_HEADER, TYPE_HEADER } from "./admission.js";
import type { PeerConfig } from "./config.js";
import type { SwbusdObserver, SwbusdStats } from "./events.js";

/** Between two dials of one peer. */
const REDIAL = { first: millis(10), max: seconds(1) };
/** A stream that lasted this long was a good one: the next dial starts at the shortest delay again. */
const GOOD_STREAM = seconds(1);

export interface DialerOptions {
  readonly peer: PeerConfig;
  readonly self: ServicePath;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly random: Random;
  readonly stats: SwbusdStats;
  readonly observer: SwbusdObserver;
}

/** Keeps one stream to one configured peer: dials until it stands, serves it, dials again; until stopped. */
export class Dialer {
  readonly peer: PeerConfig;
  readonly #stop = new AbortController();
  #stream: BusStream | undefined;

  /** `serve` resolves when the stream has ended; with a reason when it refused the stream. */
  constructor(
    private readonly options: DialerOptions,
    private readonly serve: (stream: BusStream) => Promise<string | undefined>,
  ) {
    this.peer = options.peer;
    void this.#run();
  }

  /** Gives up, closing the stream that stands. */
  stop(): void {
    this.#stop.abort(STOPPED);
    this.#stream?.close();
  }

  async #run(): Promise<void> {
    const { clock, random } = this.options;
    const { signal } = this.#stop;
    let attempt = 0;
    let said = "";
    try {
      for (;;) {
        const dialed = await this.#dial(signal);
        let good = false;
        if (dialed.ok) {
          said = "";
          const began = clock.monotonic();
          this.#stream = dialed.value;
          const refusal = await this.serve(dialed.value);
          this.#stream = undefined;
          good = refusal === undefined && clock.monotonic() - began >= GOOD_STREAM;
        } else if (signal.aborted) return;
        else said = this.#failed(dialed.error, said);
        if (good) attempt = 0;
        await sleep(clock, backoffDelay(REDIAL, attempt, random), signal);
        attempt += 1;
      }
    } catch (reason) {
      if (reason !== STOPPED) throw reason;
    }
  }

  #dial(signal: AbortSignal): ReturnType<Bus["dial"]> {
    const { bus, peer, self } = this.options;
    const metadata = {
      [PATH_HEADER]: displayServicePath(self),
      [TYPE_HEADER]: formatConnectionType(peer.type),
    };
    return bus.dial({ endpoint: peer.endpoint, method: METHOD, metadata }, signal);
  }

  /** Counts a failure and tells of it when it is not the one told last. */
  #failed(error: DialError, said: string): string {
    const { stats, observer, peer } = this.options;
    stats.dialFailures += 1;
    const detail = error.kind === "refused" ? `refused (status ${error.code}): ${error.detail}` : error.detail;
    // A timeout now and a refusal then are one outage of two faces: told by kind, not by wording.
    if (said !== error.kind) observer({ kind: "dialFailed", endpoint: peer.endpoint, detail });
    return error.kind;
  }
}

const STOPPED = new Error("the dialer was stopped");
