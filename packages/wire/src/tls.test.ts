import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from "node:tls";
import { millis, seconds, systemClock, unwrap, within } from "@tandem/base";
import { TestCa } from "@tandem/base/testing";
import { describe, expect, onTestFinished, test } from "vitest";
import type { BusStream } from "./bus.js";
import { type GrpcBusOptions, grpcBus } from "./grpc-bus.js";
import type { Refusal } from "./refusal.js";
import { type BusWorld, busContract } from "./testing/bus-contract.js";
import { speaksTls, type TlsMaterial, type TlsOptions } from "./tls.js";

const METHOD = "/test.Bus/Stream";

const ca = new TestCa();
const SERVER = ca.material("r.c.server");
const CLIENT = ca.material("r.c.client");

/** Handshakes cost CPU, of which a busy machine may have little. */
const PATIENT = { dialTimeout: seconds(30), silence: seconds(30), handshakeTimeout: seconds(30) };

/** TLS on loopback too, with material that can be replaced. */
function tlsOf(material: TlsMaterial | (() => TlsMaterial)): TlsOptions {
  return { material: typeof material === "function" ? material : () => material, loopback: true };
}

/** An echo server with TLS on a free port, and what it was told. */
async function echoServer(options: Partial<GrpcBusOptions> = {}) {
  const streams: BusStream[] = [];
  const refusals: Refusal[] = [];
  let told = (): void => {};
  const serve = (stream: BusStream): void => {
    streams.push(stream);
    void (async () => {
      for await (const batch of stream.batches) for (const message of batch) stream.send(message);
    })();
  };
  const server = unwrap(
    await grpcBus({ clock: systemClock, tls: tlsOf(SERVER), ...PATIENT, ...options }).listen({
      endpoint: "127.0.0.1:0",
      method: METHOD,
      accept: () => ({ accept: true, metadata: {}, serve }),
      refused: (refusal) => {
        refusals.push(refusal);
        told();
      },
    }),
  );
  onTestFinished(() => server[Symbol.asyncDispose]());
  const port = Number(server.endpoint.split(":")[1]);
  /** Waits until that many refusals were told. */
  const refused = async (count = 1): Promise<readonly Refusal[]> => {
    while (refusals.length < count)
      await new Promise<void>((resolve) => {
        told = resolve;
      });
    return refusals;
  };
  return { endpoint: server.endpoint, port, streams, refusals, refused };
}

function dial(endpoint: string, tls: TlsOptions | undefined = tlsOf(CLIENT), options: Partial<GrpcBusOptions> = {}) {
  const bus = grpcBus({ clock: systemClock, ...PATIENT, ...(tls !== undefined && { tls }), ...options });
  return bus.dial({ endpoint, method: METHOD, metadata: {} });
}

const PLAIN = Symbol("plaintext");

async function failureOf(endpoint: string, tls: TlsOptions | typeof PLAIN): Promise<string> {
  const bus = grpcBus({ clock: systemClock, ...PATIENT, ...(tls !== PLAIN && { tls }) });
  const dialed = await bus.dial({ endpoint, method: METHOD, metadata: {} });
  if (dialed.ok) throw new Error("it was let in");
  return `${dialed.error.kind}: ${dialed.error.detail}`;
}

async function echo(stream: BusStream, text: string): Promise<string> {
  stream.send(Buffer.from(text));
  for await (const [message] of stream.batches) return Buffer.from(message ?? []).toString();
  throw new Error("the stream ended");
}

/** Waits for the end of a socket, session or stream, however it comes. */
function closed(emitter: NodeJS.EventEmitter): Promise<void> {
  return new Promise((resolve) => emitter.once("close", resolve));
}

function socketTo(port: number): Socket {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.resume();
  onTestFinished(() => void socket.destroy());
  return socket;
}

function tlsSocketTo(port: number, options: ConnectionOptions): TLSSocket {
  const socket = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false, ALPNProtocols: ["h2"], ...options });
  socket.on("error", () => {});
  socket.resume();
  onTestFinished(() => void socket.destroy());
  return socket;
}

describe("the bus contract over mutual TLS", () => {
  const world: BusWorld = {
    server: grpcBus({ clock: systemClock, tls: tlsOf(SERVER), ...PATIENT }),
    client: grpcBus({ clock: systemClock, tls: tlsOf(CLIENT), ...PATIENT }),
    endpoint: "127.0.0.1:0",
    nowhere: "127.0.0.1:1",
    run: async (work) => {
      const done = await within(
        systemClock,
        seconds(60),
        work.then((value) => ({ value })),
      );
      if (done === undefined) throw new Error("not done within 60 s");
      return done.value;
    },
  };
  for (const { name, run } of busContract) test(name, () => run(world), 90_000);
});

