import { join } from "node:path";
import { type BenchRun, figureOf, inTurn, type Latency, latencyFigures, rateOf } from "../bench-run.js";
import { Child } from "../child-process.js";
import type { Figure } from "../figure.js";
import { percentile } from "../statistics.js";
import { ringAt } from "./rings.js";

const FRAMES = 1_000_000;
const TRIPS = 20_000;
const FRAME_BYTES = 64;

/** Rings in a file alone, both ends looking on without a pause: what shared memory gives before anything is a request. */
export async function ringFigures(run: BenchRun, folder: string): Promise<readonly Figure[]> {
  const frame = Buffer.alloc(FRAME_BYTES, "x");
  const times = await echoed(run, join(folder, "echo.ring"), frame);
  const sent = await sunk(run, join(folder, "sink.ring"), frame);
  return [
    ...latencyFigures(
      `shm: one way of a ${FRAME_BYTES} B frame while spinning`,
      times,
      {},
      { p50: { targets: [{ bound: 2 }] }, p99: {}, p999: {} },
    ),
    figureOf(sent, {
      what: `shm: frames of ${FRAME_BYTES} B, one way`,
      unit: "msg/s",
      targets: [{ bound: 1_000_000 }],
    }),
  ];
}

async function echoed(run: BenchRun, path: string, frame: Buffer): Promise<readonly Latency[]> {
  await using _echo = await Child.start("ringEcho", path);
  const { requests, replies } = ringAt(path);
  const trips = Math.ceil(TRIPS * run.scale);
  const measured = await inTurn(run, {
    trips: async () => {
      const samples: number[] = [];
      for (let i = 0; i < trips; i++) {
        const began = run.clock.monotonic();
        requests.put(frame, 1, 0);
        let back = replies.peek();
        while (back === undefined) back = replies.peek();
        if (back.kind === "damaged") throw new Error(back.damage.detail);
        replies.release(back.record.next, back.record.sequence);
        samples.push(((run.clock.monotonic() - began) * 1000) / 2);
      }
      return { p50: percentile(samples, 0.5), p99: percentile(samples, 0.99), p999: percentile(samples, 0.999) };
    },
  });
  return measured.trips;
}

async function sunk(run: BenchRun, path: string, frame: Buffer): Promise<readonly number[]> {
  await using sink = await Child.start("ringSink", path);
  const { requests } = ringAt(path);
  const frames = Math.ceil(FRAMES * run.scale);
  const measured = await inTurn(run, {
    frames: () =>
      rateOf(run, frames, async () => {
        const there = sink.counted(frames);
        for (let sent = 0; sent < frames; ) if (requests.put(frame, 1, 0) !== undefined) sent += 1;
        await there;
      }),
  });
  return measured.frames;
}
