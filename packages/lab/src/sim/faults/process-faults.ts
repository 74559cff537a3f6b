import { CRASH_POINTS, millis } from "@tandem/base";
import { defineFault } from "../fault.js";
import { aCount, aDaemon, aRedis, oneOf } from "../fault-params.js";

const OUTAGE = [millis(50), millis(60_000)] as const;

/** Processes that die, by themselves or at the worst moment. */
export const PROCESS_FAULTS = [
  defineFault({
    name: "kill",
    doc: "a daemon dies as by kill -9, and is started again",
    params: { daemon: aDaemon() },
    lasts: OUTAGE,
    text: ({ daemon }) => `${daemon.name} is killed`,
    begin: (world, { daemon }) => world.killDaemon(daemon),
    end: (world, { daemon }) => world.reviveDaemon(daemon),
  }),
  defineFault({
    name: "crash",
    doc: "a hamgrd dies at one boundary between persisting and acting, after it has passed there some times, and is started again",
    params: { daemon: aDaemon("hamgrd"), point: oneOf(...CRASH_POINTS), passes: aCount(0, 12) },
    lasts: OUTAGE,
    text: ({ daemon, point, passes }) => `${daemon.name} dies at ${point} after ${passes} passes`,
    begin: (world, { daemon, point, passes }) => world.armCrash(daemon, point, passes),
    end: (world, { daemon }) => world.disarmCrash(daemon),
  }),
  defineFault({
    name: "redis-down",
    doc: "a Redis dies as by kill -9, and is started again with everything that it had acknowledged",
    params: { redis: aRedis },
    lasts: OUTAGE,
    text: ({ redis }) => `the Redis of ${redis.name} is killed`,
    begin: (world, { redis }) => world.killRedis(redis),
    end: (world, { redis }) => world.reviveRedis(redis),
  }),
  defineFault({
    name: "redis-disconnect",
    doc: "every connection to a Redis ends: what was under way, key events among it, is lost",
    params: { redis: aRedis },
    text: ({ redis }) => `all connections to the Redis of ${redis.name} end`,
    begin: ({ host }, { redis }) => host.redis(redis).disconnect(),
  }),
];
