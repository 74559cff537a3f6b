import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { millis, sleep, systemClock, unwrap } from "@tandem/base";
import { LockstepClient } from "@tandem/swss";
import { grpcEndpoints } from "../../grpc/options.js";
import { ringPath } from "../../shm/options.js";
import { type ConformanceCase, fails, holds } from "../case.js";
import { routerOf } from "../objects.js";
import { account, barrier, expectAll, pair, SUCCESS } from "../steps.js";
import { type ConformanceWorld, now } from "../world.js";

/** Who may be at an end, and what else comes in. */
export const endCases: readonly ConformanceCase[] = [
  {
    name: "second-ends",
    says: "a second server and a second client are refused with the owner's identity",
    rows: [],
    short: true,
    run: async (world) => {
      const { client } = await pair(world);
      const other = world.startEnd("client", { name: "another" });
      const refusedClient = await other.says("refused ");
      assert.match(refusedClient, /conformance-client on .+, process \d+, has this end of the channel since 20/);
      const server = world.startEnd("server", { name: "another" });
      const refusedServer = await server.says("refused ");
      assert.match(refusedServer, /tandem-syncd on .+, process \d+, has this end of the channel since 20/);
      const syncd = world.startSyncd();
      await syncd.gone;
      assert.equal(syncd.exitCode, 1);
      await barrier(client, world);
      return holds("each refused in one line that names the owner; the pair went on");
    },
  },
  {
    name: "events",
    says: "events that happen while orchagent is away reach the next one",
    rows: ["notifications"],
    holds: ({ keepsNotifications }) => keepsNotifications,
    run: async (world) => {
      const { client } = await pair(world);
      await client.listen();
      const [before, away, after] = ["UP", "DOWN", "FAILED"].map((word) => `SAI_SWITCH_OPER_STATUS_${word}`) as [
        string,
        string,
        string,
      ];
      await world.raise(before);
      await client.peer.says(before);
      await client.peer.kill9();
      await world.raise(away);
      // The client that could tell that syncd has passed it on is the one that is away.
      await sleep(systemClock, millis(EVENT_TOLD_MS));
      const next = await world.client({ name: "conformance-next" });
      await next.listen();
      await world.raise(after);
      await next.peer.says(after);
      const heard = next.peer.lines.filter((line) => line.startsWith("event "));
      assert.ok(heard.at(-1)?.includes(after), "the last event comes last");
      return heard.some((line) => line.includes(away))
        ? holds("one while the client lived, one while it was away, one after: all three, in order")
        : fails("the one while the client was away is lost; those before and after arrived");
    },
  },
  {
    name: "malformed",
    says: "what is no request is let go, and what stands around it is done",
    rows: ["type safety"],
    run: async (world) => {
      const { client } = await pair(world, { mode: world.bestMode });
      await client.create(0, 20);
      const what = await garble(world);
      await client.create(20, 20);
      await barrier(client, world);
      await expectAll(world, client.ends, 0, 40);
      const wrong = await client.ask("get", world.switchKey, [["SAI_SWITCH_ATTR_NO_SUCH", "x"]]);
      assert.notEqual(wrong.word, SUCCESS);
      return holds(
        `${what}; 40 of 40 around it done; an unknown attribute is answered ${wrong.word.replace("SAI_STATUS_", "")}`,
      );
    },
  },
  {
    name: "lost-wake-up",
    says: "a request whose wake-up got lost is found",
    rows: [],
    when: ({ name }) => name === "list-pubsub",
    run: async (world) => {
      const { client } = await pair(world, { mode: "async" });
      await barrier(client, world);
      const started = now();
      const entry = [routerOf(world.context.guid, 0), '["NULL","NULL"]', "Screate"];
      unwrap(await world.store.command(["LPUSH", "ASIC_STATE_KEY_VALUE_OP_QUEUE", ...entry]));
      while ((await world.timesMade(0, 1))[0] !== 1) {
        if (now() > started + WAKE_UP_GIVEN_UP_MS) throw new Error("it was not found");
        await sleep(systemClock, millis(20));
      }
      return holds(`found ${((now() - started) / 1000).toFixed(2)} s after it was stored`);
    },
  },
  {
    name: "torn-write",
    says: "a record that is damaged in the file is let go, those around it are done, and a dead owner's lock binds nobody",
    rows: [],
    when: ({ name }) => name === "shm",
    run: async (world) => {
      const { syncd, client } = await pair(world, { mode: "async" });
      await syncd.kill9();
      await client.create(0, 40);
      await client.peer.kill9();
      const path = ringPath(world.context.dbAsic);
      const ring = await readFile(path);
      const at = ring.indexOf(routerOf(world.context.guid, 17));
      assert.ok(at > 0, "the request stands in the file");
      ring[at + 3] = 0x7e;
      await writeFile(path, ring, { flag: "r+" });
      await world.syncd({ mode: "async" });
      const next = await world.client({ mode: "async", name: "conformance-next" });
      await barrier(next, world);
      const { made } = await account(world, new Map(), 0, 40);
      assert.equal(made, 39);
      assert.equal((await world.timesMade(17, 1))[0], 0);
      return holds("39 of 40 done, the damaged one not; both ends taken over from the dead");
    },
  },
  {
    name: "stuck-consumer",
    says: "what a consumer has not finished is never trimmed away",
    rows: ["flow control"],
    when: ({ name }) => name === "streams",
    run: async (world) => {
      const { syncd, client } = await pair(world, { mode: "async" });
      const count = world.long ? 30_000 : 3000;
      syncd.pause();
      await client.create(0, count, 1000);
      const kept = Number(unwrap(await world.store.command(["XLEN", "ASIC_REQUEST_STREAM"])));
      assert.ok(kept >= count, `${kept} of ${count} are kept`);
      syncd.goOn();
      await barrier(client, world);
      await expectAll(world, client.ends, 0, count);
      return holds(`${kept} entries kept behind a consumer that stood, all ${count} done after`);
    },
  },
];

