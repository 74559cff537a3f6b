import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { seconds, unwrap } from "@tandem/base";
import { needs } from "@tandem/base/testing";
import { test } from "vitest";
import { freePort } from "./testing/redis-server.js";
import { ZmqClient } from "./zmq-client.js";
import { zmqRequestSockets } from "./zmq-request-sockets.js";
import { ZmqServer } from "./zmq-server.js";
import { zmqSockets } from "./zmq-sockets.js";
import { ZmqSyncClient, ZmqSyncServer } from "./zmq-sync.js";

const PEER = fileURLToPath(new URL("../testdata/zmq_peer.py", import.meta.url));
/** Debian's own interpreter is the one that its package is for. */
const PYTHON = ["/usr/bin/python3", "python3"].find((path) => spawnSync(path, ["-c", "import zmq"]).status === 0);
const MISSING = "python3-zmq is not installed: ZMQ is not tested against another implementation";

/** The peer's lines. It is killed when the test ends. */
class Peer implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(...args: readonly string[]) {
    this.#child = spawn(PYTHON ?? "python3", [PEER, ...args], { stdio: ["ignore", "pipe", "inherit"] });
    assert.ok(this.#child.stdout);
    this.#lines = createInterface(this.#child.stdout)[Symbol.asyncIterator]();
  }

  async line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    assert.ok(!done, "the peer ended early");
    return value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null) this.#child.kill("SIGKILL");
  }
}

const endpointOf = async (): Promise<string> => `tcp://127.0.0.1:${await freePort()}`;

const PAIRS = [
  ["DPU_APPL_DB", "T"],
  ["k:1", "2"],
  ["f", "значение"],
  ["empty", ""],
  ["k:2", "0"],
];
const ENTRIES = [
  {
    key: "k:1",
    op: "SET",
    fieldValues: [
      ["f", "значение"],
      ["empty", ""],
    ],
  },
  { key: "k:2", op: "DEL", fieldValues: [] },
] as const;

test("a python3-zmq PUSH reaches our server", async (context) => {
  needs(context, PYTHON !== undefined, MISSING);
  await using sockets = zmqSockets();
  const server = new ZmqServer(sockets, await endpointOf());
  const received = new Promise((resolve) => unwrap(server.register("DPU_APPL_DB", "T", resolve)));
  unwrap(await server.bind());
  await using _peer = new Peer("push", server.endpoint, JSON.stringify(PAIRS));
  assert.deepEqual(await received, ENTRIES);
});

test("our client reaches a python3-zmq PULL, and again after that came back", async (context) => {
  needs(context, PYTHON !== undefined, MISSING);
  await using sockets = zmqSockets();
  const endpoint = await endpointOf();
  const client = new ZmqClient(sockets, endpoint);
  for (let life = 0; life < 2; life++) {
    const connected = new Promise<void>((resolve) => {
      const stop = client.onConnect(() => {
        stop();
        resolve();
      });
    });
    await using peer = new Peer("pull", endpoint, "1");
    assert.equal(await peer.line(), "bound");
    await connected;
    unwrap(await client.send("DPU_APPL_DB", "T", ENTRIES));
    assert.deepEqual(JSON.parse(await peer.line()), PAIRS);
  }
});

test("our one-to-one client asks a python3-zmq REP", async (context) => {
  needs(context, PYTHON !== undefined, MISSING);
  await using sockets = zmqRequestSockets();
  const endpoint = await endpointOf();
  await using _peer = new Peer("rep", endpoint, "1");
  const client = new ZmqSyncClient(sockets, endpoint);
  assert.deepEqual(unwrap(await client.request("DPU_APPL_DB", "T", ENTRIES, seconds(20))), ENTRIES);
});

test("a python3-zmq REQ asks our one-to-one server", async (context) => {
  needs(context, PYTHON !== undefined, MISSING);
  await using sockets = zmqRequestSockets();
  const server = new ZmqSyncServer(sockets, await endpointOf());
  unwrap(server.register("DPU_APPL_DB", "T", async (entries) => entries));
  unwrap(await server.bind());
  await using peer = new Peer("req", server.endpoint, JSON.stringify(PAIRS));
  assert.deepEqual(JSON.parse(await peer.line()), PAIRS);
});
