import * as grpc from "@grpc/grpc-js";
import { systemClock, unwrap } from "@tandem/base";
import { describe, expect, onTestFinished, test } from "vitest";
import type { BusStream } from "./bus.js";
import { grpcBus } from "./grpc-bus.js";

const METHOD = "/test.Bus/Stream";
const bytes = (value: Buffer): Buffer => value;
const DEFINITION: grpc.ServiceDefinition = {
  stream: {
    path: METHOD,
    requestStream: true,
    responseStream: true,
    requestSerialize: bytes,
    requestDeserialize: bytes,
    responseSerialize: bytes,
    responseDeserialize: bytes,
  },
};

const COUNT = 2000;
const message = (i: number): Buffer => Buffer.from(`${i} ${"x".repeat(i % 300)}`);

/** A grpc-js call to `endpoint`. */
function call(endpoint: string, metadata: Record<string, string> = {}) {
  const client = new grpc.Client(endpoint, grpc.credentials.createInsecure());
  onTestFinished(() => client.close());
  const headers = new grpc.Metadata();
  for (const [name, value] of Object.entries(metadata)) headers.set(name, value);
  return client.makeBidiStreamRequest(METHOD, bytes, bytes, headers);
}

describe("a grpc-js client at our server", () => {
  async function echo(refuse?: { code: number; detail: string }) {
    const streams: BusStream[] = [];
    const serve = (stream: BusStream): void => {
      streams.push(stream);
      void (async () => {
        for await (const batch of stream.batches) for (const message of batch) stream.send(message);
      })();
    };
    const server = unwrap(
      await grpcBus({ clock: systemClock }).listen({
        endpoint: "127.0.0.1:0",
        method: METHOD,
        accept: (metadata) =>
          refuse === undefined
            ? { accept: true, metadata: { "x-echo": metadata["x-path"] ?? "none" }, serve }
            : { accept: false, ...refuse },
      }),
    );
    onTestFinished(() => server[Symbol.asyncDispose]());
    return { endpoint: server.endpoint, streams };
  }

  test("gets the initial metadata before any message, its messages back, and OK at the end", async () => {
    const { endpoint, streams } = await echo();
    const stream = call(endpoint, { "x-path": "region.cluster.node////" });
    const metadata = await new Promise<grpc.Metadata>((resolve) => stream.on("metadata", resolve));
    expect(metadata.get("x-echo")).toEqual(["region.cluster.node////"]);
    const received: string[] = [];
    const all = new Promise<void>((resolve) => {
      stream.on("data", (data: Buffer) => {
        received.push(data.toString());
        if (received.length === COUNT) resolve();
      });
    });
    for (let i = 0; i < COUNT; i++) stream.write(message(i));
    await all;
    expect(received).toEqual(Array.from({ length: COUNT }, (_, i) => message(i).toString()));
    const status = new Promise<grpc.StatusObject>((resolve) => stream.on("status", resolve));
    stream.end();
    expect((await status).code).toBe(0);
    expect(await streams[0]?.ended).toEqual({ code: 0, detail: "" });
  });

  test("reads a refusal with code and words", async () => {
    const { endpoint } = await echo({ code: 3, detail: "wrong: 100% ü" });
    const stream = call(endpoint);
    stream.on("error", () => {});
    stream.resume();
    const status = await new Promise<grpc.StatusObject>((resolve) => stream.on("status", resolve));
    expect(status).toMatchObject({ code: 3, details: "wrong: 100% ü" });
  });

  test("reads the status of a stream that we end", async () => {
    const { endpoint, streams } = await echo();
    const stream = call(endpoint);
    stream.on("error", () => {});
    stream.resume();
    const status = new Promise<grpc.StatusObject>((resolve) => stream.on("status", resolve));
    await new Promise((resolve) => stream.on("metadata", resolve));
    streams[0]?.close(8, "enough");
    expect(await status).toMatchObject({ code: 8, details: "enough" });
    expect(await streams[0]?.ended).toEqual({ code: 8, detail: "enough" });
  });

  test("cancels, and we see it", async () => {
    const { endpoint, streams } = await echo();
    const stream = call(endpoint);
    stream.on("error", () => {});
    await new Promise((resolve) => stream.on("metadata", resolve));
    stream.cancel();
    expect((await streams[0]?.ended)?.code).toBe(1);
  });

  test("may have several streams on one connection", async () => {
    const { endpoint } = await echo();
    const client = new grpc.Client(endpoint, grpc.credentials.createInsecure());
    onTestFinished(() => client.close());
    const answers = Array.from({ length: 10 }, (_, i) => {
      const stream = client.makeBidiStreamRequest(METHOD, bytes, bytes);
      stream.write(message(i));
      return new Promise<string>((resolve) => {
        let answer = "";
        stream.on("data", (data: Buffer) => {
          answer += data.toString();
          stream.end();
        });
        stream.on("end", () => resolve(answer));
      });
    });
    expect(await Promise.all(answers)).toEqual(answers.map((_, i) => message(i).toString()));
  });
});

