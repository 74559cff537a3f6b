import { freePort, type RedisServer, redisStoresAt, startRedis } from "@tandem/swss/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type AsicContext, CONTEXT_DEFAULT } from "../context-config.js";
import { grpcEndpoints } from "../grpc/options.js";
import { nextEvents, portEvent, upTo, words } from "../testing/contract-steps.js";
import { commandIn, GatewayLine } from "../testing/gateway-line.js";
import { create, get, routerKey, view } from "../testing/requests.js";
import { TestSyncd } from "../testing/test-asic.js";
import type { TransportName } from "../transport.js";
import { CLIENTS, FRONT_ENDS } from "../transports.js";

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());
beforeEach(async () => {
  await using stores = redisStoresAt({ socket: redis.socket });
  await commandIn(stores, ["FLUSHALL"]);
});

/** A context whose sockets nobody has. gRPC's follow from its number, two by two, with and without a queue. */
async function freeContext(): Promise<AsicContext> {
  const first = Number(grpcEndpoints(0).endpoint.split(":")[1]);
  for (;;) {
    const port = await freePort();
    if ((port - first) % 2 !== 0) continue;
    return {
      ...CONTEXT_DEFAULT,
      guid: (port - first) / 2,
      zmqEndpoint: `tcp://127.0.0.1:${await freePort()}`,
      zmqNotificationEndpoint: `tcp://127.0.0.1:${await freePort()}`,
    };
  }
}

/** A ring in shared memory is found by its database's name, and may be that of the machine this runs on. */
const hasOwnPlace = (name: string): boolean => name !== "shm";

const PAIRS = Object.keys(FRONT_ENDS)
  .filter(hasOwnPlace)
  .flatMap((from) =>
    Object.keys(CLIENTS)
      .filter(hasOwnPlace)
      .filter((to) => to !== from)
      .map((to) => [from as TransportName, to as TransportName] as const),
  );

describe("any transport in front, any behind", () => {
  for (const [from, to] of PAIRS)
    test(`${from} to ${to}: requests in order, the replies of the syncd, and its events`, {
      timeout: 30_000,
    }, async () => {
      await using line = new GatewayLine(redis.socket, await freeContext());
      const syncd = new TestSyncd();
      const server = await line.syncd(to, "sync", syncd);
      await line.gateway(from, to, "sync");
      await using client = await line.client(from, "sync");
      const asked = [view("INIT_VIEW"), ...upTo(20).map((n) => create(n)), create(0), view("APPLY_VIEW"), get(99)];
      const success = "SAI_STATUS_SUCCESS";
      expect(await words(asked.map((request) => client.request(request)))).toEqual([
        ...upTo(21).map(() => success),
        "SAI_STATUS_ITEM_ALREADY_EXISTS",
        success,
        "SAI_STATUS_ITEM_NOT_FOUND",
      ]);
      expect(syncd.asic.effects).toEqual(upTo(20).map((n) => `create ${routerKey(n)}`));
      const heard = nextEvents(client, 3);
      for (const n of upTo(3)) expect(await server.notify(portEvent(n))).toEqual({ ok: true, value: undefined });
      expect(await heard).toEqual(upTo(3).map((n) => portEvent(n)));
    });
});
