import { unwrap } from "@tandem/base";
import { afterAll, beforeAll, describe, test } from "vitest";
import { RedisWorlds } from "../testing/redis-world.js";
import { transportContract } from "../testing/transport-contract.js";
import { StreamsClient } from "./client.js";
import { StreamsObserver } from "./observer.js";
import { StreamsServer } from "./server.js";
import { streamsTraits } from "./traits.js";

let worlds: RedisWorlds;
beforeAll(async () => {
  worlds = await RedisWorlds.start({
    traits: streamsTraits(),
    client: (options) => StreamsClient.open(options),
    server: (options) => StreamsServer.open(options),
    observer: async ({ stores }) => unwrap(await StreamsObserver.open({ stores })),
    garble: async (store) => {
      unwrap(
        await store.command(["XADD", "ASIC_REQUEST_STREAM", "*", "key", "SAI_OBJECT_TYPE_PORT:oid:0x1", "op", "set"]),
      );
    },
  });
});
afterAll(() => worlds[Symbol.asyncDispose]());

describe("the contract of transports, streams", () => {
  for (const { name, run } of transportContract({ traits: streamsTraits(), carrier: true, garble: true }))
    test(name, async () => {
      await using world = await worlds.open();
      await run(world);
    });
});
