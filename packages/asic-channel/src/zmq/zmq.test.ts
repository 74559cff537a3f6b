import assert from "node:assert/strict";
import { seconds, unwrap } from "@tandem/base";
import { settle, VirtualClock } from "@tandem/base/testing";
import { EventPush, LockstepClient, LockstepServer } from "@tandem/swss";
import { freePort } from "@tandem/swss/testing";
import { expect, test } from "vitest";
import type { ChannelTrouble } from "../channel-trouble.js";
import { isDone, nextEvents, portEvent, word, words } from "../testing/contract-steps.js";
import { create, get, routerKey } from "../testing/requests.js";
import { TestSyncd } from "../testing/test-asic.js";
import { ZmqChannelClient } from "./client.js";
import type { ZmqClientOptions } from "./options.js";
import { ZmqChannelServer } from "./server.js";
import { decodeNotification, decodeReply, decodeRequest } from "./wire.js";

const RAW = { messageBytesMax: 1_000_000, highWaterMark: 10, lingerMs: 0 } as const;
const text = (frame: Uint8Array | undefined): string => Buffer.from(frame ?? []).toString();
const bytes = (frame: string): Uint8Array => Buffer.from(frame);

async function optionsOf() {
  const clock = new VirtualClock();
  const troubles: ChannelTrouble[] = [];
  const context = {
    zmqEndpoint: `tcp://127.0.0.1:${await freePort()}`,
    zmqNotificationEndpoint: `tcp://127.0.0.1:${await freePort()}`,
  };
  const owner = { name: "test", host: "localhost", pid: process.pid, since: 0 };
  const onTrouble = (trouble: ChannelTrouble): void => void troubles.push(trouble);
  return { clock, troubles, options: { context, clock, owner, onTrouble, replyTimeout: seconds(5) } };
}

