import { type Json, ok, seconds } from "@tandem/base";
import { settle } from "@tandem/base/testing";
import { answerTo, dataMessage, newMessage, SwbusErrorCode } from "@tandem/swbus/edge";
import { expect, test } from "vitest";
import { encodeEnvelope } from "../envelope.js";
import { exampleActors, exampleSinks, PortConfig } from "../testing/example-actors.js";
import { PlainHarness } from "../testing/plain-harness.js";
import { TestHarness } from "../testing/test-harness.js";
import { definePlainActor } from "./define-plain-actor.js";

const echo = definePlainActor({
  type: "echo",
  create: () => ({
    handle: (context, { key, data, source }) => {
      context.send(source, key, data);
      return undefined;
    },
  }),
});

test("an echo answers any key: its client walks from a to d, each with its own value", async () => {
  await using harness = new PlainHarness();
  const steps: readonly (readonly [string, Json])[] = [
    ["a", 1],
    ["b", { x: [1, 2] }],
    ["c", "text"],
    ["d", null],
  ];
  const seen: (readonly [string, Json])[] = [];
  const client = definePlainActor({
    type: "client",
    create: () => ({
      init: (context) => context.send(harness.path("echo", "e"), ...(steps[0] as readonly [string, Json])),
      handle: (context, { key, data }) => {
        seen.push([key, data]);
        expect(context.incoming.get(key)).toEqual(ok(data));
        const next = steps[seen.length];
        if (next === undefined) context.stop();
        else context.send(harness.path("echo", "e"), ...next);
        return undefined;
      },
    }),
  });
  harness.runtime.spawn(echo, "e");
  harness.runtime.spawn(client, "c");
  await harness.until(() => harness.runtime.size === 1, seconds(3));
  expect(seen).toEqual(steps);
  // Nobody is left at the client's path.
  const late = dataMessage(harness.edge.newId(), harness.path("echo", "e"), harness.path("client", "c"), {
    key: "a",
    data: 1,
  });
  expect(harness.edge.send(late).ok).toBe(false);
});

test("an answer to an actor that is gone ends at its creator: nobody answers it, nobody sends it on", async () => {
  await using harness = await TestHarness.start({ actors: exampleActors, sinks: exampleSinks });
  const bridge = harness.bridge(PortConfig);
  const request = newMessage(harness.edge.newId(), harness.actor("port", "gone"), bridge.path, {
    kind: "data",
    payload: { key: "k", data: 1 },
  });
  for (const code of [SwbusErrorCode.OK, SwbusErrorCode.NO_ROUTE]) {
    harness.edge.send(answerTo(request, harness.edge.newId(), { code, text: "late" }));
  }
  await settle();
  expect(bridge.waiting).toEqual([]);
  expect(harness.runtime.actors()).toEqual([]);
});

test("two updates of a new row that come at once make one actor", async () => {
  await using harness = await TestHarness.start({ actors: exampleActors, sinks: exampleSinks });
  const bridge = harness.bridge(PortConfig);
  for (const speed of ["1", "2", "3"]) {
    const data = encodeEnvelope({ key: "p0", operation: "Set", fields: { peer: "a", speed } });
    harness.edge.send(
      dataMessage(harness.edge.newId(), bridge.path, harness.actor("port", "p0"), { key: PortConfig.name, data }),
    );
  }
  await harness.rest();
  expect(harness.events.filter(({ kind }) => kind === "spawned")).toHaveLength(1);
  expect(harness.runtime.actors().map(({ id, incarnation }) => [id, incarnation])).toEqual([["p0", 1]]);
});
