import assert from "node:assert/strict";
import { Session } from "node:inspector/promises";
import { test } from "vitest";
import { connectSocket } from "./connect-socket.js";
import { zmqSockets } from "./zmq-sockets.js";

/** A socket that fails so often, with that code. */
function failing(times: number, code: string) {
  const made: { closed: boolean }[] = [];
  const make = () => {
    const socket = {
      closed: false,
      connect: (endpoint: string) => {
        if (made.length <= times) throw Object.assign(new Error(`${code} ${endpoint}`), { code });
      },
      close: () => {
        socket.closed = true;
      },
    };
    made.push(socket);
    return socket;
  };
  return { made, make };
}

test("an attempt that a signal ended is made again with another socket, and none is left open", () => {
  const { made, make } = failing(3, "EINTR");
  const prepared: unknown[] = [];
  const socket = connectSocket(make, "tcp://127.0.0.1:1", (each) => prepared.push(each));
  assert.deepEqual(
    made.map(({ closed }) => closed),
    [true, true, true, false],
  );
  assert.deepEqual(prepared, made);
  assert.equal(socket, made[3]);
});

test("another error is passed on, and so is one that does not end; the socket is closed", () => {
  const other = failing(1, "EINVAL");
  assert.throws(() => connectSocket(other.make, "tcp://nowhere"), /EINVAL tcp:\/\/nowhere/);
  assert.deepEqual(
    other.made.map(({ closed }) => closed),
    [true],
  );
  const endless = failing(1000, "EINTR");
  assert.throws(() => connectSocket(endless.make, "tcp://127.0.0.1:1"), /EINTR/);
  assert.equal(endless.made.length, 100);
});

test("sockets are opened under a storm of signals", async () => {
  // A profiler stops the process by a signal for each sample.
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.setSamplingInterval", { interval: 20 });
  await session.post("Profiler.start");
  try {
    // libzmq has a thousand sockets at most, those included that watch others, and frees a closed one in its own time.
    await using sockets = zmqSockets();
    for (let i = 0; i < 250; i++) sockets.push("tcp://127.0.0.1:1");
  } finally {
    await session.post("Profiler.stop");
    session.disconnect();
  }
});
