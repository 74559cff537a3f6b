import { systemClock, systemRandom, unwrap } from "@tandem/base";
import { RedisStores, untilConnected } from "@tandem/swss";
import { databasesAt, freePort, type RedisServer, startRedis } from "@tandem/swss/testing";
import { afterAll, beforeAll, describe, test } from "vitest";
import { GrpcObserver } from "../grpc/observer.js";
import { LocalWorld } from "../testing/local-world.js";
import { transportContract } from "../testing/transport-contract.js";
import { GrpcQueueClient } from "./client.js";
import { FALLBACK_NAMES, type FallbackName } from "./fallback.js";
import { GrpcQueueServer } from "./server.js";
import { grpcQueueTraits } from "./traits.js";

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

/** Something that is no request, by hand. */
const GARBAGE: Readonly<Record<FallbackName, readonly [string, ...string[]]>> = {
  stream: ["XADD", "ASIC_GRPC_QUEUE", "*", "op", "set", "key", "nothing"],
  list: ["RPUSH", "ASIC_GRPC_LIST", "set nothing"],
};

describe.each(FALLBACK_NAMES)("the contract of transports, grpc-queue with a %s behind it", (fallback) => {
  for (const { name, run } of transportContract({ traits: grpcQueueTraits(), carrier: false, garble: true }))
    test(name, { timeout: 60_000 }, async () => {
      await using stores = new RedisStores({ databases: databasesAt(redis), clock: systemClock, random: systemRandom });
      const store = unwrap(stores.open({ db: "ASIC_DB" }));
      await untilConnected(store);
      unwrap(await store.command(["FLUSHALL"]));
      const endpoint = `127.0.0.1:${await freePort()}`;
      const serviceEndpoint = `127.0.0.1:${await freePort()}`;
      await using world = new LocalWorld({
        traits: grpcQueueTraits(),
        client: (options) => GrpcQueueClient.open({ ...options, stores, endpoint, fallback }),
        server: (options) => GrpcQueueServer.open({ ...options, stores, endpoint, serviceEndpoint }),
        observer: async () => unwrap(await GrpcObserver.open(serviceEndpoint)),
        garble: async () => {
          unwrap(await store.command(GARBAGE[fallback]));
        },
        stillHeard: (server) => server instanceof GrpcQueueServer && server.hasClient,
      });
      await run(world);
    });
});
