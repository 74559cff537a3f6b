import { longTest } from "@tandem/base/testing";
import { describe, expect, test } from "vitest";
import { TRAITS } from "../conformance/run.js";
import { barrier, expectAll, pair } from "../conformance/steps.js";
import { ConformanceWorld, type Orchagent } from "../conformance/world.js";
import type { ChannelMode } from "../op.js";
import { TRANSPORT_NAMES, type TransportName } from "../transport.js";

const TIME = 240_000;

/** Moves the channel with a command of its own process; gives its last line. */
async function move(world: ConformanceWorld, to: TransportName, withinMs = 30_000): Promise<string> {
  const command = world.startEnd("switch", { transport: to, replyTimeoutMs: withinMs });
  await command.gone;
  return command.lines.at(-1) ?? "it said nothing";
}

/** Requests under way until the returned function is called; it gives how many were made. */
function load(client: Orchagent, world: ConformanceWorld): () => Promise<number> {
  let going = true;
  let made = 0;
  const running = (async () => {
    for (; going; made += 100) {
      await client.create(made, 100, 20);
      // In async mode nothing else keeps it from being ahead of syncd without end.
      await barrier(client, world);
    }
  })();
  return async () => {
    going = false;
    await running;
    return made;
  };
}

/** Every ordered pair once, the last one leading back to the first. */
function everyPair(names: readonly TransportName[]): readonly TransportName[] {
  const left = new Map(names.map((name) => [name, names.filter((other) => other !== name)]));
  const way: TransportName[] = [];
  const stack = [names[0] as TransportName];
  while (stack.length > 0) {
    const next = left.get(stack.at(-1) as TransportName)?.pop();
    if (next === undefined) way.unshift(stack.pop() as TransportName);
    else stack.push(next);
  }
  return way;
}

async function moveUnderLoad(mode: ChannelMode, way: readonly TransportName[]): Promise<void> {
  const [first = "streams", ...rest] = way;
  await using world = await ConformanceWorld.open(TRAITS[first], {});
  const { client } = await pair(world, { mode });
  const stop = load(client, world);
  await client.peer.says("50 ");
  let before = first;
  for (const to of rest) {
    expect(await move(world, to)).toMatch(new RegExp(`^moved ${before} ${to} `));
    before = to;
  }
  const count = await stop();
  expect(count).toBeGreaterThan(100);
  await expectAll(world, client.ends, 0, count);
}

describe("a channel is moved while requests go on: each is executed once, in order, and its caller hears", () => {
  test("sync mode, through every transport", { timeout: TIME }, () =>
    moveUnderLoad("sync", ["streams", "grpc", "zmq", "list-pubsub", "shm", "grpc-queue", "streams"]),
  );

  test("async mode, where nobody hears how a request ended", { timeout: TIME }, () =>
    moveUnderLoad("async", ["list-pubsub", "shm", "list-pubsub"]),
  );

  for (const mode of ["sync", "async"] as const)
    test(`${mode} mode, from every transport to every other`, { timeout: 2 * TIME }, (t) => {
      longTest(t);
      return moveUnderLoad(mode, everyPair(TRANSPORT_NAMES));
    });
});
