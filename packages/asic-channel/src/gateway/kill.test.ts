import { longTest } from "@tandem/base/testing";
import { expect, test } from "vitest";
import { TRAITS } from "../conformance/run.js";
import { account, applyView, expectAll } from "../conformance/steps.js";
import { ConformanceWorld, type Orchagent } from "../conformance/world.js";
import type { ChannelMode } from "../op.js";
import type { TransportName } from "../transport.js";

const TIME = 240_000;
const COUNT = 200;
/** What a list's pop takes out of Redis, and a gateway that is killed has in hand. */
const POPPED_MAX = 128;
/** Longer than a process takes to start on a busy machine, since callers wait for the next one. */
const REPLY_TIMEOUT_MS = 30_000;

interface Line {
  readonly from: TransportName;
  readonly to: TransportName;
  readonly mode: ChannelMode;
  readonly more?: readonly string[];
  readonly isLong?: true;
}

const LINES: readonly Line[] = [
  { from: "list-pubsub", to: "streams", mode: "async" },
  { from: "list-pubsub", to: "zmq", mode: "async", more: ["--outbox"], isLong: true },
  { from: "grpc", to: "streams", mode: "sync", isLong: true },
  { from: "streams", to: "list-pubsub", mode: "sync", isLong: true },
];

/** Everything sent before has ended; an end that was killed may have to be found again first. */
async function settled(client: Orchagent, world: ConformanceWorld): Promise<void> {
  for (;;) {
    const { word } = await client.ask("get", world.switchKey, [["SAI_SWITCH_ATTR_PORT_NUMBER", "0"]]);
    if (word === "SAI_STATUS_SUCCESS") return;
  }
}

for (const { from, to, mode, more = [], isLong } of LINES)
  test(`${from} to ${to}, ${mode}: gateway, syncd and client are killed under load, nothing happens twice or unsaid`, {
    timeout: TIME,
  }, async (t) => {
    if (isLong) longTest(t);
    await using world = await ConformanceWorld.open(TRAITS[from], {});
    const wish = { mode, replyTimeoutMs: REPLY_TIMEOUT_MS };
    // zmq answers each request, whatever orchagent waits for.
    const syncdMode: ChannelMode = to === "zmq" ? "sync" : mode;
    const syncd = await world.syncd({ serve: to, mode: syncdMode });
    const gateway = await world.gateway(from, to, ["--mode", mode, ...more]);
    const client = await world.client(wish);
    await applyView(client, world);

    const first = client.create(0, COUNT, 20);
    await client.peer.says("20 ");
    await gateway.kill9();
    await world.gateway(from, to, ["--mode", mode, ...more]);
    await first;
    await settled(client, world);
    const { lostAccepted } = await account(world, client.ends, 0, COUNT);
    // The list in front has forgotten what the gateway had popped, as it does with any syncd; nothing else forgets.
    if (from !== "list-pubsub") expect(lostAccepted).toBe(0);
    expect(lostAccepted).toBeLessThanOrEqual(POPPED_MAX);

    const second = client.create(1000, COUNT, 20);
    await client.peer.says("1020 ");
    await syncd.kill9();
    await world.syncd({ serve: to, mode: syncdMode });
    await second;
    await settled(client, world);
    const seen = new Map([...client.ends].filter(([n]) => n >= 1000));
    if (TRAITS[to].redeliversUnacked || more.includes("--outbox")) await expectAll(world, seen, 1000, COUNT);
    else await account(world, seen, 1000, COUNT);

    const third = client.create(2000, COUNT, 20).catch(() => "its process is gone");
    await client.peer.says("2020 ");
    await client.peer.kill9();
    await third;
    const next = await world.client(wish);
    await next.create(3000, COUNT, 20);
    await settled(next, world);
    await account(world, client.ends, 2000, COUNT);
    await expectAll(world, next.ends, 3000, COUNT);
    expect(await world.drift()).toEqual([]);
  });
