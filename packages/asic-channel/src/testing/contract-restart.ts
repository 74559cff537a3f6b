import assert from "node:assert/strict";
import { seconds } from "@tandem/base";
import { clientOf, nextEvents, portEvent, serving, upTo, word, words } from "./contract-steps.js";
import type { TransportCase } from "./contract-world.js";
import { create, get, routerKey } from "./requests.js";
import { TestAsic, TestSyncd } from "./test-asic.js";

/** Ends that leave, die and come back. */
export const restartCases: readonly TransportCase[] = [
  {
    name: "what is sent while no server is there arrives in order once one comes",
    when: ({ traits }) => traits.survivesServerRestart && traits.modes.includes("async"),
    run: async (world) => {
      const before = new TestSyncd();
      const first = await serving(world, before, { mode: "async" });
      await using client = await clientOf(world, { mode: "async" });
      await client.request(create(0));
      await before.took(1);
      await first.stop();
      const ends = await words(upTo(500).map((n) => client.request(create(n + 1))));
      assert.deepEqual(new Set(ends), new Set(["accepted"]));
      const after = new TestSyncd(before.asic);
      await serving(world, after, { mode: "async" });
      assert.equal(word(await client.request(get(500))), "SAI_STATUS_SUCCESS");
      assert.deepEqual(
        after.words.slice(0, 500),
        upTo(500).map((n) => `create ${routerKey(n + 1)}`),
      );
    },
  },
  {
    name: "what is sent while no server is there is not executed later, and its caller does not hear that it was done",
    when: ({ traits }) => !traits.survivesServerRestart,
    run: async (world) => {
      const first = await serving(world, new TestSyncd(), { mode: "sync" });
      await using client = await clientOf(world, { mode: "sync", replyTimeout: seconds(5) });
      await client.request(create(0));
      await first.stop();
      const sent = client.request(create(1));
      await world.clock.advance(seconds(5));
      const end = word(await sent);
      assert.ok(end === "refused" || end === "unknown", end);
      const syncd = new TestSyncd();
      await serving(world, syncd, { mode: "sync" });
      await world.clock.advance(seconds(5));
      assert.deepEqual(syncd.words, end === "refused" ? [] : syncd.words);
    },
  },
  {
    name: "a request that a dead server had in hand comes again, marked as repeated, under the same id; its effect happens once",
    when: ({ traits }) => traits.redeliversUnacked,
    run: async (world) => {
      const asic = new TestAsic();
      const before = new TestSyncd(asic);
      const first = await serving(world, before, { mode: "sync" });
      await using client = await clientOf(world, { mode: "sync" });
      before.hold();
      const done = client.request(create(1));
      await before.took(1);
      // Its effect happened; the reply did not get out.
      asic.execute(before.taken[0] as never);
      await first.kill();
      const after = new TestSyncd(asic);
      await serving(world, after, { mode: "sync" });
      assert.equal(word(await done), "SAI_STATUS_SUCCESS");
      assert.equal(after.taken[0]?.repeated, true);
      assert.equal(after.taken[0]?.id, before.taken[0]?.id);
      assert.equal(asic.count("create", routerKey(1)), 1);
      assert.equal(word(await client.request(get(1))), "SAI_STATUS_SUCCESS");
      assert.equal(after.taken[1]?.repeated, false);
    },
  },
  {
    name: "a request that a dead server had in hand is unknown to its caller, and does not come again",
    when: ({ traits }) => !traits.redeliversUnacked,
    run: async (world) => {
      const before = new TestSyncd();
      const first = await serving(world, before, { mode: "sync" });
      await using client = await clientOf(world, { mode: "sync", replyTimeout: seconds(5) });
      before.hold();
      const lost = client.request(create(1));
      await before.took(1);
      await first.kill();
      await world.clock.advance(seconds(5));
      assert.equal(word(await lost), "unknown");
      const after = new TestSyncd();
      await serving(world, after, { mode: "sync" });
      let end = word(await client.request(create(2)));
      // A client may first have to notice that the server it knew is gone.
      for (let tries = 0; end !== "SAI_STATUS_SUCCESS" && tries < 5; tries++)
        end = word(await client.request(create(2)));
      assert.equal(end, "SAI_STATUS_SUCCESS");
      assert.deepEqual(after.words, [`create ${routerKey(2)}`]);
    },
  },
  {
    name: "a server that is asked to stop finishes what it has in hand first",
    run: async (world) => {
      const syncd = new TestSyncd();
      const first = await serving(world, syncd, { mode: "sync" });
      await using client = await clientOf(world, { mode: "sync" });
      syncd.hold();
      const done = client.request(create(1));
      await syncd.took(1);
      const stopped = first.stop();
      syncd.release();
      await stopped;
      assert.equal(word(await done), "SAI_STATUS_SUCCESS");
    },
  },
  {
    name: "what a client was told is accepted goes on when it dies, and the next client takes no reply of its",
    when: ({ traits }) => traits.survivesClientRestart && traits.modes.includes("async"),
    run: async (world) => {
      const syncd = new TestSyncd();
      await serving(world, syncd, { mode: "async" });
      syncd.hold();
      const first = await clientOf(world, { mode: "async" });
      assert.deepEqual(await words([create(1), create(2)].map((request) => first.request(request))), [
        "accepted",
        "accepted",
      ]);
      const asked = first.request(get(1));
      await syncd.took(1);
      await world.kill(first);
      await using next = await clientOf(world, { mode: "async" });
      const answer = next.request(get(3));
      syncd.release();
      assert.equal(word(await answer), "SAI_STATUS_ITEM_NOT_FOUND");
      assert.deepEqual(syncd.asic.effects, [`create ${routerKey(1)}`, `create ${routerKey(2)}`]);
      void asked;
    },
  },
  {
    name: "notifications that are published while no client is there arrive when one comes, in order",
    when: ({ traits }) => traits.keepsNotifications,
    run: async (world) => {
      const { server } = await serving(world, new TestSyncd());
      const first = await clientOf(world);
      const heard = nextEvents(first, 1);
      await server.notify(portEvent(0));
      assert.deepEqual(await heard, [portEvent(0)]);
      await first[Symbol.asyncDispose]();
      for (const n of [1, 2, 3]) await server.notify(portEvent(n));
      await using next = await clientOf(world);
      assert.deepEqual(await nextEvents(next, 3), [1, 2, 3].map(portEvent));
    },
  },
  {
    name: "notifications that are published while no client is there are lost",
    when: ({ traits }) => !traits.keepsNotifications,
    run: async (world) => {
      const { server } = await serving(world, new TestSyncd());
      await server.notify(portEvent(1));
      await using client = await clientOf(world);
      const heard = nextEvents(client, 1);
      await server.notify(portEvent(2));
      assert.deepEqual(await heard, [portEvent(2)]);
    },
  },
];
