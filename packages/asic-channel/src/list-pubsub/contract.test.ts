import { unwrap } from "@tandem/base";
import { afterAll, beforeAll, describe, test } from "vitest";
import { RedisWorlds } from "../testing/redis-world.js";
import { transportContract } from "../testing/transport-contract.js";
import { ListPubsubClient } from "./client.js";
import { ListPubsubServer } from "./server.js";
import { listPubsubTraits } from "./traits.js";

let worlds: RedisWorlds;
beforeAll(async () => {
  worlds = await RedisWorlds.start({
    traits: listPubsubTraits(),
    client: (options) => ListPubsubClient.open(options),
    server: (options) => ListPubsubServer.open(options),
    garble: async (store) => {
      unwrap(
        await store.command(["LPUSH", "ASIC_STATE_KEY_VALUE_OP_QUEUE", "SAI_OBJECT_TYPE_PORT:oid:0x1", "[", "Sset"]),
      );
    },
  });
});
afterAll(() => worlds[Symbol.asyncDispose]());

describe("the contract of transports, list-pubsub", () => {
  for (const { name, run } of transportContract({ traits: listPubsubTraits(), carrier: true, garble: true }))
    test(name, async () => {
      await using world = await worlds.open();
      await run(world);
    });
});