describe("our client at a grpc-js server", () => {
  async function grpcJsServer(handle: (call: grpc.ServerDuplexStream<Buffer, Buffer>) => void): Promise<string> {
    const server = new grpc.Server();
    server.addService(DEFINITION, { stream: handle });
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      ),
    );
    onTestFinished(() => server.forceShutdown());
    return `127.0.0.1:${port}`;
  }
  const dial = (endpoint: string, method = METHOD) =>
    grpcBus({ clock: systemClock }).dial({ endpoint, method, metadata: { "x-path": "a.b.c" } });

  test("gets the initial metadata, its messages back, and OK at the end", async () => {
    const endpoint = await grpcJsServer((call) => {
      const metadata = new grpc.Metadata();
      metadata.set("x-echo", String(call.metadata.get("x-path")[0]));
      call.sendMetadata(metadata);
      call.on("data", (data: Buffer) => call.write(data));
      call.on("end", () => call.end());
    });
    const stream = unwrap(await dial(endpoint));
    expect(stream.metadata["x-echo"]).toBe("a.b.c");
    for (let i = 0; i < COUNT; i++) stream.send(message(i));
    const received: string[] = [];
    for await (const batch of stream.batches) {
      for (const data of batch) received.push(Buffer.from(data).toString());
      if (received.length === COUNT) break;
    }
    expect(received).toEqual(Array.from({ length: COUNT }, (_, i) => message(i).toString()));
    stream.close();
    expect(await stream.ended).toEqual({ code: 0, detail: "" });
  });

  test("reads a refusal, an error status, and an unknown method", async () => {
    const refusing = await grpcJsServer((call) => {
      call.emit("error", { code: 3, details: "not ü" });
    });
    const refused = await dial(refusing);
    expect(!refused.ok && refused.error).toMatchObject({ kind: "refused", code: 3, detail: "not ü" });
    const unknown = await dial(refusing, "/test.Bus/Other");
    expect(!unknown.ok && unknown.error).toMatchObject({ kind: "refused", code: 12 });
    const ending = await grpcJsServer((call) => {
      call.sendMetadata(new grpc.Metadata());
      call.on("data", () => call.emit("error", { code: 8, details: "enough" }));
    });
    const stream = unwrap(await dial(ending));
    stream.send(Buffer.from("x"));
    expect(await stream.ended).toEqual({ code: 8, detail: "enough" });
  });

  test("cancels, and the server sees it", async () => {
    let cancelled = (): void => {};
    const seen = new Promise<void>((resolve) => {
      cancelled = resolve;
    });
    const endpoint = await grpcJsServer((call) => {
      call.sendMetadata(new grpc.Metadata());
      call.on("cancelled", cancelled);
    });
    const stream = unwrap(await dial(endpoint));
    stream.close(1, "no longer needed");
    await seen;
  });
});
