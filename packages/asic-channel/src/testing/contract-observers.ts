import assert from "node:assert/strict";
import type { Observed } from "../transport.js";
import { clientOf, portEvent, serving, upTo, word } from "./contract-steps.js";
import type { ContractWorld, TransportCase } from "./contract-world.js";
import { create, get } from "./requests.js";
import { TestSyncd } from "./test-asic.js";

/** Read-only consumers beside the server. */
export const observerCases: readonly TransportCase[] = [
  {
    name: "every observer sees every request, reply and notification in order",
    when: ({ traits }) => traits.observers,
    run: async (world) => {
      const observers = await Promise.all([observe(world), observe(world)]);
      const { server } = await serving(world, new TestSyncd(), { mode: "sync" });
      await using client = await clientOf(world, { mode: "sync" });
      for (const n of upTo(20)) await client.request(create(n));
      await server.notify(portEvent(1));
      await client.request(get(1));
      const expected = [
        ...upTo(20).flatMap(() => ["request create", "reply SAI_STATUS_SUCCESS"]),
        "notification port_state_change",
        "request get",
        "reply SAI_STATUS_SUCCESS",
      ];
      for (const seen of observers) {
        const events = await seen(expected.length);
        assert.deepEqual(events.map(wordOf), expected);
        const [request, reply] = events;
        assert.ok(request?.kind === "request" && reply?.kind === "reply");
        assert.equal(reply.id, request.id);
      }
    },
  },
  {
    name: "an observer that does not read neither slows the server nor is told a part as the whole",
    when: ({ traits }) => traits.observers,
    run: async (world) => {
      const observer = await (world.observer as NonNullable<ContractWorld["observer"]>)();
      const events = observer.events(new AbortController().signal)[Symbol.asyncIterator]();
      await serving(world, new TestSyncd(), { mode: "sync" });
      await using client = await clientOf(world, { mode: "sync" });
      await client.request(create(0));
      const first = await events.next();
      assert.equal(wordOf(first.value), "request create");
      const outcomes = await Promise.all(upTo(12_000).map((n) => client.request(create(n + 1))));
      assert.equal(
        outcomes.every((outcome) => word(outcome) === "SAI_STATUS_SUCCESS"),
        true,
      );
      let gap: Observed | undefined;
      let missed = 0;
      let seen = 1;
      while (seen + missed < 24_002) {
        const event: Observed = (await events.next()).value;
        if (event.kind !== "gap") seen += 1;
        else {
          gap = event;
          assert.ok(event.count !== undefined, "its size is known");
          missed += event.count;
        }
      }
      assert.ok(gap !== undefined, "all 24,002 events were kept for it");
      assert.equal(seen + missed, 24_002);
    },
  },
];

/** Starts to read; resolves with the first `count` events. */
async function observe(world: ContractWorld): Promise<(count: number) => Promise<Observed[]>> {
  const observer = await (world.observer as NonNullable<ContractWorld["observer"]>)();
  return async (count) => {
    const seen: Observed[] = [];
    for await (const event of observer.events(new AbortController().signal)) {
      seen.push(event);
      if (seen.length === count) break;
    }
    await observer[Symbol.asyncDispose]();
    return seen;
  };
}

function wordOf(event: Observed): string {
  switch (event.kind) {
    case "request":
      return `request ${event.request.op}`;
    case "reply":
      return `reply ${event.reply.status}`;
    case "notification":
      return `notification ${event.notification.name}`;
    case "gap":
      return "gap";
  }
}
