import { HAMGRD_CRASH_POINTS, millis } from "@tandem/base";
import { REDIS_TROUBLES } from "../../cluster/cluster-host.js";
import { defineFault } from "../fault.js";
import { aCount, aDaemon, aRedis, aSwitch, aTime, oneOf } from "../fault-params.js";

const OUTAGE = [millis(50), millis(60_000)] as const;

/** Processes that die, by themselves or at the worst moment, and whole switches. */
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
    doc: "a hamgrd dies at one boundary between persisting and acting, once it has passed there some times, and is started again",
    params: { daemon: aDaemon("hamgrd"), point: oneOf(...HAMGRD_CRASH_POINTS), passes: aCount(0, 12) },
    lasts: OUTAGE,
    text: ({ daemon, point, passes }) => `${daemon.name} dies at ${point} after ${passes} passes`,
    begin: (world, { daemon, point, passes }) => world.armCrash(daemon, point, passes),
    end: (world, { daemon }) => world.disarmCrash(daemon),
  }),
  defineFault({
    name: "crash-loop",
    doc: "a hamgrd is killed at the same boundary again and again, as soon as it is there again",
    params: { daemon: aDaemon("hamgrd"), point: oneOf(...HAMGRD_CRASH_POINTS), passes: aCount(0, 30) },
    lasts: [millis(1000), millis(30_000)],
    text: ({ daemon, point, passes }) => `${daemon.name} dies at each ${point} after ${passes} passes`,
    begin: (world, { daemon, point, passes }) => world.armCrashLoop(daemon, point, passes),
    end: (world, { daemon }) => world.disarmCrash(daemon),
  }),
  defineFault({
    name: "overlap",
    doc: "a new process of a daemon is started while the old one still lives, as when a supervisor gives up waiting; the old one dies a little later",
    params: { daemon: aDaemon() },
    lasts: [millis(10), millis(3000)],
    text: ({ daemon }) => `a second ${daemon.name} is started beside the first`,
    begin: (world, { daemon }) => world.overlapDaemon(daemon),
    end: (world, { daemon }) => world.host.killOld(daemon),
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
    begin: ({ host }, { redis }) => host.disconnectRedis(redis),
  }),
  defineFault({
    name: "events-late",
    doc: "key events reach a hamgrd late, in order, while its commands and their replies pass at once: they have connections of their own",
    params: { daemon: aDaemon("hamgrd"), delay: aTime(1, 3000) },
    lasts: OUTAGE,
    text: ({ daemon, delay }) => `key events reach ${daemon.name} ${delay} ms late`,
    begin: ({ host }, { daemon, delay }) => host.setBehind(daemon, delay),
    // It is over when what is late has been heard, not when nothing more gets late.
    end: ({ host }, { daemon }) => host.catchUp(daemon),
  }),
  defineFault({
    name: "redis-slow",
    doc: "commands, replies and key events of a Redis take their time",
    params: { redis: aRedis, delay: aTime(1, 400) },
    lasts: OUTAGE,
    text: ({ redis, delay }) => `the Redis of ${redis.name} is ${delay} ms away`,
    begin: ({ host }, { redis, delay }) => host.redis(redis).setLatency(delay),
    end: ({ host }, { redis }) => host.redis(redis).setLatency(millis(0)),
  }),
  defineFault({
    name: "redis-trouble",
    doc: "a Redis keeps its connections and answers late (slow) or never (stalled), is out of memory (full), or refuses every write because it cannot save (unsaved); in the end devices write their rows again",
    params: { redis: aRedis, trouble: oneOf(...REDIS_TROUBLES) },
    lasts: OUTAGE,
    text: ({ redis, trouble }) => `the Redis of ${redis.name} is in trouble: ${trouble}`,
    begin: ({ host }, { redis, trouble }) => host.troubleRedis(redis, trouble),
    end: (world, { redis }) => world.mendRedis(redis),
  }),
  defineFault({
    name: "switch-crash",
    doc: "a switch loses power with its daemons, DPUs and databases; it comes back with its saved configuration alone (cold), or with all that Redis had saved (warm), and the controller writes its rows again",
    params: { switch: aSwitch, return: oneOf("cold", "warm") },
    lasts: [millis(500), millis(60_000)],
    text: ({ switch: sw, return: how }) => `${sw.name} loses power (${how} return)`,
    begin: (world, { switch: sw }) => world.crashSwitch(sw),
    end: (world, { switch: sw, return: how }) => world.bootSwitch(sw, how),
  }),
  defineFault({
    name: "cold-restart",
    doc: "every hamgrd of a switch dies, and starts again on an empty STATE_DB",
    params: { switch: aSwitch },
    lasts: OUTAGE,
    text: ({ switch: sw }) => `the hamgrds of ${sw.name} die, its STATE_DB is emptied`,
    begin: (world, { switch: sw }) => world.killHamgrds(sw),
    end: (world, { switch: sw }) => world.reviveHamgrds(sw),
  }),
];
