import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seconds } from "@tandem/base";
import { settle } from "@tandem/base/testing";
import { freePort } from "@tandem/swss/testing";
import { describe, test } from "vitest";
import { GrpcChannelClient } from "../grpc/client.js";
import { GrpcChannelServer } from "../grpc/server.js";
import { grpcTraits } from "../grpc/traits.js";
import { ShmChannelClient } from "../shm/client.js";
import { ShmChannelServer } from "../shm/server.js";
import { shmTraits } from "../shm/traits.js";
import { upTo } from "../testing/contract-steps.js";
import { LocalWorld } from "../testing/local-world.js";
import { transportContract } from "../testing/transport-contract.js";
import { CoalescingClient, coalescingTraits } from "./client.js";

const SIZES = { requests: 2 ** 20, replies: 2 ** 20, notifications: 2 ** 16 } as const;
const SYNC = { mode: "sync" } as const;

describe("the contract of transports, state coalesced over shm", () => {
  const traits = coalescingTraits(shmTraits());
  for (const { name, run } of transportContract({ traits, carrier: false, garble: false }))
    test(name, { timeout: 30_000 }, async () => {
      const folder = await mkdtemp(join(tmpdir(), "tandem-shm-"));
      const path = join(folder, "ring");
      try {
        await using world = new LocalWorld({
          traits,
          client: async (options) => {
            const channel = await ShmChannelClient.open({ ...options, ...SYNC, path, sizes: SIZES });
            return channel.ok ? { ok: true, value: new CoalescingClient(channel.value, options) } : channel;
          },
          server: (options) => ShmChannelServer.open({ ...options, ...SYNC, path, sizes: SIZES }),
        });
        await run(world);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });
});

describe("the contract of transports, state coalesced over grpc", () => {
  // Observers are the channel's own; what they see is no matter of who sends.
  const traits = { ...coalescingTraits(grpcTraits()), observers: false };
  for (const { name, run } of transportContract({ traits, carrier: false, garble: false }))
    test(name, { timeout: 60_000 }, async () => {
      const endpoint = `127.0.0.1:${await freePort()}`;
      await using world = new LocalWorld({
        traits,
        client: async (options) => {
          const channel = await GrpcChannelClient.open({ ...options, endpoint });
          return channel.ok ? { ok: true, value: new CoalescingClient(channel.value, options) } : channel;
        },
        server: async (options) => {
          const server = await GrpcChannelServer.open({ ...options, endpoint });
          // A client whose server was away tries again by the clock.
          for (const _ of upTo(4)) {
            await options.clock.advance(seconds(0.5));
            await settle();
          }
          return server;
        },
        stillHeard: (server) => server instanceof GrpcChannelServer && server.hasClient,
      });
      await run(world);
    });
});
