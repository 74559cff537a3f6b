import { millis, seconds, unwrap } from "@tandem/base";
import { settle, VirtualClock } from "@tandem/base/testing";
import { describe, expect, test } from "vitest";
import type { BusStream, StreamEnd } from "../bus.js";
import { MemoryNetwork } from "./memory-network.js";

const METHOD = "/test.Bus/Stream";
const [A, B] = ["10.0.0.1", "10.0.0.2"];
const ENDPOINT = `${A}:1`;

interface Seen {
  readonly texts: string[];
  end: StreamEnd | undefined;
}

/** What arrives at a stream, and how it ends. */
function watch(stream: BusStream): Seen {
  const seen: Seen = { texts: [], end: undefined };
  void (async () => {
    for await (const batch of stream.batches)
      for (const message of batch) seen.texts.push(Buffer.from(message).toString());
  })();
  void stream.ended.then((end) => {
    seen.end = end;
  });
  return seen;
}

async function setup() {
  const clock = new VirtualClock();
  const network = new MemoryNetwork({ clock, latency: millis(1) });
  const far: BusStream[] = [];
  const listen = async (bus = network.bus(A)) => {
    const serve = (stream: BusStream): void => void far.push(stream);
    const server = await bus.listen({
      endpoint: ENDPOINT,
      method: METHOD,
      accept: () => ({ accept: true, metadata: {}, serve }),
    });
    return { bus, server: unwrap(server) };
  };
  const dial = (bus = network.bus(B)) => bus.dial({ endpoint: ENDPOINT, method: METHOD, metadata: {} });
  const { bus: server } = await listen();
  const client = network.bus(B);
  const near = unwrap(await clock.run(dial(client), seconds(1)));
  return { clock, network, server, client, near, far: far[0] as BusStream, fars: far, listen, dial };
}

const send = (stream: BusStream, text: string): boolean => stream.send(Buffer.from(text));

test("a message takes its link's latency, each way its own", async () => {
  const { clock, network, near, far } = await setup();
  network.setLatency(B, A, millis(5), false);
  const [atNear, atFar] = [watch(near), watch(far)];
  send(near, "slow");
  send(far, "fast");
  await clock.advance(millis(1));
  expect([atNear.texts, atFar.texts]).toEqual([["fast"], []]);
  await clock.advance(millis(4));
  expect(atFar.texts).toEqual(["slow"]);
});

test("order holds when a link becomes faster", async () => {
  const { clock, network, near, far } = await setup();
  const seen = watch(far);
  network.setLatency(B, A, millis(50));
  send(near, "first");
  network.setLatency(B, A, millis(1));
  await clock.advance(millis(10));
  send(near, "second");
  await clock.advance(millis(50));
  expect(seen.texts).toEqual(["first", "second"]);
});

describe("a cut link", () => {
  for (const both of [true, false]) {
    test(`is noticed by both ends after the silence limit${both ? "" : ", also when only one direction is cut"}`, async () => {
      const { clock, network, near, far } = await setup();
      const [atNear, atFar] = [watch(near), watch(far)];
      network.cut(B, A, both);
      expect(send(near, "vanishes")).toBe(true);
      await clock.advance(millis(2999));
      expect([atNear.end, atFar.end]).toEqual([undefined, undefined]);
      await clock.advance(millis(1));
      const end = { code: 14, detail: "nothing heard for 3000 ms" };
      expect([atNear.end, atFar.end]).toEqual([end, end]);
      network.heal(B, A);
      await clock.advance(seconds(10));
      expect(atFar.texts).toEqual([]);
      expect(clock.pending).toBe(0);
    });
  }

  test("that heals in time loses nothing, and nothing comes out of order", async () => {
    const { clock, network, near, far } = await setup();
    const seen = watch(far);
    send(near, "in flight");
    network.cut(A, B);
    await clock.advance(seconds(1));
    send(near, "held back");
    await clock.advance(seconds(1));
    network.heal(A, B);
    send(near, "after");
    await clock.advance(seconds(10));
    expect(seen.texts).toEqual(["in flight", "held back", "after"]);
    expect(seen.end).toBe(undefined);
  });

  test("counts its silence from the latest cut", async () => {
    const { clock, network, near } = await setup();
    const seen = watch(near);
    for (let i = 0; i < 5; i++) {
      network.cut(A, B);
      await clock.advance(seconds(2));
      network.heal(A, B);
      await clock.advance(millis(1));
    }
    expect(seen.end).toBe(undefined);
  });

  test("lets dials wait for its end, or for their limit", async () => {
    const { clock, network, dial } = await setup();
    network.cut(A, B);
    const late = dial();
    await clock.advance(seconds(1));
    network.heal(A, B);
    expect((await clock.run(late, millis(2))).ok).toBe(true);
    network.cut(A, B);
    expect(await clock.run(dial(), seconds(3))).toEqual({
      ok: false,
      error: { kind: "unreachable", endpoint: ENDPOINT, detail: "no answer within 3000 ms" },
    });
  });

  test("between others disturbs nobody", async () => {
    const { clock, network, near, far } = await setup();
    network.cut(A, "10.0.0.3");
    const seen = watch(far);
    await clock.advance(seconds(10));
    send(near, "hello");
    await clock.advance(millis(1));
    expect(seen.texts).toEqual(["hello"]);
  });
});