/** A syncd by hand that answers what it is asked with the texts, in order. */
async function answering(options: Pick<ZmqClientOptions, "context">, ...answers: readonly string[]) {
  const server = unwrap(await LockstepServer.bind(options.context.zmqEndpoint, RAW));
  const asked = (async () => {
    const frames: string[] = [];
    for (const answer of answers) {
      frames.push(text((await server.receive())?.[0]));
      await server.send(bytes(answer));
    }
    return frames;
  })();
  return { asked, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

test.each([
  ["{", "a JSON array was expected"],
  ['{"a":1}', "a JSON array was expected"],
  ["[1]", "texts were expected, found number at place 0"],
  ['["k"]', "two texts at least were expected, found 1"],
  ['["k","set","f"]', "a value for each field was expected, found 1 texts of them"],
])("the frame %s is refused: %s", (frame, detail) => {
  expect(decodeRequest(bytes(frame))).toEqual({ ok: false, error: { detail, op: undefined } });
  expect(decodeReply(bytes(frame))).toEqual({ ok: false, error: detail });
  expect(decodeNotification(bytes(frame))).toEqual({ ok: false, error: detail });
});

test("a request of ours names itself in its last pair, which its fields do not show", () => {
  const frame = bytes(`["${routerKey(1)}","remove","TANDEM_ID","1:e:7"]`);
  expect(decodeRequest(frame)).toEqual({
    ok: true,
    value: { request: { op: "remove", key: routerKey(1), fields: [] }, frameId: { id: "e:7", repeated: true } },
  });
});

test("a frame that is no UTF-8 is refused", () => {
  expect(decodeReply(Uint8Array.of(0x5b, 0xff)).ok).toBe(false);
});

test("while no server is there nothing leaves: the caller hears that it was refused, and a server that comes never sees it", async () => {
  const { clock, options } = await optionsOf();
  await using client = unwrap(await ZmqChannelClient.open(options));
  const sent = client.request(create(1));
  await isDone(sent);
  await clock.advance(seconds(5));
  expect(await sent).toEqual({
    ok: false,
    error: { kind: "refused", reason: `it waited 5000 ms: no server is at ${options.context.zmqEndpoint}` },
  });
  await using server = unwrap(await ZmqChannelServer.open(options));
  const syncd = new TestSyncd();
  void server.serve(syncd, new AbortController().signal);
  assert.equal(word(await client.request(get(2))), "SAI_STATUS_ITEM_NOT_FOUND");
  assert.deepEqual(syncd.words, [`get ${routerKey(2)}`]);
});

test("sending as upstream does, a request that was given up is executed when a server comes", async () => {
  const { clock, options } = await optionsOf();
  const client = unwrap(await ZmqChannelClient.open({ ...options, sending: "upstream" }));
  const sent = client.request(create(1));
  await isDone(sent);
  await clock.advance(seconds(5));
  assert.equal(word(await sent), "unknown");
  const syncd = new TestSyncd();
  await using server = unwrap(await ZmqChannelServer.open(options));
  void server.serve(syncd, new AbortController().signal);
  await syncd.took(1);
  assert.deepEqual(syncd.words, [`create ${routerKey(1)}`]);
  await client[Symbol.asyncDispose]();
});

test("a request in hand when the server dies is unknown at once, not at its deadline", async () => {
  const { options } = await optionsOf();
  await using client = unwrap(await ZmqChannelClient.open(options));
  const server = unwrap(await ZmqChannelServer.open(options));
  const syncd = new TestSyncd();
  syncd.hold();
  void server.serve(syncd, new AbortController().signal);
  const lost = client.request(create(1));
  await syncd.took(1);
  await server[Symbol.asyncDispose]();
  assert.equal(word(await lost), "unknown");
  syncd.release();
});

test("a reply of another op, or none at all, is unknown and reported; the next request is served", async () => {
  const { troubles, options } = await optionsOf();
  await using client = unwrap(await ZmqChannelClient.open(options));
  await using peer = await answering(
    options,
    '["SAI_STATUS_SUCCESS","notify"]',
    '"nonsense"',
    '["SAI_STATUS_SUCCESS","getresponse"]',
  );
  const ends = await words([1, 2, 3].map((n) => client.request(create(n))));
  assert.deepEqual(ends, ["unknown", "unknown", "SAI_STATUS_SUCCESS"]);
  assert.deepEqual(
    troubles.map((trouble) => trouble.kind === "malformed" && trouble.detail),
    ["getresponse was expected, found notify", "a JSON array was expected"],
  );
  assert.equal((await peer.asked).length, 3);
});

test("a request or a notification of more bytes than a frame may have is refused before it leaves", async () => {
  const { options } = await optionsOf();
  await using client = unwrap(await ZmqChannelClient.open({ ...options, frameBytesMax: 1000 }));
  await using server = unwrap(await ZmqChannelServer.open({ ...options, frameBytesMax: 1000 }));
  const end = await client.request(create(1, 2000));
  assert.ok(!end.ok && end.error.kind === "refused");
  assert.match(end.error.reason, /frame of 2\d\d\d bytes, the most is 999/);
  const told = await server.notify({ name: "fdb_event", data: "x".repeat(2000), fields: [] });
  assert.equal(!told.ok && told.error.kind, "refused");
});

test("a frame that is larger than the server takes costs its sender the connection, nobody else", async () => {
  const { options } = await optionsOf();
  await using server = unwrap(await ZmqChannelServer.open({ ...options, frameBytesMax: 1000 }));
  const syncd = new TestSyncd();
  void server.serve(syncd, new AbortController().signal);
  const gone = new Promise<void>((resolve) => {
    const raw = new LockstepClient(options.context.zmqEndpoint, RAW, () => {
      if (raw.connected) return;
      void raw[Symbol.asyncDispose]();
      resolve();
    });
    void raw.exchange(bytes(JSON.stringify(["k", "x".repeat(5000)])));
  });
  await gone;
  await using client = unwrap(await ZmqChannelClient.open(options));
  assert.equal(word(await client.request(create(1))), "SAI_STATUS_SUCCESS");
  assert.deepEqual(syncd.words, [`create ${routerKey(1)}`]);
});

test("beyond the high-water mark of a client that is away a notification is refused, and the first ones are kept", async () => {
  const { options } = await optionsOf();
  await using server = unwrap(await ZmqChannelServer.open({ ...options, highWaterMark: 10 }));
  const sent: boolean[] = [];
  for (let n = 0; n < 12; n++) sent.push((await server.notify(portEvent(n))).ok);
  assert.deepEqual(sent, [...Array(10).fill(true), false, false]);
  await using client = unwrap(await ZmqChannelClient.open(options));
  assert.deepEqual(
    await nextEvents(client, 10),
    Array.from({ length: 10 }, (_, n) => portEvent(n)),
  );
});

test("what is no notification is counted and reported, the wake-up of upstream's client only counted", async () => {
  const { troubles, options } = await optionsOf();
  await using client = unwrap(await ZmqChannelClient.open(options));
  await using raw = new EventPush(options.context.zmqNotificationEndpoint, RAW);
  while (!raw.connected) await settle();
  for (const frame of ["1", '{"a":1}', '["port_state_change","[]"]']) await raw.push(bytes(frame));
  assert.deepEqual(await nextEvents(client, 1), [{ name: "port_state_change", data: "[]", fields: [] }]);
  assert.equal(client.ignoredFrames, 2);
  assert.deepEqual(
    troubles.map((trouble) => trouble.kind === "malformed" && trouble.found),
    ['{"a":1}'],
  );
});
