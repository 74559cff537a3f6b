import { unwrap } from "@tandem/base";
import { freePort } from "@tandem/swss/testing";
import { describe, test } from "vitest";
import { LocalWorld } from "../testing/local-world.js";
import { transportContract } from "../testing/transport-contract.js";
import { GrpcChannelClient } from "./client.js";
import { GrpcObserver } from "./observer.js";
import { GrpcChannelServer } from "./server.js";
import { grpcTraits } from "./traits.js";

async function worldOf(): Promise<LocalWorld> {
  const endpoint = `127.0.0.1:${await freePort()}`;
  const serviceEndpoint = `127.0.0.1:${await freePort()}`;
  return new LocalWorld({
    traits: grpcTraits(),
    client: (options) => GrpcChannelClient.open({ ...options, endpoint }),
    server: (options) => GrpcChannelServer.open({ ...options, endpoint, serviceEndpoint }),
    observer: async () => unwrap(await GrpcObserver.open(serviceEndpoint)),
    stillHeard: (server) => server instanceof GrpcChannelServer && server.hasClient,
  });
}

describe("the contract of transports, grpc", () => {
  for (const { name, run } of transportContract({ traits: grpcTraits(), carrier: false, garble: false }))
    test(name, { timeout: 60_000 }, async () => {
      await using world = await worldOf();
      await run(world);
    });
});