test("TLS is for endpoints outside loopback, and for all when told so", () => {
  const tls = { material: () => CLIENT };
  const outside = ["10.1.0.32:23606", "[fc00::1]:23606", "0.0.0.0:1"];
  const inside = ["127.0.0.1:23606", "127.10.0.1:1", "[::1]:23606"];
  for (const endpoint of outside) expect(speaksTls(tls, endpoint), endpoint).toBe(true);
  for (const endpoint of inside) expect(speaksTls(tls, endpoint), endpoint).toBe(false);
  for (const endpoint of inside) expect(speaksTls({ ...tls, loopback: true }, endpoint), endpoint).toBe(true);
  for (const endpoint of outside) expect(speaksTls(undefined, endpoint), endpoint).toBe(false);
});

test("each end knows the names of the other's certificate", async () => {
  const server = await echoServer();
  const stream = unwrap(await dial(server.endpoint));
  expect(stream.certificate).toMatchObject({ subject: "CN=r.c.server", uris: ["swbus:/r.c.server"] });
  expect(server.streams[0]?.certificate).toMatchObject({ subject: "CN=r.c.client", uris: ["swbus:/r.c.client"] });
  stream.close();
});

describe("turned away in the handshake, with a word to the log:", () => {
  const otherCa = new TestCa("Other CA");
  const cases: readonly [string, TlsMaterial, RegExp, Partial<Refusal>][] = [
    [
      "a certificate of another CA",
      { ...otherCa.material("r.c.client"), ca: ca.cert },
      /^unreachable: .*its log says what is wrong with our certificate/,
      { reason: "untrustedCertificate", detail: "its certificate is not of a CA in our ca file" },
    ],
    [
      "a certificate of a CA with the right name and another key",
      { ...new TestCa().material("r.c.client"), ca: ca.cert },
      /^unreachable: /,
      { reason: "untrustedCertificate" },
    ],
    [
      "an expired certificate",
      { ...ca.issue({ name: "old", from: -10, to: -1 }), ca: ca.cert },
      /^unreachable: /,
      { reason: "expiredCertificate", detail: "its certificate has expired" },
    ],
    [
      "a certificate of tomorrow",
      { ...ca.issue({ name: "new", from: 1, to: 10 }), ca: ca.cert },
      /^unreachable: /,
      { reason: "expiredCertificate", detail: "its certificate is not valid yet: compare the clocks" },
    ],
  ];
  for (const [name, material, failure, refusal] of cases)
    test(name, async () => {
      const server = await echoServer();
      expect(await failureOf(server.endpoint, tlsOf(material))).toMatch(failure);
      expect((await server.refused())[0]).toMatchObject({ ...refusal, effect: "the connection is closed" });
      expect(server.streams).toEqual([]);
    });

  test("no certificate at all", async () => {
    const server = await echoServer();
    const socket = tlsSocketTo(server.port, {});
    await closed(socket);
    expect((await server.refused())[0]).toMatchObject({ reason: "noCertificate", detail: "it shows no certificate" });
  });

  test("plaintext on a TLS port", async () => {
    const server = await echoServer();
    expect(await failureOf(server.endpoint, PLAIN)).toMatch(/^unreachable: /);
    expect((await server.refused())[0]).toMatchObject({
      reason: "plaintext",
      detail: "no TLS record: it speaks plaintext, expected TLS",
    });
    const web = socketTo(server.port);
    web.write("GET / HTTP/1.1\r\n\r\n");
    await closed(web);
    expect((await server.refused(2))[1]).toMatchObject({ reason: "plaintext" });
  });

  test("an older TLS", async () => {
    const server = await echoServer();
    const socket = tlsSocketTo(server.port, { ...CLIENT, maxVersion: "TLSv1.2" });
    await closed(socket);
    expect((await server.refused())[0]).toMatchObject({
      reason: "handshakeFailed",
      detail: "it offers no TLS 1.3: older versions are not spoken",
    });
  });

  test("TLS without HTTP/2", async () => {
    const server = await echoServer();
    for (const options of [{ ALPNProtocols: ["http/1.1"] }, { ALPNProtocols: [] }]) {
      const socket = tlsSocketTo(server.port, { ...CLIENT, ...options });
      await closed(socket);
    }
    for (const { reason } of await server.refused(2)) expect(["notHttp2", "handshakeFailed"]).toContain(reason);
  });

  test("a client that hangs up in the middle", async () => {
    const server = await echoServer();
    const socket = socketTo(server.port);
    await once(socket, "connect");
    socket.end(Buffer.from("16030100c8010000c40303", "hex"));
    expect((await server.refused())[0]).toMatchObject({
      reason: "handshakeFailed",
      detail: "it closed the connection in the handshake",
    });
  });
});

