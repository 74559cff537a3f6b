import { expect, test } from "vitest";
import { Metrics } from "./metrics.js";

test("declared metrics show in the Prometheus text, from zero", async () => {
  const metrics = new Metrics();
  const sent = metrics.counter({ name: "tandem_sent_total", help: "Messages sent.", labels: ["peer"] });
  metrics.counter({ name: "tandem_lost_total", help: "Messages lost." });
  sent.with({ peer: "a" }).inc();
  sent.with({ peer: "a" }).inc(2);
  metrics.gauge({ name: "tandem_peers", help: "Peers." }).with({}).set(5);
  metrics.gaugeOf({ name: "tandem_depth", help: "Queue depth." }, () => 9);
  metrics
    .histogram({ name: "tandem_seconds", help: "Round trip.", buckets: [0.1, 1] })
    .with({})
    .observe(0.5);
  const text = await metrics.text();
  expect(text).toContain("# HELP tandem_sent_total Messages sent.");
  expect(text).toContain('tandem_sent_total{peer="a"} 3');
  expect(text).toContain("tandem_lost_total 0");
  expect(text).toContain("tandem_peers 5");
  expect(text).toContain("tandem_depth 9");
  expect(text).toContain('tandem_seconds_bucket{le="1"} 1');
  expect(await metrics.value("tandem_sent_total", { peer: "a" })).toBe(3);
  expect(await metrics.value("tandem_sent_total", { peer: "b" })).toBe(undefined);
});

test("series beyond the bound are counted together", async () => {
  const metrics = new Metrics();
  const sent = metrics.counter({ name: "tandem_sent_total", help: "Sent.", labels: ["peer"], seriesMax: 2 });
  for (const peer of ["a", "b", "c", "d", "a"]) sent.with({ peer }).inc();
  expect(await metrics.value("tandem_sent_total", { peer: "a" })).toBe(2);
  expect(await metrics.value("tandem_sent_total", { peer: "other" })).toBe(2);
  sent.remove({ peer: "a" });
  expect(await metrics.value("tandem_sent_total", { peer: "a" })).toBe(undefined);
});

test("a metric declared twice is a bug, and so is a counter without _total", () => {
  const metrics = new Metrics();
  metrics.gauge({ name: "tandem_a", help: "A." });
  expect(() => metrics.gauge({ name: "tandem_a", help: "A." })).toThrow("declared twice");
  expect(() => metrics.counter({ name: "tandem_b", help: "B." })).toThrow("_total");
});

test("series that are read at the scrape are those that are put then, their rest summed under other", async () => {
  const metrics = new Metrics();
  const counts = new Map([["a", 1]]);
  metrics.readAtScrape(
    { name: "tandem_read_total", help: "Read.", type: "counter", labels: ["key"], seriesMax: 2 },
    (put) => {
      for (const [key, count] of counts) put(count, { key });
    },
  );
  expect(await metrics.value("tandem_read_total", { key: "a" })).toBe(1);
  counts.clear();
  for (const key of ["b", "c", "d", "e"]) counts.set(key, 2);
  expect(await metrics.value("tandem_read_total", { key: "a" })).toBeUndefined();
  expect(await metrics.value("tandem_read_total", { key: "c" })).toBe(2);
  expect(await metrics.value("tandem_read_total", { key: "other" })).toBe(4);
  expect(metrics.declared).toEqual([{ name: "tandem_read_total", type: "counter", help: "Read.", labels: ["key"] }]);
});
