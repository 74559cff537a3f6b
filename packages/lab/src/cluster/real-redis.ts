import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, millis, type Timer, unwrap } from "@tandem/base";
import type { HostedProcess } from "@tandem/daemon";
import { type Store, untilConnected } from "@tandem/swss";
import type { RedisTrouble } from "./cluster-host.js";
import type { RedisPlace } from "./database-files.js";

/** How often it is looked whether a save is over. */
const LOOK_EVERY = millis(50);
/** Looks before it is given up. */
const LOOKS_MAX = 200;
/** How long a slow one answers nothing, and then answers. */
const SLOW_STOPS = millis(150);
const SLOW_RUNS = millis(10);

export function redisArgs(place: RedisPlace): string[] {
  return [
    ...["--port", String(place.port), "--bind", place.host, "--unixsocket", place.socket],
    ...["--databases", "32", "--hz", "2", "--notify-keyspace-events", "AKE", "--protected-mode", "no"],
    ...["--save", "", "--appendonly", "yes", "--appendfsync", "no", "--daemonize", "no", "--dir", place.data],
  ];
}

/** A Redis that runs, and what it may be made to suffer. */
export interface RealRedis {
  readonly place: RedisPlace;
  readonly process: HostedProcess;
  /** Any database of it. */
  readonly store: Store;
  readonly clock: Clock;
}

/** Makes it suffer. Gives what ends that. Both throw when Redis does not do what is asked of it. */
export async function beginTrouble(redis: RealRedis, trouble: RedisTrouble): Promise<() => Promise<void>> {
  const { process } = redis;
  switch (trouble) {
    case "slow":
      return slow(redis);
    case "stalled":
      process.kill("SIGSTOP");
      return async () => process.kill("SIGCONT");
    case "full":
      await configure(redis, "maxmemory", "1");
      return () => configure(redis, "maxmemory", "0");
    case "unsaved":
      // A folder where the snapshot is to go: saving fails, and with save points Redis then refuses writes.
      await mkdir(snapshot(redis));
      await configure(redis, "save", "3600 1");
      await save(redis, "err");
      return async () => {
        await rm(snapshot(redis), { recursive: true });
        await save(redis, "ok");
        await configure(redis, "save", "");
      };
  }
}

/** It is stopped most of the time, and runs for a moment in between. */
function slow({ process, clock }: RealRedis): () => Promise<void> {
  let timer: Timer;
  const stop = (): void => {
    process.kill("SIGSTOP");
    timer = clock.setTimer(SLOW_STOPS, run);
  };
  const run = (): void => {
    process.kill("SIGCONT");
    if (process.running) timer = clock.setTimer(SLOW_RUNS, stop);
  };
  stop();
  return async () => {
    timer.cancel();
    process.kill("SIGCONT");
  };
}

function snapshot({ place }: RealRedis): string {
  return join(place.data, "dump.rdb");
}

async function configure({ store, place }: RealRedis, name: string, value: string): Promise<void> {
  // One that was stalled has lost its clients.
  await untilConnected(store);
  unwrap(await store.command(["CONFIG", "SET", name, value]), `${place.name}: CONFIG SET ${name}`);
}

/** Saves in the background, until that ended as `status` says. */
async function save({ store, place, clock }: RealRedis, status: "ok" | "err"): Promise<void> {
  unwrap(await store.command(["BGSAVE"]), `${place.name}: BGSAVE`);
  for (let i = 0; i < LOOKS_MAX; i++) {
    const info = String(unwrap(await store.command(["INFO", "persistence"]), `${place.name}: INFO`));
    if (/rdb_bgsave_in_progress:0/.test(info) && info.includes(`rdb_last_bgsave_status:${status}`)) return;
    await new Promise<void>((resolve) => void clock.setTimer(LOOK_EVERY, resolve));
  }
  throw new Error(`${place.name}: saving did not end as ${status}`);
}