describe("a killed process", () => {
  test("is noticed by its peer at once; what it had sent still arrives", async () => {
    const { clock, near, far, server } = await setup();
    const seen = watch(near);
    send(far, "last words");
    server.abandon();
    await clock.advance(millis(1));
    expect(seen).toEqual({ texts: ["last words"], end: { code: 14, detail: "the connection was closed" } });
  });

  test("hears and says nothing more", async () => {
    const { clock, near, far, server, client } = await setup();
    const seen = watch(far);
    send(near, "too late");
    server.abandon();
    expect(send(far, "from the grave")).toBe(false);
    far.close();
    let answered = false;
    void client.dial({ endpoint: ENDPOINT, method: METHOD, metadata: {} }).then((result) => {
      expect(!result.ok && result.error.detail).toBe(`connection refused ${ENDPOINT}`);
      answered = true;
    });
    void server.dial({ endpoint: ENDPOINT, method: METHOD, metadata: {} }).then(() => expect.unreachable());
    const accept = () => ({ accept: false, code: 3, detail: "" }) as const;
    void server.listen({ endpoint: `${A}:7`, method: METHOD, accept }).then(() => expect.unreachable());
    await clock.advance(seconds(60));
    expect(seen).toEqual({ texts: [], end: undefined });
    expect(answered).toBe(true);
    expect(clock.pending).toBe(0);
  });

  test("frees its port for the next one", async () => {
    const { clock, server, listen, dial, fars } = await setup();
    server.abandon();
    await listen();
    const near = unwrap(await clock.run(dial(), seconds(1)));
    const seen = watch(fars[1] as BusStream);
    send(near, "hello again");
    await clock.advance(millis(1));
    expect(seen.texts).toEqual(["hello again"]);
  });

  test("that dialed is noticed by the server, also in the middle of a dial", async () => {
    const { clock, client, far, dial, network, fars } = await setup();
    const seen = watch(far);
    client.abandon();
    await clock.advance(millis(1));
    expect(seen.end?.code).toBe(14);
    const other = network.bus(B);
    let answered = false;
    void dial(other).then(() => {
      answered = true;
    });
    await clock.advance(millis(1));
    const accepted = watch(fars[1] as BusStream);
    other.abandon();
    await clock.advance(seconds(10));
    expect(accepted.end?.code).toBe(14);
    expect(answered).toBe(false);
  });
});

test("a host without power is noticed by its silence, and takes dials again when it is back", async () => {
  const { clock, network, near, dial, listen } = await setup();
  const seen = watch(near);
  network.powerOff(A);
  await clock.advance(millis(2999));
  expect(seen.end).toBe(undefined);
  await clock.advance(millis(1));
  expect(seen.end).toEqual({ code: 14, detail: "nothing heard for 3000 ms" });
  const dark = await clock.run(dial(), seconds(3));
  expect(!dark.ok && dark.error.detail).toBe("no answer within 3000 ms");
  network.powerOn(A);
  await listen();
  expect((await clock.run(dial(), seconds(1))).ok).toBe(true);
});

test("a process may dial itself", async () => {
  const { clock, server, fars } = await setup();
  const near = unwrap(await clock.run(server.dial({ endpoint: ENDPOINT, method: METHOD, metadata: {} }), seconds(1)));
  const seen = watch(fars[1] as BusStream);
  send(near, "me");
  near.close();
  await clock.advance(millis(1));
  expect(seen).toEqual({ texts: ["me"], end: { code: 0, detail: "" } });
  await settle();
  server.abandon();
});

test("ports of connections are real ones, however many connections there have been", async () => {
  const { network } = await setup();
  const ports = new Set(Array.from({ length: 100_000 }, () => network.freePort()));
  expect([Math.min(...ports), Math.max(...ports)]).toEqual([32_768, 60_999]);
});
