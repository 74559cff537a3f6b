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
