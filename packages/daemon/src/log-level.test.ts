import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parsePort, parseSlots } from "./daemon-program.js";
import { levelFromEnvironment, levelFromLoggerRow } from "./log-level.js";

describe("the level of a LOGGER row", () => {
  const cases: readonly [string, string][] = [
    ["DEBUG", "debug"],
    ["INFO", "info"],
    ["NOTICE", "info"],
    ["WARN", "warn"],
    ["warning", "warn"],
    ["ERROR", "error"],
    ["CRIT", "error"],
    ["ALERT", "error"],
    [" EMERG ", "error"],
  ];
  for (const [word, level] of cases)
    test(`${JSON.stringify(word)} means ${level}`, () =>
      expect(levelFromLoggerRow({ LOGLEVEL: word, LOGOUTPUT: "SYSLOG" })).toEqual({ ok: true, value: level }));

  test("is the default without row or field", () => {
    expect(levelFromLoggerRow(undefined)).toEqual({ ok: true, value: "info" });
    expect(levelFromLoggerRow({ LOGOUTPUT: "STDERR" })).toEqual({ ok: true, value: "info" });
  });

  test("is one clear error for an unknown word", () => {
    const result = levelFromLoggerRow({ LOGLEVEL: "LOUD" });
    expect(!result.ok && result.error).toMatch(/^LOGLEVEL is "LOUD": expected one of EMERG, .*; the level stays$/);
  });
});

describe("the level that the environment fixes", () => {
  const cases: readonly [string, Record<string, string>, string | undefined][] = [
    ["nothing set", {}, undefined],
    ["RUST_LOG alone", { RUST_LOG: "debug" }, "debug"],
    ["RUST_LOG before the program's own", { RUST_LOG: "warn", SWBUSD_LOG_LEVEL: "debug" }, "warn"],
    ["the program's own", { SWBUSD_LOG_LEVEL: "TRACE" }, "trace"],
    ["another program's", { HAMGRD_LOG_LEVEL: "trace" }, undefined],
    ["a filter with a part for the program", { RUST_LOG: "info, swbusd=debug,tonic=error" }, "debug"],
    ["a filter for others only", { RUST_LOG: "tonic=error", SWBUSD_LOG_LEVEL: "warn" }, "warn"],
    ["a word that is none", { RUST_LOG: "loud", SWBUSD_LOG_LEVEL: "off" }, "off"],
  ];
  for (const [name, env, level] of cases)
    test(`${name}: ${level}`, () => expect(levelFromEnvironment("swbusd", env)).toBe(level));
});

test("no text makes the readers of levels, slots and ports throw", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.constantFrom("warn,swbusd=debug", "=", "0,1", "65535")), (text) => {
      levelFromLoggerRow({ LOGLEVEL: text });
      levelFromEnvironment("swbusd", { RUST_LOG: text });
      const slots = parseSlots("-s", text, 255);
      if (slots.ok) expect(new Set(slots.value).size).toBe(slots.value.length);
      const port = parsePort("-p", text);
      if (port.ok) expect(port.value).toBeLessThanOrEqual(65_535);
    }),
  );
});
