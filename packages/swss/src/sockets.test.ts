import assert from "node:assert/strict";
import { unwrap } from "@tandem/base";
import { settle } from "@tandem/base/testing";
import { test } from "vitest";
import { MemoryWires } from "./memory/memory-sockets.js";
import { freePort } from "./testing/redis-server.js";
import { type SocketWorld, socketContract } from "./testing/socket-contract.js";
import { zmqSockets } from "./zmq-sockets.js";

function realWorld(): SocketWorld {
  const sockets = zmqSockets();
  return {
    sockets,
    freeEndpoint: async () => `tcp://127.0.0.1:${await freePort()}`,
    [Symbol.asyncDispose]: () => sockets[Symbol.asyncDispose](),
  };
}

function memoryWorld(): SocketWorld {
  const sockets = new MemoryWires().sockets();
  let port = 1;
  return {
    sockets,
    freeEndpoint: () => Promise.resolve(`tcp://127.0.0.1:${port++}`),
    [Symbol.asyncDispose]: () => sockets[Symbol.asyncDispose](),
  };
}

for (const { name, run } of socketContract) {
  test(`ZMQ: ${name}`, async () => {
    await using world = realWorld();
    await run(world);
  });
  test(`in memory: ${name}`, async () => {
    await using world = memoryWorld();
    await run(world);
  });
}

test("ZMQ: an endpoint is bound again at once, a hundred times, while both ends go at the same moment", async () => {
  await using sockets = zmqSockets();
  const endpoint = `tcp://127.0.0.1:${await freePort()}`;
  for (let i = 0; i < 100; i += 1) {
    const pull = unwrap(await sockets.pull(endpoint, () => {}));
    const push = sockets.push(endpoint);
    await new Promise<void>((connected) => push.onConnect(connected));
    await Promise.all([pull[Symbol.asyncDispose](), push[Symbol.asyncDispose]()]);
  }
});

test("in memory: a cut loses what is under way and connects again; a wildcard host is found under every name", async () => {
  const wires = new MemoryWires();
  const seen: string[] = [];
  unwrap(await wires.sockets().pull("tcp://*:8100", (message) => void seen.push(Buffer.from(message).toString())));
  const push = wires.sockets().push("tcp://dpu0:8100");
  let connections = 0;
  push.onConnect(() => {
    connections += 1;
  });
  await settle();
  assert.equal(connections, 1);
  unwrap(await push.push(Buffer.from("before")));
  await settle();
  wires.cut("tcp://dpu0:8100");
  unwrap(await push.push(Buffer.from("after")));
  await settle();
  assert.equal(connections, 2);
  assert.deepEqual(seen, ["before", "after"]);
});