test("a TLS greeting on a plaintext port is told as what it is", async () => {
  let told = (_: Refusal): void => {};
  const refusal = new Promise<Refusal>((resolve) => {
    told = resolve;
  });
  const server = unwrap(
    await grpcBus({ clock: systemClock }).listen({
      endpoint: "127.0.0.1:0",
      method: METHOD,
      accept: () => ({ accept: false, code: 3, detail: "never" }),
      refused: told,
    }),
  );
  onTestFinished(() => server[Symbol.asyncDispose]());
  expect(await failureOf(server.endpoint, tlsOf(CLIENT))).toBe(
    "unreachable: TLS: wrong version number (in the TLS handshake)",
  );
  expect(await refusal).toMatchObject({ reason: "notHttp2" });
  expect((await refusal).detail).toMatch(/^no HTTP\/2, perhaps TLS where plaintext is spoken: /);
});

test("a server of another CA is not spoken to", async () => {
  const server = await echoServer({ tls: tlsOf(new TestCa("Other CA").material("r.c.server")) });
  expect(await failureOf(server.endpoint, tlsOf(CLIENT))).toMatch(/^unreachable: .*in the TLS handshake/);
});

test("a finished session is not resumed: each connection shows its certificate anew", async () => {
  const server = await echoServer();
  const first = tlsSocketTo(server.port, CLIENT);
  const tickets: Buffer[] = [];
  first.on("session", (session) => tickets.push(session));
  const session = connectHttp2(`https://127.0.0.1:${server.port}`, { createConnection: () => first });
  session.on("error", () => {});
  await once(session, "remoteSettings");
  session.destroy();
  await closed(first);
  const second = tlsSocketTo(server.port, { ...CLIENT, ...(tickets[0] !== undefined && { session: tickets[0] }) });
  await once(second, "secureConnect");
  expect(second.isSessionReused()).toBe(false);
});

test("new files serve new connections while old streams go on; what the new CA does not know stays out", async () => {
  const newCa = new TestCa("New CA");
  let material = SERVER;
  const server = await echoServer({ tls: tlsOf(() => material) });
  const old = unwrap(await dial(server.endpoint));
  expect(await echo(old, "before")).toBe("before");
  material = newCa.material("r.c.server");
  expect(await echo(old, "after")).toBe("after");
  expect(await failureOf(server.endpoint, tlsOf(CLIENT))).toMatch(/^unreachable/);
  const fresh = unwrap(await dial(server.endpoint, tlsOf(newCa.material("r.c.client"))));
  expect(await echo(fresh, "new")).toBe("new");
  expect(await echo(old, "still")).toBe("still");
  for (const stream of [old, fresh]) stream.close();
});

test("no message is lost while files change under traffic", async () => {
  let material = SERVER;
  const server = await echoServer({ tls: tlsOf(() => material) });
  const stream = unwrap(await dial(server.endpoint));
  const COUNT = 20_000;
  const received: number[] = [];
  const reading = (async () => {
    for await (const batch of stream.batches) {
      for (const message of batch) received.push(Buffer.from(message).readUInt32BE());
      if (received.length === COUNT) return;
    }
  })();
  for (let i = 0; i < COUNT; i++) {
    const message = Buffer.alloc(100);
    message.writeUInt32BE(i);
    if (!stream.send(message)) await stream.drained();
    if (i % 4000 === 0) {
      material = ca.material("r.c.server");
      const other = unwrap(await dial(server.endpoint));
      expect(other.certificate?.serial).not.toBe(stream.certificate?.serial);
      other.close();
    }
  }
  await reading;
  expect(received).toEqual(Array.from({ length: COUNT }, (_, i) => i));
  stream.close();
}, 30_000);

