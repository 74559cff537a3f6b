import { systemClock, systemRandom, unwrap } from "@tandem/base";
import { grpcBus } from "@tandem/swbus";
import {
  dataMessage,
  type EdgeMessage,
  type EdgeRuntime,
  type ServicePath,
  startEdge,
  waitConnected,
} from "@tandem/swbus/edge";
import { ACK_EVERY, CONNECT_LIMIT, SINK, SOURCE } from "./bench-names.js";
import { type Bench, type BenchRun, figureOf, inTurn, latencyFigures, latencyOf, rateOf } from "./bench-run.js";
import { Child } from "./child-process.js";
import type { Figure } from "./figure.js";
import { EchoStream } from "./floors/http2-echo.js";
import { median } from "./statistics.js";

const MESSAGE_BYTES = 300;
const MESSAGES = 100_000;
const ROUND_TRIPS = 2_000;

/** Messages on their way at once; far below what an edge or swbusd would refuse. */
const WINDOW = 4_000;

const COUNT = SINK.withResource("count", "0");
const ECHO = SINK.withResource("echo", "0");

const PROCESSES = ["sender", "swbusd", "receiver"] as const;

/** An edge here, swbusd and the other edge in processes of their own. */
export const swbusBench: Bench = { name: "swbus", run: measure };

async function measure(run: BenchRun): Promise<readonly Figure[]> {
  await using swbusd = await Child.start("swbusd");
  await using receiver = await Child.start("swbusReceiver", swbusd.address);
  await using echo = await Child.start("http2Echo");
  using stream = new EchoStream(echo.address);
  await using edge = startEdge({
    bus: grpcBus({ clock: systemClock }),
    endpoint: swbusd.address,
    basePath: SOURCE,
    type: "inNode",
    clock: systemClock,
    random: systemRandom,
  });
  if (!(await waitConnected(edge, run.clock, CONNECT_LIMIT))) throw new Error("the edge found no swbusd");
  const sender = new Sender(edge);
  const message = Buffer.alloc(MESSAGE_BYTES, "x");
  const batch = Buffer.alloc(MESSAGE_BYTES * ACK_EVERY, "x");
  const batches = Math.ceil((MESSAGES * run.scale) / ACK_EVERY);
  const count = batches * ACK_EVERY;
  const trips = Math.ceil(ROUND_TRIPS * run.scale);

  const rates = await inTurn(run, {
    bus: async () => {
      const before = await cpuMicros(swbusd, receiver);
      const rate = await rateOf(run, count, () => sender.sendMany(message, count));
      const after = await cpuMicros(swbusd, receiver);
      return { rate, cpu: after.map((micros, i) => (micros - (before[i] as number)) / count) };
    },
    echo: () => rateOf(run, count, () => stream.echo(batch, batches, (WINDOW / ACK_EVERY) * batch.length)),
  });
  const times = await inTurn(run, {
    bus: () => latencyOf(run, trips, () => sender.roundTrip(message)),
    echo: () => latencyOf(run, trips, () => stream.echo(message, 1)),
  });
  const perMessage = PROCESSES.map(
    (name, i) => `${name} ${median(rates.bus.map(({ cpu }) => cpu[i] as number)).toFixed(1)}`,
  );
  return [
    figureOf(
      rates.bus.map(({ rate }) => rate),
      {
        what: `edge → swbusd → edge, ${MESSAGE_BYTES} B, three processes`,
        unit: "msg/s",
        floors: { [`node:http2 echo, two processes, ${ACK_EVERY} in a write`]: rates.echo },
        targets: [{ bound: 60_000 }],
        notes: [`CPU µs a message: ${perMessage.join(", ")}`],
      },
    ),
    ...latencyFigures(
      "round trip edge → swbusd → edge and back, idle",
      times.bus,
      { "node:http2 echo, two processes": times.echo },
      { p50: { targets: [{ bound: 500 }] }, p99: {} },
    ),
  ];
}

/** Sends to the receiver's process and hears from it. */
class Sender {
  readonly #edge: EdgeRuntime;
  readonly #counting = SOURCE.withResource("count", "0");
  readonly #echoing = SOURCE.withResource("echo", "0");
  #acked = 0;
  #waiting: { readonly resolve: () => void; readonly reject: (error: Error) => void } | undefined;

  constructor(edge: EdgeRuntime) {
    this.#edge = edge;
    edge.register(this.#counting, "public", (message) => this.#hear(message, ACK_EVERY));
    edge.register(this.#echoing, "public", (message) => this.#hear(message, 0));
  }

  /** Resolves when the receiver has all `count`, a multiple of `ACK_EVERY`. */
  async sendMany(payload: Uint8Array, count: number): Promise<void> {
    this.#acked = 0;
    for (let sent = 0; this.#acked < count; ) {
      const until = Math.min(count, this.#acked + WINDOW);
      for (; sent < until; sent++) this.#send(this.#counting, COUNT, payload);
      await this.#heard();
    }
  }

  async roundTrip(payload: Uint8Array): Promise<void> {
    this.#send(this.#echoing, ECHO, payload);
    await this.#heard();
  }

  #send(source: ServicePath, destination: ServicePath, payload: Uint8Array): void {
    unwrap(this.#edge.send(dataMessage(this.#edge.newId(), source, destination, payload)));
  }

  #hear({ body }: EdgeMessage, acked: number): true {
    this.#acked += acked;
    if (body.kind === "response") this.#waiting?.reject(new Error(`a message was refused: ${body.text}`));
    else this.#waiting?.resolve();
    return true;
  }

  #heard(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }
}

/** CPU time so far of each of `PROCESSES`, in microseconds. */
async function cpuMicros(swbusd: Child, receiver: Child): Promise<readonly number[]> {
  const [router, far] = await Promise.all([swbusd.cpu(), receiver.cpu()]);
  const { user, system } = process.cpuUsage();
  return [user + system, router, far];
}
