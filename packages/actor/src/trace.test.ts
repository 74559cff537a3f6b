import { type Millis, ok } from "@tandem/base";
import { settle } from "@tandem/base/testing";
import { dataMessage, type EdgeOptions, parseServicePath } from "@tandem/swbus/edge";
import { expect, test } from "vitest";
import type { StepSummary } from "./record-pages.js";
import {
  exampleActors,
  exampleSinks,
  LinkConfig,
  LinkState,
  PortConfig,
  PortCounters,
  portState,
} from "./testing/example-actors.js";
import { TestHarness } from "./testing/test-harness.js";

const THERE = "region-a.cluster-a.there-dpu0/hamgrd/0";

/** A bus that keeps what is sent. */
function keepingBus(): { readonly bus: EdgeOptions["bus"]; readonly sent: string[] } {
  const sent: string[] = [];
  const bus: EdgeOptions["bus"] = {
    listen: () => Promise.reject(new Error("nobody listens here")),
    dial: async () => {
      let end: (value: { readonly code: number; readonly detail: string }) => void = () => {};
      const ended = new Promise<{ readonly code: number; readonly detail: string }>((resolve) => {
        end = resolve;
      });
      return ok({
        metadata: {},
        remote: "127.0.0.1:1",
        queuedBytes: 0,
        send: (bytes: Uint8Array) => sent.push(Buffer.from(bytes).toString("latin1")) > 0,
        drained: () => Promise.resolve(),
        batches: (async function* (): AsyncGenerator<readonly Uint8Array[]> {
          yield await ended.then(() => []);
        })(),
        close: () => end({ code: 0, detail: "" }),
        ended,
      });
    },
  };
  return { bus, sent };
}

/** The newest payload with this key, as the bytes that another process gets. */
function payloadOf(sent: readonly string[], key: string): Record<string, unknown> | undefined {
  const found = sent.findLast((text) => text.includes(`{"key":"${key}"`));
  return found === undefined ? undefined : JSON.parse(found.slice(found.indexOf('{"key":')));
}

/** A port here, for whose state a link elsewhere has registered. */
async function portWithSubscriber(traceEvery?: number) {
  const { bus, sent } = keepingBus();
  const here = await TestHarness.start({
    actors: exampleActors,
    sinks: exampleSinks,
    basePath: "region-a.cluster-a.here-dpu0/hamgrd/0",
    bus,
    ...(traceEvery !== undefined && { traceEvery }),
  });
  await here.write(PortConfig, "p0", { peer: "p1" });
  await here.rest();
  const link = parseServicePath(THERE).withResource("link", "l0");
  const register = { key: `${portState.register}|l0`, data: { active: true } };
  here.edge.send(dataMessage(here.edge.newId(), link, here.actor("port", "p0"), register));
  await here.write(PortCounters, "p0", { up: "true" });
  await here.clock.advance(1 as Millis);
  return { here, sent };
}

function steps(harness: TestHarness, args: Readonly<Record<string, string>> = {}): readonly StepSummary[] {
  return (harness.runtime.answer("records", args) as unknown as { records: StepSummary[] }).records;
}

test("one trace id goes from a row here over the bus to the rows that it leads to elsewhere", async () => {
  const { here, sent } = await portWithSubscriber(1);
  await using _here = here;
  const payload = payloadOf(sent, "PortUpdate|p0");
  const caused = steps(here).find(({ saw }) => saw.some((line) => line.startsWith("DPU_STATE_DB|PORT_COUNTERS|p0")));
  expect(payload).toMatchObject({
    data: { up: true },
    trace: {
      id: caused?.trace.id,
      cause: "DPU_STATE_DB|PORT_COUNTERS|p0",
      process: "region-a.cluster-a.here-dpu0/hamgrd/0",
    },
  });

  await using there = await TestHarness.start({ actors: exampleActors, sinks: exampleSinks, basePath: THERE });
  await there.write(LinkConfig, "l0", { ports: "p0" });
  const bytes = new TextEncoder().encode(JSON.stringify(payload));
  const from = here.actor("port", "p0");
  there.edge.send(dataMessage(there.edge.newId(), from, there.actor("link", "l0"), bytes));
  await settle();
  await there.clock.advance(100 as Millis);
  expect(await there.row(LinkState, "l0")).toMatchObject({ up: "true" });
  const followed = steps(there).find(({ trace }) => trace.id === caused?.trace.id);
  expect(followed).toMatchObject({
    actor: "link/l0",
    trace: { via: { process: "region-a.cluster-a.here-dpu0/hamgrd/0" } },
    rows: [{ row: "STATE_DB|LINK_STATE|l0", op: "set", acked: expect.any(Number) }],
  });
});

