import { seconds, unwrap } from "@tandem/base";
import { VirtualClock } from "@tandem/base/testing";
import { beforeEach, expect, test } from "vitest";
import { MemoryConsul } from "../testing/memory-consul.js";
import { CachedReads } from "./cached-reads.js";

let consul: MemoryConsul;
let reads: CachedReads;
beforeEach(() => {
  consul = new MemoryConsul(new VirtualClock());
  consul.set("a", "1");
  reads = new CachedReads(consul);
});

test("§6.8, §9: five equal reads reach Consul once, alternating ones twice", async () => {
  for (let i = 0; i < 5; i++) expect(unwrap(await reads.get("a")).value?.text).toBe("1");
  expect(consul.calls).toEqual(["get a"]);
  for (let i = 0; i < 5; i++) await reads.list(i % 2 === 0 ? "x/" : "y/");
  expect(consul.calls.slice(1)).toEqual(["list x/", "list y/"]);
});

test("reads at the same time share the one that is under way", async () => {
  const [one, two] = await Promise.all([reads.nodeChecks("b1"), reads.nodeChecks("b1")]);
  expect(one).toBe(two);
  expect(consul.calls).toEqual(["checks b1"]);
});

test("a write makes the next read ask again, and a transaction too", async () => {
  await reads.get("a");
  unwrap(await reads.put("a", "2"));
  expect(unwrap(await reads.get("a")).value?.text).toBe("2");
  unwrap(await reads.txn([{ verb: "set", key: "a", value: "3" }]));
  expect(unwrap(await reads.get("a")).value?.text).toBe("3");
});

test("another consistency, and a read that waits, are questions of their own", async () => {
  const { index } = unwrap(await reads.get("a"));
  await reads.get("a", { consistency: "consistent" });
  const waiting = reads.get("a", { index, waitMs: seconds(30) });
  consul.set("a", "9");
  expect(unwrap(await waiting).value?.text).toBe("9");
  expect(consul.calls).toHaveLength(3);
});

test("a failure is not kept", async () => {
  consul.failure = { kind: "status", status: 500, what: "No cluster leader" };
  expect((await reads.get("a")).ok).toBe(false);
  consul.failure = undefined;
  expect((await reads.get("a")).ok).toBe(true);
});
