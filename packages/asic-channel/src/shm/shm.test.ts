import assert from "node:assert/strict";
import { existsSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seconds, unwrap } from "@tandem/base";
import { VirtualClock } from "@tandem/base/testing";
import { expect, onTestFinished, test } from "vitest";
import type { ChannelTrouble } from "../channel-trouble.js";
import { portEvent, upTo, word, words } from "../testing/contract-steps.js";
import { EndProcess } from "../testing/end-process.js";
import { create, get, routerKey } from "../testing/requests.js";
import { TestSyncd } from "../testing/test-asic.js";
import { openRingFile } from "./channel-file.js";
import { ShmChannelClient } from "./client.js";
import type { ShmClientOptions } from "./options.js";
import { ShmChannelServer } from "./server.js";

const SIZES = { requests: 2 ** 16, replies: 2 ** 13, notifications: 2 ** 12 } as const;

async function optionsOf(): Promise<ShmClientOptions & { readonly clock: VirtualClock; troubles: ChannelTrouble[] }> {
  const folder = await mkdtemp(join(tmpdir(), "tandem-shm-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const troubles: ChannelTrouble[] = [];
  return {
    path: join(folder, "ring"),
    clock: new VirtualClock(),
    owner: { name: "test", host: "localhost", pid: process.pid, since: 0 },
    mode: "async",
    sizes: SIZES,
    onTrouble: (trouble) => void troubles.push(trouble),
    troubles,
  };
}

test("a full ring of requests is queueFull for its caller; nothing of what it took before is lost", async () => {
  const options = await optionsOf();
  await using client = unwrap(await ShmChannelClient.open(options));
  const ends = await Promise.all(upTo(600).map((n) => client.request(create(n, 200))));
  const accepted = ends.filter((end) => word(end) === "accepted").length;
  assert.ok(accepted > 100 && accepted < 600, `${accepted}`);
  expect(ends[accepted]).toEqual({ ok: false, error: { kind: "queueFull", unit: "bytes", limit: SIZES.requests } });
  expect(ends.slice(accepted).every((end) => word(end) === "queueFull")).toBe(true);
  await using server = unwrap(await ShmChannelServer.open(options));
  const syncd = new TestSyncd();
  void server.serve(syncd, new AbortController().signal);
  await syncd.took(accepted);
  assert.equal(word(await client.request(get(accepted - 1))), "SAI_STATUS_SUCCESS");
  expect(syncd.words.slice(0, accepted)).toEqual(upTo(accepted).map((n) => `create ${routerKey(n)}`));
});

test("a request, a reply and a notification that are too large are refused or answered as failed, with both sizes", async () => {
  const options = await optionsOf();
  await using client = unwrap(await ShmChannelClient.open({ ...options, mode: "sync" }));
  await using server = unwrap(await ShmChannelServer.open({ ...options, mode: "sync" }));
  void server.serve(new TestSyncd(), new AbortController().signal);
  expect(await client.request(create(1, SIZES.requests))).toMatchObject({ ok: false, error: { kind: "refused" } });
  assert.equal(word(await client.request(create(2, 10_000))), "SAI_STATUS_SUCCESS");
  assert.equal(word(await client.request(get(2))), "SAI_STATUS_FAILURE");
  assert.match((options.troubles[0] as { detail: string }).detail, /it makes 1\d{4} bytes, the most is 4048/);
  const event = await server.notify({ name: "x", data: "y".repeat(SIZES.notifications), fields: [] });
  expect(event).toMatchObject({ ok: false, error: { kind: "refused" } });
});

test("notifications that nobody reads fill their ring; then syncd hears that they are refused, and what was kept arrives", async () => {
  const options = await optionsOf();
  await using server = unwrap(await ShmChannelServer.open(options));
  let kept = 0;
  while ((await server.notify(portEvent(kept))).ok) kept += 1;
  expect(kept).toBeGreaterThan(20);
  await using client = unwrap(await ShmChannelClient.open(options));
  const enough = new AbortController();
  const events: unknown[] = [];
  for await (const event of client.notifications(enough.signal)) if (events.push(event) === kept) enough.abort();
  expect(events).toEqual(upTo(kept).map(portEvent));
  assert.equal((await server.notify(portEvent(1))).ok, true);
});

test("more replies than their ring holds wait for a client that reads them", async () => {
  const options = { ...(await optionsOf()), mode: "sync" as const };
  await using client = unwrap(await ShmChannelClient.open(options));
  await using server = unwrap(await ShmChannelServer.open(options));
  const outcomes = upTo(200).map((n) => client.request(create(n)));
  const served = server.serve(new TestSyncd(), new AbortController().signal);
  const all = words(outcomes);
  let done = false;
  void all.then(() => {
    done = true;
  });
  while (!done) await options.clock.advance(seconds(0.01));
  expect(new Set(await all)).toEqual(new Set(["SAI_STATUS_SUCCESS"]));
  void served;
});

test("a wake-up that got lost is repaired within a second", async () => {
  const options = { ...(await optionsOf()), spinTurnsMax: 0 };
  await using server = unwrap(await ShmChannelServer.open(options));
  const syncd = new TestSyncd();
  void server.serve(syncd, new AbortController().signal);
  const file = openRingFile(options.path, SIZES);
  file.requests.put(Buffer.from(JSON.stringify([routerKey(1), "create"])), 1, 0);
  file.unmap();
  await options.clock.advance(seconds(1));
  await syncd.took(1);
});

test.each([
  ["nobody's", ""],
  ["that of a process that is gone", JSON.stringify({ name: "dead", host: "localhost", pid: 2 ** 22 + 1, since: 1 })],
  ["that of a process whose number another one has", JSON.stringify({ name: "old", host: "h", pid: 1, since: 1 })],
  ["no name at all", "\0\0{"],
])("a lock file that was left behind is taken over: its name is %s", async (_, left) => {
  const options = await optionsOf();
  writeFileSync(`${options.path}.client.lock`, left);
  const client = unwrap(await ShmChannelClient.open(options));
  expect(JSON.parse(readFileSync(`${options.path}.client.lock`, "utf8"))).toEqual(options.owner);
  const second = await ShmChannelClient.open({ ...options, owner: { ...options.owner, name: "second" } });
  expect(second).toEqual({ ok: false, error: { kind: "taken", owner: options.owner } });
  await client[Symbol.asyncDispose]();
});

test("a ring file of other sizes, cut short, or that is none, is refused with both, and left as it is", async () => {
  const options = await optionsOf();
  const { path } = options;
  const first = unwrap(await ShmChannelServer.open(options));
  await first[Symbol.asyncDispose]();
  expect(await ShmChannelClient.open({ ...options, sizes: { ...SIZES, replies: 4096 } })).toEqual({
    ok: false,
    error: {
      kind: "unusable",
      reason: `${path}: rings of 65536 + 4096 + 4096 bytes were expected, found 65536 + 8192 + 4096 bytes; it is left as it is`,
    },
  });
  truncateSync(path, 50_000);
  expect(await ShmChannelClient.open(options)).toEqual({
    ok: false,
    error: { kind: "unusable", reason: `${path}: 81920 bytes were expected, found 50000; it is left as it is` },
  });
  writeFileSync(path, "something");
  expect(await ShmChannelClient.open(options)).toMatchObject({ ok: false, error: { kind: "unusable" } });
  expect(readFileSync(path, "utf8")).toBe("something");
  const folder = await ShmChannelClient.open({ ...options, path: join(path, "below", "it") });
  expect(folder).toMatchObject({ ok: false, error: { kind: "unusable" } });
});

test("both ends find one file, and nothing stands beside it but wake-ups and locks", async () => {
  const options = await optionsOf();
  await using client = unwrap(await ShmChannelClient.open(options));
  await using server = unwrap(await ShmChannelServer.open(options));
  void server.serve(new TestSyncd(), new AbortController().signal);
  assert.equal(word(await client.request(get(1))), "SAI_STATUS_ITEM_NOT_FOUND");
  const files = ["ring", "ring.client.fifo", "ring.client.lock", "ring.server.fifo", "ring.server.lock"];
  expect((await readdir(join(options.path, ".."))).sort()).toEqual(files);
});

test("half a request of a client that died is reported by the next one, and discarded", async () => {
  const options = await optionsOf();
  const first = unwrap(await ShmChannelClient.open(options));
  await first.request(create(1));
  await first[Symbol.asyncDispose]();
  const bytes = readFileSync(options.path);
  bytes.writeUInt32LE(bytes.readUInt32LE(1024) | 1, 1024 + 4);
  bytes.writeUInt32LE(500, 4096 + bytes.readUInt32LE(1024) + 4);
  writeFileSync(options.path, bytes);
  await using client = unwrap(await ShmChannelClient.open(options));
  expect(options.troubles).toEqual([
    {
      kind: "malformed",
      where: options.path,
      detail: "a request was expected",
      found: "half of one: the client before this one died",
    },
  ]);
  await using server = unwrap(await ShmChannelServer.open(options));
  const syncd = new TestSyncd();
  void server.serve(syncd, new AbortController().signal);
  assert.equal(word(await client.request(get(1))), "SAI_STATUS_SUCCESS");
  expect(syncd.words).toEqual([`create ${routerKey(1)}`, `get ${routerKey(1)}`]);
});

test("a second process is refused with the owner while that lives, and let in when it was killed", async () => {
  const options = await optionsOf();
  const journal = `${options.path}.asic`;
  const what = { end: "server", transport: "shm", mode: "sync", socket: options.path, journal } as const;
  await using first = new EndProcess(what);
  await first.says("ready");
  await using second = new EndProcess(what);
  await second.says("refused server on localhost, process");
  await first.kill9();
  await using third = new EndProcess(what);
  await third.says("ready");
  expect(existsSync(journal)).toBe(false);
}, 60_000);