const EVENT_TOLD_MS = 1500;
const WAKE_UP_GIVEN_UP_MS = 10_000;

/** Puts something on the wire that is no request, as a third process would. */
async function garble(world: ConformanceWorld): Promise<string> {
  const command = async (...words: readonly string[]): Promise<void> => {
    unwrap(await world.store.command(words as [string, ...string[]]));
  };
  switch (world.transport) {
    case "list-pubsub":
      await command("LPUSH", "ASIC_STATE_KEY_VALUE_OP_QUEUE", "SAI_OBJECT_TYPE_PORT:oid:0x1", "[", "Sset");
      return "an entry with broken JSON";
    case "streams":
      await command("XADD", "ASIC_REQUEST_STREAM", "*", "key", "SAI_OBJECT_TYPE_PORT:oid:0x1", "op", "set");
      return "an entry without fields";
    case "grpc-queue":
      await command("XADD", "ASIC_GRPC_QUEUE", "*", "op", "set", "key", "nothing");
      return "an entry in the queue without fields";
    case "grpc":
      await sendBytes(grpcEndpoints(world.context.guid).endpoint);
      return "bytes that are no HTTP/2";
    case "zmq":
      await sendFrame(world.context.zmqEndpoint);
      return "a frame with broken JSON, answered as an invalid parameter";
    case "shm":
      return "nobody else writes the ring (see torn-write)";
  }
}

function sendBytes(endpoint: string): Promise<void> {
  const [host, port] = endpoint.split(":");
  return new Promise((resolve) => {
    const socket = connect(Number(port), host);
    socket.on("error", () => {});
    socket.once("close", () => resolve());
    socket.write("{\r\n\r\n");
    const silent = systemClock.setTimer(millis(1000), () => socket.destroy());
    socket.once("close", () => silent.cancel());
  });
}

/** Resolves when a connection stands and the frame was answered. */
async function sendFrame(endpoint: string): Promise<void> {
  const options = { messageBytesMax: 1000, highWaterMark: 10, lingerMs: 0 };
  let connected = (): void => {};
  const stands = new Promise<void>((resolve) => {
    connected = resolve;
  });
  await using socket = new LockstepClient(endpoint, options, connected);
  await stands;
  await socket.exchange(Buffer.from("{"));
}