describe("a flood", () => {
  test("of half handshakes is bounded in number and in time, and then the port serves again", async () => {
    const server = await echoServer({ handshakesMax: 8, handshakeTimeout: millis(400) });
    const sockets = Array.from({ length: 30 }, () => socketTo(server.port));
    await Promise.all(sockets.map((socket) => closed(socket)));
    const reasons = (await server.refused(30)).map(({ reason }) => reason);
    expect(reasons.filter((reason) => reason === "tooManyHandshakes")).toHaveLength(22);
    expect(reasons.filter((reason) => reason === "handshakeTimeout")).toHaveLength(8);
    // A handshake of ours may be too slow for that limit too, where the machine is busy.
    let dialed = await dial(server.endpoint);
    while (!dialed.ok) dialed = await dial(server.endpoint);
    const stream = dialed.value;
    expect(await echo(stream, "x")).toBe("x");
    stream.close();
  });

  test("of connections from one address leaves room for others", async () => {
    const server = await echoServer({ connectionsPerAddressMax: 3 });
    const sockets = Array.from({ length: 3 }, () => socketTo(server.port));
    await Promise.all(sockets.map((socket) => once(socket, "connect")));
    expect(await failureOf(server.endpoint, tlsOf(CLIENT))).toMatch(/^unreachable/);
    expect((await server.refused())[0]).toMatchObject({
      reason: "tooManyFromAddress",
      detail: "3 connections of this address are open, at most 3 are served",
    });
    const other = connect({ port: server.port, host: "127.0.0.1", localAddress: "127.0.0.9" });
    other.on("error", () => {});
    onTestFinished(() => void other.destroy());
    await once(other, "connect");
    expect(server.refusals).toHaveLength(1);
  });
});

describe("a connection of no use is closed:", () => {
  test("one without a stream", async () => {
    const server = await echoServer({ idleTimeout: millis(200) });
    const session = connectHttp2(`https://127.0.0.1:${server.port}`, {
      createConnection: () => tlsSocketTo(server.port, CLIENT),
    });
    session.on("error", () => {});
    await closed(session);
    expect((await server.refused())[0]).toMatchObject({ reason: "noStream", detail: "no stream for 200 ms" });
  });

  test("one that asks for the wrong thing again and again", async () => {
    const server = await echoServer();
    const session = connectHttp2(`https://127.0.0.1:${server.port}`, {
      createConnection: () => tlsSocketTo(server.port, CLIENT),
    });
    session.on("error", () => {});
    const gone = closed(session);
    for (let i = 0; i < 40 && !session.closed; i++) {
      const stream = session.request({ ":method": "POST", ":path": "/else", "content-type": "application/grpc" });
      stream.on("error", () => {});
      stream.resume();
      stream.end();
      await closed(stream);
    }
    await gone;
    expect(server.refusals.length).toBe(32);
    expect(server.refusals[0]).toMatchObject({ reason: "badRequest", detail: "unknown method /else" });
  });
});

test("more streams on one connection than it may have are refused in words", async () => {
  const server = await echoServer({ streamsPerConnectionMax: 2 });
  const session = connectHttp2(`https://127.0.0.1:${server.port}`, {
    createConnection: () => tlsSocketTo(server.port, CLIENT),
  });
  session.on("error", () => {});
  onTestFinished(() => session.destroy());
  await once(session, "remoteSettings");
  const answers: unknown[] = [];
  for (let i = 0; i < 3; i++) {
    const stream = session.request({ ":method": "POST", ":path": METHOD, "content-type": "application/grpc" });
    stream.on("error", () => {});
    const [headers] = (await once(stream, "response")) as [Record<string, unknown>];
    answers.push(headers["grpc-status"] ?? headers[":status"]);
  }
  expect(answers).toEqual([200, 200, "8"]);
  expect(server.refusals[0]).toMatchObject({ reason: "tooManyStreams" });
});

test("headers beyond the limit reset the stream, and the connection lives on", async () => {
  const server = await echoServer({ headerBytesMax: 4096 });
  const session = connectHttp2(`https://127.0.0.1:${server.port}`, {
    createConnection: () => tlsSocketTo(server.port, CLIENT),
  });
  session.on("error", () => {});
  onTestFinished(() => session.destroy());
  await once(session, "remoteSettings");
  const call = (size: number) => {
    const stream = session.request({
      ":method": "POST",
      ":path": METHOD,
      "content-type": "application/grpc",
      "x-swbus-service-path": "x".repeat(size),
    });
    stream.on("error", () => {});
    return stream;
  };
  const big = call(8000);
  await closed(big);
  expect(big.rstCode).not.toBe(0);
  expect(server.streams).toEqual([]);
  const [headers] = (await once(call(100), "response")) as [Record<string, unknown>];
  expect(headers[":status"]).toBe(200);
});
