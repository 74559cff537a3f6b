import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { systemClock, unwrap } from "@tandem/base";
import { needs } from "@tandem/base/testing";
import { freePort } from "@tandem/swss/testing";
import { test } from "vitest";
import { nextEvents, portEvent, words } from "../testing/contract-steps.js";
import { create, remove, routerKey, set } from "../testing/requests.js";
import { TestSyncd } from "../testing/test-asic.js";
import { ZmqChannelClient } from "./client.js";
import { ZmqChannelServer } from "./server.js";

const PEER = fileURLToPath(new URL("../../testdata/sairedis_peer.py", import.meta.url));
/** Debian's own interpreter is the one that its package is for. */
const PYTHON = ["/usr/bin/python3", "python3"].find((path) => spawnSync(path, ["-c", "import zmq"]).status === 0);
const MISSING = "python3-zmq is not installed: the ZMQ channel is not tested against another implementation";
const MAC = "SAI_VIRTUAL_ROUTER_ATTR_SRC_MAC_ADDRESS";

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

async function optionsOf() {
  const context = {
    zmqEndpoint: `tcp://127.0.0.1:${await freePort()}`,
    zmqNotificationEndpoint: `tcp://127.0.0.1:${await freePort()}`,
  };
  return { context, clock: systemClock, owner: { name: "test", host: "localhost", pid: process.pid, since: 0 } };
}

test("a syncd that reads the wire by itself gets each request as libsairedis writes it", async (context) => {
  needs(context, PYTHON !== undefined, MISSING);
  const options = await optionsOf();
  const { zmqEndpoint, zmqNotificationEndpoint } = options.context;
  await using client = unwrap(await ZmqChannelClient.open(options));
  await using peer = new Peer("syncd", zmqEndpoint, zmqNotificationEndpoint, "3");
  assert.equal(await peer.line(), "bound");
  const requests = [create(1), set(1, 'ä"\u0001'), remove(1)];
  const ends = words(requests.map((request) => client.request(request)));
  assert.deepEqual(
    [await peer.line(), await peer.line(), await peer.line()],
    [
      `["${routerKey(1)}","create","NULL","NULL"]`,
      `["${routerKey(1)}","set","${MAC}","ä\\"\\u0001"]`,
      `["${routerKey(1)}","remove"]`,
    ],
  );
  assert.deepEqual(await ends, Array(3).fill("SAI_STATUS_SUCCESS"));
  assert.deepEqual(await nextEvents(client, 1), [{ name: "port_state_change", data: "[]", fields: [] }]);
});

test("an orchagent that reads the wire by itself is served, also after a frame that is no request", async (context) => {
  needs(context, PYTHON !== undefined, MISSING);
  const options = await optionsOf();
  const { zmqEndpoint, zmqNotificationEndpoint } = options.context;
  await using server = unwrap(await ZmqChannelServer.open(options));
  const stop = new AbortController();
  const served = server.serve(new TestSyncd(), stop.signal);
  const frames = [`["${routerKey(1)}","create","NULL","NULL"]`, "nonsense", `["${routerKey(1)}","get","${MAC}","x"]`];
  await using peer = new Peer("orchagent", zmqEndpoint, zmqNotificationEndpoint, JSON.stringify(frames));
  assert.deepEqual(
    [await peer.line(), await peer.line(), await peer.line()],
    [
      '["SAI_STATUS_SUCCESS","getresponse"]',
      '["SAI_STATUS_INVALID_PARAMETER","getresponse"]',
      `["SAI_STATUS_SUCCESS","getresponse","${MAC}",""]`,
    ],
  );
  unwrap(await server.notify(portEvent(1)));
  assert.equal(await peer.line(), JSON.stringify(["port_state_change", portEvent(1).data]));
  stop.abort();
  unwrap(await served);
});
