import assert from "node:assert/strict";
import { seconds } from "@tandem/base";
import { clientOf, serving, word } from "./contract-steps.js";
import type { Carrier, TransportCase } from "./contract-world.js";
import { create, get } from "./requests.js";
import { TestSyncd } from "./test-asic.js";

/** What carries the channel goes, is full, or takes no writes. */
export const carrierCases: readonly TransportCase[] = [
  ...(["outOfMemory", "readOnly"] as const).map(
    (how): TransportCase => ({
      name: `while the carrier is ${how === "outOfMemory" ? "out of memory" : "read-only"} a request is refused, not lost; then the channel goes on`,
      when: ({ carrier }) => carrier,
      run: async (world) => {
        const carrier = world.carrier as Carrier;
        const syncd = new TestSyncd();
        const mode = world.traits.modes[0] ?? "sync";
        await serving(world, syncd, { mode });
        await using client = await clientOf(world, { mode });
        assert.equal((await client.request(create(1))).ok, true);
        assert.equal(word(await client.request(get(1))), "SAI_STATUS_SUCCESS");
        await carrier.refuse(how);
        assert.equal(word(await client.request(create(2))), "refused");
        await carrier.relent();
        assert.equal((await client.request(create(3))).ok, true);
        assert.equal(word(await client.request(get(2))), "SAI_STATUS_ITEM_NOT_FOUND");
        assert.equal(word(await client.request(get(3))), "SAI_STATUS_SUCCESS");
      },
    }),
  ),
  {
    name: "while the carrier is gone a request is refused at its deadline; when it is back the channel goes on",
    when: ({ carrier }) => carrier,
    run: async (world) => {
      const carrier = world.carrier as Carrier;
      const syncd = new TestSyncd();
      const mode = world.traits.modes[0] ?? "sync";
      await serving(world, syncd, { mode });
      await using client = await clientOf(world, { mode, replyTimeout: seconds(5) });
      assert.equal((await client.request(create(1))).ok, true);
      assert.equal(word(await client.request(get(1))), "SAI_STATUS_SUCCESS");
      await carrier.stop();
      const sent = client.request(create(2));
      await world.clock.advance(seconds(5));
      assert.equal(word(await sent), "refused");
      const waits = client.request(create(3));
      await carrier.start();
      assert.equal((await waits).ok, true);
      assert.equal(word(await client.request(get(3))), "SAI_STATUS_SUCCESS");
      assert.equal(word(await client.request(get(2))), "SAI_STATUS_ITEM_NOT_FOUND");
    },
  },
];
