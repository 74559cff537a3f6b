import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "vitest";
import { LocalWorld } from "../testing/local-world.js";
import { transportContract } from "../testing/transport-contract.js";
import { openRingFile } from "./channel-file.js";
import { ShmChannelClient } from "./client.js";
import { ShmChannelServer } from "./server.js";
import { shmTraits } from "./traits.js";

const SIZES = { requests: 2 ** 20, replies: 2 ** 20, notifications: 2 ** 16 } as const;

describe("the contract of transports, shm", () => {
  for (const { name, run } of transportContract({ traits: shmTraits(), carrier: false, garble: true }))
    test(name, { timeout: 30_000 }, async () => {
      const folder = await mkdtemp(join(tmpdir(), "tandem-shm-"));
      const path = join(folder, "ring");
      try {
        await using world = new LocalWorld({
          traits: shmTraits(),
          client: (options) => ShmChannelClient.open({ ...options, path, sizes: SIZES }),
          server: (options) => ShmChannelServer.open({ ...options, path, sizes: SIZES }),
          garble: async () => {
            const file = openRingFile(path, SIZES);
            file.requests.put(Buffer.from("{"), 0, 0);
            file.unmap();
          },
        });
        await run(world);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });
});
