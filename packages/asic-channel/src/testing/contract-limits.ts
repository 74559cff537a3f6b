import assert from "node:assert/strict";
import { unwrap } from "@tandem/base";
import { settle } from "@tandem/base/testing";
import type { ChannelTrouble } from "../channel-trouble.js";
import { clientOf, isDone, serving, upTo, word, words } from "./contract-steps.js";
import type { TransportCase } from "./contract-world.js";
import { create, get, routerKey } from "./requests.js";
import { TestSyncd } from "./test-asic.js";

/** Bounds, wrong input, the ends of ends. */
export const limitCases: readonly TransportCase[] = [
  {
    name: "beyond the bound of requests the caller hears queueFull, and there is room again when the server has worked",
    run: async (world) => {
      const [mode = "sync"] = world.traits.modes;
      const syncd = new TestSyncd();
      syncd.hold();
      await serving(world, syncd, { mode });
      await using client = await clientOf(world, { mode, requestsMax: 4 });
      const first = upTo(4).map((n) => client.request(create(n)));
      await syncd.took(1);
      const outcomes: string[] = [];
      // What the server has in hand may or may not count; the bound shows within as many again.
      const open = new Set<Promise<void>>();
      for (const n of upTo(8)) {
        const more = client.request(create(100 + n)).then((outcome) => {
          outcomes.push(word(outcome));
          open.delete(more);
        });
        open.add(more);
        await isDone(more);
        if (outcomes.includes("queueFull")) break;
      }
      // Those that the server holds stay open; on a busy machine a refusal may come last of all.
      while (!outcomes.includes("queueFull") && open.size > 0) await Promise.race(open);
      assert.ok(outcomes.includes("queueFull"), outcomes.join(" "));
      syncd.release();
      const ended = await words(first);
      assert.ok(
        ended.every((end) => end === "accepted" || end === "SAI_STATUS_SUCCESS"),
        ended.join(" "),
      );
      for (;;) {
        const outcome = await client.request(get(0));
        if (outcome.ok) break;
        assert.equal(outcome.error.kind, "queueFull");
        // A refusal comes at once: whoever asks again without a turn of the event loop keeps everybody else from working.
        await settle();
      }
    },
  },
  {
    name: "beyond the bound of bytes the caller hears queueFull",
    when: ({ traits }) => traits.bytesInFlightMax !== undefined,
    run: async (world) => {
      const [mode = "sync"] = world.traits.modes;
      const syncd = new TestSyncd();
      syncd.hold();
      await serving(world, syncd, { mode });
      await using client = await clientOf(world, { mode, bytesMax: 10_000 });
      const first = client.request(create(1, 6000));
      await syncd.took(1);
      assert.deepEqual(await client.request(create(2, 6000)), {
        ok: false,
        error: { kind: "queueFull", unit: "bytes", limit: 10_000 },
      });
      syncd.release();
      assert.equal((await first).ok, true);
    },
  },
  {
    name: "a request that is none is refused before it leaves",
    run: async (world) => {
      const syncd = new TestSyncd();
      await serving(world, syncd);
      await using client = await clientOf(world);
      const outcomes = await words([
        client.request({ op: "crate" as "create", key: routerKey(1), fields: [] }),
        client.request({ op: "set", key: routerKey(1), fields: [] }),
        client.request({ op: "notify", key: "START_VIEW", fields: [] }),
      ]);
      assert.deepEqual(outcomes, ["invalidRequest", "invalidRequest", "invalidRequest"]);
      await client.request(get(1));
      assert.deepEqual(syncd.words, [`get ${routerKey(1)}`]);
    },
  },
  {
    name: "something malformed on the wire is one clear report, and what stands around it goes on",
    when: ({ garble }) => garble,
    run: async (world) => {
      const syncd = new TestSyncd();
      const troubles: ChannelTrouble[] = [];
      const mode = world.traits.modes[0] ?? "sync";
      await using client = await clientOf(world, { mode });
      const before = client.request(create(1));
      if (mode === "async") assert.equal(word(await before), "accepted");
      await world.garble?.();
      if (mode === "async") assert.equal(word(await client.request(create(2))), "accepted");
      await serving(world, syncd, { mode, onTrouble: (trouble) => troubles.push(trouble) });
      assert.equal((await before).ok, true);
      assert.equal(word(await client.request(get(1))), "SAI_STATUS_SUCCESS");
      if (mode === "async") assert.equal(word(await client.request(get(2))), "SAI_STATUS_SUCCESS");
      assert.deepEqual(
        troubles.map(({ kind }) => kind),
        ["malformed"],
      );
    },
  },
  {
    name: "a second client and a second server are refused with the owner, until that one leaves or dies",
    run: async (world) => {
      const first = await clientOf(world, { name: "orchagent" });
      const server = unwrap(await world.server({ name: "syncd" }));
      for (const [second, name] of [
        [await world.client({ name: "another" }), "orchagent"],
        [await world.server({ name: "another" }), "syncd"],
      ] as const) {
        assert.ok(!second.ok && second.error.kind === "taken", "it was let in");
        assert.equal(second.error.owner?.name, name);
        assert.equal(second.error.owner?.pid, process.pid);
      }
      await first[Symbol.asyncDispose]();
      await world.kill(server);
      await using _client = unwrap(await world.client({ name: "next" }));
      await using _server = unwrap(await world.server({ name: "next" }));
    },
  },
  {
    name: "closing a client ends everything it was asked: unknown for what has left, closed for the rest",
    run: async (world) => {
      const syncd = new TestSyncd();
      await serving(world, syncd, { mode: "sync" });
      const client = await clientOf(world, { mode: "sync" });
      syncd.hold();
      const outcomes = upTo(5).map((n) => client.request(create(n)));
      await syncd.took(1);
      const listening = client.notifications(new AbortController().signal)[Symbol.asyncIterator]().next();
      await client[Symbol.asyncDispose]();
      const ends = await words(outcomes);
      assert.equal(ends[0], "unknown");
      assert.ok(
        ends.every((end) => end === "unknown" || end === "closed"),
        ends.join(" "),
      );
      assert.equal(word(await client.request(create(9))), "closed");
      assert.equal((await listening).done, true);
      syncd.release();
    },
  },
];
