import { setMaxListeners } from "node:events";
import { CleanUp, millis, seconds, sleep } from "@tandem/base";
import type { M0d } from "@tandem/hax";
import type { BenchRun } from "../bench-run.js";
import { figureOf } from "../bench-run.js";
import type { Figure } from "../figure.js";
import type { HaxRig } from "./hax-rig.js";

const PROCESSES = 1000;
const RATE = 10_000;
const LASTS = seconds(60);
const TICK = millis(10);
const SETTLES_WITHIN = seconds(60);

/** Events of 1,000 processes on 1,000 links, far more than Consul takes: when the newest of each is stored, and memory. */
export async function eventLoad(run: BenchRun, rig: HaxRig): Promise<readonly Figure[]> {
  const { clock, scale } = run;
  const signal = AbortSignal.any([run.signal]);
  setMaxListeners(0, signal); // each process listens while it waits
  await using links = new CleanUp();
  const all: M0d[] = [];
  // The first process has its link already.
  for (let i = 1; i <= PROCESSES; i++) all.push(links.use(rig.motr(i, () => {})));
  await Promise.all(all.map((motr) => motr.until(({ working }) => working, signal)));
  const before = await rig.process.memory();
  const storedBefore = await storedBy(rig);
  const cpuBefore = await rig.process.cpu();
  const began = clock.monotonic();
  const lasts = LASTS * scale;
  const total = Math.floor((RATE * lasts) / 1000);
  let [sent, greatest, refused] = [0, before, 0];
  while (sent < total) {
    const due = Math.min(total, Math.floor((RATE * (clock.monotonic() - began)) / 1000));
    for (; sent < due; sent++) {
      const { motr } = all[sent % PROCESSES] as M0d;
      // A process that waits for its acknowledgements has nothing new to tell.
      if (motr.backlog < 30) motr.event(sent % 2 === 0 ? "STARTING" : "STARTED");
      else refused += 1;
    }
    await sleep(clock, TICK, signal);
    if (sent % (RATE / 2) < 200) greatest = Math.max(greatest, await rig.process.memory());
  }
  const took = clock.monotonic() - began;
  const ended = clock.monotonic();
  const limit = AbortSignal.any([signal, AbortSignal.timeout(SETTLES_WITHIN)]);
  setMaxListeners(0, limit);
  await Promise.all(all.map((motr) => motr.until(({ backlog }) => backlog === 0, limit)));
  const settled = clock.monotonic() - ended;
  greatest = Math.max(greatest, await rig.process.memory());
  const puts = (await storedBy(rig)) - storedBefore;
  const said = sent - refused;
  const cpu = (await rig.process.cpu()) - cpuBefore;
  const notes = [
    `${said} events in ${(took / 1000).toFixed(1)} s (${Math.round((said * 1000) / took)} a second), ${puts} puts` +
      (refused === 0 ? "" : `; ${refused} were not told, as their process waited for 30 acknowledgements`),
    `CPU of hax: ${Math.round((cpu * 1000) / said)} µs an event`,
  ];
  const what = "newest event of each of 1,000 processes stored, after the last of 10,000 events a second";
  const megabytes = (greatest - before) / 1e6;
  return [
    figureOf([settled], { what, unit: "ms", targets: [{ bound: 1000 }], notes }),
    figureOf([megabytes], { what: "memory that hax takes meanwhile", unit: "MB" }),
  ];
}

async function storedBy(rig: HaxRig): Promise<number> {
  const text = await rig.hax.ask("GET", "/metrics", "");
  return Number(/^tandem_hax_events_stored_total (\d+)/m.exec(text)?.[1] ?? 0);
}
