import assert from "node:assert/strict";
import type { Result } from "@tandem/base";
import type { Accept, Bus, BusServer, BusStream, Endpoint, Metadata } from "../bus.js";

/** Where a contract case runs: two processes that can reach each other. */
export interface BusWorld {
  readonly server: Bus;
  readonly client: Bus;
  /** An endpoint at the server with port 0. */
  readonly endpoint: Endpoint;
  /** An endpoint where nobody listens. */
  readonly nowhere: Endpoint;
  /** Resolves `work`, letting as much time pass as it takes; fails after ten seconds of it. */
  run<T>(work: Promise<T>): Promise<T>;
}

export interface BusContractCase {
  readonly name: string;
  readonly run: (world: BusWorld) => Promise<void>;
}

const METHOD = "/contract.Bus/Stream";
const GREETING: Metadata = { "x-server": "region.cluster.node" };

/** A pair of stream ends with the server that made it. */
interface Pair extends AsyncDisposable {
  readonly near: BusStream;
  readonly far: BusStream;
  readonly server: BusServer;
}

async function pair(world: BusWorld): Promise<Pair> {
  let far: BusStream | undefined;
  const serve = (stream: BusStream): void => {
    far = stream;
  };
  const server = await serverOf(world, () => ({ accept: true, metadata: GREETING, serve }));
  const near = okOf(
    await world.run(
      world.client.dial({
        endpoint: server.endpoint,
        method: METHOD,
        metadata: { "x-path": "region.cluster.node////" },
      }),
    ),
  );
  assert.ok(far, "a dial resolves after the server has accepted");
  return { near, far, server, [Symbol.asyncDispose]: () => world.run(Promise.resolve(server[Symbol.asyncDispose]())) };
}

async function serverOf(world: BusWorld, accept: (metadata: Metadata, remote: Endpoint) => Accept): Promise<BusServer> {
  return okOf(await world.run(world.server.listen({ endpoint: world.endpoint, method: METHOD, accept })));
}

function okOf<T, E>(result: Result<T, E>): T {
  if (!result.ok) assert.fail(`expected success: ${JSON.stringify(result.error)}`);
  return result.value;
}

function text(value: string): Uint8Array {
  return Buffer.from(value, "utf8");
}

/** The next `count` messages as text. */
async function read(world: BusWorld, stream: BusStream, count: number): Promise<string[]> {
  const messages: string[] = [];
  const reading = (async () => {
    for await (const batch of stream.batches) {
      for (const message of batch) messages.push(Buffer.from(message).toString("utf8"));
      if (messages.length >= count) return;
    }
  })();
  await world.run(reading);
  return messages;
}

async function readToEnd(world: BusWorld, stream: BusStream): Promise<string[]> {
  return read(world, stream, Number.POSITIVE_INFINITY);
}

