import { LockstepClient } from "@tandem/swss";
import { freePort } from "@tandem/swss/testing";
import { describe, test } from "vitest";
import { LocalWorld } from "../testing/local-world.js";
import { transportContract } from "../testing/transport-contract.js";
import { ZmqChannelClient } from "./client.js";
import { ZmqChannelServer } from "./server.js";
import { zmqTraits } from "./traits.js";

async function worldOf(): Promise<LocalWorld> {
  const context = {
    zmqEndpoint: `tcp://127.0.0.1:${await freePort()}`,
    zmqNotificationEndpoint: `tcp://127.0.0.1:${await freePort()}`,
  };
  let garbled = false;
  return new LocalWorld({
    traits: zmqTraits(),
    client: (options) => ZmqChannelClient.open({ ...options, context }),
    server: async (options) => {
      const opened = await ZmqChannelServer.open({ ...options, context });
      if (garbled) await send(context.zmqEndpoint, "{");
      return opened;
    },
    garble: async () => {
      garbled = true;
    },
    stillHeard: (server) => server instanceof ZmqChannelServer && server.heard,
  });
}

/** Resolves when a connection stands and the frame is on it. */
async function send(endpoint: string, frame: string): Promise<void> {
  await new Promise<void>((resolve) => {
    const socket = new LockstepClient(endpoint, { messageBytesMax: 1000, highWaterMark: 10, lingerMs: 0 }, resolve);
    void socket.exchange(Buffer.from(frame)).then(() => socket[Symbol.asyncDispose]());
  });
}

describe("the contract of transports, zmq", () => {
  for (const { name, run } of transportContract({ traits: zmqTraits(), carrier: false, garble: true }))
    test(name, { timeout: 30_000 }, async () => {
      await using world = await worldOf();
      await run(world);
    });
});