test("by default no trace leaves the process, and with one in many most do not", async () => {
  for (const every of [undefined, 1_000_000]) {
    const { here, sent } = await portWithSubscriber(every);
    await using _here = here;
    expect(payloadOf(sent, "PortUpdate|p0")).toEqual({ key: "PortUpdate|p0", data: { peer: "p1", up: true } });
  }
});

test("a message that is sent again is the same to the byte, so that it is known as a repeat", async () => {
  const { here, sent } = await portWithSubscriber(1);
  await using _here = here;
  await here.clock.advance(200 as Millis);
  const all = sent.filter((text) => text.includes('{"key":"PortUpdate|p0"') && text.includes('"up":true'));
  expect(all.length).toBeGreaterThan(1);
  expect(new Set(all.map((text) => text.slice(text.indexOf('{"key":')))).size).toBe(1);
});

test("records come in pages: bounded, in order, each once; wrong arguments count as absent", async () => {
  await using harness = await TestHarness.start({ actors: exampleActors, sinks: exampleSinks });
  for (let i = 0; i < 6; i++) {
    await harness.write(PortConfig, `p${i}`, { peer: "x" });
    await harness.rest();
  }
  const all = steps(harness);
  const paged: StepSummary[] = [];
  let after = "";
  for (;;) {
    const page = harness.runtime.answer("records", { max: "4", ...(after !== "" && { after }) }) as unknown as {
      readonly records: readonly StepSummary[];
      readonly next: number | null;
    };
    expect(page.records.length).toBeLessThanOrEqual(4);
    paged.push(...page.records);
    if (page.next === null) break;
    after = String(page.next);
  }
  expect(paged.map(({ n }) => n)).toEqual(all.map(({ n }) => n));
  expect(steps(harness, { after: "x", max: "-1", since: "soon" })).toEqual(all);
  expect(steps(harness, { newest: "true", max: "2" })).toEqual(all.slice(-2));
  expect(new Set(steps(harness, { actor: "port/p3" }).map(({ actor }) => actor))).toEqual(new Set(["port/p3"]));
  expect(steps(harness, { row: "ROUTE_TABLE|p2" }).length).toBeGreaterThan(0);
  const routine = (step: StepSummary): boolean =>
    step.saw.length > 0 && step.saw.every((line) => / written$/.test(line));
  expect(steps(harness, { decisions: "true" }).some(routine)).toBe(false);
});

test("an actor answers what it stands and waits for, its inputs, and how far its rows have come", async () => {
  await using harness = await TestHarness.start({
    actors: exampleActors,
    sinks: [exampleSinks[0], { table: exampleSinks[1].table, kind: "unconnected" }],
  });
  await harness.write(PortConfig, "p0", { peer: "x" });
  await harness.write(LinkConfig, "l0", { ports: "p0 p9".split(" ").join(",") });
  await harness.clock.advance(1500 as Millis);
  const page = harness.runtime.answer("actors", { name: "" }) as unknown as { actors: Record<string, unknown>[] };
  expect(page.actors.find(({ type }) => type === "port")).toMatchObject({
    id: "p0",
    exists: true,
    rows: [
      { row: "DPU_APPL_DB|PORT_TABLE|p0", state: "acknowledged" },
      {
        row: "APPL_DB|ROUTE_TABLE|p0",
        state: "sent",
        refusal: "APPL_DB|ROUTE_TABLE: nobody to write it to is known yet",
      },
      { row: "STATE_DB|PORT_STATE|p0", state: "acknowledged" },
    ],
    inputs: { rows: ["CONFIG_DB|PORT_CONFIG|p0"], told: ["LinkNews|l0"] },
  });
  expect(page.actors.find(({ type }) => type === "link")).toMatchObject({
    waits: expect.arrayContaining([
      { for: "port p9", age: expect.any(Number), left: expect.any(Number), stuck: true, then: "register again" },
    ]),
    inputs: { states: expect.arrayContaining([{ name: "port/p9", known: false }]) },
    messages: expect.arrayContaining([
      expect.objectContaining({ key: "PortRegister|l0", refusal: expect.any(String) }),
    ]),
  });
  const some = harness.runtime.answer("actors", { name: "LINK" }) as unknown as { actors: unknown[] };
  expect(some.actors).toHaveLength(1);
});
