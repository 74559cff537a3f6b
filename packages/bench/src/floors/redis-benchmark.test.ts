import { expect, test } from "vitest";
import { parseRate } from "./redis-benchmark.js";

test("the rate is the last that redis-benchmark prints", () => {
  const progress = "EVALSHA ab: rps=0.0 (overall: 0.0) avg_msec=-nan\rEVALSHA ab: rps=101.5 (overall: 99.0)\r";
  expect(parseRate(`${progress}EVALSHA ab: 214132.77 requests per second, p50=0.519 msec\n\n`)).toBe(214_132.77);
  expect(parseRate("Could not connect to Redis")).toBeUndefined();
});
