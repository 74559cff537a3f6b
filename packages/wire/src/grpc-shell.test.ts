import { once } from "node:events";
import { createServer as createHttp2Server, connect as http2Connect } from "node:http2";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { millis, randomBelow, seconds, seededRandom, systemClock, unwrap } from "@tandem/base";
import { describe, expect, onTestFinished, test } from "vitest";
import type { BusServer, BusStream } from "./bus.js";
import { encodeFrames } from "./frame.js";
import { type GrpcBusOptions, grpcBus } from "./grpc-bus.js";

const METHOD = "/test.Bus/Stream";

/** An echo server on a free port, with the streams that it served. */
async function echoServer(options: Partial<GrpcBusOptions> = {}) {
  const streams: BusStream[] = [];
  const bus = grpcBus({ clock: systemClock, ...options });
  const serve = (stream: BusStream): void => {
    streams.push(stream);
    void (async () => {
      for await (const batch of stream.batches) for (const message of batch) stream.send(message);
    })();
  };
  const server: BusServer = unwrap(
    await bus.listen({
      endpoint: "127.0.0.1:0",
      method: METHOD,
      accept: () => ({ accept: true, metadata: {}, serve }),
    }),
  );
  onTestFinished(() => server[Symbol.asyncDispose]());
  return { endpoint: server.endpoint, port: Number(server.endpoint.split(":")[1]), streams };
}

