import { millis } from "@tandem/base";
import { VirtualClock } from "@tandem/base/testing";
import { describe, expect, test } from "vitest";
import { Audit } from "./audit.js";
import { emptyStats, type SwbusdEvent } from "./events.js";
import { Pace } from "./pace.js";
import { RefusalLog } from "./refusal-log.js";

const at = (ms: number) => millis(ms);

describe("the audit of refusals", () => {
  test("of one address and reason tells the 1st, 2nd, 4th, 8th", () => {
    const log = new RefusalLog();
    const said = Array.from({ length: 20 }, () => log.note("10.0.0.1", "plaintext", at(0)));
    expect(said.filter((times) => times !== undefined)).toEqual([1, 2, 4, 8, 16]);
    expect(log.note("10.0.0.2", "plaintext", at(0))).toBe(1);
    expect(log.note("10.0.0.1", "noStream", at(0))).toBe(1);
    expect(log.due).toBeUndefined();
  });

  test("tells 20 lines in 10 s, then how many more there were and why, once", async () => {
    const clock = new VirtualClock();
    const events: SwbusdEvent[] = [];
    const stats = emptyStats();
    const audit = new Audit({ clock, stats, observer: (event) => events.push(event) });
    const refuse = (remote: string, reason: string): void =>
      audit.refused({ remote, claimed: "", certificate: "", reason, detail: "d", effect: "e" });
    for (let i = 0; i < 5000; i++) refuse(`10.0.${i >> 8}.${i & 255}:1`, i % 5 === 0 ? "plaintext" : "notHttp2");
    expect(events).toHaveLength(20);
    await clock.advance(millis(10_000));
    expect(events.slice(20)).toEqual([{ kind: "refusedMore", count: 4980, reasons: "notHttp2 3984, plaintext 996" }]);
    expect(stats.connectionsRefused).toBe(5000);
    expect([...stats.refused]).toEqual([
      ["plaintext", 1000],
      ["notHttp2", 4000],
    ]);
    refuse("10.9.9.9:1", "noStream");
    expect(events.at(-1)).toMatchObject({ kind: "refused", remote: "10.9.9.9:1", times: 1 });
    await clock.advance(millis(60_000));
    expect(events).toHaveLength(22);
    audit.stop();
  });
});

test("a sender is read as fast as its pace allows, a second's worth at once", () => {
  const pace = new Pace(1000, at(0));
  expect(pace.take(1000, at(0))).toBe(0);
  expect(pace.take(500, at(0))).toBe(500);
  expect(pace.take(0, at(500))).toBe(0);
  expect(pace.take(100, at(500))).toBe(100);
  // What was not used is worth a second at most.
  expect(pace.take(1001, at(100_000))).toBe(1);
});
