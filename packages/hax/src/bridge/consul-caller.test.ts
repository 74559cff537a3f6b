import { err, millis, seconds, seededRandom } from "@tandem/base";
import { VirtualClock } from "@tandem/base/testing";
import { beforeEach, expect, test } from "vitest";
import { MemoryConsul } from "../testing/memory-consul.js";
import type { BridgeEvent } from "./bridge-event.js";
import { ConsulCaller } from "./consul-caller.js";

const NO_LEADER = { kind: "status", status: 500, what: "GET /v1/kv/leader: 500 No cluster leader" } as const;

let clock: VirtualClock;
let consul: MemoryConsul;
let told: BridgeEvent["kind"][];
let caller: ConsulCaller;

beforeEach(() => {
  clock = new VirtualClock();
  consul = new MemoryConsul(clock);
  told = [];
  caller = new ConsulCaller({
    clock,
    random: seededRandom(1),
    consul,
    tell: ({ kind }) => told.push(kind),
    signal: new AbortController().signal,
  });
});

const list = (): Promise<unknown> => caller.call(seconds(2), (api, signal) => api.list("processes/", { signal }));

test("reads that are answered without a leader do not hide that there is none", async () => {
  consul.failure = NO_LEADER;
  consul.spared = /^list /;
  await caller.call(seconds(2), (api, signal) => api.get("epoch", { signal }));
  for (let i = 0; i < 30; i++) {
    await list();
    await clock.advance(millis(100));
  }
  expect(told).toEqual(["outageBegan"]);
  consul.failure = undefined;
  await clock.advance(seconds(2));
  expect(told).toEqual(["outageBegan", "outageEnded"]);
});

test("a lone failure among answers is no outage", async () => {
  consul.failure = NO_LEADER;
  await list();
  consul.failure = undefined;
  await list();
  await clock.advance(seconds(5));
  expect(caller.outage.suspected).toBe(false);
  expect(await caller.call(seconds(1), async () => err({ kind: "malformed", what: "no JSON" }))).toMatchObject({
    ok: false,
  });
  expect(told).toEqual([]);
});