/** The promises of the bus port; each adapter runs every case. */
export const busContract: readonly BusContractCase[] = [
  {
    name: "metadata travels both ways before the first message",
    run: async (world) => {
      await using streams = await pair(world);
      assert.equal(streams.near.metadata["x-server"], "region.cluster.node");
      assert.deepEqual(streams.far.metadata, { "x-path": "region.cluster.node////" });
      assert.equal(streams.near.remote, streams.server.endpoint);
      assert.match(streams.far.remote, /:\d+$/);
    },
  },
  {
    name: "messages of any size arrive whole and in order, both ways",
    run: async (world) => {
      await using streams = await pair(world);
      const sent = ["", "a", "ä".repeat(40), "x".repeat(70_000), "y".repeat(300_000), "z"];
      for (const message of sent) streams.near.send(text(message));
      for (const message of sent) streams.far.send(text(message));
      assert.deepEqual(await read(world, streams.far, sent.length), sent);
      assert.deepEqual(await read(world, streams.near, sent.length), sent);
    },
  },
  {
    name: "messages sent in one tick arrive in few batches",
    run: async (world) => {
      await using streams = await pair(world);
      for (let i = 0; i < 1000; i++) streams.near.send(text(`message ${i}`));
      let batches = 0;
      let messages = 0;
      const reading = (async () => {
        for await (const batch of streams.far.batches) {
          batches += 1;
          messages += batch.length;
          if (messages === 1000) return;
        }
      })();
      await world.run(reading);
      assert.ok(batches <= 20, `${batches} batches for 1000 small messages`);
    },
  },
  {
    name: "a server may send as soon as it serves",
    run: async (world) => {
      const serve = (stream: BusStream): void => {
        stream.send(text("hello"));
      };
      await using server = await serverOf(world, () => ({ accept: true, metadata: {}, serve }));
      const stream = okOf(
        await world.run(world.client.dial({ endpoint: server.endpoint, method: METHOD, metadata: {} })),
      );
      assert.deepEqual(await read(world, stream, 1), ["hello"]);
      stream.close();
      await world.run(stream.ended);
    },
  },
  {
    name: "a refusal reaches the dialer with its code and words",
    run: async (world) => {
      await using server = await serverOf(world, () => ({
        accept: false,
        code: 3,
        detail: "100% wrong: ü\n(no header)",
      }));
      const result = await world.run(world.client.dial({ endpoint: server.endpoint, method: METHOD, metadata: {} }));
      assert.deepEqual(result, {
        ok: false,
        error: { kind: "refused", endpoint: server.endpoint, code: 3, detail: "100% wrong: ü\n(no header)" },
      });
    },
  },
  {
    name: "an unknown method is refused as unimplemented",
    run: async (world) => {
      await using streams = await pair(world);
      const result = await world.run(
        world.client.dial({ endpoint: streams.server.endpoint, method: "/contract.Bus/Other", metadata: {} }),
      );
      assert.equal(!result.ok && result.error.kind === "refused" && result.error.code, 12);
    },
  },
  {
    name: "nobody listening is a result",
    run: async (world) => {
      const result = await world.run(world.client.dial({ endpoint: world.nowhere, method: METHOD, metadata: {} }));
      assert.equal(!result.ok && result.error.kind, "unreachable");
    },
  },
  {
    name: "a bad endpoint is a result, for dial and for listen",
    run: async (world) => {
      for (const endpoint of ["localhost", "1.2.3.4", "1.2.3.4:99999", "::1:5", "[1.2.3.4]:5", ""]) {
        const dialed = await world.run(world.client.dial({ endpoint, method: METHOD, metadata: {} }));
        assert.equal(!dialed.ok && dialed.error.kind, "unreachable", endpoint);
        const accept = (): Accept => ({ accept: false, code: 3, detail: "" });
        const listened = await world.run(world.server.listen({ endpoint, method: METHOD, accept }));
        assert.equal(!listened.ok && listened.error.kind, "listenFailed", endpoint);
      }
    },
  },
  {
    name: "metadata that cannot travel is refused before anything is sent",
    run: async (world) => {
      await using streams = await pair(world);
      for (const metadata of [{ "x-path": "ü" }, { "X-Path": "a" }, { "grpc-status": "0" }]) {
        const result = await world.run(
          world.client.dial({ endpoint: streams.server.endpoint, method: METHOD, metadata }),
        );
        assert.equal(!result.ok && result.error.kind === "refused" && result.error.code, 3);
      }
    },
  },
  {
    name: "a port in use is a result",
    run: async (world) => {
      await using streams = await pair(world);
      const accept = (): Accept => ({ accept: false, code: 3, detail: "" });
      const second = await world.run(
        world.server.listen({ endpoint: streams.server.endpoint, method: METHOD, accept }),
      );
      assert.equal(!second.ok && second.error.kind, "listenFailed");
    },
  },
  {
    name: "a server's close sends what is queued, then its status",
    run: async (world) => {
      await using streams = await pair(world);
      for (let i = 0; i < 100; i++) streams.far.send(text(`${i}`));
      streams.far.close();
      assert.equal((await readToEnd(world, streams.near)).length, 100);
      assert.equal((await world.run(streams.near.ended)).code, 0);
      assert.equal((await world.run(streams.far.ended)).code, 0);
    },
  },
  {
    name: "a server's error status reaches the client",
    run: async (world) => {
      await using streams = await pair(world);
      streams.far.close(3, "not you: 5 % off");
      assert.deepEqual(await world.run(streams.near.ended), { code: 3, detail: "not you: 5 % off" });
      assert.deepEqual(await world.run(streams.far.ended), { code: 3, detail: "not you: 5 % off" });
      assert.deepEqual(await readToEnd(world, streams.near), []);
      assert.deepEqual(await readToEnd(world, streams.far), []);
    },
  },
  {
    name: "a client's close sends what is queued and ends both ends with OK",
    run: async (world) => {
      await using streams = await pair(world);
      for (let i = 0; i < 100; i++) streams.near.send(text(`${i}`));
      streams.near.close();
      assert.equal((await readToEnd(world, streams.far)).length, 100);
      assert.equal((await world.run(streams.far.ended)).code, 0);
      assert.equal((await world.run(streams.near.ended)).code, 0);
    },
  },
  {
    name: "a client's error close is a cancellation at the server",
    run: async (world) => {
      await using streams = await pair(world);
      streams.near.close(8, "enough");
      assert.deepEqual(await world.run(streams.near.ended), { code: 8, detail: "enough" });
      assert.equal((await world.run(streams.far.ended)).code, 1);
    },
  },
  {
    name: "after the end send, close and drained do nothing",
    run: async (world) => {
      await using streams = await pair(world);
      streams.near.close();
      await world.run(Promise.all([streams.near.ended, streams.far.ended]));
      for (const stream of [streams.near, streams.far]) {
        assert.equal(stream.send(text("late")), false);
        stream.close(3, "late");
        await world.run(stream.drained());
        assert.equal((await stream.ended).code, 0);
      }
    },
  },
  {
    name: "a full queue says so, and drained comes when the peer reads; nothing is lost",
    run: async (world) => {
      await using streams = await pair(world);
      const message = Buffer.alloc(64 * 1024, 7);
      let sent = 0;
      for (;;) {
        sent += 1;
        if (!streams.near.send(message)) break;
        assert.ok(sent < 1000, "send never says that the queue is full");
      }
      const queued = streams.near.queuedBytes;
      assert.ok(queued > 0 && queued <= sent * (message.length + 5), `${queued} bytes are said to wait`);
      const reading = read(world, streams.far, sent);
      await world.run(streams.near.drained());
      assert.ok(streams.near.queuedBytes < queued, "what the peer has read still counts as waiting");
      assert.equal((await reading).length, sent);
    },
  },
  {
    name: "a peer that never reads does not fill memory without end",
    run: async (world) => {
      await using streams = await pair(world);
      const message = Buffer.alloc(1024 * 1024);
      for (let i = 0; i < 200; i++) streams.near.send(message);
      assert.equal((await world.run(streams.near.ended)).code, 8);
    },
  },
  {
    name: "a message over the maximum ends the stream with RESOURCE_EXHAUSTED",
    run: async (world) => {
      await using streams = await pair(world);
      streams.near.send(new Uint8Array(4 * 1024 * 1024 + 1));
      assert.equal((await world.run(streams.near.ended)).code, 8);
      assert.equal((await world.run(streams.far.ended)).code, 1);
    },
  },
  {
    name: "a message of exactly the maximum arrives",
    run: async (world) => {
      await using streams = await pair(world);
      streams.near.send(Buffer.alloc(4 * 1024 * 1024, "m"));
      const [message] = await read(world, streams.far, 1);
      assert.equal(message?.length, 4 * 1024 * 1024);
    },
  },
  {
    name: "closing the server ends its streams as unavailable and frees the port",
    run: async (world) => {
      const streams = await pair(world);
      await streams[Symbol.asyncDispose]();
      assert.equal((await world.run(streams.near.ended)).code, 14);
      assert.equal((await world.run(streams.far.ended)).code, 14);
      const accept = (): Accept => ({ accept: false, code: 3, detail: "" });
      const again = await world.run(world.server.listen({ endpoint: streams.server.endpoint, method: METHOD, accept }));
      await using server = okOf(again);
      assert.equal(server.endpoint, streams.server.endpoint);
    },
  },
  {
    name: "an aborted dial rejects with the signal's reason",
    run: async (world) => {
      await using streams = await pair(world);
      const dialing = { endpoint: streams.server.endpoint, method: METHOD, metadata: {} };
      const reason = new Error("no longer needed");
      await assert.rejects(world.run(world.client.dial(dialing, AbortSignal.abort(reason))), reason);
      const aborter = new AbortController();
      const dialed = world.client.dial(dialing, aborter.signal);
      aborter.abort(reason);
      await assert.rejects(world.run(dialed), reason);
    },
  },
  {
    name: "many streams to one server do not disturb each other",
    run: async (world) => {
      const serve = (stream: BusStream): void => {
        void (async () => {
          for await (const batch of stream.batches) for (const message of batch) stream.send(message);
        })();
      };
      await using server = await serverOf(world, () => ({ accept: true, metadata: {}, serve }));
      const dials = Array.from({ length: 20 }, () =>
        world.client.dial({ endpoint: server.endpoint, method: METHOD, metadata: {} }),
      );
      const streams = (await world.run(Promise.all(dials))).map(okOf);
      streams.forEach((stream, i) => {
        stream.send(text(`for ${i}`));
      });
      for (const [i, stream] of streams.entries()) assert.deepEqual(await read(world, stream, 1), [`for ${i}`]);
      for (const stream of streams) stream.close();
      await world.run(Promise.all(streams.map((stream) => stream.ended)));
    },
  },
];
