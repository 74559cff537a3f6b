import { seconds, seededRandom } from "@tandem/base";
import { VirtualClock } from "@tandem/base/testing";
import { describe, test } from "vitest";
import { MemoryRedis } from "./memory/memory-redis.js";
import { MemoryStores } from "./memory/memory-stores.js";
import { startRedis } from "./testing/redis-server.js";
import { redisStoresAt } from "./testing/redis-stores.js";
import { CONTRACT_SCRIPTS, type StoreWorld, storeContract } from "./testing/store-contract.js";

async function redisWorld(tcp: boolean): Promise<StoreWorld> {
  const server = await startRedis(tcp ? { port: true } : {});
  const connect = (inFlightMax?: number) =>
    redisStoresAt(server, { tcp, ...(inFlightMax !== undefined && { inFlightMax }) });
  return {
    process: ({ inFlightMax } = {}) => connect(inFlightMax),
    kill: () => server.kill9(),
    restart: () => server.restart(),
    disconnect: () => server.disconnectClients(),
    run: (work) => work,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function memoryWorld(): Promise<StoreWorld> {
  const clock = new VirtualClock();
  const redis = new MemoryRedis({ clock, scripts: CONTRACT_SCRIPTS });
  return {
    process: (options) => new MemoryStores({ clock, random: seededRandom(1), servers: [{ redis }], ...options }),
    kill: async () => redis.kill(),
    restart: async () => redis.restart(),
    disconnect: async () => redis.disconnect(),
    run: (work) => clock.run(work, seconds(10)),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

for (const [name, open] of [
  ["Redis over a unix socket", () => redisWorld(false)],
  ["Redis over TCP", () => redisWorld(true)],
  ["memory", () => memoryWorld()],
] as const)
  describe(`a store on ${name}`, () => {
    for (const { name: promise, run } of storeContract)
      test(promise, async () => {
        await using world = await open();
        await run(world);
      });
  });
