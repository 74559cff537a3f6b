import { join } from "node:path";
import { type AsicClient, Recorder, RecordingClient, TRANSPORT_NAMES, type TransportName } from "@tandem/asic-channel";
import { systemClock, unwrap } from "@tandem/base";
import { type BenchRun, figureOf } from "../bench-run.js";
import type { Figure } from "../figure.js";
import { Lane } from "./lane.js";
import { requestMany } from "./requests.js";

const PAIRS = 10;
const REQUESTS = 10_000;

const WHY = "writing down takes 3 µs of CPU a request, in the client's process, where that is what a burst waits for";

/** What recording costs: the same requests with it and without, in turn, the order changing. */
export async function recorderFigures(run: BenchRun, folder: string): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const transport of TRANSPORT_NAMES) figures.push(await ratioOn(transport, run, folder));
  return figures;
}

async function ratioOn(transport: TransportName, run: BenchRun, folder: string): Promise<Figure> {
  await using lane = await Lane.start(transport, "sync");
  const opened = await Recorder.open({ clock: systemClock, path: join(folder, `${transport}.rec`) });
  await using recorder = unwrap(opened);
  const recording = new RecordingClient(lane.client, recorder);
  // ZMQ and the list have one request under way.
  const inLockstep = transport === "zmq" || transport === "list-pubsub";
  const count = Math.ceil((REQUESTS * run.scale) / (inLockstep ? 5 : 1));
  const timed = async (client: AsicClient): Promise<number> => {
    const began = run.clock.monotonic();
    await requestMany(client, count);
    return run.clock.monotonic() - began;
  };
  await timed(recording);
  const ratios: number[] = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    run.signal.throwIfAborted();
    const first = await timed(pair % 2 === 0 ? lane.client : recording);
    const second = await timed(pair % 2 === 0 ? recording : lane.client);
    ratios.push(pair % 2 === 0 ? second / first : first / second);
  }
  // Of ten, the median lies between the second and the ninth in 98 of 100 cases, whatever their distribution.
  const sorted = ratios.toSorted((a, b) => a - b);
  const interval = [sorted[1] as number, sorted[PAIRS - 2] as number] as const;
  return figureOf(ratios, {
    what: `${transport}: time with a recorder beside time without, ${PAIRS} pairs`,
    unit: "×",
    interval,
    targets: [{ bound: 1.03, why: WHY }],
    notes: [
      `${transport}: its median lies from ${interval[0].toFixed(2)} to ${interval[1].toFixed(2)} with a certainty of 98 %`,
    ],
  });
}
