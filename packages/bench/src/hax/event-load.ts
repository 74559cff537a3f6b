import { setMaxListeners } from "node:events";
import { CleanUp, millis, seconds, sleep } from "@tandem/base";
import { formatFid, type M0d } from "@tandem/hax";
import type { BenchRun } from "../bench-run.js";
import { figureOf } from "../bench-run.js";
import type { Figure } from "../figure.js";
import { type HaxRig, processAt } from "./hax-rig.js";

const PROCESSES = 1000;
const RATE = 10_000;
const LASTS = seconds(60);
/** A process that waits for so many acknowledgements has nothing new to tell; hax would close its link at 32. */
const BACKLOG_MAX = 30;
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
  const newest = new Map<string, string>();
  // Greatest in each half: what grows without end grows in the second.
  const greatest: [number, number] = [before, before];
  let [sent, refused] = [0, 0];
  const look = async (): Promise<void> => {
    const half = sent < total / 2 ? 0 : 1;
    greatest[half] = Math.max(greatest[half], await rig.process.memory());
  };
  while (sent < total) {
    const due = Math.min(total, Math.floor((RATE * (clock.monotonic() - began)) / 1000));
    for (; sent < due; sent++) {
      const { motr } = all[sent % PROCESSES] as M0d;
      if (motr.backlog >= BACKLOG_MAX) {
        refused += 1;
        continue;
      }
      const event = Math.floor(sent / PROCESSES) % 2 === 0 ? "STARTING" : "STARTED";
      motr.event(event);
      newest.set(`processes/${formatFid(processAt(1 + (sent % PROCESSES)))}`, event);
    }
    await sleep(clock, TICK, signal);
    if (sent % (RATE / 2) < 200) await look();
  }
  const took = clock.monotonic() - began;
  const ended = clock.monotonic();
  const limit = AbortSignal.any([signal, AbortSignal.timeout(SETTLES_WITHIN)]);
  setMaxListeners(0, limit);
  await Promise.all(all.map((motr) => motr.until(({ backlog }) => backlog === 0, limit)));
  const settled = clock.monotonic() - ended;
  await look();
  await checkStored(rig, newest);
  const puts = (await storedBy(rig)) - storedBefore;
  const said = sent - refused;
  const cpu = (await rig.process.cpu()) - cpuBefore;
  const notes = [
    `${said} events in ${(took / 1000).toFixed(1)} s (${Math.round((said * 1000) / took)} a second), ${puts} puts` +
      (refused === 0 ? "" : `; ${refused} were not told, as their process waited for ${BACKLOG_MAX} acknowledgements`),
    `CPU of hax: ${Math.round((cpu * 1000) / said)} µs an event`,
  ];
  const what = "newest event of each of 1,000 processes stored, after the last of 10,000 events a second";
  const [first, second] = greatest.map((bytes) => (bytes - before) / 1e6) as [number, number];
  return [
    figureOf([settled], { what, unit: "ms", targets: [{ bound: 1000 }], notes }),
    figureOf([Math.max(first, second)], {
      ...{ what: "memory that hax takes meanwhile, at its greatest", unit: "MB" },
      notes: [
        `memory of hax: ${first.toFixed(0)} MB more in the first half of the time, ${second.toFixed(0)} MB in the second`,
      ],
    }),
  ];
}

/** Throws unless Consul holds the newest event of each process. */
async function checkStored(rig: HaxRig, newest: ReadonlyMap<string, string>): Promise<void> {
  const text = await rig.consul.ask("GET", "/v1/kv/processes/?recurse", "");
  const rows = JSON.parse(text) as readonly { readonly Key: string; readonly Value: string }[];
  const stored = new Map(rows.map(({ Key, Value }) => [Key, Buffer.from(Value, "base64").toString()]));
  for (const [key, event] of newest)
    if (!stored.get(key)?.includes(`"M0_CONF_HA_PROCESS_${event}"`))
      throw new Error(`${key} holds ${stored.get(key)}, and its newest event is ${event}`);
}

async function storedBy(rig: HaxRig): Promise<number> {
  const text = await rig.hax.ask("GET", "/metrics", "");
  return Number(/^tandem_hax_events_stored_total (\d+)/m.exec(text)?.[1] ?? 0);
}
