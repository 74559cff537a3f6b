import { seconds } from "@tandem/base";
import { VirtualClock } from "@tandem/base/testing";
import { expect, test } from "vitest";
import { createLogger } from "./logger.js";
import { memoryLog } from "./testing/memory-log.js";

function setup(env: Record<string, string> = {}) {
  const clock = new VirtualClock();
  const output = memoryLog("swbusd");
  return { clock, output, logger: createLogger({ clock, output, env }) };
}

test("a line has its level, its message and its fields", () => {
  const { logger, output } = setup();
  logger.info("listening", { endpoint: "10.0.0.1:1" });
  logger.child({ peer: "a" }).warn("lost", { tries: 2n, cause: new Error("gone") });
  expect(output.lines).toEqual(["info: listening endpoint=10.0.0.1:1", "warn: lost peer=a tries=2 cause=gone"]);
});

test("the level can be changed while running", () => {
  const { logger, output } = setup();
  logger.debug("unseen");
  expect(logger.setLevel("debug")).toBe(true);
  logger.debug("seen");
  logger.setLevel("off");
  expect(logger.level).toBe("off");
  logger.error("unseen");
  expect(output.lines).toEqual(["debug: seen"]);
});

test("the environment wins over a level that comes later", () => {
  const { logger } = setup({ SWBUSD_LOG_LEVEL: "error" });
  expect(logger.setLevel("debug")).toBe(false);
  expect(logger.level).toBe("error");
});

test("an error that repeats is one line, then one line with a count per ten seconds", async () => {
  const { logger, output, clock } = setup();
  for (let i = 0; i < 5; i++) logger.error("cannot reach redis", { path: "/run/redis.sock" });
  logger.error("cannot reach redis", { path: "/run/other.sock" });
  await clock.advance(seconds(10));
  logger.error("cannot reach redis", { path: "/run/redis.sock" });
  await clock.advance(seconds(20));
  logger.error("cannot reach redis", { path: "/run/redis.sock" });
  expect(output.lines).toEqual([
    "error: cannot reach redis path=/run/redis.sock",
    "error: cannot reach redis path=/run/other.sock",
    "error: cannot reach redis path=/run/redis.sock (4 times more in 10 s)",
    "error: cannot reach redis path=/run/redis.sock (1 times more in 10 s)",
    "error: cannot reach redis path=/run/redis.sock",
  ]);
});

test("information is never counted together", () => {
  const { logger, output } = setup();
  logger.info("tick");
  logger.info("tick");
  expect(output.lines).toHaveLength(2);
});

test("thousands of distinct errors keep a bounded number of timers", async () => {
  const { logger, clock } = setup();
  for (let i = 0; i < 5000; i++) logger.error(`error ${i}`);
  expect(clock.pending).toBe(256);
  await logger.close();
  expect(clock.pending).toBe(0);
});

test("what is said after the end is printed, and keeps no timer", async () => {
  const { logger, output, clock } = setup();
  await logger.close();
  logger.warn("still here");
  expect(output.lines).toEqual(["warn: still here"]);
  expect(clock.pending).toBe(0);
});
