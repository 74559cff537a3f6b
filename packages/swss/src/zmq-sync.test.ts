import assert from "node:assert/strict";
import { invariant, millis, seconds, systemClock, unwrap } from "@tandem/base";
import { VirtualClock } from "@tandem/base/testing";
import { describe, test } from "vitest";
import { MemoryRequestWires } from "./memory/memory-request-sockets.js";
import type { RequestSockets } from "./request-reply.js";
import { freePort } from "./testing/redis-server.js";
import { zmqRequestSockets } from "./zmq-request-sockets.js";
import { ZmqSyncClient, ZmqSyncServer } from "./zmq-sync.js";

interface World {
  readonly sockets: RequestSockets;
  readonly endpoint: string;
  run<T>(work: Promise<T>): Promise<T>;
}

const worlds: readonly (readonly [string, () => Promise<World>])[] = [
  [
    "ZMQ",
    async () => ({
      sockets: zmqRequestSockets(systemClock),
      endpoint: `tcp://127.0.0.1:${await freePort()}`,
      run: (work) => work,
    }),
  ],
  [
    "memory",
    async () => {
      const clock = new VirtualClock();
      const sockets = new MemoryRequestWires(clock).sockets();
      return { sockets, endpoint: "tcp://127.0.0.1:1", run: (work) => clock.run(work, seconds(60)) };
    },
  ],
];

const row = { key: "a", op: "SET", fieldValues: [["f", "1"]] } as const;

for (const [world, open] of worlds) {
  describe(`one-to-one mode on ${world}`, () => {
    test("each request gets its answer, one at a time", async () => {
      const { sockets, endpoint, run } = await open();
      await using _sockets = sockets;
      const server = new ZmqSyncServer(sockets, endpoint);
      unwrap(
        server.register("ASIC_DB", "T", async (entries) =>
          entries.map(({ key, fieldValues }) => ({ key: `${key}!`, op: "SET", fieldValues })),
        ),
      );
      assert.equal(server.register("ASIC_DB", "T", async () => []).ok, false);
      unwrap(await server.bind());
      const client = new ZmqSyncClient(sockets, endpoint);
      for (let i = 0; i < 20; i++) {
        const first = client.request("ASIC_DB", "T", [row], seconds(10));
        const second = await client.request("ASIC_DB", "T", [row], seconds(10));
        assert.deepEqual(second, { ok: false, error: { kind: "busy", endpoint } });
        assert.deepEqual(unwrap(await run(first)), [{ ...row, key: "a!" }]);
      }
    });

    test("a request waits for a server that is not there yet", async () => {
      const { sockets, endpoint, run } = await open();
      await using _sockets = sockets;
      const asked = new ZmqSyncClient(sockets, endpoint).request("D", "T", [row], seconds(20));
      const server = new ZmqSyncServer(sockets, endpoint);
      unwrap(server.register("D", "T", async () => []));
      unwrap(await server.bind());
      assert.deepEqual(unwrap(await run(asked)), []);
    });

    test("after a timeout the client can ask again and never gets the late answer", async () => {
      const { sockets, endpoint, run } = await open();
      await using _sockets = sockets;
      const server = new ZmqSyncServer(sockets, endpoint);
      let release = (): void => {};
      let calls = 0;
      const late = new Promise<void>((resolve) => {
        release = resolve;
      });
      unwrap(
        server.register("D", "T", async (entries) => {
          calls += 1;
          if (calls === 1) await late;
          return entries;
        }),
      );
      unwrap(await server.bind());
      const client = new ZmqSyncClient(sockets, endpoint);
      const limit = millis(100);
      const timedOut = await run(client.request("D", "T", [row], limit));
      assert.deepEqual(timedOut, { ok: false, error: { kind: "timeout", endpoint, limit } });
      release();
      const again = await run(client.request("D", "T", [{ ...row, key: "b" }], seconds(20)));
      assert.deepEqual(unwrap(again), [{ ...row, key: "b" }]);
    });

    test("garbage and unknown tables are answered, so that nobody waits for ever", async () => {
      const { sockets, endpoint, run } = await open();
      await using _sockets = sockets;
      const errors: string[] = [];
      const server = new ZmqSyncServer(sockets, endpoint, { onError: ({ kind }) => errors.push(kind) });
      unwrap(await server.bind());
      const unknown = await run(new ZmqSyncClient(sockets, endpoint).request("D", "T", [], seconds(20)));
      assert.deepEqual(unknown, {
        ok: false,
        error: {
          kind: "badReply",
          endpoint,
          detail: "an answer for D T was expected, found one for no table: the server does not handle it",
        },
      });
      const raw = sockets.requester(endpoint);
      assert.equal(unwrap(await run(raw.request(Buffer.from("garbage"), seconds(20)))).length, 24);
      assert.deepEqual(errors, ["truncated"]);
    });

    test("closing ends a request that waits, and an endpoint is bound once", async () => {
      const { sockets, endpoint, run } = await open();
      await using _sockets = sockets;
      const client = new ZmqSyncClient(sockets, endpoint);
      const asked = client.request("D", "T", [], seconds(20));
      await client[Symbol.asyncDispose]();
      assert.deepEqual(await run(asked), { ok: false, error: { kind: "closed", endpoint } });
      unwrap(await sockets.replier(endpoint, async (message) => message));
      const second = await sockets.replier(endpoint, async (message) => message);
      invariant(!second.ok, "it was bound twice");
      assert.equal(second.error.kind, "bindFailed");
    });
  });
}
