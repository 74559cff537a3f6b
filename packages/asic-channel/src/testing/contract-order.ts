import assert from "node:assert/strict";
import { seconds } from "@tandem/base";
import { settle } from "@tandem/base/testing";
import type { ChannelTrouble } from "../channel-trouble.js";
import { clientOf, isDone, nextEvents, portEvent, serving, upTo, word, words } from "./contract-steps.js";
import type { TransportCase } from "./contract-world.js";
import { create, get, remove, routerKey, set, view } from "./requests.js";
import { TestSyncd } from "./test-asic.js";

/** Order, answers, barriers. */
export const orderCases: readonly TransportCase[] = [
  {
    name: "requests are executed in the order in which they were made, and answered in that order",
    run: async (world) => {
      const syncd = new TestSyncd();
      await serving(world, syncd, { mode: "sync" });
      await using client = await clientOf(world, { mode: "sync" });
      const answered: number[] = [];
      await Promise.all(
        upTo(300).map(async (n) => {
          const outcome = await client.request(create(n));
          answered.push(n);
          assert.equal(word(outcome), "SAI_STATUS_SUCCESS");
        }),
      );
      assert.deepEqual(answered, upTo(300));
      assert.deepEqual(
        syncd.asic.effects,
        upTo(300).map((n) => `create ${routerKey(n)}`),
      );
    },
  },
  {
    name: "a reply belongs to its request: status, fields, and the op of the reply",
    run: async (world) => {
      await serving(world, new TestSyncd(), { mode: "sync" });
      await using client = await clientOf(world, { mode: "sync" });
      const outcomes = [create(1, 3), create(1), set(1, "a|b=c\u00e4\u0000"), get(1), get(2), remove(1), remove(1)].map(
        (request) => client.request(request),
      );
      assert.deepEqual(await words(outcomes), [
        "SAI_STATUS_SUCCESS",
        "SAI_STATUS_ITEM_ALREADY_EXISTS",
        "SAI_STATUS_SUCCESS",
        "SAI_STATUS_SUCCESS",
        "SAI_STATUS_ITEM_NOT_FOUND",
        "SAI_STATUS_SUCCESS",
        "SAI_STATUS_ITEM_NOT_FOUND",
      ]);
      assert.deepEqual(await outcomes[3], {
        ok: true,
        value: {
          kind: "replied",
          reply: {
            op: "getresponse",
            status: "SAI_STATUS_SUCCESS",
            fields: [["SAI_VIRTUAL_ROUTER_ATTR_SRC_MAC_ADDRESS", "a|b=c\u00e4\u0000"]],
          },
        },
      });
    },
  },
  {
    name: "each object of a bulk request has its own status",
    run: async (world) => {
      await serving(world, new TestSyncd(), { mode: "sync" });
      await using client = await clientOf(world, { mode: "sync" });
      const outcome = await client.request({
        op: "bulkcreate",
        key: "SAI_OBJECT_TYPE_ROUTE_ENTRY:3",
        fields: [
          ["r1", "A=1|B=2"],
          ["r1", "A=1"],
          ["r2", "NULL=NULL"],
        ],
      });
      assert.deepEqual(outcome.ok && outcome.value.kind === "replied" && outcome.value.reply.fields, [
        ["SAI_STATUS_SUCCESS", ""],
        ["SAI_STATUS_ITEM_ALREADY_EXISTS", ""],
        ["SAI_STATUS_SUCCESS", ""],
      ]);
    },
  },
  {
    name: "in async mode a change is accepted before it is executed, and a question still hears its answer, in order",
    when: ({ traits }) => traits.modes.includes("async"),
    run: async (world) => {
      const syncd = new TestSyncd();
      await serving(world, syncd, { mode: "async" });
      await using client = await clientOf(world, { mode: "async" });
      syncd.hold();
      const accepted = client.request(create(1));
      assert.equal(word(await accepted), "accepted");
      assert.deepEqual(syncd.asic.effects, []);
      const ended: string[] = [];
      const all = [set(1, "x"), get(1), create(2)].map(async (request) => {
        ended.push(`${request.op} ${word(await client.request(request))}`);
      });
      syncd.release();
      await Promise.all(all);
      assert.deepEqual(ended, ["set accepted", "get SAI_STATUS_SUCCESS", "create accepted"]);
    },
  },
  {
    name: "what is accepted in async mode and then refused is told to its client, once, with what was asked",
    when: ({ traits }) => traits.tellsRefusals === true,
    run: async (world) => {
      const syncd = new TestSyncd();
      await serving(world, syncd, { mode: "async" });
      const troubles: ChannelTrouble[] = [];
      await using client = await clientOf(world, { mode: "async", onTrouble: (trouble) => troubles.push(trouble) });
      const bulk = { op: "bulkset", key: "SAI_OBJECT_TYPE_ROUTE_ENTRY:1", fields: [["r1", "A=1"]] } as const;
      const accepted = [create(1), set(2, "x"), bulk, set(1, "y")].map((request) => client.request(request));
      assert.deepEqual(await words(accepted), Array(4).fill("accepted"));
      while (troubles.length < 2) await settle();
      assert.equal(word(await client.request(get(1))), "SAI_STATUS_SUCCESS");
      assert.deepEqual(troubles, [
        { kind: "refusedLater", op: "set", key: routerKey(2), status: "SAI_STATUS_ITEM_NOT_FOUND", fields: [] },
        {
          ...{ kind: "refusedLater", op: "bulkset", key: bulk.key, status: "SAI_STATUS_FAILURE" },
          fields: [["SAI_STATUS_ITEM_NOT_FOUND", ""]],
        },
      ]);
    },
  },
  {
    name: "nothing passes a notify before it is answered",
    run: async (world) => {
      const [mode = "sync"] = world.traits.modes;
      const syncd = new TestSyncd();
      await serving(world, syncd, { mode });
      await using client = await clientOf(world, { mode });
      syncd.hold(({ op }) => op === "notify");
      const first = client.request(create(1));
      const barrier = client.request(view("INIT_VIEW"));
      const behind = client.request(create(2));
      await syncd.took(2);
      assert.equal(await isDone(behind), false);
      assert.deepEqual(syncd.words, [`create ${routerKey(1)}`, "notify INIT_VIEW"]);
      syncd.release();
      await Promise.all([first, barrier, behind]);
      await syncd.took(3);
      assert.equal(syncd.words[2], `create ${routerKey(2)}`);
    },
  },
  {
    name: "a request without reply is unknown at its deadline, and its late reply is not taken for the next one",
    run: async (world) => {
      const syncd = new TestSyncd();
      await serving(world, syncd, { mode: "sync" });
      await using client = await clientOf(world, { mode: "sync", replyTimeout: seconds(5) });
      for (const n of [1, 2]) await client.request(create(n));
      await client.request(set(2, "two"));
      syncd.hold();
      const late = client.request(get(1));
      await syncd.took(4);
      await world.clock.advance(seconds(4));
      assert.equal(await isDone(late), false);
      await world.clock.advance(seconds(1));
      assert.equal(word(await late), "unknown");
      const next = client.request(get(2));
      syncd.release();
      const outcome = await next;
      assert.deepEqual(outcome.ok && outcome.value.kind === "replied" && outcome.value.reply.fields, [
        ["SAI_VIRTUAL_ROUTER_ATTR_SRC_MAC_ADDRESS", "two"],
      ]);
    },
  },
  {
    name: "a caller that gives up hears its own reason, and the next reply is not its",
    run: async (world) => {
      const syncd = new TestSyncd();
      await serving(world, syncd, { mode: "sync" });
      await using client = await clientOf(world, { mode: "sync" });
      await client.request(create(1));
      await client.request(set(1, "one"));
      syncd.hold();
      const giveUp = new AbortController();
      const given = client.request(remove(2), giveUp.signal);
      await syncd.took(3);
      giveUp.abort(new Error("enough"));
      await assert.rejects(given, /enough/);
      const next = client.request(get(1));
      syncd.release();
      assert.equal(word(await next), "SAI_STATUS_SUCCESS");
    },
  },
  {
    name: "notifications arrive in the order in which they were published",
    run: async (world) => {
      const { server } = await serving(world, new TestSyncd());
      await using client = await clientOf(world);
      const heard = nextEvents(client, 200);
      for (const n of upTo(200)) assert.equal((await server.notify(portEvent(n))).ok, true);
      assert.deepEqual(await heard, upTo(200).map(portEvent));
    },
  },
];
