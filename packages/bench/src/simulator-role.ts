import { millis } from "@tandem/base";
import { VirtualClock } from "@tandem/base/testing";
import { calmRun, runSeed, type SeedOptions, TIMERS_PER_TURN } from "@tandem/lab/sim";
import type { SeedRan } from "./child-messages.js";

/** Runs one seed in this process. What it is compared with, a run without faults, is made once and does not count. */
export async function seedRan(options: SeedOptions): Promise<SeedRan> {
  await calmRun(options.switches ?? 2, options.dpus ?? 1);
  const from = process.cpuUsage();
  const { virtualMs, timers, violations } = await runSeed(options);
  const micros = microsSince(from);
  const bytes = process.resourceUsage().maxRSS * 1024;
  return { virtualMs, timers, violations: violations.length, micros, bytes };
}

/** CPU microseconds that so many timers take on a clock where nothing else happens; each sets the next. */
export async function bareClock(timers: number): Promise<number> {
  const from = process.cpuUsage();
  const clock = new VirtualClock({ timersPerTurn: TIMERS_PER_TURN });
  const tick = (): void => {
    clock.setTimer(millis(1), tick);
  };
  tick();
  await clock.advance(millis(timers));
  return microsSince(from);
}

function microsSince(from: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(from);
  return user + system;
}
