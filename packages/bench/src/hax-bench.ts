import { CleanUp } from "@tandem/base";
import type { M0d, M0dEvent } from "@tandem/hax";
import { type Bench, type BenchRun, inTurn, type Latency, latencyFigures, latencyOf } from "./bench-run.js";
import type { CommandLine } from "./cluster-bench.js";
import type { Figure } from "./figure.js";
import { eventLoad } from "./hax/event-load.js";
import { HaxRig } from "./hax/hax-rig.js";
import { percentile } from "./statistics.js";

const TRIPS = 500;
const ENTRYPOINTS = 200;
const PROCESSES = 1000;

type Environment = Readonly<Record<string, string | undefined>>;

/** hax between Motr's processes and Consul, beside raw HTTP to the same Consul. */
export function haxBench(env: Environment, tandem: CommandLine): Bench {
  return { name: "hax", run: (run) => measure(run, env, tandem) };
}

async function measure(run: BenchRun, env: Environment, tandem: CommandLine): Promise<readonly Figure[]> {
  await using rig = await HaxRig.start(env, tandem, PROCESSES + 1);
  await using motr = await Watched.start(rig, 0);
  const { consul, hax } = rig;
  const count = Math.ceil(TRIPS * run.scale);
  const entrypoints = Math.ceil(ENTRYPOINTS * run.scale);
  const read = (path: string) => consul.ask("GET", path, "");
  const leader = JSON.parse(await read("/v1/kv/leader")) as readonly [{ readonly Session: string }];
  let turn = 0;
  const times = await inTurn(run, {
    entrypoint: () => entrypointLatency(run, rig, entrypoints),
    reads: () =>
      latencyOf(run, entrypoints, async () => {
        await read("/v1/kv/leader?consistent");
        await read(`/v1/session/info/${leader[0].Session}`);
        await read("/v1/catalog/service/confd");
        await read("/v1/kv/m0conf/nodes/bench/processes/9/services/rms");
      }),
    event: () =>
      latencyOf(run, count, () => {
        turn += 1;
        const delivered = motr.next("delivered");
        motr.m0d.motr.event(turn % 2 === 0 ? "STARTING" : "STARTED");
        return delivered;
      }),
    put: () =>
      latencyOf(run, count, async () => {
        turn += 1;
        await consul.ask("PUT", "/v1/kv/processes/bench", `{"state": "${turn}", "type": "M0_CONF_HA_PROCESS_M0D"}`);
      }),
    readAndPut: () =>
      latencyOf(run, count, async () => {
        turn += 1;
        await read("/v1/kv/processes/bench");
        await consul.ask("PUT", "/v1/kv/processes/bench", `{"state": "${turn}", "type": "M0_CONF_HA_PROCESS_M0D"}`);
      }),
    watch: () =>
      latencyOf(run, count, async () => {
        turn += 1;
        const received = motr.next("received");
        await hax.ask("POST", "/", rig.watchOf(0, turn % 2 === 0 ? "passing" : "warning"));
        await received;
      }),
    tree: () =>
      latencyOf(run, count, async () => {
        await read("/v1/kv/m0conf/nodes?recurse");
      }),
  });
  const shares = { p50: {}, p99: {} };
  return [
    ...latencyFigures(
      `entrypoint, request → reply, Consul is ${rig.consulName}`,
      times.entrypoint,
      { "raw HTTP, the same four reads": times.reads },
      shares,
    ),
    ...latencyFigures(
      "event → stored and acknowledged",
      times.event,
      { "raw HTTP, a read and a put": times.readAndPut, "raw HTTP, one put": times.put },
      shares,
    ),
    ...latencyFigures(
      "watch POST → told to a process, 1,000 processes configured",
      times.watch,
      { "raw HTTP, one read of m0conf/nodes": times.tree },
      shares,
    ),
    ...(await eventLoad(run, rig)),
  ];
}

/** A process, and what it hears next. */
class Watched implements AsyncDisposable {
  readonly m0d: M0d;
  readonly #waiting = new Map<M0dEvent["kind"], () => void>();

  private constructor(rig: HaxRig, index: number) {
    this.m0d = rig.motr(index, ({ kind }) => {
      this.#waiting.get(kind)?.();
      this.#waiting.delete(kind);
    });
  }

  static async start(rig: HaxRig, index: number): Promise<Watched> {
    const watched = new Watched(rig, index);
    await watched.m0d.until(({ working }) => working);
    return watched;
  }

  next(kind: M0dEvent["kind"]): Promise<void> {
    return new Promise((resolve) => this.#waiting.set(kind, resolve));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.m0d[Symbol.asyncDispose]();
  }
}

/** From a new process's request to its reply; connecting does not count. */
async function entrypointLatency({ clock }: BenchRun, rig: HaxRig, count: number): Promise<Latency> {
  const samples: number[] = [];
  for (let i = 0; i < count; i++) {
    await using cleanUp = new CleanUp();
    await new Promise<void>((resolve) => {
      let asked = 0;
      const observer = ({ kind }: M0dEvent): void => {
        if (kind === "entrypointAsked") asked = clock.monotonic();
        if (kind !== "entrypointAnswered") return;
        samples.push((clock.monotonic() - asked) * 1000);
        resolve();
      };
      cleanUp.use(rig.motr(1 + (i % (PROCESSES - 1)), observer));
    });
  }
  return { p50: percentile(samples, 0.5), p99: percentile(samples, 0.99), p999: percentile(samples, 0.999) };
}