/** A TCP server on a free port. */
async function tcpServer(serve: (socket: Socket) => void): Promise<{ server: Server; endpoint: string }> {
  const server = createServer(serve).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return { server, endpoint: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** A TCP relay before `port` whose cable can be pulled. */
async function relay(port: number) {
  const pairs: (readonly [Socket, Socket])[] = [];
  const { endpoint } = await tcpServer((near) => {
    const far = connect(port, "127.0.0.1");
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) socket.on("error", () => {});
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
    pairs.push([near, far]);
  });
  return {
    endpoint,
    /** Nothing passes any more, and nobody is told. */
    pull: (): void => {
      for (const [near, far] of pairs) {
        near.unpipe(far);
        far.unpipe(near);
        near.pause();
        far.pause();
      }
    },
    /** Both connections are gone at once. */
    kill: (): void => {
      for (const [near, far] of pairs) {
        near.destroy();
        far.destroy();
      }
    },
  };
}

async function dial(endpoint: string, options: Partial<GrpcBusOptions> = {}) {
  return grpcBus({ clock: systemClock, ...options }).dial({ endpoint, method: METHOD, metadata: {} });
}

async function expectEcho(endpoint: string): Promise<void> {
  const stream = unwrap(await dial(endpoint));
  stream.send(Buffer.from("still there?"));
  for await (const [message] of stream.batches) {
    expect(Buffer.from(message ?? []).toString()).toBe("still there?");
    break;
  }
  stream.close();
  await stream.ended;
}

describe("a connection that breaks", () => {
  test("silently is noticed by both ends within the silence limit", async () => {
    const silence = millis(300);
    const server = await echoServer({ silence });
    const cable = await relay(server.port);
    const near = unwrap(await dial(cable.endpoint, { silence }));
    cable.pull();
    // How long that takes at most is tested under virtual time.
    const detail = "nothing heard for 300 ms";
    expect(await near.ended).toEqual({ code: 14, detail });
    expect(await server.streams[0]?.ended).toEqual({ code: 14, detail });
  });

  test("abruptly ends both ends as unavailable", async () => {
    const server = await echoServer();
    const cable = await relay(server.port);
    const near = unwrap(await dial(cable.endpoint));
    cable.kill();
    expect((await near.ended).code).toBe(14);
    expect((await server.streams[0]?.ended)?.code).toBe(14);
  });

  test("stays up while it is quiet", async () => {
    const silence = millis(90);
    const server = await echoServer({ silence });
    const near = unwrap(await dial(server.endpoint, { silence }));
    // Ten silences of another stream pass meanwhile.
    const { endpoint } = await tcpServer(() => {});
    await dial(endpoint, { dialTimeout: millis(900) });
    near.send(Buffer.from("hello"));
    for await (const [message] of near.batches) {
      expect(Buffer.from(message ?? []).toString()).toBe("hello");
      break;
    }
  });
});

describe("a dial", () => {
  test("to a server that says nothing is given up after its limit", async () => {
    const { endpoint } = await tcpServer(() => {});
    expect(await dial(endpoint, { dialTimeout: millis(200) })).toEqual({
      ok: false,
      error: { kind: "unreachable", endpoint, detail: "no answer within 200 ms" },
    });
  });

  test("to a server that hangs up is unreachable", async () => {
    const { endpoint } = await tcpServer((socket) => socket.destroy());
    const result = await dial(endpoint);
    expect(!result.ok && result.error.kind).toBe("unreachable");
  });

  test("to something that speaks no HTTP/2 is unreachable", async () => {
    const { endpoint } = await tcpServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    const result = await dial(endpoint);
    expect(!result.ok && result.error.kind).toBe("unreachable");
  });

  const answers: readonly [string, Record<string, string | number>, number, string][] = [
    ["a web page", { ":status": 200, "content-type": "text/html" }, 2, "content type text/html is not gRPC"],
    ["a 404", { ":status": 404 }, 12, "HTTP status 404"],
    ["a 503", { ":status": 503, "content-type": "application/grpc" }, 14, "HTTP status 503"],
  ];
  for (const [name, headers, code, detail] of answers)
    test(`that is answered with ${name} is refused with code ${code}`, async () => {
      const server = createHttp2Server((_, response) => response.stream.respond(headers, { endStream: true }));
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      onTestFinished(() => void server.close());
      const endpoint = `127.0.0.1:${(server.address() as AddressInfo).port}`;
      expect(await dial(endpoint)).toEqual({ ok: false, error: { kind: "refused", endpoint, code, detail } });
    });
});

describe("garbage on the port", () => {
  const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  const random = seededRandom(7);
  const noise = (length: number): Buffer => Buffer.from(Array.from({ length }, () => randomBelow(random, 256)));
  const cases: readonly [string, Buffer][] = [
    ["random bytes", noise(3000)],
    ["an HTTP/1.1 request", Buffer.from("GET / HTTP/1.1\r\nhost: x\r\n\r\n")],
    ["a TLS greeting", Buffer.from("16030100c8010000c40303", "hex")],
    ["the HTTP/2 preface and then random bytes", Buffer.concat([Buffer.from(PREFACE), noise(3000)])],
    ["a frame longer than allowed", Buffer.concat([Buffer.from(PREFACE), Buffer.from("ffffff000000000001", "hex")])],
    ["nothing", Buffer.alloc(0)],
  ];
  test("from many connections at once harms nobody", async () => {
    const server = await echoServer({ silence: millis(300) });
    const sockets = Array.from({ length: 100 }, (_, i) => {
      const socket = connect(server.port, "127.0.0.1");
      socket.on("error", () => {});
      socket.resume();
      // Half of them get past the preface and the settings, into the frames.
      const start = i % 2 === 0 ? Buffer.concat([Buffer.from(PREFACE), Buffer.from("000000040000000000", "hex")]) : [];
      socket.write(Buffer.concat([Buffer.from(start), noise(1 + randomBelow(random, 500))]));
      return once(socket, "close");
    });
    await expectEcho(server.endpoint);
    await Promise.all(sockets);
    await expectEcho(server.endpoint);
    expect(server.streams).toHaveLength(2);
  });

  for (const [name, bytes] of cases)
    test(`${name} ends that connection and harms nobody`, async () => {
      const server = await echoServer({ silence: millis(300) });
      const bystander = unwrap(await dial(server.endpoint));
      const socket = connect(server.port, "127.0.0.1");
      socket.on("error", () => {});
      socket.resume();
      socket.write(bytes);
      await once(socket, "close");
      await expectEcho(server.endpoint);
      bystander.send(Buffer.from("x"));
      for await (const batch of bystander.batches) {
        expect(batch).toHaveLength(1);
        break;
      }
    });
});

/** What a hand-made HTTP/2 client gets for `body`: its gRPC status. */
async function rawCall(port: number, headers: Record<string, string>, body: Uint8Array): Promise<unknown> {
  const session = http2Connect(`http://127.0.0.1:${port}`);
  onTestFinished(() => void session.close());
  const stream = session.request({
    ":method": "POST",
    ":path": METHOD,
    "content-type": "application/grpc",
    ...headers,
  });
  stream.on("error", () => {});
  stream.resume();
  let status: unknown;
  stream.on("response", (response) => {
    status = response["grpc-status"] ?? response[":status"];
  });
  stream.on("trailers", (trailers) => {
    status = `${trailers["grpc-status"]} ${decodeURIComponent(String(trailers["grpc-message"] ?? ""))}`;
  });
  stream.on("end", () => stream.close());
  stream.write(body);
  await once(stream, "close");
  return status;
}

describe("a server tells a client what is wrong", () => {
  const big = Buffer.concat([Buffer.from("0000500000", "hex"), Buffer.alloc(5 * 1024 * 1024)]);
  test("with a 5 MiB message", async () => {
    const { port, streams } = await echoServer();
    expect(await rawCall(port, {}, big)).toBe("8 a message of 5242880 bytes is larger than the maximum of 4194304");
    expect((await streams[0]?.ended)?.code).toBe(8);
  });
  test("with a compressed message", async () => {
    const { port } = await echoServer();
    expect(await rawCall(port, {}, Buffer.from("0100000001ff", "hex"))).toMatch(/^12 /);
  });
  test("with another content type or method", async () => {
    const { port } = await echoServer();
    expect(await rawCall(port, { "content-type": "text/plain" }, Buffer.alloc(0))).toBe(415);
    expect(await rawCall(port, { ":method": "PUT" }, Buffer.alloc(0))).toBe(405);
    expect(await rawCall(port, { ":path": "/other" }, Buffer.alloc(0))).toBe("12");
  });
});

describe("bounds", () => {
  test("streams beyond the maximum are refused, and taken again when others have ended", async () => {
    const server = await echoServer({ streamsMax: 2 });
    const first = unwrap(await dial(server.endpoint));
    unwrap(await dial(server.endpoint));
    const third = await dial(server.endpoint);
    expect(!third.ok && third.error).toMatchObject({ kind: "refused", code: 8, detail: "no more than 2 streams" });
    first.close();
    await first.ended;
    await server.streams[0]?.ended;
    await expectEcho(server.endpoint);
  });

  test("connections beyond the maximum are closed", async () => {
    const server = await echoServer({ connectionsMax: 1 });
    unwrap(await dial(server.endpoint));
    const second = await dial(server.endpoint);
    expect(!second.ok && second.error.kind).toBe("unreachable");
  });

  test("a server that closes does not wait for a peer that does not answer", async () => {
    const bus = grpcBus({ clock: systemClock, silence: seconds(60) });
    const accept = () => ({ accept: true, metadata: {}, serve: () => {} }) as const;
    const server = unwrap(await bus.listen({ endpoint: "127.0.0.1:0", method: METHOD, accept }));
    const cable = await relay(Number(server.endpoint.split(":")[1]));
    const near = unwrap(await dial(cable.endpoint, { silence: millis(300) }));
    cable.pull();
    await server[Symbol.asyncDispose]();
    expect((await near.ended).code).toBe(14);
  });
});

test("a truncated message at the end of the stream is an error, not a short message", async () => {
  const { port, streams } = await echoServer();
  const session = http2Connect(`http://127.0.0.1:${port}`);
  onTestFinished(() => void session.close());
  const stream = session.request({ ":method": "POST", ":path": METHOD, "content-type": "application/grpc" });
  stream.on("error", () => {});
  stream.resume();
  stream.end(encodeFrames([Buffer.from("half")]).subarray(0, 7));
  await once(stream, "close");
  expect((await streams[0]?.ended)?.code).toBe(13);
});
